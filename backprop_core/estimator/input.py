"""Input: the rows and targets that an estimator accepts, and the errors for others.

The checks and their messages are scikit-learn's. Only large arrays are treated differently: an array of real numbers is
never copied to another type, for the batches do that one by one; and a memory-mapped one is read in pieces.
"""

import numpy as np
from scipy.sparse import issparse
from sklearn.base import is_classifier
from sklearn.utils import column_or_1d
from sklearn.utils.validation import validate_data

from backprop_core.estimator.rows import check_finite

FLOATS = (np.float64, np.float32)


def check_rows_and_targets(estimator, X, y, reset):
    """Return X (ndarray of real numbers, or CSR) and y (ndarray or CSR; one column becomes flat), or raise.

    Parameters
    ----------
    reset : bool
        Learn number and names of the features from X; False compares them with those learned.
    """
    plain = is_plain(X)
    X, y = validate_data(
        estimator,
        X,
        y,
        accept_sparse=["csr", "csc"],
        multi_output=True,
        y_numeric=not is_classifier(estimator),
        dtype=None if plain else FLOATS,
        ensure_all_finite=not plain,
        reset=reset,
    )
    if plain:
        check_finite(X, estimator)
    if y.ndim == 2 and y.shape[1] == 1 and not issparse(y):
        y = column_or_1d(y, warn=True)
    return X.tocsr() if issparse(X) else X, y


def check_rows(estimator, X):
    """Return the rows to predict, ndarray of real numbers or CSR, or raise; a plain array goes the shortest way.

    Whether an array is finite is left to `all_logits`, which meets each row anyway.
    """
    if (
        type(X) is np.ndarray
        and X.ndim == 2
        and is_plain(X)
        and X.shape[1] == getattr(estimator, "n_features_in_", None)
        and len(X)
        and not hasattr(estimator, "feature_names_in_")
    ):
        return X
    plain = is_plain(X)
    X = validate_data(
        estimator,
        X,
        accept_sparse=["csr", "csc"],
        dtype=None if plain else FLOATS,
        ensure_all_finite=not plain,
        reset=False,
    )
    return X.tocsr() if issparse(X) else X


def is_plain(X):
    """Return whether X is an array of real numbers whose batches can be turned into floats one by one."""
    return isinstance(X, np.ndarray) and (X.dtype in FLOATS or X.dtype.kind in "biu")


def float_dtype(X):
    """Return the type to compute in: that of X if it is float32 or float64, else float64."""
    return X.dtype if X.dtype in FLOATS else np.dtype(np.float64)
