"""Layers: the steps that a batch of samples takes through the network, each knowing the way back.

A layer is only a description (sizes, a rate, a function's name); the numbers that it learns belong to the network and
are handed in. `forward` computes the layer's output and returns with it a function, `backward`, that takes the error of
that output and returns the error of the input, writing the error of the parameters into `grads` on its way. So formula
and derivative stand on one screen, and prediction leaves nothing behind.

Shapes: x (n_samples, fan_in), y (n_samples, fan_out). An error dy = dLoss/dy has the shape of y. `params` and `grads`
are dicts of arrays with the shapes that `parameter_shapes` names; `scratch` hands out the arrays to write into.
"""

from typing import ClassVar

import numpy as np

from backprop_core.activations import ACTIVATIONS
from backprop_core.errors import BackpropError
from backprop_core.initializers import INITIALIZERS, suited_to


class Dense:
    """Every output is a weighted sum of all inputs: y = x W + b.

    Parameters
    ----------
    fan_in, fan_out : int > 0
        Number of inputs and outputs.
    initializer : str
        A name in `INITIALIZERS`.
    """

    kind = "dense"

    def __init__(self, fan_in, fan_out, initializer="he_normal"):
        self.fan_in, self.fan_out, self.initializer = fan_in, fan_out, initializer
        self.parameter_shapes = {"W": (fan_in, fan_out), "b": (fan_out,)}

    def describe(self):
        """Return the arguments of the constructor, as JSON types."""
        return {"fan_in": self.fan_in, "fan_out": self.fan_out, "initializer": self.initializer}

    def initialize(self, params, rng):
        """Fill `params` with random weights and zero biases."""
        params["W"][...] = INITIALIZERS[self.initializer](self.fan_in, self.fan_out, rng)
        params["b"][...] = 0

    def forward(self, params, x, scratch, training=False, rng=None):
        """Return y and its backward function."""
        y = np.matmul(x, params["W"], out=scratch("y", (len(x), self.fan_out)))
        y += params["b"]

        def backward(dy, grads, input_error=True):
            """dW = x^T dy, db = the sum of dy's rows, dx = dy W^T (left out where nobody needs it)."""
            np.matmul(x.T, dy, out=grads["W"])
            np.sum(dy, axis=0, out=grads["b"])
            return np.matmul(dy, params["W"].T, out=scratch("dx", x.shape)) if input_error else None

        return y, backward


class Activate:
    """Applies an activation to every number: y = f(x)."""

    kind = "activate"
    parameter_shapes: ClassVar = {}

    def __init__(self, activation):
        self.activation = activation
        self._function, self._derivative = ACTIVATIONS[activation].function, ACTIVATIONS[activation].derivative

    def describe(self):
        """Return the arguments of the constructor, as JSON types."""
        return {"activation": self.activation}

    def initialize(self, params, rng):
        """Nothing is learned here."""

    def forward(self, params, x, scratch, training=False, rng=None):
        """Return y and its backward function."""
        y = self._function(x, scratch("y", x.shape))

        def backward(dy, grads, input_error=True):
            """dx = dy * f'(x)"""
            return self._derivative(x, y, dy, dy)

        return y, backward


class Dropout:
    """While training, silences each number with probability `rate`, so that no unit can rely on a particular other one.

    What survives is divided by (1 - rate), which keeps the expected sum; so prediction needs no correction and this
    layer then does nothing. Srivastava et al. 2014, https://jmlr.org/papers/v15/srivastava14a.html
    """

    kind = "dropout"
    parameter_shapes: ClassVar = {}

    def __init__(self, rate):
        if not 0 <= rate < 1:
            raise BackpropError(f"dropout rate is {rate}: choose a number from 0 up to, not including, 1")
        self.rate = rate

    def describe(self):
        """Return the arguments of the constructor, as JSON types."""
        return {"rate": self.rate}

    def initialize(self, params, rng):
        """Nothing is learned here."""

    def forward(self, params, x, scratch, training=False, rng=None):
        """Return y and its backward function."""
        if not training:
            return x, lambda dy, grads, input_error=True: dy
        # 16 random bits a number decide as well as 32, in half the time: the rate is met to within 1/65536.
        silence = np.frombuffer(rng.bytes(2 * x.size), np.uint16).reshape(x.shape) < round(self.rate * 65536)
        mask = np.multiply(~silence, x.dtype.type(1 / (1 - self.rate)), out=scratch("mask", x.shape))
        y = np.multiply(x, mask, out=scratch("y", x.shape))

        def backward(dy, grads, input_error=True):
            """dx = dy * mask: a silenced number caused no error."""
            return np.multiply(dy, mask, out=dy)

        return y, backward


LAYERS = {layer.kind: layer for layer in (Dense, Activate, Dropout)}


def multilayer_perceptron(n_features, hidden, n_outputs, activation="relu", dropout=0.0, input_dropout=0.0):
    """Return the layers of a plain network: dropout on the input, then Dense, Activate, Dropout for each hidden width.

    Parameters
    ----------
    n_features, n_outputs : int > 0
    hidden : sequence of int > 0
        Widths of the hidden layers, from input to output; may be empty, which leaves a linear classifier.
    activation : str
        A name in `ACTIVATIONS`; decides the initialiser too.
    dropout, input_dropout : float in [0, 1)
    """
    layers = [Dropout(input_dropout)] if input_dropout else []
    fan_in = n_features
    for width in hidden:
        layers += [Dense(fan_in, width, suited_to(activation)), Activate(activation)]
        layers += [Dropout(dropout)] if dropout else []
        fan_in = width
    return [*layers, Dense(fan_in, n_outputs, "glorot_uniform")]
