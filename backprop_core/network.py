"""The network: layers in a row, and the numbers that they have learned.

Forward, a batch goes through the layers to the last one's outputs, the logits. Backward, the error of the logits goes
through the same layers in reverse; each computes the gradient of its parameters and passes on the error of its input.

All parameters are views into one long vector, weights first and biases after them, and so are their gradients. That
makes the optimizer, clipping, weight decay and a checkpoint each a statement about one array, however many layers
there are. Numbers that a layer counts without learning them (a running mean) are in a second vector, the statistics.
"""

from __future__ import annotations

import functools
import math
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from backprop_core.architecture import layer_from
from backprop_core.checked_rows import CheckedRows
from backprop_core.errors import BackpropError
from backprop_core.layers import Activate, Backward, Dense, Layer
from backprop_core.losses import softmax
from backprop_core.mapped_memory import chunks, mapping_of, overwrite, spare_copy
from backprop_core.scratch import Scratch
from backprop_core.sparse import is_sparse, rows_of
from backprop_core.threads import available, for_each

# Multiplications of a prediction from which threads of our own are worth their start: some ten milliseconds.
WORTH_THREADS = 1e9
# Rows of a prediction at a time, and the most numbers of a layer where the library's threads share the products.
CHUNK, LARGEST_CHUNK = 1024, 1 << 22
# Activations that take no longer than reading and writing their numbers.
LIGHT = ("identity", "relu")


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


class Passage(NamedTuple):
    """One layer's part of a walk through the network: what came in, what went out, and the way back."""

    layer: Layer
    x: np.ndarray
    y: np.ndarray
    backward: Backward


