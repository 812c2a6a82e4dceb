"""Training: forward, error, backward, update, again and again until the predictions stop improving.

The trainer manages the epochs, the order of the batches, the random generators, the history, and the best weights so
far, which the network always has at the end.
"""

import math
import time
from collections.abc import Callable
from contextlib import closing, nullcontext
from dataclasses import dataclass, field

import numpy as np

from backprop_core.averaging import ExponentialAverage, recount
from backprop_core.batching import batches
from backprop_core.divergence import cause_of_divergence, has_diverged
from backprop_core.epoch import compile_steps
from backprop_core.errors import BackpropError, DivergedError
from backprop_core.health import Health, Watch
from backprop_core.history import History, measure
from backprop_core.losses import Loss, SoftmaxCrossEntropy
from backprop_core.mapped_memory import chunks, overwrite, spare_copy
from backprop_core.naming import look_up
from backprop_core.network import Network
from backprop_core.optimizers import Adam, Optimizer
from backprop_core.ranges import check_count, check_number
from backprop_core.schedules import SCHEDULES, Schedule
from backprop_core.scratch import Scratch
from backprop_core.sparse import is_sparse, rows_of
from backprop_core.sparse_step import step_for
from backprop_core.step import check_additions, worth_compiling


@dataclass
class TrainingState:
    """Everything that the next epoch depends on, and nothing else: saved and restored, training goes on bit for bit.

    Attributes
    ----------
    epoch : int, epochs finished
    params, statistics : ndarray [shape=(n_parameters,)], [shape=(n_statistics,)], the network's own vectors
    memory, average : dict of str to ndarray, the optimizer's, and what averages the weights has
    rng : numpy Generator, which orders the rows and draws dropout
    best_params, best_statistics : ndarray, those of the entry `history.best()`
    history : History
    """

    epoch: int
    params: np.ndarray
    statistics: np.ndarray
    memory: dict
    average: dict
    rng: np.random.Generator
    best_params: np.ndarray
    best_statistics: np.ndarray
    history: History = field(default_factory=History)

    def keep_as_best(self):
        """Remember the network as it is now."""
        overwrite(self.best_params, self.params)
        self.best_statistics[...] = self.statistics

    def restore_best(self):
        """Make the network what was last kept as best."""
        overwrite(self.params, self.best_params)
        self.statistics[...] = self.best_statistics


