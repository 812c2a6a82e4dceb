"""Unseen columns: weights of a sparse first layer that were not trained.

A text uses a few hundred of 32,768 columns, and all training texts together may leave many empty. The weights of an
empty column are still random, or were trained on one artificial typing error. They would add noise to an answer; with
weights of 0 the column has no effect, and the model file need not store it. The other weights are rounded to half
precision, 11 bits, which is far finer than the difference between two trainings. Both are done before the measurements,
so the stored weights are measured.
"""

import numpy as np

from backprop_core.network import Network
from backprop_core.sparse import SparseRows


def first_weights(network: Network) -> np.ndarray | None:
    """Return the weights of the first layer that learns, a view [shape=(n_features, width)]; None if it has no W."""
    return next(views.get("W") for views in network.params.views if views)


def forget_unseen(network: Network, X: SparseRows | np.ndarray) -> None:
    """Set to 0 what is behind columns that no row of X holds, and round the rest. With dense rows, do nothing."""
    W = first_weights(network)
    if not isinstance(X, SparseRows) or W is None:
        return
    seen = np.zeros(X.shape[1], bool)
    seen[X.columns] = True
    W[~seen] = 0
    W[...] = W.astype(np.float16)
