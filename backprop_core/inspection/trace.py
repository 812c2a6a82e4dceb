"""A trace: one step of backpropagation, with a record of all its numbers.

A training step does not keep them: the output of a layer is lost after the next layer has used it, and an error after
it was passed on. A trace keeps a copy of each: the input and output of every layer, the error that came back, the
gradients, and the change by the step. They are not computed again. A stand-in replaces each layer of the network; it
calls the layer itself, forward and backward, and records the arrays. The step is the simplest one: every number moves
against its gradient.

    params <- params - learning_rate * dLoss/dparams

As far as the loss is a straight line, this lowers it by learning_rate |gradient|^2, and a single weight contributes the
share g_i^2 / |gradient|^2 of that. This share is what a weight is blamed for here.
"""

import copy
import math
from dataclasses import dataclass, field

import numpy as np

from backprop_core.errors import BackpropError
from backprop_core.losses import SoftmaxCrossEntropy
from backprop_core.optimizers import SGD
from backprop_core.ranges import check_number


@dataclass
class Passage:
    """What passed through one layer.

    Attributes
    ----------
    name : str
        Its position, from 0: "3", or "3.1" for the second of the layers that a residual connection leads around.
    layer : the layer
    x, y : ndarray [shape=(n_samples, fan_in) and (n_samples, fan_out)]
        What came in and what went out.
    dy, dx : ndarray of the same shapes, or None
        The error that came back, dLoss/dy, and the one that was handed on, dLoss/dx. They are None before
        the first layer that learns, where they are not needed.
    params, grads, updates, after : dict of str to ndarray
        What the layer has learned, its gradient, what the step added, and what was then there. Of the inner layers of a
        residual connection, too, under the names that it has for them.
    statistics : dict of str to ndarray, what the layer has counted
    inner : list of Passage
        Those of the layers that a residual connection leads around.
    """

    name: str
    layer: object
    x: np.ndarray = None
    y: np.ndarray = None
    dy: np.ndarray = None
    dx: np.ndarray = None
    params: dict = field(default_factory=dict)
    grads: dict = field(default_factory=dict)
    updates: dict = field(default_factory=dict)
    after: dict = field(default_factory=dict)
    statistics: dict = field(default_factory=dict)
    inner: list = field(default_factory=list)

    def leaves(self):
        """Yield the passages that hold no others: this one, or those inside it, in order."""
        if not self.inner:
            yield self
        for passage in self.inner:
            yield from passage.leaves()


@dataclass(frozen=True)
class Trace:
    """One step.

    Attributes
    ----------
    passages : list of Passage, from the input to the logits
    target : int ndarray [shape=(n_samples,)], the true classes
    learning_rate : float
    loss, loss_after : float
        The mean over the samples, before the step and after it. `loss_after` is no finite number where the step went
        beyond what the network's numbers can hold.
    logits, dlogits, logits_after : ndarray [shape=(n_samples, n_classes)]
    probabilities, probabilities_after : ndarray [shape=(n_samples, n_classes)]
    squared_norm : float
        |gradient|^2, over all parameters.
    """

    passages: list
    target: np.ndarray
    learning_rate: float
    loss: float
    loss_after: float
    logits: np.ndarray
    dlogits: np.ndarray
    logits_after: np.ndarray
    probabilities: np.ndarray
    probabilities_after: np.ndarray
    squared_norm: float

    @property
    def promised(self):
        """How much the loss would change if it were a straight line: -learning_rate |gradient|^2, a float <= 0."""
        return -self.learning_rate * self.squared_norm

    def leaves(self):
        """Yield the passages of all layers that hold no others, from the input to the logits."""
        for passage in self.passages:
            yield from passage.leaves()