class Trainer:
    """Fits a network to rows and their classes.

    Parameters
    ----------
    network : Network
    optimizer : an optimizer; Adam() by default
    loss : a loss, what training lowers; SoftmaxCrossEntropy() by default
    learning_rate : float > 0, the schedule's peak
    schedule : str, a name in `SCHEDULES`, or a function like those there
    epochs : int > 0, the number of times every row is seen at most
    batch_size : int > 0
    patience : int > 0 or None
        Stop early after this many epochs without a lower validation loss.
    average : ExponentialAverage or None
        What is measured at each epoch's end, and kept at the end of training, is then this average of the weights.
    compiled : bool or None
        Whether steps use compiled loops; None: where the training is long enough to earn their loading back.
    health : Health or None
        What of the training is watched; it comes into the history's entries, and changes nothing else.
    alpha, l1, weight_decay, max_norm, clip_value, clip_norm, mixup
        Penalties, decay, limits and mixing, as `Step` has them.

    Raises
    ------
    BackpropError
        A setting is out of range, or the schedule's name is unknown.

    Examples
    --------
    >>> import numpy as np
    >>> from backprop_core import Network, Trainer, multilayer_perceptron
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(200, 2)).astype(np.float32)
    >>> y = (X[:, 0] > X[:, 1]).astype(int)
    >>> trainer = Trainer(Network(multilayer_perceptron(2, [8], 2), rng), learning_rate=0.01, batch_size=20)
    >>> trainer.fit(X[:150], y[:150], X[150:], y[150:], rng=rng)
    'epochs'
    >>> (trainer.network.logits(X).argmax(axis=1) == y).mean() > 0.9
    np.True_
    """

    def __init__(
        self,
        network: Network,
        optimizer: Optimizer | None = None,
        loss: Loss | None = None,
        *,
        learning_rate: float = 1e-3,
        schedule: str | Schedule = "constant",
        epochs: int = 20,
        batch_size: int = 128,
        patience: int | None = None,
        average: ExponentialAverage | None = None,
        compiled: bool | None = None,
        health: Health | None = None,
        alpha: float = 0.0,
        l1: float = 0.0,
        weight_decay: float = 0.0,
        max_norm: float | None = None,
        clip_value: float | None = None,
        clip_norm: float | None = None,
        mixup: float = 0.0,
    ):
        self.network = network
        self.optimizer = optimizer or Adam()
        self.loss = loss or SoftmaxCrossEntropy()
        self.learning_rate = check_number("learning_rate", learning_rate, "(0, inf)")
        self.schedule = schedule if callable(schedule) else look_up("schedule", schedule, SCHEDULES)
        self.epochs, self.batch_size = check_count("epochs", epochs), check_count("batch_size", batch_size)
        self.patience = None if patience is None else check_count("patience", patience)
        self.average, self.compiled, self.health = average, compiled, health
        self.additions = {
            "alpha": alpha,
            "l1": l1,
            "weight_decay": weight_decay,
            "max_norm": max_norm,
            "clip_value": clip_value,
            "clip_norm": clip_norm,
            "mixup": mixup,
        }
        check_additions(**self.additions)

    def start(self, rng: np.random.Generator) -> TrainingState:
        """Return the state before the first epoch; `rng` is a numpy Generator that training from then on owns."""
        params, statistics = self.network.params.flat, self.network.statistics.flat
        memory = self.optimizer.init(len(params), params.dtype)
        average = self.average.init(params) if self.average else {}
        return TrainingState(0, params, statistics, memory, average, rng, spare_copy(params), statistics.copy())

    # A run that diverges reports this in one sentence; numpy's own warnings would only precede it.
    @np.errstate(over="ignore", invalid="ignore")
    def fit(
        self,
        X: np.ndarray,
        y: np.ndarray,
        X_valid: np.ndarray,
        y_valid: np.ndarray,
        state: TrainingState | None = None,
        *,
        rng: np.random.Generator | None = None,
        on_epoch: Callable[[TrainingState], object] | None = None,
        before_step: Callable[[], object] | None = None,
        augmented: Callable | None = None,
    ) -> str:
        """Train to the last epoch, or until patience runs out, and leave the best weights in the network.

        Parameters
        ----------
        X, X_valid : ndarray, memmap, SparseRows or scipy matrix of the network's dtype [shape=(n_samples, n_features)]
        y, y_valid : int ndarray [shape=(n_samples,)]
        state : TrainingState or None
            Where training begins: from `start`, or from a checkpoint. None begins anew with `rng`.
        rng : numpy Generator, needed where there is no state; training owns it from then on
        on_epoch : function of the state, called after each epoch, or None
            Training ends if it returns True.
        before_step : function called before each step, or each run of compiled steps, of a fifth of a second, or None
            It may wait; KeyboardInterrupt from it ends the training as Ctrl-C does.
        augmented : function of (batch_size, progress, rng), or None
            A generator function: yields (X_batch, y_batch) until one epoch is over, `len(X)` rows in all; each batch
            may overwrite the one before. Where it is given, the network learns from these batches, and X and y are
            only measured. `progress` is the share of the training that is over, from 0 to below 1.

        Returns
        -------
        stopped : str
            Why training ended: "epochs", "patience", "callback" or "interrupted" (Ctrl-C).

        Raises
        ------
        BackpropError
            Rows and classes do not fit the network, or are not finite.
        DivergedError
            The loss is no longer a finite number, or stays absurdly high. The best weights so far are in the network,
            and what was measured until then in the error's `entries`.
        """
        X, X_valid = self._as_rows(X), self._as_rows(X_valid)
        for rows, classes in ((X, y), (X_valid, y_valid)):
            check_rows(rows, classes, self.network.n_features, self.network.n_outputs)
        if state is None:
            if rng is None:
                raise BackpropError("training needs a random generator: give rng, or a state from Trainer.start")
            state = self.start(rng)
        seen = choose_measured_rows(len(X), len(X_valid))
        step = self._step(X)
        watch = Watch(step) if self.health else None
        in_runs = not augmented and self._pays(X, in_runs=True)
        average = (self.average, state.average) if self.average else None
        runs = compile_steps(step, X, y, self.batch_size, state.rng, average) if in_runs else None
        asked_to_stop = False
        try:
            while not (stopped := "callback" if asked_to_stop else self._reason_to_stop(state)):
                began = time.perf_counter()
                clip_rate = self._epoch(X, y, state, step, watch, augmented, runs, before_step)
                with self.average.stand_in(state.params, state.average) if self.average else nullcontext():
                    if self.average:
                        recount(self.network, self._some(X[seen], state.rng), state.rng)
                    entry = {
                        "epoch": state.epoch + 1,
                        "learning_rate": self._rate(state.epoch + 1, state),
                        "clip_rate": clip_rate,
                        "train": measure(self.network, self.loss, X[seen], y[seen]),
                        "valid": measure(self.network, self.loss, X_valid, y_valid),
                    }
                    measured = entry["train"]["loss"] + entry["valid"]["loss"]
                    if not math.isfinite(measured) or has_diverged(step.losses, step.first_loss):
                        cause = cause_of_divergence(self.network, X[seen], y[seen], self.learning_rate)
                        raise DivergedError(f"training diverged in epoch {state.epoch + 1}: {cause}")
                    if watch:
                        entry["health"] = watch.record(self.health.probe(X))
                    entry["seconds"] = time.perf_counter() - began
                    state.history.entries.append(entry)
                    state.epoch += 1
                    if state.history.best() is entry:
                        state.keep_as_best()
                asked_to_stop = on_epoch is not None and on_epoch(state) is True
        except KeyboardInterrupt:
            stopped = "interrupted"
        except DivergedError as error:
            error.entries = (*state.history.entries, self._describe_unfinished(state, watch, X))
            raise
        finally:
            state.restore_best()
        return stopped

    def _as_rows(self, X):
        """Return rows from which batches can be taken; sparse rows in the network's dtype."""
        X = rows_of(X)
        return X.astype(self.network.dtype, copy=False) if is_sparse(X) else X

    def _step(self, X):
        """Return the step that training repeats."""
        compiled = self._pays(X)
        step = step_for(is_sparse(X), self.network, self.optimizer, self.loss, compiled=compiled, **self.additions)
        step.peak = self.learning_rate  # this is what a user can lower, not the schedule's share of it
        return step

    def _pays(self, X, in_runs=False):
        """Return whether compiled loops are requested, or save more time than their loading takes."""
        if self.compiled is not None:
            return self.compiled
        n_steps = self.epochs * math.ceil(len(X) / self.batch_size)
        return worth_compiling(self.network.params.flat.size, n_steps, in_runs=in_runs)

    def _describe_unfinished(self, state, watch, X):
        """Return an entry of the epoch that diverged, with the facts that are still known."""
        entry = {"epoch": state.epoch + 1, "learning_rate": self._rate(state.epoch + 1, state), "clip_rate": None}
        return entry | ({"health": watch.record(self.health.probe(X))} if watch else {})

    def _epoch(self, X, y, state, step, watch, augmented, runs, before_step):
        """Train on every row once; return the share of steps whose gradient was clipped."""
        n_steps, clipped_before = math.ceil(len(X) / self.batch_size), step.n_clipped
        watched = self.health.choose_steps(state.epoch, n_steps) if watch else ()
        if runs is not None:
            self._epoch_in_runs(X, y, state, step, watch, watched, runs, before_step)
            return (step.n_clipped - clipped_before) / n_steps
        if augmented:
            epoch = augmented(self.batch_size, state.epoch / self.epochs, state.rng)
        else:
            epoch = batches(X, y, self.batch_size, state.rng, Scratch(X.dtype))
        with closing(epoch):  # this ends the generator of batches, whatever happens
            for i, (X_batch, y_batch) in enumerate(epoch):
                if before_step:
                    before_step()
                rate = self._rate(state.epoch + i / n_steps, state)
                try:
                    (watch if i in watched else step)(X_batch, y_batch, rate, state.memory, state.rng)
                except DivergedError as error:
                    raise DivergedError(f"training diverged in epoch {state.epoch + 1}: {error}") from None
                if self.average:
                    step.settle()
                    self.average.update(state.params, state.average)
        step.settle()
        return (step.n_clipped - clipped_before) / n_steps

    def _epoch_in_runs(self, X, y, state, step, watch, watched, runs, before_step):
        """Do the same as `_epoch`, with `compile_steps` from one watched step to the next."""
        order = state.rng.permutation(len(X))
        n_steps, i = math.ceil(len(X) / self.batch_size), 0
        while i < n_steps:
            until = next((j for j in range(i, n_steps) if j in watched), n_steps)
            rates = [self._rate(state.epoch + j / n_steps, state) for j in range(i, until)]
            i += len(runs.run(order, i, rates, state.memory, before_step))
            if i < n_steps:  # this step is watched, or its loss is not finite and `Step` explains it
                rows = order[i * self.batch_size : (i + 1) * self.batch_size]
                rate = self._rate(state.epoch + i / n_steps, state)
                try:
                    (watch if i in watched else step)(X[rows], y[rows], rate, state.memory, state.rng)
                except DivergedError as error:
                    raise DivergedError(f"training diverged in epoch {state.epoch + 1}: {error}") from None
                if self.average:
                    self.average.update(state.params, state.average)
                i += 1

    def _some(self, X, rng):
        """Yield batches of rows drawn at random, without end."""
        while True:
            yield X[rng.integers(len(X), size=self.batch_size)]

    def _reason_to_stop(self, state):
        """Return "patience" or "epochs" if there is no next epoch, else None; a resumed run calls this, too."""
        best = state.history.best()
        if self.patience and best and state.epoch - best["epoch"] >= self.patience:
            return "patience"
        return "epochs" if state.epoch >= self.epochs else None

    def _rate(self, epoch, state):
        """Return the learning rate at a point in time, in epochs."""
        return self.learning_rate * self.schedule(epoch / self.epochs, state.history.entries)


