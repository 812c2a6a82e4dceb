"""Frames: what people draw around or under a drawing: the cell of a form, a circle around a digit, or an underline.

A frame along the four sides of the picture is no part of the drawing. A ring that lies anywhere else may be a part, as
in a traffic sign, or not, and so may an underline: it is only told what is left without them. A ring bulges nowhere
inwards. The outline of a hollow 6, which goes around that of its hole, does.
"""

import numpy as np

from pipelines.features.images.regions import longer_sides

FRAMED = 0.8  # least share of width and height that a frame takes, and share of each side that is drawn
FILLED = 0.5  # largest share of its box that a frame covers; a sheet of paper on a table covers more
AROUND = 0.6  # least share of the rows and columns of what a ring goes around in which it is on both sides
CONVEX, CLOSE = 0.9, 0.1  # least share of a ring's pixels close to its convex hull, and how close, by its length
FLAT = 0.25  # height of an underline, at most, by its width
WIDE, HALF = 0.6, 0.4  # width of an underline, at least, by the width and the height of what is above it
DIRECTIONS = 16  # in which the hull is looked at
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


def bare_parts(regions, around, kept, mass):
    """Return which of the kept regions are left without the rings around, and the lines under them.

    Parameters
    ----------
    regions, around : as `find_frames` takes them
    kept : ndarray of bool [shape=(n,)], the regions to look at
    mass : ndarray of float [shape=(n,)], how much ink each region has

    Returns
    -------
    ndarray of bool [shape=(n,)], all False if there are neither
    """
    ringed = _ringed(regions, around, kept, mass)
    bare = ringed if ringed.any() else kept
    bare = bare & ~_underlines(around, bare, mass)
    return bare & (bare.sum() < kept.sum())


def _underlines(around, kept, mass):
    """Return which of the kept regions are flat and lie below the heaviest that is not flat."""
    wide, high = around[:, 2] - around[:, 0], around[:, 3] - around[:, 1]
    flat = high <= FLAT * wide
    if not (kept & flat).any() or not (kept & ~flat).any():
        return np.zeros_like(kept)
    main = int(np.argmax(np.where(kept & ~flat, mass, -1)))
    below = (around[:, 1] >= around[main, 3]) & (around[:, 0] < around[main, 2]) & (around[:, 2] > around[main, 0])
    return kept & flat & below & (wide >= max(WIDE * wide[main], HALF * high[main]))


def _ringed(regions, around, kept, mass):
    """Return which of the kept regions stand inside of a ring, or of the innermost of several rings."""
    lengths = longer_sides(around)
    inner, ringed = kept, np.zeros_like(kept)
    while inner.any():
        ring = int(np.argmax(np.where(inner, lengths, -1)))
        begins_inside = (around[:, :2] > around[ring, :2]).all(axis=1)
        inner = inner & begins_inside & (around[:, 2:] < around[ring, 2:]).all(axis=1)
        main = int(np.argmax(np.where(inner, mass, -1)))
        if not inner.any() or lengths[main] < RINGED * lengths[ring]:
            break
        marked = regions == ring + 1
        if not (_goes_around(marked, around[main]) and is_convex(marked)):
            break
        ringed = inner
    return ringed


def _goes_around(ring, box):
    """Tell whether marked pixels are found on both sides of a box, in nearly all of its rows and columns."""
    left, top, right, bottom = box
    beside = ring[top:bottom, :left].any(axis=1) & ring[top:bottom, right:].any(axis=1)
    across = ring[:top, left:right].any(axis=0) & ring[bottom:, left:right].any(axis=0)
    return np.concatenate([beside, across]).mean() >= AROUND


def is_convex(ring):
    """Tell whether nearly all marked pixels are close to the edge of their convex hull.

    In each direction, the hull reaches as far as its farthest pixel; a pixel's distance from the edge is the least of
    those in all directions.
    """
    places = np.argwhere(ring)
    angles = np.arange(DIRECTIONS) * (2 * np.pi / DIRECTIONS)
    reach = places @ np.stack([np.sin(angles), np.cos(angles)])
    inside = (reach.max(axis=0) - reach).min(axis=1)
    return np.mean(inside <= CLOSE * np.ptp(places, axis=0).max()) >= CONVEX
