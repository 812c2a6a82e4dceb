"""Framing of strokes: a drawing in its place, at its size.

Collections of handwriting are often normalised: bright strokes on a dark, even ground; every drawing scaled to one
size; its centre of mass in the middle of the picture. MNIST's digits have a longer side of 20 pixels in a field of 28
(LeCun, Bottou, Bengio and Haffner 1998, https://doi.org/10.1109/5.726791). In other collections each drawing is as
long as its field, with no room around it. A network that learned from such pictures has never met a digit elsewhere, so
a picture from outside is brought to the same convention first.

The convention of the training pictures, if they have one, is measured on them.
"""

import numpy as np
from PIL import Image, ImageFilter

from pipelines.features.images.drawing import breadth

DARK, BRIGHT = 32, 128  # levels up to the first are ground, and from the second on they are stroke
OBEYED = 0.95  # a convention holds if at least this share of the training pictures obey it
SMALLEST_FIELD = 16  # pixels, of a field around whose drawings there is room
SMALLEST_FILLED = 8  # pixels, of a field that its drawings fill
GROUND = 1 / 3  # least share of the pixels that are ground, in a field that its drawing fills
BROADEST = 1 / 3  # largest square inside a stroke, as a share of the drawing's longer side
CHUNK = 4096
THINNEST = 0.7  # strokes thinner than this share of the usual breadth are broadened


def convention(pictures):
    """Measure whether pictures are strokes in a common size and place.

    Parameters
    ----------
    pictures : ndarray of uint8 [shape=(n, height, width)]

    Returns
    -------
    (side, breadth) : int and float, in pixels, or None
        The longer side of the drawings' boxes, and the median breadth of their strokes; None if at least 1 in 20
        pictures does not obey, or if what fills the pictures is too broad for strokes.
    """
    field = min(pictures.shape[1:])
    if len(pictures) == 0 or field < SMALLEST_FILLED:
        return None
    side = int(np.median(_longer_side(pictures)))
    if is_filled(pictures.shape[1:], side):
        if not are_strokes(pictures, field):
            return None
    elif field < SMALLEST_FIELD or not field / 3 <= side <= field - 4:
        return None
    if np.mean(obeys(pictures, side)) < OBEYED:
        return None
    return side, round(float(np.median(breadth(pictures / np.float32(255)))), 3)


def are_strokes(pictures, side):
    """Tell whether bright figures on a dark ground are drawn with strokes, and are no filled shapes.

    In three of four pictures at least, no square inside the figure is longer than a third of `side`.

    Parameters
    ----------
    pictures : ndarray of uint8 [shape=(n, height, width)]
    side : int > 0, longer side of the figures, in pixels
    """
    return bool(np.quantile(_largest_square(pictures), 0.75) <= BROADEST * side)


def obeys(pictures, side):
    """Tell of each picture whether it keeps to a convention: bool [shape=(n,)].

    Its drawing is about `side` long. If this leaves room in the field, the median of the edge is dark, and the centre
    of mass is within a pixel of the middle. If it leaves none, at least a third of the pixels is dark, and what is
    bright has the same room on both sides, to an eighth of the field.

    Parameters
    ----------
    pictures : ndarray of uint8 [shape=(n, height, width)]
    side : int > 0, in pixels
    """
    keeps = [_obeys(pictures[start : start + CHUNK], side) for start in range(0, len(pictures), CHUNK)]
    return np.concatenate([np.zeros(0, bool), *keeps])


