"""Rows: the batches of an estimator, from data of any form.

An array, a memory-mapped file, a sparse matrix and a sequence of ready batches all yield the same thing: a batch of
rows as the network takes them, their targets, and how much each row counts. The data is never copied completely; the
rows of a batch are gathered when they are needed.
"""

import math
from itertools import count, cycle

import numpy as np
from sklearn.utils import assert_all_finite, gen_batches

from backprop_core.checked_rows import CheckedRows
from backprop_core.mapped_memory import chunks, mapping_of, take_rows
from backprop_core.scratch import Scratch
from backprop_core.sparse import is_sparse, rows_of

# Enough rows for an efficient matrix product, and few enough for little memory.
CHUNK = 1024


class ArrayRows:
    """Rows of an array or of a sparse matrix.

    Parameters
    ----------
    X : ndarray of real numbers, CSR matrix or SparseRows [shape=(n, n_features)]
    target : ndarray [shape=(n, ...)], as the loss wants it
    weights : float ndarray [shape=(n,)] or None
    dtype : numpy dtype of the batches
    subset : int ndarray or None
        The rows that count; None means all, in their order.
    """

    def __init__(self, X, target, weights, dtype, subset=None):
        self.X, self.target, self.weights, self.subset = rows_of(X), target, weights, subset
        self.sparse = is_sparse(self.X)
        self._order = np.arange(X.shape[0]) if subset is None else subset
        self._scratch = Scratch(dtype)
        self._own_dtype = Scratch(X.dtype)
        # numpy.take would first copy all of an array that is not in C order.
        self._takes = not self.sparse and X.flags.c_contiguous
        self._as_they_lie = self._takes and X.dtype == dtype and mapping_of(X) is None

    def __len__(self):
        return len(self._order)

    def n_steps(self, batch_size):
        """How many batches an epoch has."""
        return -(-len(self) // batch_size)

    def epoch(self, batch_size, random_state=None):
        """Yield (X_batch, target, weights) until all rows were seen, in an order from `random_state` or as they lie.

        A batch is overwritten by the next one.
        """
        self.draw_order(random_state)
        straight = random_state is None and self.subset is None
        for piece in gen_batches(len(self), batch_size):
            yield self._batch(piece if straight else self._order[piece])

    def draw_order(self, random_state=None):
        """Return the rows in the order of the next epoch, int64 ndarray: the last order, shuffled by a random_state."""
        if random_state is not None:  # as in scikit-learn
            self._order = shuffle_order(self._order, random_state)
        return self._order

    def endless(self, batch_size):
        """Yield X_batch without end, each of full size, the rows in the order of the latest epoch."""
        for i in count():
            yield self._gather(self._order[np.arange(i * batch_size, (i + 1) * batch_size) % len(self)])

    def only(self, subset):
        """Return the rows of these that `subset` names, int ndarray."""
        return ArrayRows(self.X, self.target, self.weights, self._scratch.dtype, subset)

    def sample(self, most):
        """Return at least `most` of these rows, or all, evenly spread."""
        return self.only(self._order[:: max(1, len(self) // most)])

    def _batch(self, rows):
        return self._gather(rows), self.target[rows], None if self.weights is None else self.weights[rows]

    def _gather(self, rows):
        if self.sparse:
            return self.X[rows].astype(self._scratch.dtype, copy=False)
        if isinstance(rows, slice):
            if self._as_they_lie:
                return self.X[rows]
            rows = np.arange(rows.start, rows.stop)
        shape = (len(rows), self.X.shape[1])
        batch = self._scratch("batch", shape)
        if not self._takes:
            batch[...] = self.X[rows]
        elif self.X.dtype == batch.dtype:
            take_rows(self.X, rows, out=batch)
        else:
            batch[...] = take_rows(self.X, rows, out=self._own_dtype("batch", shape))
        return batch


class BatchRows:
    """A sequence of batches, which its owner holds or reads: `batches[i]` is (X, y) or (X, y, weights).

    The order of the batches is shuffled, their rows stay together.

    Parameters
    ----------
    batches : the sequence
    check : function of (X, y, weights), returns them as the network and the loss take them, or raises
    sparse : bool, whether the batches are sparse; one that is not is made so
    """

    def __init__(self, batches, check, sparse=False):
        self.batches, self._check, self.sparse = batches, check, sparse

    def n_steps(self, batch_size=None):
        """How many batches an epoch has."""
        return len(self.batches)

    def epoch(self, batch_size=None, random_state=None):
        """Yield (X_batch, target, weights) until all batches were seen; `batch_size` is ignored."""
        order = np.arange(len(self.batches))
        if random_state is not None:
            order = shuffle_order(order, random_state)
        for i in order:
            yield self._check(*batch_of(self.batches, int(i)))

    def endless(self, batch_size=None):
        """Yield X_batch without end, one batch of the sequence after the other."""
        for i in cycle(range(len(self.batches))):
            yield self._check(*batch_of(self.batches, i))[0]


def shuffle_order(order, random_state):
    """Shuffle `order` as sklearn.utils.shuffle does, but without its checks."""
    places = np.arange(len(order))
    random_state.shuffle(places)
    return order[places]


def is_sequence_of_batches(X, y):
    """Return whether X, given without y, is a sequence of batches."""
    if y is not None or hasattr(X, "shape") or not (hasattr(X, "__len__") and hasattr(X, "__getitem__")):
        return False
    return not isinstance(X, list | tuple | str | dict) or (
        isinstance(X, list | tuple) and len(X) > 0 and all(isinstance(one, tuple) for one in X)
    )


def batch_of(batches, i):
    """Return (X, y, weights) of batch i. Raises ValueError if it is no pair or triple, or empty."""
    batch = batches[i]
    if not isinstance(batch, tuple) or len(batch) not in (2, 3):
        raise ValueError(f"batch {i} is of type {type(batch).__name__}: give a tuple (X, y) or (X, y, sample_weight)")
    return batch if len(batch) == 3 else (*batch, None)


def check_finite(X, estimator):
    """Raise scikit-learn's ValueError if the array X carries NaN or infinity; read it a piece at a time."""
    if X.dtype.kind == "f":
        for piece in chunks(X, CHUNK):
            _insist_on_finite(piece, estimator)


def _insist_on_finite(piece, estimator):
    # If one number is not finite, the sum of squares is not; this is faster than to test each. It may also overflow.
    numbers = piece.reshape(-1)
    with np.errstate(over="ignore", invalid="ignore"):
        finite = math.isfinite(np.dot(numbers, numbers))
    if not finite:
        assert_all_finite(piece, estimator_name=type(estimator).__name__, input_name="X")


def all_logits(network, X, estimator):
    """Return the network's outputs for any number of rows; check each chunk where its outputs are computed.

    Parameters
    ----------
    X : ndarray of real numbers, or CSR matrix [shape=(n_samples, n_features)]
    estimator : named where X is not finite, which raises scikit-learn's ValueError

    Returns
    -------
    logits : ndarray of the network's dtype [shape=(n_samples, n_outputs)]
    """
    X = rows_of(X)
    sparse = is_sparse(X)
    if X.shape[0] == 1 and not sparse and np.logical_and.reduce(np.isfinite(X), axis=None):
        # A program that answers a user asks for a single row: every microsecond of Python counts, also that of `all`.
        return network.forward(X.astype(network.dtype, copy=False))[0].copy()

    def check(chunk):
        if network.layers[0].kind == "dense":
            return CheckedRows(chunk, lambda: _insist_on_finite(chunk, estimator))
        _insist_on_finite(chunk, estimator)
        return chunk

    return network.logits(X, check=None if sparse or X.dtype.kind != "f" else check)


def compute_logits(network, rows):
    """Return (logits, target, weights) of all `rows`, an ArrayRows or BatchRows, in evaluation mode."""
    logits, targets, weights = [], [], []
    for X_batch, target, weight in rows.epoch(CHUNK):
        logits.append(network.forward(X_batch)[0].copy())
        targets.append(target)
        weights.append(weight)
    joined = None if weights[0] is None else np.concatenate(weights)
    return np.concatenate(logits), np.concatenate(targets), joined
