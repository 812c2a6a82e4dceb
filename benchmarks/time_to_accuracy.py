"""Time to accuracy: how long each contestant trains until it recognises 98 % of MNIST's test digits.

All train the same network, 784-256-128-10 with relu, in float32 on two threads, each with good settings of its own:
this core and PyTorch (its fused Adam) with a one-cycle schedule, whose length is one of the settings, scikit-learn with
a constant rate, since it has no schedule for Adam. The settings are chosen without the test rows: those that reach 98 %
of the last 10,000 training rows soonest, after learning from the other 50,000; the slowest of three seeds counts. Then
each trains with five other seeds on all 60,000 rows, and the median is reported.

The accuracy is measured after each epoch while the clock stands still. Each contestant has a process of its own
(`workers`), whose first training, in which libraries are loaded, does not count.
"""

import itertools
import math
import statistics
import sys
import time
import warnings
from contextlib import ExitStack
from importlib.metadata import version

from benchmarks import results_file
from benchmarks.image_rows import image_rows
from benchmarks.torch_training import insist_on_torch, multilayer_perceptron, train
from benchmarks.workers import THREADS, Worker

DATASET = "mnist"
HIDDEN = (256, 128)
WIDTHS = (784, *HIDDEN, 10)
GOAL = 0.98
N_CHOICE = 10_000
CHOICE_SEEDS = (100, 101, 102)
SEEDS = range(5)
PATIENCE = 60.0  # seconds of training


def run():
    """Measure, and write results/time_to_accuracy.json."""
    insist_on_torch()
    with ExitStack() as stack:
        workers = {name: stack.enter_context(Worker()) for name in CONTESTANTS}
        choices = {name: _choose(name, worker) for name, worker in workers.items()}
        rounds = [
            {name: worker(race, name, choices[name]["settings"], seed, PATIENCE) for name, worker in workers.items()}
            for seed in SEEDS
        ]
    contestants = {name: choices[name] | summary([each[name] for each in rounds]) for name in CONTESTANTS}
    results_file.write(
        "time_to_accuracy",
        {
            "dataset": DATASET,
            "network": "-".join(map(str, WIDTHS)),
            "goal": GOAL,
            "threads": THREADS,
            "peers": {package: version(package) for package in ("torch", "numba", "threadpoolctl")},
            "contestants": contestants,
            "ratios": ratios(contestants),
        },
    )


def summary(runs):
    """Return the median seconds of the runs, one a seed, of which those that missed the goal took for ever."""
    median = statistics.median(run["seconds"] if run["reached"] else math.inf for run in runs)
    return {"median_seconds": median if median < math.inf else None, "runs": runs}


def ratios(contestants):
    """Return each peer's median over this core's, which should be above 1; None where one of the two has none."""
    median = {name: of["median_seconds"] for name, of in contestants.items()}
    ours = median.pop("backprop")
    return {
        name: {"over_backprop": theirs / ours if theirs and ours else None, "at_least": 1.0}
        for name, theirs in median.items()
    }


def _choose(name, worker):
    """Return the settings of the contestant's grid that reach the goal soonest on the rows kept for it."""
    grid = list(settings_of(GRIDS[name]))
    worker(race, name, grid[0], CHOICE_SEEDS[0], limit=0.0, choosing=True)
    chosen, limit, tried = None, PATIENCE, []
    for settings in grid:
        seconds = 0.0
        for seed in CHOICE_SEEDS:
            # Whoever is slower than the best so far need not go on.
            run = worker(race, name, settings, seed, limit, choosing=True)
            tried.append({"settings": settings, "seed": seed, **run})
            seconds = max(seconds, run["seconds"] if run["reached"] else math.inf)
            if seconds >= limit:
                break
        else:
            chosen, limit = settings, seconds
    if chosen is None:
        sys.exit(f"error: no settings of {name} reached {GOAL:.0%} in {PATIENCE:.0f} s: widen its grid")
    return {"settings": chosen, "choice": tried}


def settings_of(grid):
    """Yield every combination of a grid, dict of name to values, as a dict; the first name changes last."""
    for values in itertools.product(*grid.values()):
        yield dict(zip(grid, values, strict=True))