def trace_step(network, X, target, learning_rate, loss=None, frozen=()):
    """Take one step of plain gradient descent with a copy of a network, and return its Trace.

    Parameters
    ----------
    network : Network
        Left as it is. It runs in evaluation mode: nothing is random, and batch normalisation uses the statistics that
        it has kept.
    X : ndarray of the network's dtype [shape=(n_samples, n_features)]
        One row, or a few.
    target : int ndarray [shape=(n_samples,)], the true classes
    learning_rate : float > 0
    loss : a loss of classes, or None for SoftmaxCrossEntropy
    frozen : collection of int
        Positions of layers that take no blame: their gradient counts as 0, and the step leaves them as they are.

    Raises
    ------
    BackpropError
        The learning rate is no number above 0, or the loss is no finite number.
    """
    learning_rate, loss = check_number("learning_rate", learning_rate, "(0, inf)"), loss or SoftmaxCrossEntropy()
    passages = [_empty(layer, str(i)) for i, layer in enumerate(network.layers)]
    noting, changed = network.copy(layers=[_note(passage) for passage in passages]), network.copy()

    with np.errstate(over="ignore", invalid="ignore"):
        logits, backward = noting.forward(X)
        before, dlogits = loss.loss_and_gradient(logits, target)
    if not math.isfinite(before):
        raise BackpropError(
            "the loss of this sample is not a finite number: the network's weights are damaged, or too large"
        )
    grads, updates = backward(dlogits.copy(), noting.zero_gradients()), noting.zero_gradients()
    spare(grads, frozen)

    # Any step length is allowed; the results may then be infinite or NaN.
    with np.errstate(over="ignore", invalid="ignore"):
        SGD(momentum=0).update(grads.flat, {}, learning_rate, out=updates.flat)
        changed.params.flat += updates.flat
        logits_after = changed.forward(X)[0]
        loss_after, probabilities_after = loss.loss(logits_after, target), loss.probabilities(logits_after)

    for kept, vector in (
        ("params", network.params),
        ("statistics", network.statistics),
        ("grads", grads),
        ("updates", updates),
        ("after", changed.params),
    ):
        for passage, arrays in zip(passages, vector.views, strict=True):
            _hand_out(passage, kept, arrays)
    return Trace(
        passages=passages,
        target=np.array(target),
        learning_rate=learning_rate,
        loss=before,
        loss_after=loss_after,
        logits=logits,
        dlogits=dlogits,
        logits_after=logits_after,
        probabilities=loss.probabilities(logits),
        probabilities_after=probabilities_after,
        squared_norm=float(np.sum(np.square(grads.flat, dtype=np.float64))),
    )


def spare(grads, frozen):
    """Set the gradients of layers to 0, so that a step leaves them as they are.

    Parameters
    ----------
    grads : ParameterVector
    frozen : collection of int, positions of layers
    """
    for position in frozen:
        for array in grads.views[position].values():
            array[...] = 0


def take_steps(network, X, target, learning_rate, n_steps, frozen=(), loss=None):
    """Return a copy of a network after plain gradient steps with one learning rate, and the loss before each step.

    Parameters
    ----------
    network, X, target, learning_rate, loss, frozen : as in `trace_step`
    n_steps : int >= 0

    Returns
    -------
    network : Network
    losses : list of float, one for each step
        Shorter than `n_steps` if a step led beyond the range of the network's numbers. This step is not undone, and no
        other step follows.
    """
    learning_rate, loss = check_number("learning_rate", learning_rate, "(0, inf)"), loss or SoftmaxCrossEntropy()
    changed, losses = network.copy(), []
    grads = changed.zero_gradients()
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(n_steps):
            logits, backward = changed.forward(X)
            value, dlogits = loss.loss_and_gradient(logits, target)
            if not math.isfinite(value):
                break
            losses.append(value)
            spare(backward(dlogits, grads), frozen)
            changed.params.flat -= learning_rate * grads.flat
    return changed, losses


def _empty(layer, name):
    """Return an empty Passage of a layer, with empty ones for its inner layers."""
    inner = [_empty(part, f"{name}.{i}") for i, part in enumerate(layer.layers)]
    return Passage(name, layer, inner=inner)


def _note(passage):
    """Return a layer that computes the same as a passage's layer, and notes its inputs and outputs in the passage."""
    layer = passage.layer
    stand_in = layer.around([_note(part) for part in passage.inner]) if passage.inner else copy.copy(layer)
    does = stand_in.forward

    def forward(params, x, *rest, **settings):
        passage.x = x.copy()
        y, pullback = does(params, x, *rest, **settings)
        passage.y = y.copy()

        def backward(dy, grads, input_error=True):
            passage.dy = dy.copy()
            dx = pullback(dy, grads, input_error=input_error)
            passage.dx = None if dx is None else dx.copy()
            return dx

        return y, backward

    stand_in.forward = forward
    return stand_in


def _hand_out(passage, kept, arrays):
    """Give a passage and its inner passages their arrays."""
    setattr(passage, kept, {name: array.copy() for name, array in arrays.items()})
    for i, part in enumerate(passage.inner):
        own = {name.removeprefix(f"{i}."): array for name, array in arrays.items() if name.startswith(f"{i}.")}
        _hand_out(part, kept, own)
