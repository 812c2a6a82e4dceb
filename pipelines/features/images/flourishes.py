"""Flourishes: strokes that some writers add, and others leave out: the flag and the foot of a 1, the bar of a 7.

American digits have few of them, so a network may confuse a 1 that has a flag with a 7. The shape of a drawing, not its
class, decides whether it may get one. An upright stroke alone may have a flag at its upper end and a foot at its lower
one. A stem below a broad top may be crossed. An l, a T or a 9 with a longer stem stays what it was, too.
"""

import numpy as np

DARK = 96  # levels up to this are no stroke
UPRIGHT = 0.35  # an upright stroke is at most this share of its height wide
STEM, TOP = 0.4, 0.5  # shares of the drawing's width: the most for a stem, the least for a top
STEM_FROM, TOP_TO = 0.3, 0.25  # where the stem begins and the top ends, as shares of the drawing's height
SOFT = 0.5  # pixels of a stroke's edge


def with_flourishes(pictures, chosen, rng):
    """Return the drawings, with a flourish on each chosen one whose form allows it.

    Parameters
    ----------
    pictures : ndarray of uint8 [shape=(n, height, width, 1)], bright strokes on a dark ground
    chosen : ndarray of bool [shape=(n,)]
    rng : numpy Generator

    Returns
    -------
    ndarray of uint8 [shape=(n, height, width, 1)]
    """
    adorned = pictures
    for row in np.flatnonzero(chosen):
        stroke = pictures[row, :, :, 0] > DARK
        segments = _segments(stroke, rng)
        if segments:
            adorned = pictures.copy() if adorned is pictures else adorned
            for segment in segments:
                np.maximum(adorned[row, :, :, 0], _draw(stroke, *segment), out=adorned[row, :, :, 0])
    return adorned


def _segments(stroke, rng):
    """Return the strokes that may be added: list of ((y, x), (y, x)), in pixels."""
    rows, columns = np.flatnonzero(stroke.any(axis=1)), np.flatnonzero(stroke.any(axis=0))
    if len(rows) < 10:
        return []
    top, bottom, left, right = rows[0], rows[-1], columns[0], columns[-1]
    high, wide = bottom - top + 1, right - left + 1
    inner = stroke[top : bottom + 1]
    first, last = inner.argmax(axis=1), stroke.shape[1] - 1 - inner[:, ::-1].argmax(axis=1)
    single = inner.sum(axis=1) == last - first + 1  # whether each row has a single stroke
    breadth = last - first + 1
    middle = (first + last) / 2
    if single.all() and (wide <= UPRIGHT * high or breadth.max() <= UPRIGHT * high):
        return _flag_and_foot(top, bottom, high, middle, rng)
    stem, head = slice(int(STEM_FROM * high), None), slice(0, max(1, int(TOP_TO * high)))
    if single[stem].all() and breadth[stem].max() <= STEM * wide and breadth[head].max() >= TOP * wide:
        at = int(rng.uniform(0.4, 0.65) * high)
        half, slope = rng.uniform(0.16, 0.28) * high, rng.uniform(-0.25, 0.1)
        x, y = middle[at] + rng.uniform(-1, 1), top + at
        return [((y - slope * half, x - half), (y + slope * half, x + half))]
    return []


def _flag_and_foot(top, bottom, high, middle, rng):
    end, foot = (top + 0.5, middle[1]), (bottom - 0.5, middle[-2])
    length, angle = rng.uniform(0.2, 0.5) * high, np.radians(rng.uniform(25, 65))
    segments = [(end, (end[0] + length * np.sin(angle), end[1] - length * np.cos(angle)))]
    if rng.random() < 0.3:
        half = rng.uniform(0.12, 0.25) * high
        segments.append(((foot[0], foot[1] - half), (foot[0], foot[1] + half)))
    return segments


def _draw(stroke, begin, end):
    """Return a straight stroke as broad as those of the drawing: uint8 [shape=(height, width)]."""
    half = 0.5 * np.median(stroke.sum(axis=1)[stroke.any(axis=1)])
    half = min(max(half, 1.0), 2.5)
    y, x = np.indices(stroke.shape)
    along = np.subtract(end, begin)
    share = ((y - begin[0]) * along[0] + (x - begin[1]) * along[1]) / max(along @ along, 1e-6)
    share = np.clip(share, 0, 1)
    distance = np.hypot(y - begin[0] - share * along[0], x - begin[1] - share * along[1])
    return (255 * np.clip((half + SOFT - distance) / (2 * SOFT), 0, 1)).astype(np.uint8)
