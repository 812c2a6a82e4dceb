"""The gradient check as a verb, for every part of networks, or for the network in a model file."""

import itertools
import math
from typing import Any

import numpy as np

from backprop_core.activations import ACTIVATIONS
from backprop_core.architecture import LAYERS, multilayer_perceptron
from backprop_core.inspection import gradcheck
from backprop_core.layers import Dense
from backprop_core.losses import LogisticCrossEntropy, SoftmaxCrossEntropy
from backprop_core.network import Network
from backprop_core.normalization import NORMALIZATIONS
from backprop_core.regression_losses import OwnLoss, PoissonLoss, SquaredError
from backprop_core.sparse import is_sparse
from pipelines.models.opening import open_bundle
from pipelines.records import GradcheckRecord

N_ROWS, WIDTH, N_OUTPUTS = 5, 4, 3
SAMPLES = 20
SPREAD = 0.5  # standard deviation of the rows around the golden sample, as a share of that of their features


def _classes(rng):
    return rng.integers(0, N_OUTPUTS, N_ROWS)


def _amounts(rng):
    return rng.normal(size=(N_ROWS, N_OUTPUTS))


# Each loss with its name for users, and a function that draws its targets.
LOSSES = {
    "softmax cross-entropy": (SoftmaxCrossEntropy(), _classes),
    "with label smoothing": (SoftmaxCrossEntropy(0.1), _classes),
    "with mixed targets": (SoftmaxCrossEntropy(), lambda rng: rng.dirichlet(np.ones(N_OUTPUTS), N_ROWS)),
    "logistic cross-entropy": (LogisticCrossEntropy(), lambda rng: rng.integers(0, 2, (N_ROWS, N_OUTPUTS)) * 1.0),
    "squared error": (SquaredError(), _amounts),
    "Poisson": (PoissonLoss(), lambda rng: rng.poisson(2, (N_ROWS, N_OUTPUTS)) * 1.0),
    "a pair of functions": (
        OwnLoss(lambda z, y: ((z - y) ** 4).sum(axis=1), lambda z, y: 4 * (z - y) ** 3),
        _amounts,
    ),
}


def check_parts(seed: int = 0) -> GradcheckRecord:
    """Check every layer, activation and loss, and their combinations, in small networks.

    Parameters
    ----------
    seed : int >= 0, draws weights, rows, targets and the numbers that are checked

    Returns
    -------
    record : dict of JSON types
        {"model": None, "seed", "tolerance", "verdict", "checks": [{"part", "name", "n_checked", "error", "verdict"}]}.
        A row's `error` is the largest of its networks, or None if it is not a number.
    """
    rng = np.random.default_rng(seed)
    tanh = multilayer_perceptron(WIDTH, [WIDTH], N_OUTPUTS, "tanh")
    rows = []
    for name, layer in LAYERS.items():
        layers = [Dense(WIDTH, WIDTH), layer.sample(WIDTH), Dense(WIDTH, N_OUTPUTS)]
        rows.append(_row("layer", name, _check(layers, rng)))
    for name in ACTIVATIONS:
        rows.append(_row("activation", name, _check(multilayer_perceptron(WIDTH, [WIDTH], N_OUTPUTS, name), rng)))
    for name in LOSSES:
        rows.append(_row("loss", name, _check(tanh, rng, name)))
    for normalization, residual, dropout in itertools.product((None, *NORMALIZATIONS), (False, True), (0.0, 0.3)):
        words = [f"{normalization} norm"] * bool(normalization) + ["residual"] * residual + ["noise"] * bool(dropout)
        records = _check_combinations(normalization, residual, dropout, rng)
        rows.append(_row("combination", ", ".join(words) or "plain", records))
    return _record(None, seed, rows)


