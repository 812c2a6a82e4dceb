"""Frames: what people draw around a drawing, such as the cell of a form, or a circle around a digit.

A frame along the four sides of the picture is no part of the drawing. A ring that lies anywhere else may be a part, as
in a traffic sign, or not: so it is only told what the ring goes around.
"""

import numpy as np

FRAMED = 0.8  # least share of width and height that a frame takes, and share of each side that is drawn
FILLED = 0.5  # largest share of its box that a frame covers; a sheet of paper on a table covers more
AROUND = 0.6  # least share of the rows and columns of what a ring goes around in which it is on both sides
RINGED = 0.2  # least length of what a ring goes around, as a share of the ring's; what is shorter may be a speck


def find_frames(regions, around, shape):
    """Return which regions go around the whole picture along its four sides: list of int, from 0.

    Parameters
    ----------
    regions : ndarray of int [shape=(height, width)], as `number_regions` returns them
    around : ndarray of int [shape=(n, 4)], their boxes
    shape : (height, width) of the picture
    """
    height, width = shape
    large = (around[:, 2] - around[:, 0] >= FRAMED * width) & (around[:, 3] - around[:, 1] >= FRAMED * height)
    frames = []
    for k in np.flatnonzero(large):
        left, top, right, bottom = around[k]
        inside = regions[top:bottom, left:right] == k + 1
        if inside.mean() > FILLED:
            continue
        rim = max(1, min(inside.shape) // 12)
        sides = (
            inside[:rim].any(axis=0),
            inside[-rim:].any(axis=0),
            inside[:, :rim].any(axis=1),
            inside[:, -rim:].any(axis=1),
        )
        if min(side.mean() for side in sides) >= FRAMED:
            frames.append(int(k))
    return frames


def ringed_by_others(regions, around, kept, mass):
    """Return which of the kept regions stand inside of a ring, or of the innermost of several rings.

    Parameters
    ----------
    regions, around : as `find_frames` takes them
    kept : ndarray of bool [shape=(n,)], the regions to look at
    mass : ndarray of float [shape=(n,)], how much ink each region has

    Returns
    -------
    ndarray of bool [shape=(n,)], all False if there is no ring
    """
    lengths = np.maximum(around[:, 2] - around[:, 0], around[:, 3] - around[:, 1])
    inner, ringed = kept, np.zeros_like(kept)
    while inner.any():
        ring = int(np.argmax(np.where(inner, lengths, -1)))
        begins_inside = (around[:, :2] > around[ring, :2]).all(axis=1)
        inner = inner & begins_inside & (around[:, 2:] < around[ring, 2:]).all(axis=1)
        main = int(np.argmax(np.where(inner, mass, -1)))
        if not inner.any() or lengths[main] < RINGED * lengths[ring]:
            break
        if not _goes_around(regions == ring + 1, around[main]):
            break
        ringed = inner
    return ringed


def _goes_around(ring, box):
    """Tell whether marked pixels are found on both sides of a box, in nearly all of its rows and columns."""
    left, top, right, bottom = box
    beside = ring[top:bottom, :left].any(axis=1) & ring[top:bottom, right:].any(axis=1)
    across = ring[:top, left:right].any(axis=0) & ring[bottom:, left:right].any(axis=0)
    return np.concatenate([beside, across]).mean() >= AROUND
