"""Layers: the steps that a batch of samples takes through the network, each knowing the way back.

A layer is only a description (sizes, a rate, a function's name); the numbers that it learns belong to the network and
are handed in. `forward` computes the layer's output and returns with it a function, `backward`, that takes the error of
that output and returns the error of the input, writing the error of the parameters into `grads` on its way. So formula
and derivative stand on one screen, and prediction leaves nothing behind.

Shapes: x (n_samples, fan_in), y (n_samples, fan_out). An error dy = dLoss/dy has the shape of y; it may be overwritten.
`params` and `grads` are dicts of arrays with the shapes that `parameter_shapes` names; in `params` also lie the arrays
that `statistic_shapes` names, where a layer keeps count of something that no gradient teaches it. `scratch` hands out
the arrays to write into. Here are the two layers that every network has; `noise`, `normalization` and `residual` have
the others, and `architecture` puts them together.
"""

from typing import ClassVar

import numpy as np

from backprop_core import activations
from backprop_core.errors import BackpropError
from backprop_core.initializers import INITIALIZERS
from backprop_core.naming import known


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
        if fan_in < 1 or fan_out < 1:
            raise BackpropError(f"a dense layer has {fan_in} inputs and {fan_out} outputs; give it 1 or more of each")
        known("initializer", initializer, INITIALIZERS)
        self.fan_in, self.fan_out, self.initializer = int(fan_in), int(fan_out), initializer
        self.parameter_shapes = {"W": (self.fan_in, self.fan_out), "b": (self.fan_out,)}

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
            # A product with ones is the same sum as np.sum's, in a third of the time.
            ones = scratch("ones", (len(dy),))
            ones.fill(1)
            np.matmul(ones, dy, out=grads["b"])
            return np.matmul(dy, params["W"].T, out=scratch("dx", x.shape)) if input_error else None

        return y, backward


class Activate:
    """Applies an activation to every number: y = f(x).

    Parameters
    ----------
    activation : str or Activation
        A name in `ACTIVATIONS`, or a function and its derivative of your own.

    Attributes
    ----------
    activation : str, the name
    pair : Activation, the function and the derivative that are computed
    """

    kind = "activate"
    parameter_shapes: ClassVar = {}

    def __init__(self, activation):
        self.pair = activations.find(activation)
        self.activation = self.pair.name

    def describe(self):
        """Return the arguments of the constructor, as JSON types."""
        return {"activation": self.activation}

    def initialize(self, params, rng):
        """Nothing is learned here."""

    def forward(self, params, x, scratch, training=False, rng=None):
        """Return y and its backward function."""
        y = self.pair.function(x, scratch("y", x.shape))

        def backward(dy, grads, input_error=True):
            """dx = dy * f'(x)"""
            return self.pair.derivative(x, y, dy, dy)

        return y, backward
