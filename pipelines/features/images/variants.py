"""Variants: training pictures that are varied and described once, and used several times.

Describing a picture by its gradients takes longer than learning from it. A small data set is gone through a hundred
times and more, and the network does not notice if it meets a picture's variation a second time ten epochs later. So a
number of variants of each picture are kept, as numbers of 16 bits, and epochs take turns among them.
"""

import weakref
from collections.abc import Callable

import numpy as np

MOST = 10  # variants of each picture
LARGEST = 256 * 2**20  # bytes
CHUNK = 256


class Variants:
    """Features of variants of some rows, made when they are first asked for: `n` of each row."""

    def __init__(self, n: int):
        self._n = n
        self._made: dict[int, np.ndarray] = {}

    def draw(self, rows: np.ndarray, rng: np.random.Generator, make: Callable) -> np.ndarray:
        """Return one variant of all rows, which rng chooses: float16 [shape=(len(rows), n_features)].

        A variant depends on its number alone, not on when it was made: a training that goes on after a break meets the
        same ones.

        Parameters
        ----------
        rows : ndarray of int [shape=(n_rows,)], the same at each call
        rng : numpy Generator
        make : function of (rows, rng), the same at each call
            Returns the features of these rows, varied by rng: float32 [shape=(len(rows), n_features)].
        """
        number = int(rng.integers(self._n))
        if number not in self._made:
            own = np.random.default_rng(number)
            parts = [make(rows[start : start + CHUNK], own) for start in range(0, len(rows), CHUNK)]
            self._made[number] = np.concatenate([part.astype(np.float16) for part in parts])
        return self._made[number]


_KEPT: weakref.WeakKeyDictionary[Callable, Variants] = weakref.WeakKeyDictionary()


def variants_of_training(features: Callable, n: int) -> Variants:
    """Return the variants that belong to one training, as long as its function `features` lives."""
    return _KEPT.setdefault(features, Variants(n))


def number_of_variants(n_rows: int, n_features: int, epochs: int) -> int:
    """Return how many variants of each row are worth keeping; 0 if it is better that each epoch makes its own."""
    kept = min(MOST, LARGEST // max(1, 2 * n_rows * n_features))
    return kept if 4 <= kept < epochs else 0
