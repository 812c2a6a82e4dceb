"""Material: the rows on which all trials of a demonstration learn and are measured."""

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np

N_VALID = 2000


@dataclass(frozen=True)
class Material:
    """Some rows of a data set, in random order.

    Attributes
    ----------
    X, X_valid : float32 ndarray [shape=(n, n_features)], features before they are scaled
    y, y_valid : int ndarray [shape=(n,)]
    n_classes : int
    scaling : Standardizer or the like, before it has measured rows; see `Task.scaling`
    """

    X: np.ndarray
    y: np.ndarray
    X_valid: np.ndarray
    y_valid: np.ndarray
    n_classes: int
    scaling: Any

    @classmethod
    def draw(cls, prepared, scaling, n_train, rng, n_valid=N_VALID):
        """Return at most so many training and validation rows of a Prepared, drawn by a numpy Generator."""
        drawn = []
        for role, n in (("train", n_train), ("valid", n_valid)):
            stored, y = prepared.rows(role)
            chosen = rng.permutation(len(y))[:n]
            drawn += [prepared.extractor.to_features(stored[chosen]), y[chosen]]
        return cls(*drawn, len(prepared.dataset.labels), scaling)

    def rows(self, n_train=None):
        """Return (X, y, X_valid, y_valid), the first `n_train` rows to learn from, scaled by what these say."""
        X, y = self.X[:n_train], self.y[:n_train]
        standardizer = copy.copy(self.scaling).fit(X)
        return standardizer.transform(X), y, standardizer.transform(self.X_valid), self.y_valid