def check_model(model: Any, seed: int = 0) -> GradcheckRecord:
    """Check the network of a model, or of the model in a file, in float64.

    It is checked on rows around its golden sample, with wrong classes: batch normalisation needs more than one row, and
    the gradient of a right answer is nearly zero.

    Returns
    -------
    record : dict of JSON types
        As `check_parts` returns it, with "model" and {"layer", "parameter", "n_checked", "error", "verdict"} for each
        array of parameters and for the input.

    Raises
    ------
    ModelFileError
        The file is missing, damaged or not a model file.
    """
    model = open_bundle(model, "gradcheck")
    rng = np.random.default_rng(seed)
    golden = model.standardizer.transform(model.extractor.to_features(model.golden_row)).astype(float)
    X = _spread_around(golden, rng)
    n_classes = model.network.n_outputs
    y = (model.network.logits(X).argmax(axis=1) + rng.integers(1, max(n_classes, 2), N_ROWS)) % n_classes
    records = gradcheck.check_gradients(model.network, SoftmaxCrossEntropy(), X, y, rng, SAMPLES)
    return _record(model.path, seed, [_judge(record) for record in records])


def _spread_around(golden, rng):
    """Return the golden sample, and rows around it: float64 ndarray [shape=(N_ROWS, n_features)].

    A sparse row is written out. Its numbers are nearly all 0, so the spread is a share of their root mean square.
    """
    spread = SPREAD
    if is_sparse(golden):
        golden = golden.toarray()
        spread *= np.sqrt((golden**2).mean())
    X = golden + spread * rng.normal(size=(N_ROWS, golden.shape[1]))
    X[0] = golden[0]
    return X


def complaint(record):
    """Return one sentence that names the entries of a record that are not ok, wrong ones before unchecked ones."""
    names = [
        " ".join(str(value) for value in list(row.values())[:2])
        for row in record["checks"]
        if row["verdict"] == record["verdict"]
    ]
    where = f"{record['model']}: " if record["model"] else ""
    first = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    if record["verdict"] == "wrong":
        return f"{where}the gradient of {first} is wrong: do not trust networks that were trained with it"
    return f"{where}the gradient of {first} could not be checked (all its numbers are at a kink); try another --seed"


def _check_combinations(normalization, residual, dropout, rng):
    """Return the check's records of networks with each activation and each loss; dropout comes with noise."""
    records = []
    for activation in ACTIVATIONS:
        layers = multilayer_perceptron(
            WIDTH,
            [WIDTH],
            N_OUTPUTS,
            activation,
            dropout=dropout,
            input_dropout=dropout / 2,
            normalization=normalization,
            residual=residual,
            input_noise=dropout,
        )
        for name in LOSSES:
            records += _check(layers, rng, name, samples=1)
    return records


def _check(layers, rng, loss_name="softmax cross-entropy", samples=SAMPLES):
    """Return the check's records of a random network of these layers, on random rows."""
    loss, targets = LOSSES[loss_name]
    network = Network(layers, rng, dtype=np.float64)
    network.params.flat += rng.normal(0, 0.3, network.params.flat.size)
    return gradcheck.check_gradients(network, loss, rng.normal(size=(N_ROWS, WIDTH)), targets(rng), rng, samples)


def _row(part, name, records):
    """Join several records to one row: the total number of checks, and the worst error."""
    whole = {
        "n_checked": sum(record["n_checked"] for record in records),
        "error": max(record["error"] for record in records),
    }
    return {"part": part, "name": name, **_judge(whole)}


def _judge(record):
    """Return the record with its verdict; an error that JSON cannot express becomes None."""
    error = record["error"] if math.isfinite(record["error"]) and record["n_checked"] else None
    return {**record, "error": error, "verdict": gradcheck.verdict(record)}


def _record(model, seed, rows):
    verdicts = {row["verdict"] for row in rows}
    verdict = next(verdict for verdict in ("wrong", "not checked", "ok") if verdict in verdicts)
    return {"model": model, "seed": seed, "tolerance": gradcheck.TOLERANCE, "verdict": verdict, "checks": rows}
