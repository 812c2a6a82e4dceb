"""A drawing: strokes that were cut out of a picture."""

from dataclasses import dataclass, replace

import numpy as np

from pipelines.features.images.regions import box_of


@dataclass(frozen=True)
class Drawing:
    """Strokes cut out of a picture.

    Attributes
    ----------
    coverage : ndarray of float32 [shape=(height, width)], in [0, 1]
        How much of each pixel is stroke; no empty rows or columns at the edges.
    breadth : float > 0, in pixels
        Mean breadth of the strokes.
    box : (left, top, right, bottom) of float, in pixels of the picture that it was cut out of, or None
        Where it was there; right and bottom are one past the last pixel.
    bare : Drawing or None
        The same without what was drawn around or under it, as a digit without its circle or its underline.
    """

    coverage: np.ndarray
    breadth: float
    box: tuple[float, float, float, float] | None = None
    bare: "Drawing | None" = None

    def move(self, left, top, times):
        """Return the drawing in a picture that is so many times larger, from a place in that picture on."""
        if self.box is None:
            return self
        across, down = (times, times) if np.isscalar(times) else times
        x0, y0, x1, y1 = self.box
        box = left + across * x0, top + down * y0, left + across * x1, top + down * y1
        return replace(self, box=box, bare=self.bare and self.bare.move(left, top, times))


def cut_out(coverage):
    """Return the Drawing that covers half of a pixel or more, or None if it covers that much of none.

    Parameters
    ----------
    coverage : ndarray of float32 [shape=(height, width)], in [0, 1], of the picture that it is cut out of
    """
    box = box_of(coverage >= 0.5)
    if box is None:
        return None
    left, top, right, bottom = box
    cut = coverage[top:bottom, left:right]
    return Drawing(cut, float(breadth(cut[np.newaxis])[0]), box)


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
