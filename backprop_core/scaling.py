"""Scaling: bringing every feature to mean 0 and spread 1, so that large inputs do not dominate the others.

Mean and spread come only from the training rows, and are stored in the model: a later sample is scaled with the same
numbers.
"""

import numpy as np

from backprop_core.errors import BackpropError
from backprop_core.mapped_memory import chunks
from backprop_core.sparse import is_sparse


class Standardizer:
    """x -> (x - mean) / scale. Of sparse rows the mean stays 0, for zeros would not be zeros without it.

    Parameters
    ----------
    per_feature : bool
        True measures each feature by itself (a feature that never varies keeps scale 1). False measures one mean and
        one spread over all of them: right for pixels, which share a unit, and where a corner pixel that lights up once
        in a thousand pictures must not be blown up.

    Attributes
    ----------
    mean, scale : float32 ndarray [shape=(n_features,)], after `fit`
    feature_means : float32 ndarray [shape=(n_features,)], after `fit`
        The mean of each feature by itself, whatever is subtracted: together they are the average sample.
    """

    def __init__(self, per_feature=True):
        self.per_feature = per_feature

    def settings(self):
        """Return what decides how rows are measured, as JSON types."""
        return {"per_feature": self.per_feature}

    def arrays(self):
        """Return what was measured: dict of float32 ndarray [shape=(n_features,)]."""
        return {"mean": self.mean, "scale": self.scale, "feature_means": self.feature_means}

    def restore(self, arrays):
        """Take what `arrays` returned once, and return self. Raises KeyError if something is missing."""
        self.mean, self.scale = arrays["mean"], arrays["scale"]
        self.feature_means = arrays.get("feature_means", self.mean)
        return self

    def fit(self, X):
        """Measure the rows of X, float array or SparseRows [shape=(n_samples, n_features)], and return self."""
        if is_sparse(X):
            return self._fit_sparse(X)
        means = X.mean(axis=0, dtype=np.float64)
        mean = means if self.per_feature else np.full(X.shape[1], means.mean())
        # A few rows at a time, because numpy's std would make a copy of all of X in float64.
        squares = sum(np.square(rows - mean).sum(axis=0) for rows in chunks(X)) / len(X)
        scale = np.sqrt(squares if self.per_feature else np.full(X.shape[1], squares.mean()))
        tiny = 1e-6 * np.maximum(np.abs(mean), 1e-3)
        self.feature_means = means.astype(np.float32)
        self.mean, self.scale = mean.astype(np.float32), np.where(scale > tiny, scale, 1).astype(np.float32)
        return self

    def _fit_sparse(self, X):
        """Measure the spread around the mean, as for other rows, but set the subtracted mean to 0."""
        n, columns = len(X), X.columns
        means = np.bincount(columns, X.data, X.shape[1]) / n
        squares = np.bincount(columns, np.square(X.data, dtype=np.float64), X.shape[1]) / n
        if not self.per_feature:
            squares, centre = np.full_like(squares, squares.mean()), np.full_like(means, means.mean())
        else:
            centre = means
        scale = np.sqrt(np.maximum(squares - centre**2, 0))
        tiny = 1e-6 * np.maximum(np.abs(centre), 1e-3)
        self.feature_means, self.mean = means.astype(np.float32), np.zeros(X.shape[1], np.float32)
        self.scale = np.where(scale > tiny, scale, 1).astype(np.float32)
        return self

    def transform(self, X, out=None):
        """Return the scaled rows, float32 of X's shape; `out` may be X itself, and is not used for sparse rows.

        Sparse rows need a standardizer that was fitted on sparse rows. Raises BackpropError if the mean is not 0.
        """
        if is_sparse(X):
            if self.mean.any():
                raise BackpropError(
                    "sparse rows cannot be centred without losing their zeros; fit the standardizer on sparse rows"
                )
            return X.with_data(X.data / self.scale[X.columns])
        out = np.subtract(X, self.mean, out=out, dtype=np.float32)
        out /= self.scale
        return out
