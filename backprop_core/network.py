"""The network: layers in a row, and the numbers that they have learned.

Forward, a batch goes through the layers to the last one's outputs, the logits. Backward, the error of the logits goes
through the same layers in reverse; each takes its share of the blame and hands the rest on.

All parameters are views into one long vector, weights first and biases after them, and so are their gradients. That
makes the optimizer, clipping, weight decay and a checkpoint each a statement about one array, however many layers
there are. What a layer counts without learning it (a running mean) lies in a second vector, the statistics.
"""

import math

import numpy as np

from backprop_core.architecture import layer_from
from backprop_core.errors import BackpropError
from backprop_core.losses import softmax
from backprop_core.mapped_memory import chunks
from backprop_core.scratch import Scratch


class ParameterVector:
    """One array, and the layers' views into it.

    Parameters
    ----------
    shapes : list of dict of str to shape, one for each layer
    dtype : numpy.float32 or numpy.float64

    Attributes
    ----------
    flat : ndarray [shape=(n_parameters,)]
    views : list of dict of str to ndarray
        For each layer, the parts of `flat` in the shapes that the layer asks for.
    n_weights : int
        `flat[:n_weights]` are the weights (two-dimensional parameters), the only ones that decay; the rest are biases.
    """

    def __init__(self, shapes, dtype):
        named = [(i, name, shape) for i, entries in enumerate(shapes) for name, shape in entries.items()]
        named.sort(key=lambda entry: len(entry[2]) < 2)
        self.flat = np.zeros(sum(math.prod(shape) for _, _, shape in named), dtype)
        self.views = [{} for _ in shapes]
        self.n_weights = 0
        start = 0
        for i, name, shape in named:
            stop = start + math.prod(shape)
            self.views[i][name] = self.flat[start:stop].reshape(shape)
            if len(shape) > 1:
                self.n_weights = stop
            start = stop


class Network:
    """A stack of layers with their parameters.

    Parameters
    ----------
    layers : list of layers, as `multilayer_perceptron` makes them
    dtype : numpy.float32 or numpy.float64
    rng : numpy Generator or None
        Fills the parameters with random numbers; None leaves zeros, to be filled from a model file.

    Attributes
    ----------
    params, statistics : ParameterVector
        What is learned, and what is only counted (the running means of batch normalisation).
    """

    def __init__(self, layers, dtype=np.float32, rng=None):
        self.layers = layers
        self.dtype = np.dtype(dtype)
        self.params = ParameterVector([layer.parameter_shapes for layer in layers], dtype)
        self.statistics = ParameterVector([getattr(layer, "statistic_shapes", {}) for layer in layers], dtype)
        self._arrays = [p | s for p, s in zip(self.params.views, self.statistics.views, strict=True)]
        self._scratch = [Scratch(dtype) for _ in layers]
        self._stack = [(layer, place) for place, layer in enumerate(layers)]
        learning = [i for i, layer in enumerate(layers) if layer.parameter_shapes]
        if not learning:
            raise BackpropError("a network without a layer that learns; put a dense layer into it")
        self._first_learning = learning[0]
        if rng is not None:
            for layer, arrays in zip(layers, self._arrays, strict=True):
                layer.initialize(arrays, rng)

    @property
    def n_features(self):
        """How many numbers a row has."""
        return next(layer.fan_in for layer in self.layers if hasattr(layer, "fan_in"))

    @property
    def n_outputs(self):
        """How many logits come out."""
        return next(layer.fan_out for layer in reversed(self.layers) if hasattr(layer, "fan_out"))

    def zero_gradients(self):
        """Return a new ParameterVector of zeros, to be filled by `backward`."""
        return ParameterVector([layer.parameter_shapes for layer in self.layers], self.dtype)

    def forward(self, X, training=False, rng=None):
        """Return the logits of a batch and the function that carries their error back.

        Parameters
        ----------
        X : ndarray of the network's dtype [shape=(n_samples, n_features)]
        training : bool
            True switches on what is random while learning (dropout); it then needs `rng`.

        Returns
        -------
        logits : ndarray [shape=(n_samples, n_outputs)]
            Valid until the next forward pass.
        backward : function
            `backward(dlogits, grads)` fills `grads`, a ParameterVector, and returns it; `dlogits` is overwritten. With
            a third array, `backward(dlogits, grads, dX)`, it fills this with the error of X, too.
        """
        pullbacks, x = [], X
        for layer, place in self._stack:
            x, pullback = layer.forward(self._arrays[place], x, self._scratch[place], training, rng)
            pullbacks.append(pullback)

        def backward(dlogits, grads, dX=None):
            # Unless dX is given, the error of the first layer with parameters is nobody's blame: it goes no farther.
            error, first = dlogits, self._first_learning if dX is None else 0
            for (_, place), pullback in zip(reversed(self._stack), reversed(pullbacks), strict=True):
                if place >= first:
                    error = pullback(error, grads.views[place], input_error=place > first or dX is not None)
            if dX is not None:
                dX[...] = error
            return grads

        return x, backward

    def compile(self):
        """Run from now on as compiled loops what can be, as `kernels` has it; the results differ by rounding alone."""
        from backprop_core.kernels import fused

        self._stack = fused(self.layers, self.dtype)

    def logits(self, X, chunk=1024):
        """Return the logits of any number of rows in evaluation mode, a chunk at a time so that memory stays small."""
        out = np.empty((len(X), self.n_outputs), self.dtype)
        start = 0
        for rows in chunks(X, chunk):
            out[start : start + len(rows)] = self.forward(np.asarray(rows, self.dtype))[0]
            start += len(rows)
        return out

    def probabilities(self, X):
        """Return softmax of the logits: float [shape=(n_samples, n_classes)], rows sum to 1."""
        logits = self.logits(X)
        return softmax(logits, out=logits)

    def describe(self):
        """Return the layers as a list of dicts of JSON types, from which `from_description` builds them again."""
        return [{"kind": layer.kind, **layer.describe()} for layer in self.layers]

    @classmethod
    def from_description(cls, description, dtype=np.float32):
        """Return a network with these layers and zero parameters.

        Raises BackpropError, KeyError or TypeError on nonsense.
        """
        return cls([layer_from(entry) for entry in description], dtype)
