"""Memory: what a fit needs beside its data, and how much of data that lie in a file is ever in memory.

Each figure comes from a process of its own (`workers`) and is its peak resident memory, as Linux counts it. The network
is 784-256-128-10, the rows are Fashion-MNIST's; for the file they are repeated until it has 10 GB.

- `in_memory`: the libraries are loaded by a short fit of the same network, then the data, then a fit. What the fit
  `added` is its peak less what was resident before it.
- `memory_mapped`: one epoch over a `numpy.memmap`; its `peak` has everything in it, Python and the libraries too.
"""

import shutil
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np

from benchmarks import results_file
from benchmarks.image_rows import image_rows
from benchmarks.workers import THREADS, Worker

DATASET = "fashion-mnist"
N_FEATURES = 784
NETWORK = {"hidden_layer_sizes": (256, 128), "batch_size": 128, "alpha": 0, "tol": 0, "random_state": 0}
EPOCHS = 2
# So many small steps that this core takes its compiled loops, and has loaded them before the memory is measured.
SHORT_ROWS, SHORT = 128, {"batch_size": 1, "max_iter": 20, "n_iter_no_change": 21}
FILE_BYTES = 10e9
MB = 1e6
TARGETS = {"added_mb": 60, "peak_mb": 500}


def run():
    """Measure, and write results/memory.json."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        X, y = image_rows(DATASET, "train")
        n_rows = -(-int(FILE_BYTES) // (4 * N_FEATURES))
        free = shutil.disk_usage(folder).free
        if free < 1.1 * FILE_BYTES:
            sys.exit(
                f"error: {folder}: {free / 1e9:.0f} GB are free, the benchmark needs 11: set TMPDIR to another disk"
            )
        np.save(folder / "X.npy", X)
        np.save(folder / "y.npy", y)
        in_memory = {name: _in_a_process(fit_in_memory, folder, name) for name in ("backprop", "sklearn")}
        write_repeated(X, n_rows, folder / "X.raw")
        np.save(folder / "y.npy", np.resize(y, n_rows))
        mapped = _in_a_process(fit_mapped, folder, n_rows)
    results_file.write(
        "memory",
        {
            "network": "784-256-128-10, batch 128",
            "threads": THREADS,
            "in_memory": {"rows": len(X), "data_mb": X.nbytes / MB, **in_memory, "added_mb_below": TARGETS["added_mb"]},
            "memory_mapped": {
                "rows": n_rows,
                "data_mb": n_rows * (4 * N_FEATURES) / MB,
                "backprop": mapped,
                "peak_mb_below": TARGETS["peak_mb"],
            },
        },
    )


def _in_a_process(function, *arguments):
    with Worker() as worker:
        return worker(function, *arguments)


def write_repeated(X, n_rows, path):
    """Write `n_rows` rows to a file, those of X again and again."""
    with path.open("wb") as file:
        for start in range(0, n_rows, len(X)):
            X[: n_rows - start].tofile(file)


def fit_in_memory(folder, name):
    """Fit "backprop" or "sklearn" to X.npy and y.npy in this process; return its memory, in MB."""
    classifier = _classifier(name)
    few = np.random.default_rng(0).random((SHORT_ROWS, N_FEATURES), np.float32)
    _fit(classifier(**NETWORK | SHORT), few, np.arange(SHORT_ROWS) % 10)
    libraries = memory("VmRSS")
    X, y = np.load(folder / "X.npy"), np.load(folder / "y.npy")
    before = memory("VmRSS")
    forget_peak()
    record = _fit(classifier(**NETWORK, max_iter=EPOCHS), X, y)
    peak = memory("VmHWM")
    return {"libraries_mb": libraries, "before_mb": before, "peak_mb": peak, "added_mb": peak - before, **record}


def fit_mapped(folder, n_rows):
    """Fit this core's classifier to the rows of X.raw for an epoch; return the peak of this process, in MB."""
    X = np.memmap(folder / "X.raw", np.float32, "r", shape=(n_rows, N_FEATURES))
    record = _fit(_classifier("backprop")(**NETWORK, max_iter=1), X, np.load(folder / "y.npy"))
    return {"peak_mb": memory("VmHWM"), **record}


def _classifier(name):
    if name == "backprop":
        from backprop_core import MLPClassifier
    else:
        from sklearn.neural_network import MLPClassifier
    return MLPClassifier


def _fit(estimator, X, y):
    from threadpoolctl import threadpool_limits

    with threadpool_limits(THREADS), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that training ended after `max_iter` epochs
        began = time.perf_counter()
        estimator.fit(X, y)
        return {"seconds": time.perf_counter() - began, "last_loss": estimator.loss_}


def memory(name):
    """Return what Linux says of this process's memory, in MB: "VmRSS", what is resident, or "VmHWM", its peak."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 / MB for line in lines if line.startswith(f"{name}:"))


def forget_peak():
    """Let "VmHWM" begin anew at what is resident now."""
    Path("/proc/self/clear_refs").write_text("5")
