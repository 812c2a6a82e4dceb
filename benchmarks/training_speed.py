"""Training speed: whole fits of the same networks by this core, scikit-learn, PyTorch and JAX, and the bare products.

All learn the same 60,000 rows of Fashion-MNIST in float32, in batches shuffled anew each epoch, with Adam at 0.001, no
penalty and two threads. They take turns in one run, each in a process of its own (`workers`). A fit begins with fresh
weights and includes all that it does before and between the epochs; its time is divided by the epochs. The last
epoch's mean loss stands beside the time, to show that everybody has learned.

PyTorch takes part in three modes, eager, with its fused Adam, and through `torch.compile`, and its best one counts; JAX
with an epoch compiled as one scan, and optax's Adam, where both are installed.

Each fit has a fresh process, and its clock starts before the libraries are loaded: all that a fit loads is in its time.
What a library compiles and stores for later runs, it has stored in a first fit of one epoch, which does not count. A
second such fit does: `epochs_alone` is what each further epoch takes. With BENCH_SHORT=1 there are fewer epochs and
rounds: a first look, no result. BENCH_ONLY=784-64-10 measures this network alone.
"""

import importlib
import os
import shutil
import time
import warnings
from dataclasses import dataclass, replace
from importlib.metadata import version

from benchmarks import jax_training, results_file
from benchmarks.image_rows import image_rows
from benchmarks.roofline import epoch_of_products
from benchmarks.spread import spread
from benchmarks.torch_training import insist_on_torch, multilayer_perceptron, train
from benchmarks.workers import THREADS, Worker

DATASET = "fashion-mnist"
N_FEATURES, N_CLASSES = 784, 10
RATE = 0.001
SHORT = os.environ.get("BENCH_SHORT") == "1"
ROUNDS = 2 if SHORT else 3


@dataclass(frozen=True)
class Training:
    """What everybody trains: a network, its batches and epochs. The rest are the least ratios that this core aims at.

    Attributes
    ----------
    hidden : tuple of int
    batch_size, epochs : int
    peers, sklearn : float
        Time of the best of PyTorch's modes and JAX, and of scikit-learn, over the time of this core.
    roofline : float
        Time of the bare products over the time of this core.
    """

    hidden: tuple[int, ...]
    batch_size: int
    epochs: int
    peers: float
    sklearn: float
    roofline: float

    @property
    def widths(self):
        """Units of all layers, inputs and outputs included."""
        return (N_FEATURES, *self.hidden, N_CLASSES)

    @property
    def name(self):
        """As in "784-64-10, batch 32"."""
        return f"{'-'.join(map(str, self.widths))}, batch {self.batch_size}"


JAX = ("jax", "optax") if jax_training.is_installed() else ()
TRAININGS = (
    Training((64,), 32, epochs=3 if SHORT else 15, peers=2.8, sklearn=5, roofline=0.52),
    Training((100,), 200, epochs=3 if SHORT else 15, peers=1.5, sklearn=3, roofline=0.62),
    Training((256, 128), 128, epochs=3 if SHORT else 15, peers=1.45, sklearn=3.5, roofline=0.72),
    Training((1024, 1024), 256, epochs=1 if SHORT else 5, peers=1.05, sklearn=3, roofline=0.86),
)


def run():
    """Measure, and write results/training_speed.json."""
    insist_on_torch()
    by_name = {training.name: training for training in TRAININGS}
    results_file.write(
        "training_speed",
        {
            "dataset": DATASET,
            "threads": THREADS,
            "rounds": ROUNDS,
            "short": SHORT,
            "peers": {package: version(package) for package in ("torch", "numba", "threadpoolctl", *JAX)},
            "seconds_of": "an epoch",
            "networks": {name: _measure(by_name[name]) for name in results_file.choose(by_name)},
        },
        growing="networks",
    )


def _measure(training):
    """Let all contestants take turns; return their times, losses and ratios."""
    short = replace(training, epochs=1)
    turns = [
        {name: in_fresh_process(name, each) for name in CONTESTANTS} for each in (short, short, *[training] * ROUNDS)
    ]
    return {"epochs": training.epochs, **summary(training, turns[1:])}


def in_fresh_process(name, training):
    """Return what a contestant's function returns that has a process for itself."""
    with Worker() as worker:
        return worker(CONTESTANTS[name], training)