class Network:
    """A stack of layers with their parameters.

    Several threads may ask one network for predictions at the same time: each computes in memory of its own. Training
    changes the parameters, so it is for one thread alone.

    Parameters
    ----------
    layers : sequence of layers, as `multilayer_perceptron` makes them
    rng : numpy Generator
        Fills the parameters with random numbers. For numbers that come from elsewhere there is `Network.blank`.
    dtype : numpy.float32 or numpy.float64

    Attributes
    ----------
    layers : list of layers
    dtype : numpy dtype
    params, statistics : ParameterVector
        What is learned, and what is only counted (the running means of batch normalisation).

    Raises
    ------
    BackpropError
        No layer learns anything.

    Examples
    --------
    >>> import numpy as np
    >>> from backprop_core import Network, multilayer_perceptron
    >>> network = Network(multilayer_perceptron(4, [8], 3), np.random.default_rng(0))
    >>> network.logits(np.zeros((5, 4), np.float32)).shape
    (5, 3)
    """

    def __init__(self, layers: Sequence[Layer], rng: np.random.Generator, *, dtype=np.float32):
        self._allocate(layers, dtype)
        for layer, arrays in zip(self.layers, self._arrays, strict=True):
            layer.initialize(arrays, rng)

    @classmethod
    def blank(cls, layers: Sequence[Layer], dtype=np.float32) -> Network:
        """Return a network whose parameters are all 0, for a caller that fills them: it could not learn from there."""
        network = cls.__new__(cls)
        network._allocate(layers, dtype)
        return network

    def _allocate(self, layers, dtype):
        self.layers = list(layers)
        self.dtype = np.dtype(dtype)
        self.params = ParameterVector([layer.parameter_shapes for layer in self.layers], dtype)
        self.statistics = ParameterVector([layer.statistic_shapes for layer in self.layers], dtype)
        self._arrays = [p | s for p, s in zip(self.params.views, self.statistics.views, strict=True)]
        self._memory = _MemoryOfThread(len(self.layers), dtype)
        self._stack = [(layer, place) for place, layer in enumerate(self.layers)]
        learning = [i for i, layer in enumerate(self.layers) if layer.parameter_shapes]
        if not learning:
            raise BackpropError("a network without a layer that learns; put a dense layer into it")
        self._first_learning = learning[0]

    def copy(self, dtype=None, layers: Sequence[Layer] | None = None) -> Network:
        """Return a network with the same numbers.

        Parameters
        ----------
        dtype : numpy dtype or None, that of this network
        layers : sequence of layers or None
            Stand-ins for the layers, with parameters of the same shapes; None: the same layers.
        """
        twin = Network.blank(self.layers if layers is None else layers, self.dtype if dtype is None else dtype)
        twin.restore((self.params.flat, self.statistics.flat))
        return twin

    def snapshot(self) -> tuple[np.ndarray, np.ndarray]:
        """Return a copy of all that the network has learned and counted, for `restore`."""
        return spare_copy(self.params.flat), self.statistics.flat.copy()

    def restore(self, snapshot: tuple[np.ndarray, np.ndarray]) -> None:
        """Put a snapshot back."""
        overwrite(self.params.flat, snapshot[0])
        self.statistics.flat[...] = snapshot[1]

    def __reduce__(self):
        # The views must be views again on the other side.
        return _again, (self.layers, self.dtype, tuple(map(np.array, self.snapshot())))

    @property
    def n_features(self) -> int:
        """How many numbers a row has."""
        return next(layer.fan_in for layer in self.layers if layer.fan_in)

    @property
    def n_outputs(self) -> int:
        """How many logits come out."""
        return next(layer.fan_out for layer in reversed(self.layers) if layer.fan_out)

    def zero_gradients(self) -> ParameterVector:
        """Return a new ParameterVector of zeros, to be filled by `backward`."""
        return ParameterVector([layer.parameter_shapes for layer in self.layers], self.dtype)

    def forward(self, X: np.ndarray, training: bool = False, rng: np.random.Generator | None = None):
        """Return the logits of a batch and the function that carries their error back.

        Parameters
        ----------
        X : ndarray of the network's dtype [shape=(n_samples, n_features)]
        training : bool
            True switches on what is random while learning (dropout); it then needs `rng`.

        Returns
        -------
        logits : ndarray [shape=(n_samples, n_outputs)]
            Valid until this thread's next forward pass.
        backward : function
            `backward(dlogits, grads)` fills `grads`, a ParameterVector, and returns it; `dlogits` is overwritten. With
            a third array, `backward(dlogits, grads, dX)`, it fills this with the error of X, too.
        """
        x = X if isinstance(X, np.ndarray) else self._readable(X)
        pullbacks, scratch = [], self._memory.scratch
        for layer, place in self._stack:
            x, pullback = layer.forward(self._arrays[place], x, scratch[place], training, rng)
            pullbacks.append(pullback)

        def backward(dlogits, grads, dX=None):
            # Unless dX is given, the error of what goes into the first layer that learns is not needed.
            error, first = dlogits, self._first_learning if dX is None else 0
            for (_, place), pullback in zip(reversed(self._stack), reversed(pullbacks), strict=True):
                if place >= first:
                    error = pullback(error, grads.views[place], input_error=place > first or dX is not None)
            if dX is not None:
                dX[...] = error
            return grads

        return x, backward

    def passes(
        self, X: np.ndarray, training: bool = False, rng: np.random.Generator | None = None
    ) -> Iterator[Passage]:
        """Walk through the layers, and yield the Passage of each: layer, x, y and backward.

        It computes what `forward` does, one layer at a time and without compiled loops, to look at what is in
        between. Arrays are valid until this thread's next walk or forward pass.
        """
        x = X if isinstance(X, np.ndarray) else self._readable(X)
        for layer, arrays, scratch in zip(self.layers, self._arrays, self._memory.scratch, strict=True):
            y, backward = layer.forward(arrays, x, scratch, training, rng)
            yield Passage(layer, x, y, backward)
            x = y

    def _readable(self, X):
        """Return rows as the first layer takes them: sparse where it is a dense one, else with their zeros."""
        if isinstance(X, CheckedRows):
            return X
        X = rows_of(X)
        if not is_sparse(X):
            return np.asarray(X, self.dtype)
        first = next(layer for layer in self.layers if layer.kind != "dropout")
        return X if first.kind == "dense" else X.toarray()

    def compile(self) -> None:
        """Run from now on as compiled loops what can be, as `kernels` has it; the results differ by rounding alone."""
        from backprop_core.kernels import fuse_layers

        self._stack = fuse_layers(self.layers, self.dtype)

    def logits(self, X: np.ndarray, chunk: int | None = None, check: Callable | None = None) -> np.ndarray:
        """Return the logits of any number of rows in evaluation mode, a chunk at a time so that memory stays small.

        Where there are many, each core works at a chunk of its own; or, where there is little to do beside the
        products, at its part of a product, for which the chunks are larger. `check` is called with each chunk before it
        is computed, and returns it, or `CheckedRows` of it; what it raises ends the work.
        """
        X = rows_of(X)
        out = np.empty((len(X), self.n_outputs), self.dtype)

        def compute(start, rows):
            if check:
                rows = check(rows)
            of_own_kind = is_sparse(rows) or isinstance(rows, CheckedRows)
            rows = rows.astype(self.dtype, copy=False) if of_own_kind else np.asarray(rows, self.dtype)
            out[start : start + len(rows)] = self.forward(rows)[0]

        is_mapped = not is_sparse(X) and mapping_of(X) is not None
        if self._is_light and not is_mapped and not is_sparse(X):
            chunk, together = chunk or max(CHUNK, LARGEST_CHUNK // self._widest), 1
        else:
            chunk = chunk or CHUNK
            many = len(X) > chunk and len(X) * self.params.flat.size > WORTH_THREADS
            together = available() if many and not is_mapped else 1
        if len(X) > chunk:  # as much for one as for the other
            n_chunks = -(-len(X) // (chunk * together)) * together
            chunk = -(-len(X) // n_chunks)
        for_each(compute, zip(range(0, len(X), chunk), chunks(X, chunk), strict=True), together)
        return out

    @functools.cached_property
    def _is_light(self) -> bool:
        """Whether outside training only the products take much time."""
        return all(
            layer.only_in_training
            or isinstance(layer, Dense)
            or (isinstance(layer, Activate) and layer.activation in LIGHT)
            for layer in self.layers
        )

    @functools.cached_property
    def _widest(self) -> int:
        return max(self.n_features, *(layer.fan_out or 0 for layer in self.layers))

    def probabilities(self, X: np.ndarray) -> np.ndarray:
        """Return softmax of the logits: float [shape=(n_samples, n_classes)], rows sum to 1."""
        logits = self.logits(X)
        return softmax(logits, out=logits)

    def __repr__(self):
        kinds = ", ".join(layer.kind for layer in self.layers)
        n_features, n_outputs, n = self.n_features, self.n_outputs, len(self.params.flat)
        return f"<Network of {n_features} features, {n_outputs} outputs and {n:,} parameters: {kinds}>"

    def _repr_html_(self):
        from backprop_core.notebook import table

        rows = []
        for i, (layer, params) in enumerate(zip(self.layers, self.params.views, strict=True)):
            settings = ", ".join(f"{name} {value}" for name, value in layer.describe().items() if name != "layers")
            inner = ", ".join(inner.kind for inner in layer.layers)
            rows.append([i, layer.kind, inner or settings, sum(array.size for array in params.values())])
        caption = f"{len(self.params.flat):,} parameters, {self.dtype}"
        return table(["layer", "kind", "settings", "parameters"], rows, caption)

    def describe(self) -> list[dict]:
        """Return the layers as a list of dicts of JSON types, from which `from_description` builds them again."""
        return [{"kind": layer.kind, **layer.describe()} for layer in self.layers]

    @classmethod
    def from_description(cls, description: list[dict], dtype=np.float32) -> Network:
        """Return a network with these layers and zero parameters.

        Raises BackpropError, KeyError or TypeError on nonsense.
        """
        return cls.blank([layer_from(entry) for entry in description], dtype)


class _MemoryOfThread(threading.local):
    """The scratch memory of each layer, anew for each thread that asks."""

    def __init__(self, n_layers, dtype):
        self.scratch = [Scratch(dtype) for _ in range(n_layers)]


def _again(layers, dtype, snapshot):
    """Return the network that was pickled or copied."""
    network = Network.blank(layers, dtype)
    network.restore(snapshot)
    return network
