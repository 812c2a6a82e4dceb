"""Regions: connected marked pixels of a picture.

Two marked pixels belong to one region if one can walk from one to the other over marked pixels, also diagonally
(8-connectivity). Pixels of a row that stand side by side form a run; runs of neighbouring rows that touch are joined.
That finds a few thousand runs where there are a hundred thousand pixels.

Rosenfeld and Pfaltz 1966, https://doi.org/10.1145/321356.321357
"""

import numpy as np


def number_regions(marked):
    """Number the regions of a picture.

    Parameters
    ----------
    marked : ndarray of bool [shape=(height, width)]

    Returns
    -------
    regions : ndarray of int [shape=(height, width)]
        0 where nothing is marked, else 1, 2, ..., in the order in which the rows, read as a text, meet the regions.
    n : int
        How many there are.
    """
    height, width = marked.shape
    bounded = np.zeros((height, width + 2), np.int8)
    bounded[:, 1:-1] = marked
    steps = np.diff(bounded.ravel())
    # Positions continue from row to row of the bounded picture, so that runs of different rows never seem to touch.
    start, stop = np.flatnonzero(steps == 1) + 1, np.flatnonzero(steps == -1) + 1
    first = np.searchsorted(stop, start + width + 2)
    last = np.searchsorted(start, stop + width + 2, side="right")
    n_below = np.maximum(last - first, 0)
    above = np.repeat(np.arange(len(start)), n_below)
    below = np.arange(n_below.sum()) - np.repeat(np.cumsum(n_below) - n_below - first, n_below)
    smallest, number = np.unique(_find_smallest_connected(len(start), above, below), return_inverse=True)
    edges = np.zeros(bounded.size, np.intp)
    edges[start] = number + 1
    np.subtract.at(edges, stop, number + 1)
    return np.cumsum(edges).reshape(bounded.shape)[:, 1:-1], len(smallest)


def _find_smallest_connected(n, a, b):
    """Return for each of n numbers the smallest one linked to it, also through others; a[i] and b[i] are linked."""
    smallest = np.arange(n)
    while True:
        linked = np.minimum(smallest[a], smallest[b])
        new = smallest.copy()
        np.minimum.at(new, smallest[a], linked)
        np.minimum.at(new, smallest[b], linked)
        new = new[new]
        if np.array_equal(new, smallest):
            return smallest
        smallest = new


def boxes(regions, n):
    """Return the smallest box around each region.

    Parameters
    ----------
    regions, n : as `number_regions` returns them

    Returns
    -------
    ndarray of int [shape=(n, 4)]
        left, top, right, bottom of regions 1 to n; right and bottom are one past the last pixel.
    """
    height, width = regions.shape
    y, x = np.nonzero(regions)
    of = regions[y, x] - 1
    found = np.tile([width, height, 0, 0], (n, 1))
    np.minimum.at(found[:, 0], of, x)
    np.minimum.at(found[:, 1], of, y)
    np.maximum.at(found[:, 2], of, x + 1)
    np.maximum.at(found[:, 3], of, y + 1)
    return found


def box_of(marked):
    """Return left, top, right and bottom of what is marked (right and bottom one past it), or None: tuple of int."""
    rows, columns = (np.flatnonzero(marked.any(axis=axis)) for axis in (1, 0))
    if len(rows) == 0:
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def longer_sides(around):
    """Return the longer side of each box: ndarray of int [shape=(n,)]; `around`: as `boxes` returns them."""
    return np.maximum(around[:, 2] - around[:, 0], around[:, 3] - around[:, 1])


def pixels_of(regions, chosen):
    """Return which pixels belong to the chosen regions: bool, of the picture's shape.

    Parameters
    ----------
    regions : as `number_regions` returns them
    chosen : ndarray of bool [shape=(n,)]
    """
    return np.concatenate([[False], chosen])[regions]


def outline(region):
    """Return the pixels of a mask that are at the picture's edge, or beside, above or below one that is not marked."""
    inner = np.zeros_like(region)
    inner[1:-1, 1:-1] = region[:-2, 1:-1] & region[2:, 1:-1] & region[1:-1, :-2] & region[1:-1, 2:]
    return region & ~inner
