"""Training speed: whole fits of the same networks by this core, scikit-learn and PyTorch, and the bare matrix products.

All learn the same 60,000 rows of Fashion-MNIST in float32, in batches shuffled anew each epoch, with Adam at 0.001, no
penalty and two threads. They take turns in one run, each in a process of its own (`workers`). A fit begins with fresh
weights and includes all that it does before and between the epochs; its time is divided by the epochs. The last
epoch's mean loss stands beside the time, to show that everybody has learned.

The first fit of a process is not counted. What it needs more than a later one is given as `first_fit_extra_seconds`:
for this core mostly the loading of its compiled loops, which an earlier process has compiled and stored.
"""

import time
import warnings
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import version

from benchmarks import results_file
from benchmarks.image_rows import image_rows
from benchmarks.roofline import epoch_of_products
from benchmarks.spread import spread
from benchmarks.torch_training import insist_on_torch, multilayer_perceptron, train
from benchmarks.workers import THREADS, Worker

DATASET = "fashion-mnist"
N_FEATURES, N_CLASSES = 784, 10
RATE = 0.001
ROUNDS = 5


@dataclass(frozen=True)
class Training:
    """What everybody trains: a network, its batches and epochs. The rest are the least ratios that this core aims at.

    Attributes
    ----------
    hidden : tuple of int
    batch_size, epochs : int
    torch, sklearn : float
        Time of PyTorch's better mode, and of scikit-learn, over the time of this core.
    roofline : float or None
        Time of the bare products over the time of this core.
    """

    hidden: tuple[int, ...]
    batch_size: int
    epochs: int
    torch: float = 1.4
    sklearn: float = 2.0
    roofline: float | None = None

    @property
    def widths(self):
        """Units of all layers, inputs and outputs included."""
        return (N_FEATURES, *self.hidden, N_CLASSES)

    @property
    def name(self):
        """As in "784-64-10, batch 32"."""
        return f"{'-'.join(map(str, self.widths))}, batch {self.batch_size}"


TRAININGS = (
    Training((64,), 32, epochs=5),
    Training((100,), 200, epochs=15),
    Training((256, 128), 128, epochs=3, roofline=0.70),
    Training((1024, 1024), 256, epochs=2, torch=1.1, roofline=0.85),
)


def run():
    """Measure, and write results/training_speed.json."""
    insist_on_torch()
    with Worker() as worker:
        worker(fit_backprop, TRAININGS[0])  # compiles the loops, where they are not stored yet
    results_file.write(
        "training_speed",
        {
            "dataset": DATASET,
            "threads": THREADS,
            "rounds": ROUNDS,
            "peers": {package: version(package) for package in ("torch", "numba", "threadpoolctl")},
            "seconds_of": "an epoch",
            "networks": {training.name: _measure(training) for training in TRAININGS},
        },
    )


def _measure(training):
    """Let all contestants take turns; return their times, losses and ratios."""
    with ExitStack() as stack:
        workers = {name: stack.enter_context(Worker()) for name in CONTESTANTS}
        turns = [
            {name: worker(CONTESTANTS[name], training) for name, worker in workers.items()} for _ in range(ROUNDS + 1)
        ]
    return {"epochs": training.epochs, **summary(training, turns)}


def summary(training, turns):
    """Return what a reader wants to know of all turns, of which the first does not count.

    Parameters
    ----------
    training : Training
    turns : list of dict, from a contestant's name to (seconds of the fit, loss of its last epoch or None)
    """
    contestants = {}
    for name, (first, _loss) in turns[0].items():
        seconds = [turn[name][0] / training.epochs for turn in turns[1:]]
        contestants[name] = {
            **spread(seconds),
            "last_loss": turns[-1][name][1],
            "first_fit_extra_seconds": first - training.epochs * spread(seconds)["median"],
        }
    median = {name: of["median"] for name, of in contestants.items()}
    mode = min(("torch", "torch_fused"), key=median.get)
    peers = (
        ("torch", mode, training.torch),
        ("sklearn", "sklearn", training.sklearn),
        ("roofline", "roofline", training.roofline),
    )
    return {
        "torch_mode": mode,
        "contestants": contestants,
        "ratios": {
            peer: {"over_backprop": median[name] / median["backprop"], "at_least": least} for peer, name, least in peers
        },
    }


def fit_backprop(training):
    """Fit this core's classifier in this process; return the seconds of the fit and the last epoch's loss."""
    from backprop_core import MLPClassifier

    return _fit(MLPClassifier, training)


def fit_sklearn(training):
    """As `fit_backprop`, with scikit-learn's."""
    from sklearn.neural_network import MLPClassifier

    return _fit(MLPClassifier, training)


def _fit(classifier, training):
    from threadpoolctl import threadpool_limits

    estimator = classifier(
        training.hidden,
        alpha=0,
        batch_size=training.batch_size,
        learning_rate_init=RATE,
        max_iter=training.epochs,
        tol=0,
        n_iter_no_change=training.epochs + 1,
        random_state=0,
    )
    X, y = image_rows(DATASET, "train")
    with threadpool_limits(THREADS), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that training ended after `max_iter` epochs
        began = time.perf_counter()
        estimator.fit(X, y)
        return time.perf_counter() - began, estimator.loss_


def fit_torch(training, fused=False):
    """As `fit_backprop`, with PyTorch's loop."""
    import torch

    torch.set_num_threads(THREADS)
    torch.manual_seed(0)
    X, y = map(torch.from_numpy, image_rows(DATASET, "train"))
    began = time.perf_counter()
    model = multilayer_perceptron(training.widths)
    for losses in train(model, X, y, training.batch_size, RATE, training.epochs, fused=fused):
        last = losses
    seconds = time.perf_counter() - began
    return seconds, torch.stack(last).mean().item()


def fit_torch_fused(training):
    """As `fit_torch`, with Adam in one pass."""
    return fit_torch(training, fused=True)


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
    "roofline": compute_products,
}
