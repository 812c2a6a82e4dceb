"""The ground: what a sheet would look like if nothing were written on it.

Light falls unevenly on paper, shadows have edges, and the table below is another ground, so one single level cannot
separate ink from paper. Two ideas can. Ink lies in a basin: from it, every way to the picture's edge leads over
something brighter, which is not so for a table, nor for a shadow that comes from outside. Filling basins as water
would, to where it runs off, gives a first ground (Soille 2003, Morphological Image Analysis, section 6.3). And where
ink is known to be, the paper beside it can be continued below it, which follows the light more closely.
"""

import numpy as np
from PIL import Image, ImageFilter

BASIN_SIDE = 128  # the longer side of the picture in which basins are filled, in pixels
SIDE = 64  # the longer side of the picture in which paper is continued, in pixels
SHALLOW = 3  # levels; basins that are not deeper are grain
MEDIAN = 5  # pixels of that picture; printed lines and grain are narrower than half of this


def fill(picture):
    """Fill dark basins up to the lowest way out.

    Parameters
    ----------
    picture : Pillow image of mode "L"

    Returns
    -------
    level : ndarray of float32 [shape=(height, width)], from 0 to 255
        The level up to which each pixel is filled, where it is in a basin.
    basins : ndarray of bool [shape=(height, width)]
        Basins, and a narrow strip around them.
    """
    small = np.asarray(_small(picture, BASIN_SIDE))
    water = np.pad(np.full_like(small, 255), 1)  # the water runs off at the picture's edge
    inside, before = water[1:-1, 1:-1], None
    while before is None or not np.array_equal(inside, before):
        before = inside.copy()
        np.maximum(_lowest_around(water), small, out=inside)
    basins = Image.fromarray(inside - small > SHALLOW).convert("L").filter(ImageFilter.MaxFilter(5))
    # This gives the pixels beside a basin the level of its water.
    level = Image.fromarray(inside).filter(ImageFilter.MaxFilter(3))
    return _back(level, picture.size), np.asarray(basins.resize(picture.size, Image.Resampling.NEAREST)) > 0


def _lowest_around(padded):
    """Return the lowest value of each pixel and its eight neighbours; `padded` has one pixel more on every side."""
    rows = np.minimum(np.minimum(padded[:-2], padded[2:]), padded[1:-1])
    return np.minimum(np.minimum(rows[:, :-2], rows[:, 2:]), rows[:, 1:-1])


def ground_beside(picture, covered):
    """Return a picture without what is known to cover it.

    Parameters
    ----------
    picture : Pillow image of mode "L"
    covered : ndarray of bool [shape=(height, width)]
        Where there is ink, or may be; what is beside it is ground.

    Returns
    -------
    ndarray of float32 [shape=(height, width)], levels from 0 to 255
    """
    small = _small(picture, SIDE)
    ink = Image.fromarray(covered).convert("L").resize(small.size, Image.Resampling.BOX)
    bare = np.asarray(ink.filter(ImageFilter.MaxFilter(3))) == 0
    if not bare.any():
        return np.full(covered.shape, 255, np.float32)
    continued = Image.fromarray(_continue(np.asarray(small, np.float32), bare).round().astype(np.uint8))
    return _back(continued.filter(ImageFilter.MedianFilter(MEDIAN)), picture.size)


def _small(picture, side):
    scale = side / max(picture.size)
    size = tuple(max(1, round(length * scale)) for length in picture.size)
    return picture.resize(size, Image.Resampling.BOX)


def _back(small, size):
    return np.asarray(small.convert("F").resize(size, Image.Resampling.BILINEAR))


def _continue(values, known):
    """Replace the unknown values by a weighted mean of the known ones, in which near pixels count most."""
    radius = 1.5
    while not known.all():
        weight = _blur(known.astype(np.float32), radius)
        mean = _blur(np.where(known, values, 0).astype(np.float32), radius) / np.maximum(weight, 1e-6)
        reached = ~known & (weight > 0.02)
        values, known, radius = np.where(reached, mean, values), known | reached, 2 * radius
    return values


def _blur(values, radius):
    """Blur by a Gaussian; values beyond the edges are 0."""
    down, across = (_gaussian(n, radius) for n in values.shape)
    return down @ values @ across


def _gaussian(n, radius):
    at = np.arange(n, dtype=np.float32)
    weights = np.exp(-0.5 * np.square((at[:, None] - at) / np.float32(radius)))
    return weights / np.float32(radius * np.sqrt(2 * np.pi))
