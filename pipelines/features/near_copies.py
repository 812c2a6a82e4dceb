"""Near copies: samples that are equal or nearly equal.

Comparing each of 50,000 samples with each other would take minutes. So rows that are equal are found by their hashes,
and rows that are nearly equal by a search tree in a few dimensions: projection never lengthens the distance between two
points, so near samples stay near, and the few candidates are then compared completely.
"""

import hashlib

import numpy as np

from backprop_core.sparse import is_sparse

DIMENSIONS = 12
NEIGHBOURS = 3
_SAMPLED = 512
_CHUNK = 2048


def copies_among(stored, rows, likeness):
    """Find the copies among rows of features.

    Parameters
    ----------
    stored : ndarray or SparseRows [shape=(n_samples, n_stored)]
        Rows as an extractor stores them.
    rows : ndarray of int64 [shape=(n,)]
        Indices of those that are compared; the first of a pair is the one that comes first here.
    likeness : features.likeness.Likeness

    Returns
    -------
    equal : ndarray of int64 [shape=(n_equal, 2)]
        Pairs of rows with the same numbers. If several rows are equal, each one is paired with the first.
    near : ndarray of int64 [shape=(n_near, 2)]
        Pairs of others that are nearly the same; each sample with at most `NEIGHBOURS` others.
    cosines : ndarray of float32 [shape=(n_near,)]
    """
    equal, first = _equal_rows(stored, rows)
    near, cosines = _near_rows(stored, first, likeness)
    return equal, near, cosines


def _equal_rows(stored, in_order):
    """Return pairs of equal rows [shape=(n, 2)], and the rows that differ from all before them, in this order."""
    seen, pairs, first = {}, [], []
    for row in in_order:
        digest = hashlib.blake2b(_bytes_of(stored, row), digest_size=16).digest()
        original = seen.setdefault(digest, row)
        if original == row:
            first.append(row)
        else:
            pairs.append((original, row))
    return np.array(pairs, dtype=np.int64).reshape(-1, 2), np.array(first, dtype=np.int64)


def _bytes_of(stored, row):
    if not is_sparse(stored):
        return stored[row].tobytes()
    numbers = slice(stored.starts[row], stored.starts[row + 1])
    return stored.data[numbers].tobytes() + stored.columns[numbers].tobytes()


def _near_rows(stored, rows, likeness):
    """Return pairs among `rows` whose directions are near [shape=(n, 2)], and their cosines [shape=(n,)]."""
    from scipy.spatial import cKDTree

    points = _project(stored, rows, likeness.directions)
    if points.size == 0:
        return np.empty((0, 2), np.int64), np.empty(0, np.float32)
    radius = np.sqrt(2 - 2 * likeness.near)  # on the unit sphere, |a - b|^2 = 2 - 2 a·b
    _, neighbours = cKDTree(points).query(points, k=NEIGHBOURS + 1, distance_upper_bound=radius)
    i, place = np.nonzero(neighbours < len(rows))
    j = neighbours[i, place]
    pairs = np.unique(np.sort(np.stack([i, j], axis=1)[i != j], axis=1), axis=0)
    pairs = rows[pairs].reshape(-1, 2)
    cosines = np.concatenate([np.empty(0, np.float32), *_cosines(stored, pairs, likeness.directions)])
    near = cosines >= likeness.near
    return pairs[near], cosines[near]


def _project(stored, rows, directions):
    """Project the directions of some rows on the few dimensions in which a sample of the rows varies most.

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
