"""Scaling: bringing every feature to mean 0 and spread 1, so that no input shouts the others down.

Mean and spread come from the training rows alone, and travel with the model: a sample met later is scaled by what was
known when the network learned.
"""

import numpy as np

from backprop_core.mapped_memory import chunks


class Standardizer:
    """x -> (x - mean) / scale.

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

    def fit(self, X):
        """Measure the rows of X, float [shape=(n_samples, n_features)], and return self."""
        means = X.mean(axis=0, dtype=np.float64)
        mean = means if self.per_feature else np.full(X.shape[1], means.mean())
        # A few rows at a time, since numpy's own std would keep all of X once more, as float64.
        squares = sum(np.square(rows - mean).sum(axis=0) for rows in chunks(X)) / len(X)
        scale = np.sqrt(squares if self.per_feature else np.full(X.shape[1], squares.mean()))
        tiny = 1e-6 * np.maximum(np.abs(mean), 1e-3)
        self.feature_means = means.astype(np.float32)
        self.mean, self.scale = mean.astype(np.float32), np.where(scale > tiny, scale, 1).astype(np.float32)
        return self

    def transform(self, X, out=None):
        """Return the scaled rows, float32 of X's shape; `out` may be X itself."""
        out = np.subtract(X, self.mean, out=out, dtype=np.float32)
        out /= self.scale
        return out
