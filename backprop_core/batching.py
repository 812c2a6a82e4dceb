"""Batches: the small sets of rows that training uses one after another, in a new order each epoch.

Rows come as one array, in memory or mapped from a file, or as sparse rows.
"""

from backprop_core.mapped_memory import take_rows
from backprop_core.sparse import is_sparse


def batches(X, y, batch_size, rng, scratch):
    """Yield (X_batch, y_batch) until every row has been seen once, in an order drawn from `rng`.

    The rows themselves are shuffled, not only the batches; the last batch may be smaller.

    Parameters
    ----------
    X : ndarray, memmap or SparseRows [shape=(n_samples, n_features)], left untouched
    y : ndarray [shape=(n_samples, ...)]
    batch_size : int > 0
    rng : numpy Generator
    scratch : Scratch of X's dtype
        Holds the batch: it is overwritten by the next one.
    """
    order = rng.permutation(len(X))
    for start in range(0, len(X), batch_size):
        rows = order[start : start + batch_size]
        if is_sparse(X):
            yield X[rows], y[rows]
        else:
            yield take_rows(X, rows, out=scratch("batch", (len(rows), X.shape[1]))), y[rows]
