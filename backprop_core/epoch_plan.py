"""Plan: a network as a table of numbers, for compiled code, which cannot use Python objects.

Each row of the table is an operation: its kind, the widths of its input and output, and the places of its input, its
output, their errors and its parameters in a few long arrays. `epoch_kernels` goes down the table on the way forward and
up on the way back. A dense layer and the activation behind it are one operation, as in `kernels`.
"""

import numpy as np

from backprop_core.layers import Activate, Dense
from backprop_core.noise import Dropout
from backprop_core.normalization import BatchNorm, LayerNorm
from backprop_core.residual import Residual

DENSE, GATE, DROPOUT, BATCH_NORM, LAYER_NORM, OPEN, CLOSE = range(7)
GATES = ("relu", "tanh", "logistic", "identity", "leaky_relu", "softplus", "elu", "silu", "gelu")
RELU, TANH, LOGISTIC, IDENTITY, LEAKY_RELU, SOFTPLUS, ELU, SILU, GELU = range(9)
NEED_THEIR_INPUT = (SILU, GELU)  # for the derivative; that of the others is known from the output
# The columns of the table. Places count numbers from the beginning of: the values (x, out, spare), the errors (dx, dy),
# the parameters and their gradients (weight: W or gamma, bias: b or beta), the statistics, the random bits.
KIND, FAN_IN, FAN_OUT, GATED, AT_X, AT_OUT, AT_SPARE, AT_DX, AT_DY = range(9)
AT_WEIGHT, AT_BIAS, AT_STATISTICS, AT_BITS = range(9, 13)


class Plan:
    """The table of a network, for batches of `batch_size` rows at most, shared out in so many `parts`.

    Attributes
    ----------
    table : int64 ndarray [shape=(n_operations, 13)]
    settings : float64 ndarray [shape=(n_operations, 2)]
        Dropout's rate; eps and momentum of a normalisation.
    first : int, the first operation that learns
    n_values, n_errors, n_bits : int
        How many numbers the places need; the batch itself is at the beginning of the values.
    """

    def __init__(self, network, batch_size, parts):
        self._network, self._batch_size, self._parts = network, batch_size, parts
        self._rows, self._settings = [], []
        self.n_values, self.n_errors, self.n_bits = batch_size * network.n_features, 0, 0
        self._x, self._width = 0, network.n_features
        self._dx = self._errors(self._width)
        for place, layer in enumerate(network.layers):
            self._add(layer, place)
        self.table = np.array(self._rows, np.int64)
        self.settings = np.array(self._settings, np.float64)
        self.first = next(i for i, row in enumerate(self._rows) if row[KIND] in (DENSE, BATCH_NORM, LAYER_NORM))

    def _values(self, width):
        self.n_values += self._batch_size * width
        return self.n_values - self._batch_size * width

    def _errors(self, width):
        self.n_errors += self._batch_size * width
        return self.n_errors - self._batch_size * width

    def _add(self, layer, place, prefix=""):
        """Add the operations of a layer, whose parameters have names that begin with `prefix`."""
        if type(layer) is Residual:
            before, error = self._x, self._dx
            # What comes back through the inner layers has a place of its own: what goes around them must stay.
            self._operation(OPEN, self._width, out=before, dy=self._errors(self._width))
            for i, inner in enumerate(layer.layers):
                self._add(inner, place, f"{prefix}{i}.")
            self._operation(CLOSE, self._width, spare=before, dy=error)
        elif type(layer) is Dense:
            # Where there are several parts, each has a place for the sums over its part of x.
            spare = self._values(self._parts * layer.fan_out) if self._parts > 1 else 0
            dy = self._errors(layer.fan_out)
            self._operation(DENSE, layer.fan_out, place, prefix, ("W", "b"), spare=spare, dy=dy)
        elif type(layer) is Activate:
            self._activate(GATES.index(layer.activation))
        elif type(layer) is Dropout:
            self._operation(DROPOUT, self._width, settings=(layer.rate, 0))
            self._rows[-1][AT_BITS] = self.n_bits
            self.n_bits += -(-self._batch_size * self._width // 2) * 2
        else:
            kind, spare = BATCH_NORM if type(layer) is BatchNorm else LAYER_NORM, self._values(self._width)
            self.n_values += max(self._batch_size, self._width)  # for 1 / std, behind xhat
            settings = layer.eps, layer.momentum if kind == BATCH_NORM else 0
            self._operation(kind, self._width, place, prefix, ("gamma", "beta"), spare=spare, settings=settings)

    def _activate(self, gate):
        """Let the dense layer before it do it, in place of its sums, or add an operation."""
        behind_dense = self._rows and self._rows[-1][KIND] == DENSE and self._rows[-1][GATED] == IDENTITY
        if behind_dense and gate not in NEED_THEIR_INPUT:
            self._rows[-1][GATED] = gate
        elif gate != IDENTITY:
            self._operation(GATE, self._width)
            self._rows[-1][GATED] = gate

    def _operation(self, kind, width, place=None, prefix="", names=(), *, out=None, spare=0, dy=None, settings=(0, 0)):
        """Add a row. Where no place is given for the error of the output, it takes that of the input's."""
        out = self._values(width) if out is None else out
        dy = self._dx if dy is None else dy
        weight, bias = (self._at(self._network.params, place, prefix + name) for name in names) if names else (0, 0)
        statistics = 0
        if kind == BATCH_NORM:
            statistics = self._at(self._network.statistics, place, prefix + "running_mean")
        row = [kind, self._width, width, IDENTITY, self._x, out, spare, self._dx, dy, weight, bias, statistics, 0]
        self._rows.append(row)
        self._settings.append(settings)
        self._x, self._width, self._dx = out, width, dy

    @staticmethod
    def _at(vector, place, name):
        """Where in a ParameterVector an array begins."""
        return (vector.views[place][name].ctypes.data - vector.flat.ctypes.data) // vector.flat.itemsize


def can_plan(layers):
    """Return whether the table has an operation for each of these layers; the last one must be a dense one."""

    def is_known(layer):
        if type(layer) is Residual:
            return all(map(is_known, layer.layers))
        if type(layer) is Activate:
            return layer.activation in GATES
        return type(layer) in (Dense, Dropout, BatchNorm, LayerNorm)

    return type(layers[-1]) is Dense and all(map(is_known, layers))
