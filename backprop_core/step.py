"""A step: one update of the network from one minibatch.

Forward, error, backward, update: this is one round of backpropagation. Everything that may be added to it (penalties,
clipping, decay, mixing of samples) is here, in the order of its effect. Epochs and learning rates belong to the
trainer.
"""

import importlib.util
import math
from collections import deque

import numpy as np

from backprop_core.clipping import clip_by_global_norm, clip_by_value
from backprop_core.constraints import limit_norms
from backprop_core.divergence import SUSTAINED, cause_of_divergence
from backprop_core.errors import DivergedError
from backprop_core.mixing import mixup
from backprop_core.ranges import check_number
from backprop_core.scratch import Scratch

# Seconds to load the kernels with numba, and the machine code of epochs without it. Then the seconds that compiled
# loops save: for each step the time of Python, and for each parameter of a step numpy's passes over memory in an
# update. Measured on a processor of 2023; a faster one is faster in both.
LOADING, LOADING_MACHINE_CODE = 1.0, 0.1
SAVED_A_STEP, SAVED_A_PARAMETER = 60e-6, 1.5e-9


class Step:
    """Changes a network's parameters by one batch.

    Parameters
    ----------
    network : Network
    optimizer : an optimizer
    loss : a loss
    alpha : float >= 0
        Penalty on large weights: adds alpha / (2n) |W|^2 to the loss of n rows, and alpha / n W to its gradient (not
        for biases). As in scikit-learn, where it is also called alpha.
    l1 : float >= 0
        Penalty that drives weights to zero: adds l1 / n sum |w| to the loss, l1 / n sign(w) to the gradient.
    weight_decay : float >= 0
        Decoupled: each step also takes learning rate times `weight_decay` of every weight away from it.
        Loshchilov and Hutter 2017, https://arxiv.org/abs/1711.05101
    max_norm : float > 0 or None
        The longest vector of incoming weights that a unit may have.
    clip_value, clip_norm : float > 0 or None
        Largest single number, and greatest length, of the gradient that is followed.
    mixup : float >= 0
        Trains on mixtures of two samples and of their targets, drawn from Beta(mixup, mixup).
    compiled : bool
        Use compiled loops where there are any: the same arithmetic in fewer passes, up to rounding.

    Attributes
    ----------
    n_steps, n_clipped : int
        How many steps were taken, and in how many of them the gradient was clipped.
    first_loss : float
        The loss of the first batch, before the first step.
    losses : deque of float, those of the latest batches, the newest last
    on_gradient : function of a ParameterVector, or None
        Called in each step with the gradient of the loss, before penalties and clipping change it; None at first.
    peak : float > 0, or None
        The learning rate that an error names, where a schedule derives that of each step from it; None at first, then
        it is that of the step.
    """

    def __init__(
        self,
        network,
        optimizer,
        loss,
        *,
        alpha=0.0,
        l1=0.0,
        weight_decay=0.0,
        max_norm=None,
        clip_value=None,
        clip_norm=None,
        mixup=0.0,
        compiled=False,
    ):
        check_additions(
            alpha=alpha,
            l1=l1,
            weight_decay=weight_decay,
            max_norm=max_norm,
            clip_value=clip_value,
            clip_norm=clip_norm,
            mixup=mixup,
        )
        self.network, self.optimizer, self.loss = network, optimizer, loss
        self.alpha, self.l1, self.weight_decay, self.mixup = alpha, l1, weight_decay, mixup
        self.max_norm, self.clip_value, self.clip_norm = max_norm, clip_value, clip_norm
        self.n_steps = self.n_clipped = 0
        self.compiled = compiled
        self.first_loss, self.losses = None, deque(maxlen=SUSTAINED)
        self.on_gradient = self.peak = None
        self._weights = [values for params in network.params.views for values in params.values() if values.ndim == 2]
        self._grads, self._scratch = self._gradients(), Scratch(network.dtype)
        # The backward pass of a dense layer does not need the layer's output, so the error may overwrite it.
        self._in_place = network.layers[-1].frees_output
        self._updates, self._n_decaying = None, network.params.n_weights
        self._add_penalty, self._loss_and_gradient, self._move = add_penalty, loss.loss_and_gradient, self._move_plainly
        self._compiles_first = compiled

    def stay_plain(self):
        """Do not load compiled loops, because few steps are left beside `compile_steps`."""
        self.compiled = self._compiles_first = False

    def _compile(self):
        """Load the compiled loops before the first step that needs them."""
        if self._compiles_first:
            from backprop_core import kernels

            self._compiles_first = False
            loss, optimizer, network, weight_decay = self.loss, self.optimizer, self.network, self.weight_decay
            self._add_penalty = kernels.add_penalty
            self._loss_and_gradient = kernels.loss_and_gradient(loss)
            self._move = kernels.move(optimizer, self._n_decaying, weight_decay) or self._move_plainly
            network.compile()

    def __call__(self, X_batch, target, rate, memory, rng, weights=None):
        """Learn from one batch and return its loss before the step, penalties included.

        Parameters
        ----------
        X_batch : ndarray or SparseRows of the network's dtype [shape=(n_samples, n_features)]
        target : ndarray, as the loss wants it
        rate : float > 0, the learning rate of this step
        memory : dict, the optimizer's
        rng : numpy Generator, for dropout and mixup
        weights : float ndarray [shape=(n_samples,)] or None
            How much each row counts.

        Raises
        ------
        DivergedError
            The loss is not a finite number. The message names the cause; the parameters are those before the step.
        """
        self._compile()
        network = self.network
        if self.mixup:
            X_batch, target, weights = mixup(
                X_batch, target, rng, self.mixup, self._scratch, n_classes=network.n_outputs, weights=weights
            )
        logits, backward = network.forward(self._enter(X_batch, memory), training=True, rng=rng)
        loss, dlogits = self._loss_and_gradient(logits, target, out=logits if self._in_place else None, weights=weights)
        if not math.isfinite(loss):
            self.settle()
            raise DivergedError(cause_of_divergence(network, X_batch, target, self.peak or rate))
        grads = backward(dlogits, self._grads).flat
        if self.on_gradient:
            self.on_gradient(self._show_gradient())

        if self.alpha or self.l1:
            n = len(X_batch) if weights is None else float(np.sum(weights)) or 1
            decaying = slice(0, network.params.n_weights)
            loss += self._add_penalty(network.params.flat[decaying], grads[decaying], self.alpha / n, self.l1 / n)
        clipped = self._clip(grads)
        self._apply(grads, memory, rate)
        if self.max_norm is not None:
            self.settle()
            for W in self._weights:
                limit_norms(W, self.max_norm)
        if self.first_loss is None:
            self.first_loss = loss
        self.losses.append(loss)
        self.n_steps += 1
        self.n_clipped += clipped
        return loss

    def _gradients(self):
        """Return the vector that the backward pass fills."""
        return self.network.zero_gradients()

    def settle(self):
        """Take the steps that still wait. Here no step ever waits; see `SparseStep`."""

    def _enter(self, X_batch, memory):
        """Return the batch in the form that the network needs."""
        return X_batch

    def _show_gradient(self):
        """Return the gradient to show to `on_gradient`."""
        return self._grads

    def _clip(self, grads):
        """Clip the gradient, in place, and return whether anything was clipped."""
        clipped = self.clip_value is not None and clip_by_value(grads, self.clip_value)
        if self.clip_norm is not None:
            clipped = clip_by_global_norm(grads, self.clip_norm) or clipped
        return clipped

    def _apply(self, grads, memory, rate):
        """Change the parameters."""
        self._move(self.network.params.flat, grads, memory, rate)

    def _move_plainly(self, params, grads, memory, rate):
        """Change the parameters by the optimizer's rule; the compiled kernels do the same in one pass."""
        if self._updates is None:
            self._updates = np.empty_like(params)
        if self.weight_decay:
            params[: self._n_decaying] *= 1 - rate * self.weight_decay
        params += self.optimizer.update(grads, memory, rate, out=self._updates)


