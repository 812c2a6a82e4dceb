"""Unseen columns: weights of a sparse first layer about which training has learned nothing.

A text holds a few hundred of 32,768 columns, and all training texts together may leave many empty. The weights behind
an empty column are as random as they were in the beginning, or know a word with a typing error that was made up for
one step. An input that holds such a column would be answered with noise; with weights of 0 the column says nothing, and
the model file need not store it. The others are rounded to half precision, 11 bits, which is far finer than what two
trainings differ by. Both happen before anything is measured, so what is measured is what is stored.
"""

import numpy as np

from backprop_core.network import Network
from backprop_core.sparse import SparseRows


def first_weights(network: Network) -> np.ndarray | None:
    """Return the weights of the first layer that learns, a view [shape=(n_features, width)]; None where it has no W."""
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