def summary(training, turns):
    """Return what a reader wants to know of all turns, of which the first is of one epoch.

    Parameters
    ----------
    training : Training
    turns : list of dict, from a contestant's name to (seconds of the fit, loss of its last epoch or None)
    """
    contestants = {}
    for name, (one_epoch, _loss) in turns[0].items():
        whole = [turn[name][0] for turn in turns[1:]]
        further = max(1, training.epochs - 1)
        contestants[name] = {
            **spread([seconds / training.epochs for seconds in whole]),
            "last_loss": turns[-1][name][1],
            "epochs_alone": (spread(whole)["median"] - one_epoch) / further,
        }
    median = {name: of["median"] for name, of in contestants.items()}
    rivals = [name for name in median if name.startswith("torch") or name == "jax"]
    mode = min((name for name in rivals if name != "jax"), key=median.get)
    best = min(rivals, key=median.get)
    peers = (
        ("torch", mode, training.peers),
        ("best_peer", best, training.peers),
        ("sklearn", "sklearn", training.sklearn),
        ("roofline", "roofline", training.roofline),
    )
    return {
        "torch_mode": mode,
        "best_peer": best,
        "contestants": contestants,
        "ratios": {
            peer: {"over_backprop": median[name] / median["backprop"], "at_least": least} for peer, name, least in peers
        },
    }


def fit_backprop(training):
    """Fit this core's classifier in this process; return the seconds of the fit and the last epoch's loss."""
    return _fit("backprop_core.estimator", training)


def fit_sklearn(training):
    """As `fit_backprop`, with scikit-learn's."""
    return _fit("sklearn.neural_network", training)


def _fit(module, training):
    X, y = image_rows(DATASET, "train")
    began = time.perf_counter()
    from threadpoolctl import threadpool_limits

    estimator = importlib.import_module(module).MLPClassifier(
        training.hidden,
        alpha=0,
        batch_size=training.batch_size,
        learning_rate_init=RATE,
        max_iter=training.epochs,
        tol=0,
        n_iter_no_change=training.epochs + 1,
        random_state=0,
    )
    with threadpool_limits(THREADS), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that training ended after `max_iter` epochs
        estimator.fit(X, y)
        return time.perf_counter() - began, estimator.loss_


def fit_torch(training, fused=False, compiled=False):
    """As `fit_backprop`, with PyTorch's loop."""
    rows = image_rows(DATASET, "train")
    began = time.perf_counter()
    import torch

    torch.set_num_threads(THREADS)
    torch.manual_seed(0)
    X, y = map(torch.from_numpy, rows)
    model = multilayer_perceptron(training.widths)
    for losses in train(model, X, y, training.batch_size, RATE, training.epochs, fused=fused, compiled=compiled):
        last = losses
    seconds = time.perf_counter() - began
    return seconds, torch.stack(last).mean().item()


def fit_torch_fused(training):
    """As `fit_torch`, with Adam in one pass."""
    return fit_torch(training, fused=True)


def fit_torch_compiled(training):
    """As `fit_torch_fused`, with the network and its loss compiled."""
    return fit_torch(training, fused=True, compiled=True)


def fit_jax(training):
    """As `fit_backprop`, with JAX."""
    X, y = image_rows(DATASET, "train")
    began = time.perf_counter()
    loss = jax_training.train(X, y, training.widths, training.batch_size, RATE, training.epochs)
    return time.perf_counter() - began, loss


def compute_products(training):
    """As `fit_backprop`, but nothing except the matrix products."""
    from threadpoolctl import threadpool_limits

    epoch = epoch_of_products(len(image_rows(DATASET, "train")[0]), training.batch_size, training.widths)
    with threadpool_limits(THREADS):
        began = time.perf_counter()
        for _ in range(training.epochs):
            for products in epoch:
                products.forward()
                products.backward()
        return time.perf_counter() - began, None


CONTESTANTS = {
    "backprop": fit_backprop,
    "sklearn": fit_sklearn,
    "torch": fit_torch,
    "torch_fused": fit_torch_fused,
    **({"torch_compiled": fit_torch_compiled} if shutil.which("g++") or shutil.which("clang++") else {}),
    **({"jax": fit_jax} if jax_training.is_installed() else {}),
    "roofline": compute_products,
}
