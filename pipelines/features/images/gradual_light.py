"""Gradual light: a lamp on one side, or duller corners, make the same paper bright here and dull there.

The paper's light is a quadratic surface, fitted to how bright the paper is in the cells of a coarse grid. Cells that
are full of ink are far below it. So what is below the surface counts less than what is above, and in the end, the
surface is fitted to the cells close to it. Dividing by the light gives the picture as it would be in even light: ink
takes the same share of the light everywhere.

Steps in the light, such as a shadow's edge or a table beside the paper, are no such surface: see `ground` for those.

Newey and Powell 1987, https://doi.org/10.2307/1911031 (asymmetric least squares)
"""

import numpy as np
from PIL import Image

from pipelines.features.images.edge import share_of_edge

CELLS = 32  # along each side of the picture
BELOW = 0.05  # weight of a cell below the surface; one above it has 1
ROUNDS = 10
CLOSE, LEAST = 0.1, 2  # share of the light, and levels, by which a cell of paper may be below the surface
SHOWN = 0.9  # least share of the cells along the picture's edge that shows paper
DULLEST, WHITE = 16, 235  # levels: duller paper shows nothing; paper becomes this bright


def even_out_light(picture):
    """Return a picture of dark ink on bright paper as it would be in even light, or None if the light is not gradual.

    Parameters
    ----------
    picture : Pillow image of mode "L"

    Returns
    -------
    Pillow image of mode "L" and the same size, or None
    """
    level = np.asarray(picture.resize((CELLS, CELLS), Image.Resampling.BOX), np.float32).ravel()
    surface = _quadratic(CELLS, CELLS)
    counts = np.ones(len(level))
    for _ in range(ROUNDS):
        light = surface @ _fit(surface, level, counts)
        counts = np.where(level >= light, 1, BELOW)
    paper = level >= (1 - CLOSE) * light - LEAST
    if share_of_edge(paper.reshape(CELLS, CELLS)) < SHOWN:
        return None
    weights = _fit(surface, level, paper)
    wide, high = picture.size
    light = np.maximum((_quadratic(high, wide) @ weights).reshape(high, wide), DULLEST)
    return Image.fromarray(divide_by(light, picture))


def divide_by(light, picture):
    """Return a picture as it would be in even light, in which paper is `WHITE`: uint8 [shape=(height, width)].

    Parameters
    ----------
    light : ndarray of float [shape=(height, width)], the level that paper has at each pixel, at least `DULLEST`
    picture : Pillow image of mode "L"
    """
    levels = np.asarray(picture, np.float32) * (WHITE / light)
    return np.clip(levels, 0, 255).round().astype(np.uint8)


def _fit(surface, level, counts):
    """Return the weights of a surface through levels by least squares, each level weighed by what it counts."""
    root = np.sqrt(counts)
    return np.linalg.lstsq(surface * root[:, None], level * root, rcond=None)[0]


def _quadratic(rows, columns):
    """Return 1, x, y, x², xy and y² at the centres of a grid's cells, from 0 to 1: [shape=(rows * columns, 6)]."""
    y, x = np.mgrid[0.5:rows, 0.5:columns].reshape(2, -1) / np.array([[rows], [columns]])
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)
