"""Duplicates: samples that are in a data set twice, as they are or nearly so.

A copy that is learned from and tested on makes the score better than the truth; a copy under another label makes it
worse. Comparing each of 50,000 samples with each other would take minutes. So rows that are equal are found by their
hashes, and rows that are nearly equal by a search tree in a few dimensions: projection never lengthens the distance
between two points, so whoever is near stays near, and the few candidates are then compared in full.
"""

import hashlib
from dataclasses import dataclass

import numpy as np

from pipelines.datasets import ROLES, Dataset

DIMENSIONS = 12
NEIGHBOURS = 3
_SAMPLED = 512
_CHUNK = 2048


@dataclass(frozen=True)
class Duplicates:
    """Pairs of samples that are copies of each other.

    Of many copies of one sample, each is paired with the first of them, training samples coming first; nearly equal
    ones with at most three others.

    Attributes
    ----------
    dataset : Dataset
    pairs : ndarray of int64 [shape=(n, 2)]
        Indices of samples; where they play different roles, training before validation before test.
    likeness : ndarray of float32 [shape=(n,)], the cosine between the two
        1 for those whose rows are equal, number by number.
    exact : ndarray of bool [shape=(n,)], which are those
    """

    dataset: Dataset
    pairs: np.ndarray
    likeness: np.ndarray
    exact: np.ndarray

    def __len__(self):
        return len(self.pairs)

    def only(self, chosen):
        """Return those pairs for which `chosen`, bool [shape=(n,)], is true."""
        return Duplicates(self.dataset, self.pairs[chosen], self.likeness[chosen], self.exact[chosen])

    def leaking(self):
        """Return the pairs of a training sample and one that is not."""
        first, second = self.dataset.role[self.pairs].reshape(-1, 2).T
        return self.only((first == "train") & (second != "train"))

    def contradicting(self):
        """Return the pairs that have different labels."""
        first, second = self.dataset.y[self.pairs].reshape(-1, 2).T
        return self.only(first != second)

    def copies(self):
        """Return how many samples of each role are the second of a pair: dict of str to int."""
        second = self.dataset.role[np.unique(self.pairs[:, 1])]
        return {role: int((second == role).sum()) for role in ROLES if (second == role).any()}

    def evidence(self, most=100):
        """Return at most so many pairs, the most alike first, as dicts of JSON types.

        Each has "rows", "paths" (see `Dataset.path_of`), "labels" and "roles" of the two samples, "exact" and
        "likeness".
        """
        order = np.lexsort((self.pairs[:, 0], -self.likeness, ~self.exact))[:most]
        dataset = self.dataset
        return [
            {
                "rows": self.pairs[i].tolist(),
                "paths": [dataset.path_of(row) for row in self.pairs[i]],
                "labels": [dataset.labels[k] for k in dataset.y[self.pairs[i]]],
                "roles": dataset.role[self.pairs[i]].tolist(),
                "exact": bool(self.exact[i]),
                "likeness": round(float(self.likeness[i]), 4),
            }
            for i in order
        ]


def find_duplicates(prepared, likeness):
    """Return the Duplicates of a data set.

    Parameters
    ----------
    prepared : Prepared
    likeness : function of (extractor, stored rows)
        Returns their `features.likeness.Likeness`, as `Task.likeness` does.
    """
    dataset, stored = prepared.dataset, prepared.stored
    in_order = np.concatenate([dataset.rows(role) for role in ROLES])
    equal, first = _equal_rows(stored, in_order)
    near, cosines = _near_rows(stored, first, likeness(prepared.extractor, stored))
    return Duplicates(
        dataset,
        np.concatenate([equal, near]),
        np.concatenate([np.ones(len(equal), np.float32), cosines]),
        np.arange(len(equal) + len(near)) < len(equal),
    )


def _equal_rows(stored, in_order):
    """Return pairs of equal rows [shape=(n, 2)], and the rows that equal none before them, both in this order."""
    seen, pairs, first = {}, [], []
    for row in in_order:
        digest = hashlib.blake2b(stored[row].tobytes(), digest_size=16).digest()
        original = seen.setdefault(digest, row)
        if original == row:
            first.append(row)
        else:
            pairs.append((original, row))
    return np.array(pairs, dtype=np.int64).reshape(-1, 2), np.array(first, dtype=np.int64)


def _near_rows(stored, rows, likeness):
    """Return pairs among `rows` whose directions are near [shape=(n, 2)], and their cosines [shape=(n,)]."""
    from scipy.spatial import cKDTree

    points = _projected(stored, rows, likeness.directions)
    if points.size == 0:
        return np.empty((0, 2), np.int64), np.empty(0, np.float32)
    radius = np.sqrt(2 - 2 * likeness.near)  # of two points on the unit sphere: |a - b|^2 = 2 - 2 a·b
    _, neighbours = cKDTree(points).query(points, k=NEIGHBOURS + 1, distance_upper_bound=radius)
    i, place = np.nonzero(neighbours < len(rows))
    j = neighbours[i, place]
    pairs = np.unique(np.sort(np.stack([i, j], axis=1)[i != j], axis=1), axis=0)
    pairs = rows[pairs].reshape(-1, 2)
    cosines = np.concatenate([np.empty(0, np.float32), *_cosines(stored, pairs, likeness.directions)])
    near = cosines >= likeness.near
    return pairs[near], cosines[near]


def _projected(stored, rows, directions):
    """Return the directions of some rows in the few dimensions in which a sample of them varies most.

    The dimensions are the leading right singular vectors of the sample, found from its small matrix of inner products.
    """
    sample = directions(stored[rows[:: max(1, len(rows) // _SAMPLED)]])
    squares, left = np.linalg.eigh(sample @ sample.T)
    kept = squares > 1e-6 * max(squares[-1], 1e-6)
    kept[:-DIMENSIONS] = False
    basis = sample.T @ (left[:, kept] / np.sqrt(squares[kept]))
    return np.concatenate([directions(stored[chunk]) @ basis for chunk in _chunks(rows)])


def _cosines(stored, pairs, directions):
    for chunk in _chunks(pairs):
        yield np.einsum("ij,ij->i", directions(stored[chunk[:, 0]]), directions(stored[chunk[:, 1]]))


def _chunks(rows):
    return (rows[start : start + _CHUNK] for start in range(0, len(rows), _CHUNK))
