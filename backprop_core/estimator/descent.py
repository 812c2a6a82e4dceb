"""Descent: what an estimator's training carries from batch to batch and from epoch to epoch, beside the weights.

The optimizer's memory, the learning rate and its rules, the running average of the weights, and the random stream of
dropout and its like. When training goes on in a later call, it goes on with these.
"""

from contextlib import contextmanager

import numpy as np

from backprop_core.averaging import ExponentialAverage, recount
from backprop_core.epoch import compile_steps
from backprop_core.estimator.parameters import CLASSIC_RATES, additions_of, optimizer_of, schedule_of
from backprop_core.estimator.pickling import writable
from backprop_core.estimator.rows import ArrayRows
from backprop_core.sparse_step import step_for
from backprop_core.step import worth_compiling

# Below this rate the adaptive rule gives up.
SMALLEST_RATE = 1e-6


class Descent:
    """The state between epochs beside the weights: the optimizer's memory, the rate, the average, the random stream.

    Parameters
    ----------
    estimator : whose parameters say how to train
    network : Network
    rng : numpy Generator or None, for dropout, noise and mixup
    rate : float > 0, the learning rate to begin with, which schedules multiply

    Attributes
    ----------
    learning_rate : float, that of the latest step
    n_epochs : int, epochs finished
    scheduled : bool, whether the rate follows a schedule that ends after `max_iter` epochs
    """

    def __init__(self, estimator, network, rng, rate):
        params = network.params.flat
        self.initial_rate = self.learning_rate = rate
        self.n_epochs = 0
        self._optimizer, self._schedule, self._rng = optimizer_of(estimator), schedule_of(estimator), rng
        self.scheduled = estimator.learning_rate not in CLASSIC_RATES
        self._memory = self._optimizer.init(len(params), params.dtype)
        self._average = ExponentialAverage(estimator.ema_decay) if estimator.ema_decay else None
        self._averages = self._average.init(params) if self._average else None
        self._unaveraged = None
        self._runs, self._in_runs = None, False
        # After a warm start there is a history already; the part of this descent begins here.
        self._begin = len(estimator.history_)

    def start(self, estimator, network, loss, n_steps, sparse=False):
        """Prepare for a call of fit or partial_fit of at most `n_steps` steps; `sparse`: whether rows are sparse."""
        if self._unaveraged is not None:
            network.params.flat[...] = self._unaveraged
        self._runs, n_parameters = None, len(network.params.flat)
        self._in_runs = worth_compiling(n_parameters, n_steps, in_runs=True)
        self._step = step_for(
            sparse,
            network,
            self._optimizer,
            loss,
            **additions_of(estimator),
            compiled=worth_compiling(n_parameters, n_steps),
        )

    def epoch(self, estimator, rows, batch_size, random_state):
        """Take a step for each batch of the rows; return the mean loss, the number of rows and the clip rate."""
        n_steps = rows.n_steps(batch_size)
        if self._in_runs and self._runs is None and isinstance(rows, ArrayRows) and rows.weights is None:
            average = (self._average, self._averages) if self._average else None
            self._runs = compile_steps(self._step, rows.X, rows.target, batch_size, self._rng, average)
        if self._runs is not None:
            return self._epoch_in_runs(estimator, rows, batch_size, random_state, n_steps)
        batches = rows.epoch(batch_size, random_state)
        step, memory, rng, schedule, average = self._step, self._memory, self._rng, self._schedule, self._average
        params, rate, entries = step.network.params.flat, self.learning_rate, estimator.history_[self._begin :]
        step.n_steps = step.n_clipped = 0
        total, n = 0.0, 0
        for i, (X_batch, target, weights) in enumerate(batches):
            n += len(X_batch)
            if weights is not None and not weights.any():
                continue
            if schedule:
                progress = min(1.0, (self.n_epochs + i / n_steps) / estimator.max_iter)
                rate = self.initial_rate * schedule(progress, entries)
            total += step(X_batch, target, rate, memory, rng, weights) * len(X_batch)
            if average:
                step.settle()
                average.update(params, self._averages)
        step.settle()
        self.learning_rate = rate
        self.n_epochs += 1
        return total / n, n, step.n_clipped / max(1, step.n_steps)

    def _epoch_in_runs(self, estimator, rows, batch_size, random_state, n_steps):
        """Do the same as `epoch`, many steps at a time."""
        step, memory, entries = self._step, self._memory, estimator.history_[self._begin :]
        step.n_steps = step.n_clipped = 0
        order, total, i = rows.draw_order(random_state), 0.0, 0
        rates = [self.learning_rate] * n_steps
        if self._schedule:
            times = [min(1.0, (self.n_epochs + j / n_steps) / estimator.max_iter) for j in range(n_steps)]
            rates = [self.initial_rate * self._schedule(time, entries) for time in times]
        while i < n_steps:
            losses = self._runs.run(order, i, rates[i:], memory)
            sizes = np.minimum(batch_size, len(order) - batch_size * np.arange(i, i + len(losses)))
            total += float(losses @ sizes)
            i += len(losses)
            if i < n_steps:  # the loss of this step is not finite; `Step` explains it
                some = order[i * batch_size : (i + 1) * batch_size]
                total += step(rows.X[some], rows.target[some], rates[i], memory, self._rng) * len(some)
                if self._average:
                    self._average.update(step.network.params.flat, self._averages)
                i += 1
        self.learning_rate = rates[-1]
        self.n_epochs += 1
        return total / len(order), len(order), step.n_clipped / max(1, step.n_steps)

    def end_epoch(self, estimator):
        """Lower the rate with the number of rows seen, if this is the rule."""
        if estimator.solver == "sgd" and estimator.learning_rate == "invscaling":
            self.learning_rate = self.initial_rate / (estimator.t_ + 1) ** estimator.power_t

    def slow_down_or_stop(self, estimator, message):
        """Divide the rate by five if the adaptive rule may do so, else end the training; return whether it ends."""
        adaptive = estimator.solver == "sgd" and estimator.learning_rate == "adaptive"
        if adaptive and self.learning_rate > SMALLEST_RATE:
            self.learning_rate /= 5.0
            message += f" Setting learning rate to {self.learning_rate:f}"
            stopping = False
        else:
            message += " Learning rate too small. Stopping." if adaptive else " Stopping."
            stopping = True
        if estimator.verbose:
            print(message)
        return stopping

    @contextmanager
    def use_average(self, network, rows, batch_size):
        """For a `with` block, replace the latest weights by the averaged ones, if there are any.

        rows : ArrayRows or BatchRows, training rows on which statistics that fit the average are counted
        """
        if self._average is None:
            yield
            return
        with self._average.stand_in(network.params.flat, self._averages):
            recount(network, rows.endless(batch_size), self._rng)
            yield

    def finish(self, network, rows, batch_size):
        """Leave the averaged weights in the network; the latest are kept for the next partial_fit."""
        self._step = self._runs = None
        if self._average is not None:
            self._unaveraged = network.params.flat.copy()
            network.params.flat[...] = self._average.read_average(self._averages)
            recount(network, rows.endless(batch_size), self._rng)

    def __getstate__(self):
        return {**self.__dict__, "_step": None, "_runs": None}

    def __setstate__(self, state):
        self.__dict__.update({"initial_rate": state["learning_rate"], **state})
        # The memory of a pickle may be read-only, but learning writes into it.
        self._memory, self._averages = writable(self._memory), writable(self._averages)
