"""Batches: the handfuls of rows that training takes one after another, in a new order each epoch.

Rows come as one array, in memory or mapped from a file.
"""

from backprop_core.mapped_memory import take_rows


def batches(X, y, batch_size, rng, scratch):
    """Yield (X_batch, y_batch) until every row has been seen once, in an order drawn from `rng`.

    The rows themselves are shuffled, not only the batches; the last batch may be smaller.

    Parameters
    ----------
    X : ndarray or memmap [shape=(n_samples, n_features)], left untouched
    y : ndarray [shape=(n_samples, ...)]
    batch_size : int > 0
    rng : numpy Generator
    scratch : Scratch of X's dtype
        Holds the batch: it is overwritten by the next one.
    """
    order = rng.permutation(len(X))
    for start in range(0, len(X), batch_size):
        rows = order[start : start + batch_size]
        yield take_rows(X, rows, out=scratch("batch", (len(rows), X.shape[1]))), y[rows]
