"""Training: forward, error, backward, update, again and again until the predictions stop improving.

The trainer owns time: the epochs, the order of the batches, the random streams, the history of what was measured, and
the best weights met so far, which are always the ones that remain at the end.
"""

import math
import time
from dataclasses import dataclass, field

import numpy as np

from backprop_core.batching import batches
from backprop_core.clipping import clip_by_global_norm
from backprop_core.errors import BackpropError, DivergedError
from backprop_core.history import History, measure
from backprop_core.losses import SoftmaxCrossEntropy
from backprop_core.optimizers import Adam
from backprop_core.schedules import SCHEDULES
from backprop_core.scratch import Scratch


@dataclass
class TrainingState:
    """Everything that the next epoch depends on, and nothing else: saved and restored, training goes on bit for bit.

    Attributes
    ----------
    epoch : int, epochs finished
    params : ndarray [shape=(n_parameters,)], the network's own vector
    memory : dict of str to ndarray, the optimizer's
    rng : numpy Generator, which orders the rows and draws dropout
    history : History
    best_params : ndarray [shape=(n_parameters,)], those of the entry `history.best()`
    """

    epoch: int
    params: np.ndarray
    memory: dict
    rng: np.random.Generator
    best_params: np.ndarray
    history: History = field(default_factory=History)