def check_additions(*, alpha, l1, weight_decay, max_norm, clip_value, clip_norm, mixup):
    """Raise BackpropError if one of the additions of a `Step` is out of range."""
    for name, value in (("alpha", alpha), ("l1", l1), ("weight_decay", weight_decay), ("mixup", mixup)):
        check_number(name, value, "[0, inf)")
    for name, value in (("max_norm", max_norm), ("clip_value", clip_value), ("clip_norm", clip_norm)):
        if value is not None:
            check_number(name, value, "(0, inf]")


def add_penalty(weights, grads, l2, l1):
    """Add the gradient of l2 / 2 |w|^2 + l1 sum |w| to `grads`, both flat, and return this penalty."""
    penalty = 0.0
    if l2:
        grads += l2 * weights
        penalty += 0.5 * l2 * float(np.dot(weights, weights))
    if l1:
        grads += l1 * np.sign(weights)
        penalty += l1 * float(np.abs(weights).sum())
    return penalty


def worth_compiling(n_parameters, n_steps, *, in_runs=False):
    """Return whether loading the compiled kernels costs less than they save in a training of this size.

    With `in_runs`, the question is about `compile_steps`, which does not load a compiler.

    Only the sizes decide, not a clock or the modules that are loaded already: the same training must give the same
    bytes, and compiled steps round differently. Without numba, which compiles, the answer is no.
    """
    saved = n_steps * (SAVED_A_STEP + SAVED_A_PARAMETER * n_parameters)
    return saved > (LOADING_MACHINE_CODE if in_runs else LOADING) and importlib.util.find_spec("numba") is not None
