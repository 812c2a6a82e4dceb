"""Sparse rows: time and memory of a training on 15,000 rows of 65,536 columns, of which 60 hold a number, as texts do.

Adam at 0.001, batches of 128, one hidden layer. Each width has a process of its own (`workers`); its peak of resident
memory has everything in it, Python, the libraries and the rows. The first epoch loads the compiled loops.
"""

import numpy as np

from benchmarks import results_file
from benchmarks.memory import MB, memory
from benchmarks.workers import THREADS, Worker

N_ROWS, N_COLUMNS, PER_ROW, N_CLASSES = 15_000, 65_536, 60, 20
EPOCHS = 5
MOST = {256: {"peak_mb": 400}, 1024: {"peak_mb": 1200, "seconds_of_an_epoch": 2.0}}


def run():
    """Measure, and write results/sparse_rows.json."""
    measured = {}
    for width in results_file.choose(map(str, MOST)):
        with Worker() as worker:
            measured[width] = {**worker(fit, int(width)), "at_most": MOST[int(width)]}
    shape = {"rows": N_ROWS, "columns": N_COLUMNS, "numbers_a_row": PER_ROW, "batch_size": 128}
    results_file.write("sparse_rows", {**shape, "threads": THREADS, "hidden": measured}, growing="hidden")


def texts(n_rows=N_ROWS):
    """Return sparse rows of equal numbers in random columns, and a class that can be read off them."""
    from backprop_core.sparse import SparseRows

    rng = np.random.default_rng(0)
    columns = rng.integers(0, N_COLUMNS, (n_rows, PER_ROW)).astype(np.int32)
    columns.sort(axis=1)
    data = np.full(columns.size, PER_ROW**-0.5, np.float32)
    starts = np.arange(0, columns.size + 1, PER_ROW)
    return SparseRows(data, columns.ravel(), starts, N_COLUMNS), columns[:, 0] % N_CLASSES


def fit(width, n_rows=N_ROWS, epochs=EPOCHS):
    """Train in this process; return its seconds and its peak memory."""
    from threadpoolctl import threadpool_limits

    from backprop_core.architecture import multilayer_perceptron
    from backprop_core.network import Network
    from backprop_core.training import Trainer

    rng = np.random.default_rng(0)
    X, y = texts(n_rows)
    network = Network(multilayer_perceptron(N_COLUMNS, (width,), N_CLASSES), rng)
    trainer = Trainer(network, epochs=epochs, batch_size=128)
    state = trainer.start(rng)
    with threadpool_limits(THREADS):
        trainer.fit(X, y, X[:500], y[:500], state)
    seconds = [entry["seconds"] for entry in state.history.entries]
    return {
        "seconds_of_first_epoch": seconds[0],
        "seconds_of_an_epoch": float(np.median(seconds[1:])),
        "all": seconds,
        "peak_mb": memory("VmHWM"),
        "valid_loss": [entry["valid"]["loss"] for entry in state.history.entries],
        "base_mb": memory("VmRSS") - 3 * network.params.flat.nbytes / MB,
    }