def choose_measured_rows(n_train, n_valid):
    """Return a slice of training rows, evenly spread, about as many as validation has but 5,000 at least.

    Measuring them all would cost a third of the training time; as many as validation has give the same certainty.
    """
    return slice(None, None, max(1, n_train // max(n_valid, 5000)))


def check_rows(X, y, n_features, n_classes):
    """Raise BackpropError if rows and classes cannot be trained on: wrong shapes, NaN, infinity, no rows."""
    if X.ndim != 2 or X.shape[1] != n_features:
        raise BackpropError(f"the features have shape {X.shape}: expected (n_samples, {n_features})")
    if len(X) == 0 or len(X) != len(y):
        raise BackpropError(f"{len(X)} rows of features and {len(y)} classes: give as many of one as of the other")
    if is_sparse(X):
        wrong = X.columns[~np.isfinite(X.data)]
        if wrong.size:
            raise BackpropError(f"feature column {wrong[0]} carries NaN or infinity: repair or drop those rows")
    for rows in () if is_sparse(X) else chunks(X):
        if not np.isfinite(rows).all():
            column = int(np.flatnonzero(~np.isfinite(rows).all(axis=0))[0])
            raise BackpropError(f"feature column {column} carries NaN or infinity: repair or drop those rows")
    if y.min() < 0 or y.max() >= n_classes:
        raise BackpropError(f"classes run from {y.min()} to {y.max()}: expected 0 to {n_classes - 1}")
