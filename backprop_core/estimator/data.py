"""Data: the rows that an estimator trains on and those that it is measured on, checked and turned into batches.

Checks batches of a sequence and validation data, and sets rows aside for early stopping.
"""

from functools import partial

import numpy as np
from sklearn.base import is_classifier
from sklearn.utils.validation import _check_sample_weight

from backprop_core.estimator.input import check_rows_and_targets
from backprop_core.estimator.rows import ArrayRows, BatchRows, is_sequence_of_batches


def check_batch(estimator, fit, X, y, weights):
    """Return a batch of a sequence as the network and the loss of a Fit take it."""
    X, y = check_rows_and_targets(estimator, X, y, reset=False)
    if weights is not None:
        weights = _check_sample_weight(weights, X)
    rows = ArrayRows(X, fit.targets_of(y), fit.weights_of(y, weights), fit.network.dtype)
    return next(rows.epoch(X.shape[0]))


def check_validation(estimator, fit, validation_data):
    """Return the user's validation rows, checked, or None."""
    if validation_data is None:
        return None
    if is_sequence_of_batches(validation_data, None) and not is_pair(validation_data):
        return BatchRows(validation_data, partial(check_batch, estimator, fit))
    if not is_pair(validation_data):
        raise ValueError("validation_data must be (X, y), (X, y, sample_weight) or a sequence of batches")
    X, y = check_rows_and_targets(estimator, *validation_data[:2], reset=False)
    weights = _check_sample_weight(validation_data[2], X) if len(validation_data) == 3 else None
    return ArrayRows(X, fit.targets_of(y), weights, fit.network.dtype)


def is_pair(validation_data):
    """Return whether this is (X, y) or (X, y, sample_weight), and no list of batches."""
    return (
        isinstance(validation_data, tuple | list)
        and len(validation_data) in (2, 3)
        and not all(isinstance(one, tuple) for one in validation_data)
    )


def split(estimator, fit, rows):
    """Return training and validation rows for early stopping, drawn as scikit-learn draws them."""
    if isinstance(rows, BatchRows):
        raise ValueError("early_stopping needs validation_data where X is a sequence of batches")
    stratify = rows.target > 0.5 if is_classifier(estimator) and estimator.n_outputs_ == 1 else None
    from sklearn.model_selection import train_test_split

    train, valid = train_test_split(
        np.arange(len(rows)),
        random_state=fit.random_state,
        test_size=estimator.validation_fraction,
        stratify=stratify,
    )
    if len(valid) < 2:
        raise ValueError("The validation set is too small. Increase 'validation_fraction' or the size of your dataset.")
    return rows.only(train), rows.only(valid)
