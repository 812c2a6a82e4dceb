"""Hard pixels: a small picture that was enlarged without smoothing, so that each of its pixels became a block.

Screenshots of small pictures look like this, and so does what many programs write. The corners of the blocks are no
part of the drawing. From the small picture itself, strokes with smooth edges can be made.

Between two columns of such a picture something changes only at the blocks' borders, which are equally far apart, but
for the rounding to whole pixels. A line that a pen or a font draws changes at nearly every column.
"""

from dataclasses import dataclass

import numpy as np

LOOKED_AT = 128  # rows, and columns, of the picture
SMALLEST_BLOCK = 4  # pixels; the borders of smaller ones are too close to be told from others
MOST_ROUNDED = 1.3  # pixels by which borders may lie apart from equal distances, both sides taken together
FEWEST = 8  # borders in both directions together
FEWEST_PIXELS = 5  # of the small picture's shorter side
NOT_SQUARE = 0.1  # about the share by which a block's sides may differ
BORDER = 0.02  # least change at a border, by the greatest
BETWEEN = 0.15  # share of all change that is elsewhere, at most


@dataclass(frozen=True)
class HardPixels:
    """A small picture that was found in an enlarged one.

    Attributes
    ----------
    pixels : ndarray of uint8 [shape=(height, width)], the small picture
    left, top : float, where its first pixel begins in the enlarged one
    across, down : float >= 4, sides of a block, in pixels of the enlarged one
    """

    pixels: np.ndarray
    left: float
    top: float
    across: float
    down: float


def hard_pixels_in(pixels):
    """Return the small picture whose pixels are the blocks of this one, as HardPixels, or None if there are no blocks.

    Parameters
    ----------
    pixels : ndarray of uint8 [shape=(height, width)]
    """
    height, width = pixels.shape
    if min(height, width) < FEWEST_PIXELS * SMALLEST_BLOCK:
        return None
    across = _borders(pixels[:: -(-height // LOOKED_AT)])
    down = _borders(pixels[:, :: -(-width // LOOKED_AT)].T)
    if across is None or down is None or len(across) + len(down) < FEWEST:
        return None
    gaps = np.concatenate([np.diff(across), np.diff(down)])
    if gaps.min() < SMALLEST_BLOCK:
        return None
    block = float(gaps[gaps < 1.5 * gaps.min()].mean())
    columns, rows = _grid(across, block, width), _grid(down, block, height)
    if columns is None or rows is None or min(len(columns), len(rows)) <= FEWEST_PIXELS:
        return None
    wide, high = columns[1] - columns[0], rows[1] - rows[0]
    if abs(np.log(wide / high)) > NOT_SQUARE:
        return None
    x, y = ((lines[:-1] + lines[1:]) / 2 for lines in (columns, rows))
    small = pixels[np.ix_(np.clip(y, 0, height - 1).astype(int), np.clip(x, 0, width - 1).astype(int))]
    return HardPixels(small, columns[0], rows[0], wide, high)


def _borders(rows):
    """Return the columns at which blocks begin, except the first: int array; or None if much changes between them."""
    change = np.square(np.diff(rows.astype(np.float32), axis=1)).sum(axis=0)
    borders = change > BORDER * change.max()
    if not borders.any() or change[~borders].sum() > BETWEEN * change.sum():
        return None
    return np.flatnonzero(borders) + 1


def _grid(borders, block, length):
    """Return equally distant lines through the borders, from edge to edge: float array; or None if there are none such.

    A part of a block at an edge counts as a block if it is half of one or more.
    """
    number = np.concatenate([[0], np.cumsum(np.round(np.diff(borders) / block))])
    if len(borders) > 2:
        block = float(np.polyfit(number, borders, 1)[0])
    beside = borders - block * number
    if np.ptp(beside) > MOST_ROUNDED:
        return None
    first = float((beside.min() + beside.max()) / 2)
    before, after = np.floor(first / block + 0.5), np.floor((length - first) / block + 0.5)
    return first + block * np.arange(-before, after + 1)
