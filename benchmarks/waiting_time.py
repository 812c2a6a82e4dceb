"""Waiting time: what passes between the start of a program that trains a network and its end, all loading included.

Each time is that of a whole process, `python -m benchmarks.waiting_time CONTESTANT …`: Python starts, loads the
libraries and 60,000 rows of Fashion-MNIST from a file, trains for so many epochs, and ends. The settings are those of
`training_speed`. What a library compiles and stores for later runs has been stored by an earlier one. With
BENCH_SHORT=1 there is one round: a first look, no result. BENCH_ONLY=784-64-10 measures this network alone.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

NETWORKS = {"784-64-10": ((64,), 32), "784-100-10": ((100,), 200), "784-256-128-10": ((256, 128), 128)}
WIDE = {"784-1024-1024-10": ((1024, 1024), 256)}
EPOCHS = (1, 3, 10)
SHORT = os.environ.get("BENCH_SHORT") == "1"
ROUNDS = 1 if SHORT else 3
RATE = 0.001


def run():
    """Measure, and write results/waiting_time.json."""
    from benchmarks import jax_training, results_file
    from benchmarks.image_rows import image_rows
    from benchmarks.workers import PAUSE, THREADS

    contestants = ["backprop", "sklearn", "torch", *(["jax"] if jax_training.is_installed() else [])]
    X, y = image_rows("fashion-mnist", "train")
    measured = {}
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder) / "X.npy", X)
        np.save(Path(folder) / "y.npy", y)
        for name in results_file.choose(NETWORKS | WIDE):
            (hidden, batch_size), measured[name] = (NETWORKS | WIDE)[name], {}
            for epochs in (1,) if name in WIDE and SHORT else (1, 3) if name in WIDE else EPOCHS:
                taken = {contestant: [] for contestant in contestants}
                for turn in range(ROUNDS + 1):
                    for contestant in contestants:
                        if turn == 0 and epochs > 1:  # stored already
                            continue
                        time.sleep(PAUSE)
                        seconds = seconds_of(contestant, hidden, batch_size, epochs, folder, THREADS)
                        if turn:
                            taken[contestant].append(seconds)
                measured[name][str(epochs)] = summary(taken)
    results_file.write(
        "waiting_time",
        {"dataset": "fashion-mnist", "threads": THREADS, "rounds": ROUNDS, "short": SHORT, "networks": measured},
        growing="networks",
    )


def summary(taken):
    """Return the medians of each contestant's seconds, and their ratios to this core's."""
    median = {name: float(np.median(seconds)) for name, seconds in taken.items()}
    ratios = {name: seconds / median["backprop"] for name, seconds in median.items() if name != "backprop"}
    return {"seconds": median, "all": taken, "over_backprop": ratios}


def seconds_of(contestant, hidden, batch_size, epochs, folder, threads):
    """Return how long a process trains that begins now."""
    arguments = [contestant, ",".join(map(str, hidden)), str(batch_size), str(epochs), str(folder), str(threads)]
    environment = os.environ | {"OPENBLAS_NUM_THREADS": str(threads), "OMP_NUM_THREADS": str(threads)}
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "benchmarks.waiting_time", *arguments], check=True, env=environment)
    return time.perf_counter() - began


def fit(contestant, hidden, batch_size, epochs, folder, threads):
    """Train in this process."""
    X, y = np.load(Path(folder) / "X.npy"), np.load(Path(folder) / "y.npy")
    if contestant == "torch":
        import torch

        from benchmarks.torch_training import multilayer_perceptron, train

        torch.set_num_threads(threads)
        model = multilayer_perceptron((X.shape[1], *hidden, 10))
        for _ in train(model, torch.from_numpy(X), torch.from_numpy(y), batch_size, RATE, epochs, fused=True):
            pass
        return
    if contestant == "jax":
        from benchmarks.jax_training import train

        train(X, y, (X.shape[1], *hidden, 10), batch_size, RATE, epochs)
        return
    import warnings

    if contestant == "backprop":
        from backprop_core import MLPClassifier
    else:
        from sklearn.neural_network import MLPClassifier
    settings = {"alpha": 0, "batch_size": batch_size, "learning_rate_init": RATE, "max_iter": epochs, "tol": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that training ended after `max_iter` epochs
        MLPClassifier(hidden, n_iter_no_change=epochs + 1, random_state=0, **settings).fit(X, y)


if __name__ == "__main__":
    name, hidden, batch_size, epochs, folder, threads = sys.argv[1:]
    fit(name, tuple(map(int, hidden.split(","))), int(batch_size), int(epochs), folder, int(threads))
