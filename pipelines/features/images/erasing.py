"""Erasing: a part of a picture is covered, so that the network does not rely on a single part.

Zhong, Zheng, Kang, Li and Yang 2017, https://arxiv.org/abs/1708.04896
"""

import numpy as np

SIDES = (0.15, 0.45)  # sides of the rectangle, as shares of the picture's sides


def erase(pictures, chosen, rng):
    """Return the pictures, some of them with a rectangle filled by one level, or colour, at random.

    The sides of the rectangle are 15 to 45 % of the picture's, and at least a pixel; it lies wholly within.

    Parameters
    ----------
    pictures : ndarray of uint8 [shape=(n, height, width, n_channels)]
    chosen : ndarray of bool [shape=(n,)], which pictures lose a part
    rng : numpy Generator

    Returns
    -------
    ndarray of uint8 [shape=(n, height, width, n_channels)]
    """
    n, height, width, n_channels = pictures.shape
    top, bottom = _stretch(n, height, rng)
    left, right = _stretch(n, width, rng)
    fill = rng.integers(0, 256, (n, 1, 1, n_channels), np.uint8)
    row, column = np.arange(height), np.arange(width)
    within_rows = chosen[:, None] & (top <= row) & (row < bottom)
    within_columns = (left <= column) & (column < right)
    covered = within_rows[:, :, None, None] & within_columns[:, None, :, None]
    return np.where(covered, fill, pictures)


def _stretch(n, length, rng):
    """Return where n stretches begin and end on a side of `length` pixels: int [shape=(n, 1)] each."""
    size = np.maximum(1, np.round(rng.uniform(*SIDES, (n, 1)) * length)).astype(np.int64)
    start = np.floor(rng.random((n, 1)) * (length - size + 1)).astype(np.int64)
    return start, start + size