def _obeys(pictures, side):
    _, height, width = pictures.shape
    longer = _longer_side(pictures)
    of_this_size = (longer <= side + 1) & (longer >= side - 2)
    if is_filled((height, width), side):
        dark = np.mean(pictures <= DARK, axis=(1, 2)) >= GROUND
        bright = pictures >= BRIGHT
        across, down = _imbalance(bright.any(axis=1)) / width, _imbalance(bright.any(axis=2)) / height
        return of_this_size & dark & (np.maximum(np.abs(across), np.abs(down)) <= 1 / 4)
    edges = np.concatenate([pictures[:, 0], pictures[:, -1], pictures[:, :, 0], pictures[:, :, -1]], axis=1)
    dark = 2 * (edges <= DARK).sum(axis=1) > edges.shape[1]
    x, y = _centre_of_mass(pictures)
    central = (np.abs(x - width // 2) < 1) & (np.abs(y - height // 2) < 1)
    return dark & central & of_this_size


def is_filled(shape, side):
    """Tell whether drawings that long reach from edge to edge of a field, so that there is no room around them.

    Parameters
    ----------
    shape : (height, width) of the field, in pixels
    side : int > 0, in pixels
    """
    return side >= max(shape) - 1


def _centre_of_mass(pictures):
    """Return x and y in pixels, each [shape=(n,)]; -1 where a picture is black."""
    n, height, width = pictures.shape
    y, x = np.mgrid[0:height, 0:width].reshape(2, -1)
    sums = pictures.reshape(n, -1).astype(np.float32) @ np.stack([np.ones_like(x), x, y], axis=1).astype(np.float32)
    mass = np.maximum(sums[:, 0], 1e-6)
    return (np.where(sums[:, 0] > 0, sums[:, axis] / mass, -1) for axis in (1, 2))


def _largest_square(pictures):
    """Return the side of the largest square of bright pixels in each picture, in pixels [shape=(n,)]."""
    corners, side = pictures >= BRIGHT, np.zeros(len(pictures), int)
    while corners.any():  # those of squares that are one pixel longer each time
        side[corners.any(axis=(1, 2))] += 1
        corners = corners[:, 1:, 1:] & corners[:, 1:, :-1] & corners[:, :-1, 1:] & corners[:, :-1, :-1]
    return side


def _longer_side(pictures):
    """Return the longer side of the box around the pixels brighter than `DARK`, in pixels [shape=(n,)]."""
    bright = pictures > DARK
    return np.maximum(_extent(bright.any(axis=2)), _extent(bright.any(axis=1)))


def _extent(marked):
    before, behind = _room(marked)
    return np.where(marked.any(axis=1), marked.shape[1] - before - behind, 0)


def _imbalance(marked):
    """Return how many places there are before the first marked one, less those behind the last [shape=(n,)]."""
    before, behind = _room(marked)
    return before - behind


def _room(marked):
    return marked.argmax(axis=1), marked[:, ::-1].argmax(axis=1)


def frame(drawing, width, height, side, usual_breadth):
    """Bring a drawing to a convention.

    Parameters
    ----------
    drawing : Drawing
    width, height : int > 0, in pixels
        Of the field.
    side : int > 0, in pixels
        The longer side of the drawing's box in it.
    usual_breadth : float > 0, in pixels
        Of strokes; those that would be much thinner are broadened, since they would fade when they shrink.

    Returns
    -------
    ndarray of uint8 [shape=(height, width)]
    """
    return frame_at(drawing, width, height, side, usual_breadth)[0]


def frame_at(drawing, width, height, side, usual_breadth):
    """Do what `frame` does; return the field, and where the drawing's own box is in it: left, top, right, bottom."""
    coverage = Image.fromarray((255 * drawing.coverage).round().astype(np.uint8))
    scale = side / max(coverage.size)
    missing = THINNEST * usual_breadth / scale - drawing.breadth
    by = round(missing / 2) if missing > 0 else 0
    if by:
        coverage = _broaden(coverage, by)
    small = _scale(coverage, side)
    (x,), (y,) = _centre_of_mass(small[np.newaxis])
    left = min(max(round(width // 2 - float(x)), 0), width - small.shape[1])
    top = min(max(round(height // 2 - float(y)), 0), height - small.shape[0])
    field = np.zeros((height, width), np.uint8)
    field[top : top + small.shape[0], left : left + small.shape[1]] = small
    scale = side / max(coverage.size)
    high, wide = drawing.coverage.shape
    return field, (left + scale * by, top + scale * by, left + scale * (by + wide), top + scale * (by + high))


def _broaden(coverage, by):
    padded = Image.new("L", (coverage.width + 2 * by, coverage.height + 2 * by))
    padded.paste(coverage, (by, by))
    return padded.filter(ImageFilter.MaxFilter(2 * by + 1))


def _scale(coverage, side):
    """Reduce by averaging areas until the longer side is `side`; make the brightest pixel white."""
    size = tuple(max(1, round(length * side / max(coverage.size))) for length in coverage.size)
    small = np.asarray(coverage.resize(size, Image.Resampling.BOX), np.float32)
    return (small * (255 / max(small.max(), 1))).round().astype(np.uint8)
