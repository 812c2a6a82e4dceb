"""Text accuracy: the network beside scikit-learn's linear SVM and MLPClassifier on the same features.

All get the same rows, weighted by what the training rows taught. The SVM and the MLPClassifier have scikit-learn's
defaults, but that the latter is as wide as the network. Accuracy is that on the test split, the mean over seeds; of
CLINC150 there is also what the threshold, chosen on validation rows, does to sentences out of scope. Times are of the
fit alone, after one training that compiles and is not counted, in seconds and in processor seconds of all its threads,
which tell more where other programs are at work.

`python -m benchmarks text_accuracy` takes the preset fast, `text_accuracy_best` the preset best;
`python -m benchmarks.text_accuracy PRESET [NAME…] [--seeds N] [--peers PEER…]` measures some of the sets, and leaves
what was measured of the others.
"""

import argparse
import functools
import json
import time
import warnings

import numpy as np
from scipy.sparse import csr_array
from sklearn.neural_network import MLPClassifier
from sklearn.svm import LinearSVC

from backprop_core.calibration import calibrated
from backprop_core.metrics import wilson_interval
from benchmarks import results_file
from pipelines import datasets
from pipelines.learning.fitting import fit, threads_for
from pipelines.learning.preparation import augment, prepare
from pipelines.learning.scoring import refusals
from pipelines.learning.tasks.text import TASK as TEXT
from pipelines.learning.views import logits_of
from pipelines.machine.cores import blas_threads, cores

SETS = ("clinc150", "banking77", "snips", "trec")
SEEDS = 5


def measure(preset, names=SETS, seeds=SEEDS, peers=None):
    """Measure some sets, and write each into results/text_accuracy_<preset>.json as soon as it is done."""
    for name in names:
        of_set = _measure(name, preset, seeds, peers)
        path = results_file.FOLDER / f"text_accuracy_{preset}.json"
        sets = json.loads(path.read_text())["sets"] if path.exists() else {}
        in_order = {known: (sets | {name: of_set}).get(known) for known in SETS}
        found = {known: of for known, of in in_order.items() if of}
        results_file.write(f"text_accuracy_{preset}", {"preset": preset, "sets": found})


PARTS = {"text_accuracy": functools.partial(measure, "fast"), "text_accuracy_best": functools.partial(measure, "best")}


def _measure(name, preset, seeds, peers):
    """Return the accuracies and seconds of all on one set: dict of JSON types."""
    dataset = datasets.load(name, "text")
    prepared = prepare(dataset, TEXT.extractor_for(dataset))
    recipe = TEXT.presets[preset].for_rows(len(prepared.dataset.rows("train")))
    prepared = augment(prepared, TEXT, recipe)
    n_threads = threads_for(recipe, prepared.extractor.n_features, len(prepared.dataset.labels))
    fit(prepared, TEXT.scaling(), recipe.replace({"epochs": 1}), 0, n_threads, measured=("valid",))
    runs = [_of_seed(prepared, recipe, seed, n_threads) for seed in range(seeds)]
    accuracies, n_test = [run["accuracy"] for run in runs], len(prepared.dataset.rows("test"))
    mean = float(np.mean(accuracies))
    return {
        "n_train": len(prepared.dataset.rows("train")),
        "n_test": n_test,
        "cores": cores(),
        "test_accuracy": {
            "mean": mean,
            "sd": float(np.std(accuracies, ddof=1)) if seeds > 1 else None,
            "lowest": min(accuracies),
            "ci95": list(wilson_interval(mean, n_test)),
            "seeds": list(range(seeds)),
        },
        **{name: float(np.median([run[name] for run in runs])) for name in ("seconds", "cpu_seconds")},
        "runs": runs,
        "peers": {peer: PEERS[peer](prepared, recipe) for peer in (PEERS if peers is None else peers)},
    }


def _of_seed(prepared, recipe, seed, n_threads):
    """Train once; return accuracies, seconds, and where there are foreign sentences what the threshold does."""
    began, began_cpu = time.perf_counter(), time.process_time()
    fitted = fit(prepared, TEXT.scaling(), recipe, seed, n_threads, measured=("valid", "test"))
    found = {
        "accuracy": fitted.scores["test"]["accuracy"],
        "valid_accuracy": fitted.scores["valid"]["accuracy"],
        "seconds": round(time.perf_counter() - began, 2),
        "cpu_seconds": round(time.process_time() - began_cpu, 2),
    }
    if (stored := prepared.foreign_rows("test")) is not None:
        foreign = logits_of(fitted.network, fitted.standardizer, prepared.extractor, stored)
        probabilities = calibrated(fitted.logits["test"].copy(), fitted.temperature)
        y = prepared.rows("test")[1]
        found["foreign"] = refusals(probabilities, y, calibrated(foreign, fitted.temperature), fitted.threshold)
    return found


def linear_svm(prepared, recipe):
    """Return accuracy and seconds of scikit-learn's LinearSVC."""
    return _peer(prepared, LinearSVC())


def mlp_classifier(prepared, recipe):
    """Return accuracy, seconds and epochs of scikit-learn's MLPClassifier."""
    peer = MLPClassifier(recipe.hidden, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that training ended after `max_iter` epochs
        measured = _peer(prepared, peer)
    return {**measured, "epochs": peer.n_iter_}


PEERS = {"linear_svm": linear_svm, "mlp_classifier": mlp_classifier}


def _peer(prepared, estimator):
    (stored, y), (stored_test, y_test) = prepared.rows("train"), prepared.rows("test")
    weighting = TEXT.scaling().fit(stored)
    X, X_test = as_csr(weighting.transform(stored)), as_csr(weighting.transform(stored_test))
    began, began_cpu = time.perf_counter(), time.process_time()
    with blas_threads(cores()):
        estimator.fit(X, y)
    seconds = {"seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - began_cpu}
    accuracy = float(estimator.score(X_test, y_test))
    return {"accuracy": accuracy, **{name: round(value, 2) for name, value in seconds.items()}}


def as_csr(rows):
    """Return sparse rows as scipy has them; a copy, in which columns that a row names twice are added up."""
    matrix = csr_array((rows.data, rows.columns, rows.starts.astype(np.int32)), shape=rows.shape, copy=True)
    matrix.sum_duplicates()
    return matrix


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.text_accuracy")
    parser.add_argument("preset", choices=TEXT.presets)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--peers", nargs="*", choices=PEERS, metavar="PEER", help=", ".join(PEERS))
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(SETS))
    words = parser.parse_args()
    if unknown := set(words.names) - set(SETS):
        parser.error(f"{', '.join(sorted(unknown))}: choose from {', '.join(SETS)}")
    measure(words.preset, words.names or SETS, words.seeds, words.peers)
