"""A sparse step: one training step on a minibatch of sparse rows; its cost depends on the number of stored values.

It is `Step`, except the first layer's weights, which `lazy_rows` moves a few rows at a time. Their gradient is never
written out, and neither is their update: the weights and the optimizer's memory are all that has their size.
"""

import math
from contextlib import nullcontext

from backprop_core.clipping import length
from backprop_core.lazy_rows import MOVES, LazyRows
from backprop_core.network import ParameterVector
from backprop_core.sparse import SparseRows, is_sparse
from backprop_core.step import Step
from backprop_core.threads import use_single_threads

# From this number of weights behind the first layer on, it pays to load the compiler for them, and to use threads in
# their products. Threads without work keep looking for it, and slow down the threads that share the first layer.
LARGE = 300_000


def suits(network, optimizer, *, alpha=0.0, l1=0.0, **_):
    """Return whether a training on sparse rows can take sparse steps, with these additions of a `Step`.

    The first layer that learns must be dense. `alpha` and `l1` give every weight a gradient in every step: nothing can
    wait then, and `Step` computes with all of them; `weight_decay` does not. The optimizer must be Adam or SGD.
    """
    first = next(layer for layer in network.layers if layer.parameter_shapes)
    return first.kind == "dense" and type(optimizer) in MOVES and not alpha and not l1


def step_for(X_is_sparse, network, optimizer, loss, *, compiled, **additions):
    """Return the `Step` for such rows: a `SparseStep` where that suits and compiled loops are wanted."""
    sparse = X_is_sparse and compiled and suits(network, optimizer, **additions)
    return (SparseStep if sparse else Step)(network, optimizer, loss, compiled=compiled, **additions)


class SparseStep(Step):
    """Changes a network's parameters by one batch of `SparseRows`; parameters as for a compiled `Step`.

    Between two steps some weights wait for moves. Call `settle`, which makes them, before you read the weights or the
    optimizer's memory.
    """

    def __init__(self, network, optimizer, loss, *, weight_decay=0.0, **settings):
        place = next(i for i, layer in enumerate(network.layers) if layer.parameter_shapes)
        self._place, W = place, network.params.views[place]["W"]
        self._lazy = LazyRows(W, optimizer, weight_decay)
        super().__init__(network, optimizer, loss, weight_decay=weight_decay, **settings)
        self._rest = slice(W.size, None)
        self._n_decaying = network.params.n_weights - W.size
        self._is_small = self._n_decaying < LARGE
        if self._is_small:
            self.stay_plain()

    def __call__(self, *arguments):
        """As in `Step`."""
        with use_single_threads() if self._is_small else nullcontext():
            return super().__call__(*arguments)

    def settle(self):
        """Take the steps that wait."""
        self._lazy.settle()

    def _gradients(self):
        """Return a vector for all gradients except that of the first layer's W, which has 0 rows in it."""
        shapes = [dict(layer.parameter_shapes) for layer in self.network.layers]
        shapes[self._place]["W"] = (0, shapes[self._place]["W"][1])
        return ParameterVector(shapes, self.network.dtype)

    def _enter(self, X_batch, memory):
        if not is_sparse(X_batch):
            X_batch = SparseRows.of_array(X_batch)
        return self._lazy.batch(X_batch, memory)

    def _show_gradient(self):
        """Return a vector in place of all gradients, with the same lengths: it has the length of dW instead of dW."""
        shown = ParameterVector([{} for _ in self.network.layers], self.network.dtype)
        shown.flat, shown.views = self._grads.flat, [dict(views) for views in self._grads.views]
        shown.views[self._place]["W"] = self._grads.flat.dtype.type(self._lazy.largest_and_norm()[1]).reshape(1, 1)
        return shown

    def _clip(self, grads):
        """Clip as `Step` does, by the largest number and then by the length, of both parts together."""
        self._scale, self._limit, clipped = 1.0, 0.0, False
        if self.clip_value is not None:
            largest = max(abs(float(grads.max())), abs(float(grads.min())), self._lazy.largest_and_norm()[0])
            if largest > self.clip_value and math.isfinite(largest):
                grads.clip(-self.clip_value, self.clip_value, out=grads)
                self._limit, clipped = self.clip_value, True
        if self.clip_norm is not None:
            norm = math.hypot(length(grads), self._lazy.largest_and_norm(1.0, self._limit)[1])
            if norm > self.clip_norm and math.isfinite(norm):
                grads *= self.clip_norm / norm
                self._scale, clipped = self.clip_norm / norm, True
        return clipped

    def _apply(self, grads, memory, rate):
        rest = {name: values[self._rest] if values.ndim else values for name, values in memory.items()}
        self._move(self.network.params.flat[self._rest], grads, rest, rate)
        self._lazy.learn(memory, rate, self._scale, self._limit)
