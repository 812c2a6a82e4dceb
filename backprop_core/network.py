"""The network: layers in a row, and the numbers that they have learned.

Forward, a batch goes through the layers to the last one's outputs, the logits. Backward, the error of the logits goes
through the same layers in reverse; each takes its share of the blame and hands the rest on.

All parameters are views into one long vector, weights first and biases after them, and so are their gradients. That
makes the optimizer, clipping, weight decay and a checkpoint each a statement about one array, however many layers
there are.
"""

import math

import numpy as np

from backprop_core.layers import LAYERS
from backprop_core.losses import softmax
from backprop_core.scratch import Scratch


class ParameterVector:
    """One array, and the layers' views into it.

    Attributes
    ----------
    flat : ndarray [shape=(n_parameters,)]
    views : list of dict of str to ndarray
        For each layer, the parts of `flat` in the shapes that the layer asks for.
    n_weights : int
        `flat[:n_weights]` are the weights (two-dimensional parameters), the only ones that decay; the rest are biases.
    """

    def __init__(self, layers, dtype):
        named = [(i, name, shape) for i, layer in enumerate(layers) for name, shape in layer.parameter_shapes.items()]
        named.sort(key=lambda entry: len(entry[2]) < 2)
        self.flat = np.zeros(sum(math.prod(shape) for _, _, shape in named), dtype)
        self.views = [{} for _ in layers]
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
    """

    def __init__(self, layers, dtype=np.float32, rng=None):
        self.layers = layers
        self.dtype = np.dtype(dtype)
        self.params = ParameterVector(layers, dtype)
        self._scratch = [Scratch(dtype) for _ in layers]
        if rng is not None:
            for layer, params in zip(layers, self.params.views, strict=True):
                layer.initialize(params, rng)

    @property
    def n_features(self):
        """How many numbers a row has."""
        return self._dense[0].fan_in

    @property
    def n_outputs(self):
        """How many logits come out."""
        return self._dense[-1].fan_out

    @property
    def _dense(self):
        return [layer for layer in self.layers if layer.parameter_shapes]

    def zero_gradients(self):
        """Return a new ParameterVector of zeros, to be filled by `backward`."""
        return ParameterVector(self.layers, self.dtype)

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
            `backward(dlogits, grads)` fills `grads`, a ParameterVector; `dlogits` is overwritten.
        """
        pullbacks = []
        x = X
        for layer, params, scratch in zip(self.layers, self.params.views, self._scratch, strict=True):
            x, pullback = layer.forward(params, x, scratch, training, rng)
            pullbacks.append(pullback)

        def backward(dlogits, grads):
            error = dlogits
            for i in reversed(range(self._first_learning, len(pullbacks))):
                error = pullbacks[i](error, grads.views[i], input_error=i > self._first_learning)
            return grads

        return x, backward

    @property
    def _first_learning(self):
        """Index of the first layer with parameters: what reaches it from behind needs to go no further."""
        return next(i for i, layer in enumerate(self.layers) if layer.parameter_shapes)

    def logits(self, X, chunk=1024):
        """Return the logits of any number of rows in evaluation mode, a chunk at a time so that memory stays small."""
        X = np.asarray(X, self.dtype)
        if len(X) <= chunk:
            return self.forward(X)[0].copy()
        return np.concatenate([self.forward(X[i : i + chunk])[0].copy() for i in range(0, len(X), chunk)])

    def probabilities(self, X):
        """Return softmax of the logits: float [shape=(n_samples, n_classes)], rows sum to 1."""
        logits = self.logits(X)
        return softmax(logits, out=logits)

    def describe(self):
        """Return the layers as a list of dicts of JSON types, from which `from_description` builds them again."""
        return [{"kind": layer.kind, **layer.describe()} for layer in self.layers]

    @classmethod
    def from_description(cls, description, dtype=np.float32):
        """Return a network with these layers and zero parameters. Raises KeyError or TypeError on nonsense."""
        layers = [LAYERS[entry["kind"]](**{k: v for k, v in entry.items() if k != "kind"}) for entry in description]
        return cls(layers, dtype)
