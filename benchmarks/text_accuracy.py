"""Text accuracy: the network beside scikit-learn's linear SVM on the same features, on the test splits.

Both get the same rows, weighted by what the training rows taught, and the SVM has scikit-learn's defaults. Accuracy is
the mean over seeds; of CLINC150 there is also what the threshold, chosen on validation rows, does to sentences out of
scope. `python -m benchmarks text_accuracy` takes the preset fast, `text_accuracy_best` the preset best.
"""

import time

import numpy as np
from scipy.sparse import csr_array
from sklearn.svm import LinearSVC

from backprop_core.calibration import calibrated
from benchmarks import results_file
from pipelines import datasets
from pipelines.learning.fitting import fit, threads_for
from pipelines.learning.preparation import augmented, prepare
from pipelines.learning.scoring import refusals
from pipelines.learning.tasks.text import TASK as TEXT
from pipelines.learning.views import logits_of
from pipelines.machine.cores import cores

SETS = ("clinc150", "banking77", "snips", "trec")
SEEDS = 5


def run(preset="fast", sets=SETS, seeds=SEEDS):
    """Measure, and write results/text_accuracy.json, or text_accuracy_best.json."""
    measured = {name: of_set(name, preset, seeds) for name in sets}
    name = "text_accuracy" if preset == "fast" else f"text_accuracy_{preset}"
    results_file.write(name, {"preset": preset, "seeds": seeds, "cores": cores(), "by_set": measured})


def run_best():
    """Do the same with the preset best."""
    run("best")


PARTS = {"text_accuracy": run, "text_accuracy_best": run_best}


def of_set(name, preset, seeds):
    """Return the accuracies and seconds of both on one set: dict of JSON types."""
    dataset = datasets.load(name, "text")
    prepared = prepare(dataset, TEXT.extractor_for(dataset))
    recipe = TEXT.presets[preset].for_rows(len(prepared.dataset.rows("train")))
    prepared = augmented(prepared, TEXT, recipe)
    n_threads = threads_for(recipe, prepared.extractor.n_features, len(prepared.dataset.labels))
    runs = [of_seed(prepared, recipe, seed, n_threads) for seed in range(seeds)]
    accuracies = [each["accuracy"] for each in runs]
    return {
        "n_test": len(prepared.dataset.rows("test")),
        "accuracy": float(np.mean(accuracies)),
        "sd": float(np.std(accuracies, ddof=1)) if seeds > 1 else None,
        "runs": runs,
        "linear_svm": linear_svm(prepared),
    }


def of_seed(prepared, recipe, seed, n_threads):
    """Train once; return accuracy, seconds, and where there are foreign sentences what the threshold does."""
    began = time.perf_counter()
    fitted = fit(prepared, TEXT.scaling(), recipe, seed, n_threads, measured=("valid", "test"))
    found = {"accuracy": fitted.scores["test"]["accuracy"], "seconds": round(time.perf_counter() - began, 2)}
    if (stored := prepared.foreign_rows("test")) is not None:
        foreign = logits_of(fitted.network, fitted.standardizer, prepared.extractor, stored)
        probabilities = calibrated(fitted.logits["test"].copy(), fitted.temperature)
        y = prepared.rows("test")[1]
        found["foreign"] = refusals(probabilities, y, calibrated(foreign, fitted.temperature), fitted.threshold)
    return found


def linear_svm(prepared):
    """Return accuracy and seconds of scikit-learn's LinearSVC."""
    (stored, y), (stored_test, y_test) = prepared.rows("train"), prepared.rows("test")
    weighting = TEXT.scaling().fit(stored)
    began = time.perf_counter()
    svm = LinearSVC().fit(as_csr(weighting.transform(stored)), y)
    seconds = round(time.perf_counter() - began, 2)
    return {"accuracy": float(svm.score(as_csr(weighting.transform(stored_test)), y_test)), "seconds": seconds}


def as_csr(rows):
    """Return sparse rows as scipy has them."""
    matrix = csr_array((rows.data, rows.columns, rows.starts.astype(np.int32)), shape=rows.shape)
    matrix.sum_duplicates()
    return matrix
