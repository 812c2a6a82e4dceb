"""A drawing: strokes that were cut out of a picture."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Drawing:
    """Strokes cut out of a picture.

    Attributes
    ----------
    coverage : ndarray of float32 [shape=(height, width)], in [0, 1]
        How much of each pixel is stroke; no empty rows or columns at the edges.
    breadth : float > 0, in pixels
        Mean breadth of the strokes.
    """

    coverage: np.ndarray
    breadth: float


def breadth(pictures):
    """Return the mean breadth of strokes: twice their area, divided by the length of their outline.

    The outline's length is the sum of the slopes: going over an edge from 0 to 1, however soft, adds its length.

    Parameters
    ----------
    pictures : ndarray of float [shape=(n, height, width)], in [0, 1]; 1 where there is a stroke

    Returns
    -------
    ndarray of float [shape=(n,)], in pixels; 0 where there are no strokes
    """
    padded = np.pad(pictures, ((0, 0), (1, 1), (1, 1)))
    down, across = np.diff(padded, axis=1)[:, :, 1:], np.diff(padded, axis=2)[:, 1:]
    outline = np.sqrt(down * down + across * across).sum(axis=(1, 2))
    return 2 * pictures.sum(axis=(1, 2)) / np.maximum(outline, 1e-6)
