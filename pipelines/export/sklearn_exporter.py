"""To scikit-learn: a Pipeline of a scaler and a fitted MLPClassifier, from features on.

It is saved by skops, which unlike pickle runs no code when it is opened. Programs that read pipelines of scikit-learn,
such as skl2onnx, can use it. Scikit-learn's network supports fewer things than ours: one activation for all hidden
layers, of four kinds, and no other layers between them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.errors import UsageError
from pipelines.export.exporter import Answer, Exporter, Made, Options
from pipelines.export.subject import Subject, probabilities_of_features

ACTIVATIONS = ("identity", "logistic", "tanh", "relu")
OUTSIDE = ("decoding", "features", "mean over views")
SOLVER = "adam"


def make(subject: Subject, options: Options) -> Made:
    """Return the pipeline. Raises UsageError if scikit-learn does not support the network."""
    import skops.io

    return Made({".skops": skops.io.dumps(pipeline_of(subject))}, OUTSIDE)


def pipeline_of(subject: Subject) -> Any:
    """Return the fitted Pipeline: rows of features go in, calibrated probabilities come out.

    The temperature is in the weights of the last layer. `backprop_` is a dict of the metadata.
    """
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import LabelBinarizer, StandardScaler

    steps, bundle = subject.layers, subject.bundle
    if subject.task == "text":
        raise UsageError(
            "export --to sklearn: its stage 'ngrams' is a hash that scikit-learn does not have; use --to onnx"
        )
    activation, dense = _plain(steps)
    labels = np.array(bundle.labels)
    if len(labels) < 2:
        raise UsageError("export --to sklearn: scikit-learn classifies into two classes or more; use --to onnx")
    W, b = [step.arrays["W"] for step in dense], [step.arrays["b"] for step in dense]
    W[-1], b[-1] = W[-1] / np.float32(bundle.temperature), b[-1] / np.float32(bundle.temperature)
    order = np.argsort(labels, kind="stable")  # scikit-learn keeps classes sorted
    W[-1], b[-1] = W[-1][:, order], b[-1][order]
    out = "softmax"
    if len(labels) == 2:  # for two classes it has one output, the logarithm of their odds
        W[-1], b[-1] = W[-1][:, 1:] - W[-1][:, :1], b[-1][1:] - b[-1][:1]
        out = "logistic"
    hidden = tuple(int(each.shape[1]) for each in W[:-1])
    network = MLPClassifier(hidden_layer_sizes=hidden, activation=activation, solver=SOLVER)
    network.coefs_, network.intercepts_ = W, b
    network.n_features_in_, network.n_outputs_ = W[0].shape[0], W[-1].shape[1]
    network.n_layers_, network.out_activation_ = len(W) + 1, out
    network.classes_ = labels[order]
    network._label_binarizer = LabelBinarizer().fit(network.classes_)
    network.loss_, network.best_loss_, network.n_iter_, network.t_ = 0.0, 0.0, 1, 1
    scaler, arrays = StandardScaler(), bundle.standardizer.arrays()
    scaler.mean_, scaler.scale_ = arrays["mean"].astype(np.float64), arrays["scale"].astype(np.float64)
    scaler.var_, scaler.n_features_in_, scaler.n_samples_seen_ = np.square(scaler.scale_), W[0].shape[0], 1
    pipeline = Pipeline([("scaler", scaler), ("network", network)])
    pipeline.backprop_ = {**subject.metadata, **_golden(subject)}
    return pipeline


def _plain(steps):
    """Return the activation and the dense steps of a network with only dense layers and one kind of activation."""
    dense = [step for step in steps if step.kind == "dense"]
    names = {step.settings["activation"] for step in steps if step.kind == "activation"} or {"identity"}
    if other := {step.kind for step in steps} - {"dense", "activation"}:
        raise UsageError(
            f"export --to sklearn: scikit-learn's network has no {sorted(other)[0]}; use --to onnx, or train with "
            "--set normalization=none --set residual=false"
        )
    wanted = ["dense", "activation"] * (len(dense) - 1) + ["dense"]
    plain = [step.kind for step in steps] == wanted or (names == {"identity"} and len(dense) == len(steps))
    if len(names) > 1 or not plain or not names <= set(ACTIVATIONS):
        raise UsageError(
            f"export --to sklearn: scikit-learn's network has no activation {sorted(names)[-1]} there; use --to onnx, "
            f"or train with --set activation=relu (one of {', '.join(ACTIVATIONS)})"
        )
    return names.pop(), dense


def _golden(subject: Subject) -> dict[str, Any]:
    bundle = subject.bundle
    X = bundle.extractor.to_features(bundle.golden_row)
    expected = probabilities_of_features(subject, X)
    by_label = dict(zip(bundle.labels, expected[0].tolist(), strict=True))
    return {"golden": {"features": X[0].tolist(), "probabilities": by_label}}


@contextmanager
def running(subject: Subject, paths: Sequence[Path]) -> Iterator[Answer]:
    """Give a function that runs the saved pipeline, view by view, and averages its answers like the model."""
    import skops.io

    path = paths[0]
    trusted = skops.io.get_untrusted_types(file=path)
    if unknown := [name for name in trusted if not name.startswith(("sklearn.", "numpy."))]:
        raise UsageError(f"{path}: contains types that are not of scikit-learn: {', '.join(unknown)}")
    pipeline = skops.io.load(path, trusted=trusted)
    columns = [list(pipeline.classes_).index(label) for label in subject.bundle.labels]
    extractor = subject.bundle.extractor

    def answer(decoded: Any) -> np.ndarray:
        row = extractor.extract_row(decoded)[np.newaxis]
        logarithms = [np.log(np.maximum(pipeline.predict_proba(X), 1e-30)) for X in extractor.views(row)]
        mean = np.exp(np.mean(logarithms, axis=0)[0])
        return (mean / mean.sum())[columns]

    yield answer


EXPORTER = Exporter("sklearn", "a Pipeline of scikit-learn, from features on", make, (".skops",), running)
