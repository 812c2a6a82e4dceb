"""Residual connections: a connection around some layers, so that these layers need to learn only a change of their
input. In a deep network, it is hard to pass a good signal unchanged through all layers, and the error that comes back
to the first ones is weak. If the input is added to the output, an unchanged signal is easy (the inner layers stay near
0), and the error has a path back on which it does not shrink.
"""

import copy
from collections.abc import Sequence

import numpy as np

from backprop_core.errors import BackpropError
from backprop_core.layers import Activate, Dense, Layer
from backprop_core.normalization import BatchNorm
from backprop_core.worked_example import Line, Words


class Residual(Layer):
    """Adds to its input what some inner layers make of it: y = x + inner(x).

    He, Zhang, Ren and Sun 2015, https://arxiv.org/abs/1512.03385

    Parameters
    ----------
    layers : sequence of layers, one after the other
        What comes out of the last must be as wide as what goes into the first.

    Attributes
    ----------
    layers : list of layers
    parameter_shapes, statistic_shapes : dict of str to shape
        Those of the inner layers, named by position and name: "0.W" is the first one's W.

    Examples
    --------
    >>> import numpy as np
    >>> from backprop_core import Dense, Network, Residual
    >>> network = Network([Residual([Dense(2, 2)]), Dense(2, 1)], np.random.default_rng(0))
    >>> network.params.flat[...] = 0
    >>> next(network.passes(np.array([[1, 2]], np.float32))).y  # inner layers of zeros leave the input as it is
    array([[1., 2.]], dtype=float32)
    """

    kind = "residual"
    words = Words(
        "adds its input to the output of its inner layers",
        "y = x + inner(x)",
        "dx = dy + inner's dx",
        worked_forward=(Line("y_{unit} = x_{unit} + inner_{unit}", "{x} {inner:added}", "y"),),
        worked_backward=(Line("dx_{unit} = dy_{unit} + inner's dx_{unit}", "{dy} {inner:added}", "dx"),),
    )

    def __init__(self, layers: Sequence[Layer]):
        self.layers = list(layers)
        widths = [(layer.fan_in, layer.fan_out) for layer in self.layers if layer.fan_in]
        if not widths:
            raise BackpropError("a residual connection has no inner layer that learns; put a dense layer into it")
        self.fan_in, self.fan_out = widths[0][0], widths[-1][1]
        if self.fan_in != self.fan_out:
            raise BackpropError(
                f"a residual connection adds {self.fan_in} inputs to {self.fan_out} outputs; make them equally many"
            )
        self.parameter_shapes = self._name_entries(layer.parameter_shapes for layer in self.layers)
        self.statistic_shapes = self._name_entries(layer.statistic_shapes for layer in self.layers)
        self._first_learning = next(i for i, layer in enumerate(self.layers) if layer.parameter_shapes)
        self._stack = [(layer, place) for place, layer in enumerate(self.layers)]

    def compile(self, dtype):
        """Return the same layer, with compiled loops where `kernels` has them."""
        from backprop_core.kernels import fuse_layers

        twin = Residual(self.layers)
        twin._stack = fuse_layers(self.layers, dtype)
        return twin

    def around(self, layers):
        """Return the same layer with stand-ins for its inner layers: one for each, of the same shapes."""
        twin = copy.copy(self)
        twin.layers = list(layers)
        twin._stack = [(layer, place) for place, layer in enumerate(twin.layers)]
        return twin

    @staticmethod
    def _name_entries(entries):
        """Return one dict from the inner layers' dicts."""
        return {f"{i}.{name}": value for i, entry in enumerate(entries) for name, value in entry.items()}

    def _parts(self, arrays):
        """Return the inner layers' dicts from one dict: the reverse of `_name_entries`."""
        parts = [{} for _ in self.layers]
        for full_name, array in arrays.items():
            i, _, name = full_name.partition(".")
            parts[int(i)][name] = array
        return parts

    def describe(self):
        """Return the arguments of the constructor, as JSON types: each inner layer is its own description."""
        return {"layers": [{"kind": layer.kind, **layer.describe()} for layer in self.layers]}

    def initialize(self, params, rng):
        """Let each inner layer fill its own."""
        for layer, part in zip(self.layers, self._parts(params), strict=True):
            layer.initialize(part, rng)

    def forward(self, params, x, scratch, training=False, rng=None):
        """Return y and its backward function."""
        inner, pullbacks, parts = x, [], self._parts(params)
        for layer, place in self._stack:
            inner, pullback = layer.forward(parts[place], inner, _ScratchOf(scratch, place), training, rng)
            pullbacks.append((place, pullback))
        # The backward pass of the inner layers may need both x and their output, so the sum has its own array.
        y = np.add(x, inner, out=scratch("y", x.shape))

        def backward(dy, grads, input_error=True):
            """dx = dy + the error through the inner layers, which get a copy of dy to overwrite."""
            error = scratch("dinner", dy.shape)
            error[...] = dy
            parts = self._parts(grads)
            last = 0 if input_error else self._first_learning
            for place, pullback in reversed(pullbacks):
                if place >= last:
                    error = pullback(error, parts[place], input_error=input_error or place > last)
            if not input_error:
                return None
            dy += error
            return dy

        return y, backward

    @classmethod
    def sample(cls, width):
        """Return a connection around a dense layer, batch normalisation and tanh."""
        return cls([Dense(width, width), BatchNorm(width), Activate("tanh")])

    def work_out(self, passage, unit_in, unit, top):
        """Return y as x plus what the inner layers gave, and dx as dy plus what came back through them."""
        first, last = passage.inner[0], passage.inner[-1]
        forward = {
            "unit": unit,
            "x": float(passage.x[0, unit]),
            "inner": float(last.y[0, unit]),
            "y": float(passage.y[0, unit]),
        }
        if unit_in is None or passage.dx is None:
            return forward, None
        dy, inner, dx = (float(array[0, unit_in]) for array in (passage.dy, first.dx, passage.dx))
        return forward, {"unit": unit_in, "dy": dy, "inner": inner, "dx": dx}


class _ScratchOf:
    """An inner layer's part of the scratch memory, with its own names for its arrays."""

    def __init__(self, scratch, i):
        self._scratch, self._prefix, self.dtype = scratch, f"{i}.", scratch.dtype

    def __call__(self, name, shape):
        return self._scratch(self._prefix + name, shape)