class Trainer:
    """Fits a network to rows and their classes.

    Parameters
    ----------
    network : Network
    optimizer : an optimizer; Adam() by default
    loss : a loss, what training lowers
    learning_rate : float > 0, the schedule's peak
    schedule : str, a name in `SCHEDULES`
    epochs : int > 0, the number of times every row is seen at most
    batch_size : int > 0
    weight_decay : float >= 0
        Decoupled: each step also takes `learning_rate * weight_decay` of every weight away from it (not of biases).
        Loshchilov and Hutter 2017, https://arxiv.org/abs/1711.05101
    l2 : float >= 0
        Adds l2 / 2 * |W|^2 to the loss, and so l2 * W to the gradient.
    clip_norm : float > 0 or None, the longest gradient that is followed
    patience : int > 0 or None
        Stop early after this many epochs without a lower validation loss.
    """

    def __init__(
        self,
        network,
        optimizer=None,
        loss=None,
        *,
        learning_rate=1e-3,
        schedule="constant",
        epochs=20,
        batch_size=128,
        weight_decay=0.0,
        l2=0.0,
        clip_norm=None,
        patience=None,
    ):
        self.network = network
        self.optimizer = optimizer or Adam()
        self.loss = loss or SoftmaxCrossEntropy()
        self.learning_rate, self.schedule = learning_rate, SCHEDULES[schedule]
        self.epochs, self.batch_size = epochs, batch_size
        self.weight_decay, self.l2, self.clip_norm, self.patience = weight_decay, l2, clip_norm, patience

    def start(self, rng):
        """Return the state before the first epoch; `rng` is a numpy Generator that training from then on owns."""
        params = self.network.params.flat
        return TrainingState(0, params, self.optimizer.init(len(params), params.dtype), rng, params.copy())

    # A run that diverges says so in one sentence; numpy's own warnings about it would only come before it.
    @np.errstate(over="ignore", invalid="ignore")
    def fit(self, X, y, X_valid, y_valid, state, on_epoch=None):
        """Train from `state` to the last epoch, or until patience runs out, and leave the best weights in the network.

        Parameters
        ----------
        X, X_valid : ndarray of the network's dtype [shape=(n_samples, n_features)]
        y, y_valid : int ndarray [shape=(n_samples,)]
        state : TrainingState, from `start` or from a checkpoint
        on_epoch : function of the state, called after each epoch, or None

        Returns
        -------
        stopped : str
            Why training ended: "epochs", "patience" or "interrupted" (Ctrl-C).

        Raises
        ------
        BackpropError
            Rows and classes do not fit the network, or are not finite.
        DivergedError
            The loss is no longer a finite number. The best weights so far are in the network.
        """
        for rows, classes in ((X, y), (X_valid, y_valid)):
            check_rows(rows, classes, self.network.n_features, self.network.n_outputs)
        seen = measured_rows(len(X), len(X_valid))
        try:
            while not (stopped := self._reason_to_stop(state)):
                began = time.perf_counter()
                clip_rate = self._epoch(X, y, state)
                entry = {
                    "epoch": state.epoch + 1,
                    "learning_rate": self._rate(state.epoch + 1),
                    "clip_rate": clip_rate,
                    "train": measure(self.network, self.loss, X[seen], y[seen]),
                    "valid": measure(self.network, self.loss, X_valid, y_valid),
                }
                if not math.isfinite(entry["train"]["loss"] + entry["valid"]["loss"]):
                    raise self._diverged(state)
                entry["seconds"] = time.perf_counter() - began
                state.history.entries.append(entry)
                state.epoch += 1
                if state.history.best() is entry:
                    state.best_params[...] = state.params
                if on_epoch:
                    on_epoch(state)
        except KeyboardInterrupt:
            stopped = "interrupted"
        finally:
            state.params[...] = state.best_params
        return stopped

    def _epoch(self, X, y, state):
        """See every row once; return the share of steps whose gradient was clipped."""
        network, params = self.network, state.params
        grads = network.zero_gradients()
        update = np.empty_like(params)
        weights, n_weights = params[: network.params.n_weights], network.params.n_weights
        n_steps = math.ceil(len(X) / self.batch_size)
        clipped = 0
        for step, (X_batch, y_batch) in enumerate(batches(X, y, self.batch_size, state.rng, Scratch(X.dtype))):
            rate = self._rate(state.epoch + step / n_steps)
            logits, backward = network.forward(X_batch, training=True, rng=state.rng)
            loss, dlogits = self.loss.loss_and_gradient(logits, y_batch)
            if not math.isfinite(loss):
                raise self._diverged(state)
            backward(dlogits, grads)
            if self.l2:
                grads.flat[:n_weights] += self.l2 * weights
            if self.clip_norm:
                clipped += clip_by_global_norm(grads.flat, self.clip_norm)[1]
            self.optimizer.update(grads.flat, state.memory, rate, out=update)
            if self.weight_decay:
                weights *= 1 - rate * self.weight_decay
            params += update
        return clipped / n_steps

    def _reason_to_stop(self, state):
        """Return "patience" or "epochs" if there is no next epoch, else None; a run that goes on asks the same."""
        best = state.history.best()
        if self.patience and best and state.epoch - best["epoch"] >= self.patience:
            return "patience"
        return "epochs" if state.epoch >= self.epochs else None

    def _rate(self, epoch):
        """The learning rate at a point in time, in epochs."""
        return self.learning_rate * self.schedule(epoch / self.epochs)

    def _diverged(self, state):
        return DivergedError(
            f"training diverged in epoch {state.epoch + 1}: the loss is no longer a finite number; "
            f"lower the learning rate (it is {self.learning_rate:g}) or clip the gradient"
        )


def measured_rows(n_train, n_valid):
    """Return a slice of training rows, evenly spread, about as many as validation has but 5,000 at least.

    Measuring them all would cost a third of the training time; as many as validation has give the same certainty.
    """
    return slice(None, None, max(1, n_train // max(n_valid, 5000)))


def check_rows(X, y, n_features, n_classes):
    """Raise BackpropError where rows and classes cannot be trained on: wrong shapes, NaN, infinity, no rows."""
    if X.ndim != 2 or X.shape[1] != n_features:
        raise BackpropError(f"the features have shape {X.shape}: expected (n_samples, {n_features})")
    if len(X) == 0 or len(X) != len(y):
        raise BackpropError(f"{len(X)} rows of features and {len(y)} classes: give as many of one as of the other")
    if not np.isfinite(X).all():
        column = int(np.flatnonzero(~np.isfinite(X).all(axis=0))[0])
        raise BackpropError(f"feature column {column} carries NaN or infinity: repair or drop those rows")
    if y.min() < 0 or y.max() >= n_classes:
        raise BackpropError(f"classes run from {y.min()} to {y.max()}: expected 0 to {n_classes - 1}")
