"""Gradient features: which way brightness changes in each part of a picture, and which colours are there.

A cat that sits a little further left has other pixels, but edges of the same directions in about the same places. So
the picture is parted into cells, and each cell tells how much of its brightness rises in each of eight directions,
whatever the light. The same is told of the picture at half its size, and so on: fur is seen from near, a back from
afar. Blocks of the picture tell how their colours are spread. Nothing here is learned.

1. Slopes. (g_x, g_y) = half of the difference between the next pixel and the one before, of the colour in which it is
   steepest (Dalal and Triggs 2005, https://doi.org/10.1109/CVPR.2005.177).
2. Directions. max(0, g · u_k)^2 / |g| for the unit vectors u_k, k = 0 ... 7: a slope counts fully for its own direction
   and half for a neighbour, 45° away (rectified directional derivatives as in Tola, Lepetit and Fua 2010,
   https://doi.org/10.1109/TPAMI.2009.77, squared).
3. Cells. Their means over a grid, with weights that fall in a line to the centres of the neighbouring cells.
4. Light. The square root of H_k / sqrt(mean of |H|^2 over a cell and its neighbours); the root as in RootSIFT
   (Arandjelović and Zisserman 2012, https://doi.org/10.1109/CVPR.2012.6248018). The divisor is a feature of its own:
   sqrt(|H|).
5. Colours. Of brightness, red against green, and blue against yellow, the share of each of eight levels in each block;
   a colour between two levels counts for both. The square root of each share.
"""

import functools

import numpy as np

DIRECTIONS = 8
CELLS = 8  # along the longer side
SMALLEST_CELL = 4  # pixels
SMALLEST_OCTAVE = 12  # pixels of the longer side
BLOCKS = 4  # along the longer side
LEVELS = 8
FAINTEST = 0.02  # share of the brightness range; cells with weaker slopes than this count as even
OPPONENT_REACH = 0.4  # differences of red and green, and of blue and yellow, are rarely larger
CHUNK = 16  # pictures, whose slopes fit into a core's cache