def race(name, settings, seed, limit, choosing=False):
    """Train a contestant until it reaches the goal, its schedule is over, or it has trained for `limit` seconds.

    Parameters
    ----------
    choosing : bool
        Hold out the last training rows, instead of the test rows.

    Returns
    -------
    record : dict
        "reached" (bool), "seconds" of training, and "accuracies", held-out, one an epoch.
    """
    training, held_out = _rows(choosing)
    clock = Clock(limit)
    CONTESTANTS[name](training, held_out, seed, clock, **settings)
    return {"reached": clock.reached, "seconds": clock.seconds, "accuracies": clock.accuracies}


def _rows(choosing):
    X, y = image_rows(DATASET, "train")
    if not choosing:
        return (X, y), image_rows(DATASET, "test")
    return (X[:-N_CHOICE], y[:-N_CHOICE]), (X[-N_CHOICE:], y[-N_CHOICE:])


class Clock:
    """Runs from `start` on, and stands still while the accuracy is measured.

    Attributes
    ----------
    seconds : float
    accuracies : list of float
    """

    def __init__(self, limit):
        self.seconds, self.accuracies, self._limit = 0.0, [], limit

    def start(self):
        """Let the clock run."""
        self._since = time.perf_counter()

    def epoch_is_over(self, measure):
        """Note the time and, while it stands still, the accuracy that `measure` returns. True says to stop training."""
        self.seconds += time.perf_counter() - self._since
        self.accuracies.append(float(measure()))
        self.start()
        return self.reached or self.seconds >= self._limit

    @property
    def reached(self):
        """Whether the last epoch ended at the goal."""
        return self.accuracies[-1] >= GOAL


def train_backprop(training, held_out, seed, clock, *, epochs, batch_size, rate):
    """Train this core's classifier; the clock says when to stop."""
    from threadpoolctl import threadpool_limits

    from backprop_core import MLPClassifier

    model = MLPClassifier(
        HIDDEN,
        alpha=0,
        batch_size=batch_size,
        learning_rate="one_cycle",
        learning_rate_init=rate,
        max_iter=epochs,
        n_iter_no_change=epochs,
        random_state=seed,
        callbacks=lambda model: clock.epoch_is_over(lambda: model.score(*held_out)),
    )
    with threadpool_limits(THREADS), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that training ended with its schedule
        clock.start()
        model.fit(*training)


def train_sklearn(training, held_out, seed, clock, *, batch_size, rate):
    """As `train_backprop`, with scikit-learn's classifier.

    Epoch by epoch, for it has no callbacks; `partial_fit` goes on with Adam's moments where a warm start forgets them.
    """
    from sklearn.neural_network import MLPClassifier
    from threadpoolctl import threadpool_limits

    model = MLPClassifier(HIDDEN, alpha=0, batch_size=batch_size, learning_rate_init=rate, random_state=seed)
    with threadpool_limits(THREADS):
        clock.start()
        model.partial_fit(*training, classes=range(10))
        while not clock.epoch_is_over(lambda: model.score(*held_out)):
            model.partial_fit(*training)


def train_torch(training, held_out, seed, clock, *, epochs, batch_size, rate):
    """As `train_backprop`, with PyTorch's loop."""
    import torch

    torch.set_num_threads(THREADS)
    torch.manual_seed(seed)
    X, y, X_held_out, y_held_out = map(torch.from_numpy, (*training, *held_out))

    def accuracy():
        with torch.no_grad():
            return (model(X_held_out).argmax(1) == y_held_out).double().mean()

    clock.start()
    model = multilayer_perceptron(WIDTHS)
    for _losses in train(model, X, y, batch_size, rate, epochs, fused=True, one_cycle=True):
        if clock.epoch_is_over(accuracy):
            return


CONTESTANTS = {"backprop": train_backprop, "sklearn": train_sklearn, "torch": train_torch}
ONE_CYCLE = {"epochs": (3, 4, 5), "batch_size": (128, 64), "rate": (0.004, 0.008)}
GRIDS = {
    "backprop": ONE_CYCLE,
    "sklearn": {"batch_size": (256, 512), "rate": (0.001, 0.002)},
    "torch": ONE_CYCLE,
}