def octaves(height, width):
    """Return the sizes at which a picture is looked at, each half of the one before, and their grids of cells.

    Returns
    -------
    list of ((height, width), (rows, columns))
        Of int, in pixels and in cells.
    """
    found, high, wide = [], height, width
    while not found or max(high, wide) >= SMALLEST_OCTAVE:
        found.append(((high, wide), grid(high, wide, CELLS >> len(found))))
        high, wide = max(1, high // 2), max(1, wide // 2)
    return found


def grid(height, width, along):
    """Return into how many rows and columns of about square cells a picture is parted: tuple of int."""
    cell = max(SMALLEST_CELL, max(height, width) / max(1, along))
    return max(1, round(height / cell)), max(1, round(width / cell))


def n_gradients(height, width, n_channels):
    """Return how many features a picture has."""
    cells = sum(rows * columns for _, (rows, columns) in octaves(height, width))
    rows, columns = grid(height, width, BLOCKS)
    return (DIRECTIONS + 1) * cells + LEVELS * n_channels * rows * columns


def gradient_features(pictures):
    """Describe pictures by their gradients and colours.

    A picture's features do not depend on those beside it.

    Parameters
    ----------
    pictures : ndarray of uint8 [shape=(n, height, width, n_channels)], of 1 or 3 channels

    Returns
    -------
    ndarray of float32 [shape=(n, n_gradients)], about from 0 to 1
        Octave by octave: `DIRECTIONS` maps of cells, then one of strength. Then the levels of each colour, block by
        block. Maps go row by row from the top left.
    """
    n, height, width, n_channels = pictures.shape
    features = np.empty((n, n_gradients(height, width, n_channels)), np.float32)
    for start in range(0, n, CHUNK):
        some = pictures[start : start + CHUNK].transpose(0, 3, 1, 2).astype(np.float32)
        some /= 255
        parts, octave = [], some
        for number, (_, cells) in enumerate(octaves(height, width)):
            octave = _halve(octave) if number else octave
            parts += _of_light(cell_histograms(octave, cells))
        parts.append(_colour_shares(_halve(some), grid(height, width, BLOCKS)))
        np.concatenate([part.reshape(len(some), -1) for part in parts], axis=1, out=features[start : start + CHUNK])
    return features


def cell_histograms(pictures, cells):
    """Return how much brightness rises in each direction in each cell.

    Parameters
    ----------
    pictures : ndarray of float32 [shape=(n, n_channels, height, width)], in [0, 1]
    cells : (rows, columns)

    Returns
    -------
    ndarray of float32 [shape=(n, DIRECTIONS, rows, columns)]
        The direction k points to 45° k, from "to the right" by "down".
    """
    g_x, g_y = steepest_slopes(pictures)
    angles = (2 * np.pi / DIRECTIONS * np.arange(DIRECTIONS)).astype(np.float32)[:, None, None]
    rise = g_x[:, None] * np.cos(angles) + g_y[:, None] * np.sin(angles)
    np.maximum(rise, 0, out=rise)
    rise *= rise
    rise /= (np.sqrt(g_x * g_x + g_y * g_y) + np.float32(1e-6))[:, None]
    return _pool(rise, cells)


def steepest_slopes(pictures):
    """Return the slopes to the right and down, of the channel in which they are steepest.

    Parameters
    ----------
    pictures : ndarray of float32 [shape=(n, n_channels, height, width)]

    Returns
    -------
    g_x, g_y : ndarray of float32 [shape=(n, height, width)], per pixel; at the edges, of half a step
    """
    padded = np.pad(pictures, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="edge")
    g_x = (padded[:, :, 1:-1, 2:] - padded[:, :, 1:-1, :-2]) * np.float32(0.5)
    g_y = (padded[:, :, 2:, 1:-1] - padded[:, :, :-2, 1:-1]) * np.float32(0.5)
    across, down = g_x[:, 0], g_y[:, 0]
    square = across * across + down * down
    for channel in range(1, pictures.shape[1]):
        other = g_x[:, channel] ** 2 + g_y[:, channel] ** 2
        steeper = other > square
        across, down = np.where(steeper, g_x[:, channel], across), np.where(steeper, g_y[:, channel], down)
        square = np.maximum(square, other)
    return across, down


def _of_light(histograms):
    """Return the cells' directions, independent of their light, and their strength: [shape=(n, …, rows, columns)]."""
    square = (histograms * histograms).sum(axis=1)
    near = np.pad(square, ((0, 0), (1, 1), (1, 1)), mode="edge")
    near = near[:, :-2] + near[:, 1:-1] + near[:, 2:]
    near = (near[:, :, :-2] + near[:, :, 1:-1] + near[:, :, 2:]) / 9
    lit = np.sqrt(histograms / np.sqrt(near + np.float32(FAINTEST**2 / 4))[:, None])
    return [lit, np.sqrt(np.sqrt(square))]


def _colour_shares(pictures, blocks):
    """Return the square root of each colour level's share: [shape=(n, n_channels * LEVELS, rows, columns)]."""
    colours = pictures
    if pictures.shape[1] == 3:
        red, green, blue = (pictures[:, channel] for channel in range(3))
        scale = np.float32(0.5 / OPPONENT_REACH)
        opposed = [(red - green) * scale + 0.5, (blue - 0.5 * (red + green)) * scale + 0.5]
        colours = np.stack([(red + green + blue) / 3, *opposed], axis=1)
    place = np.clip(colours, 0, 1) * (LEVELS - 1)
    shares = 1 - np.abs(place[:, :, None] - np.arange(LEVELS, dtype=np.float32)[:, None, None])
    np.maximum(shares, 0, out=shares)
    n, n_colours, _, height, width = shares.shape
    return np.sqrt(_pool(shares.reshape(n, n_colours * LEVELS, height, width), blocks))


def _halve(pictures):
    """Average over squares of two by two pixels; a last odd row or column is left out, unless it is the only one."""
    n, n_channels, height, width = pictures.shape
    down, across = min(2, height), min(2, width)
    whole = pictures[:, :, : height // down * down, : width // across * across]
    return whole.reshape(n, n_channels, height // down, down, width // across, across).mean(axis=(3, 5))


def _pool(maps, cells):
    """Return the weighted means over cells of maps [shape=(n, n_maps, height, width)]."""
    height, width = maps.shape[2:]
    return np.matmul(cell_weights(height, cells[0]), np.matmul(maps, cell_weights(width, cells[1]).T))


@functools.cache
def cell_weights(length, n_cells):
    """Return how much each pixel of a side counts for each cell along it.

    A pixel between the centres of two cells counts for both, the more the nearer; beyond the outermost centres, for the
    one cell.

    Returns
    -------
    ndarray of float32 [shape=(n_cells, length)], rows sum to 1
    """
    place = np.clip((np.arange(length) + 0.5) * n_cells / length - 0.5, 0, n_cells - 1)
    weights = np.maximum(0, 1 - np.abs(place - np.arange(n_cells)[:, None]))
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def feature_name(index, height, width, n_channels):
    """Return what one feature is, in a few words; places are counted from 0 at the top left."""
    for number, (_, (rows, columns)) in enumerate(octaves(height, width)):
        if index < (DIRECTIONS + 1) * rows * columns:
            kind, row, column = np.unravel_index(index, (DIRECTIONS + 1, rows, columns))
            what = "strength of edges" if kind == DIRECTIONS else f"rise towards {360 // DIRECTIONS * kind}°"
            return f"{what}, cell {row}, {column} at 1/{2**number} of the size"
        index -= (DIRECTIONS + 1) * rows * columns
    rows, columns = grid(height, width, BLOCKS)
    colour, level, row, column = np.unravel_index(index, (n_channels, LEVELS, rows, columns))
    name = ("brightness", "red against green", "blue against yellow")[colour]
    return f"{name}, level {level}, block {row}, {column}"


def spread_over(values, height, width, n_channels):
    """Lay a number for each feature over the picture: what belongs to a cell is shared out among its pixels.

    Parameters
    ----------
    values : float ndarray [shape=(n_gradients,)]

    Returns
    -------
    float ndarray [shape=(height, width)], with the same sum
    """
    laid, at = np.zeros((height, width)), 0
    for _, (rows, columns) in octaves(height, width):
        n = (DIRECTIONS + 1) * rows * columns
        laid += _lay(values[at : at + n].reshape(-1, rows, columns), height, width)
        at += n
    rows, columns = grid(height, width, BLOCKS)
    return laid + _lay(values[at:].reshape(LEVELS * n_channels, rows, columns), height, width)


def _lay(maps, height, width):
    cells = maps.sum(axis=0)
    down, across = (cell_weights(n, k) for n, k in zip((height, width), cells.shape, strict=True))
    return down.T.astype(float) @ cells @ across.astype(float)
