"""Warping: bending pictures, each in its own way. For every new pixel, its place in the old picture is computed.

A picture may be shifted, turned, stretched, sheared or mirrored: all of that is one affine map. It may also be bent
like rubber, which is a displacement of its own for every pixel. A warped pixel seldom falls on an old one, so it is
taken between the four nearest, the nearer the more; beyond the edge the picture goes on as it was on the edge.

    (y, x) of the old picture = A ((row, column) - centre) + centre + shift + bend * (sheet_y, sheet_x)
    pixel = (1 - fy) ((1 - fx) p00 + fx p01) + fy ((1 - fx) p10 + fx p11),     fy, fx the fractions of y and x

`warp` is this in numpy, the function to read; `compile_warp` returns the same as one loop over the pixels. It takes an
eighth to a twentieth of the time, leaves other threads free to run meanwhile, and costs some seconds when it is
compiled for the very first time.
"""

import functools
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Warps:
    """How each of n pictures is bent.

    Attributes
    ----------
    affine : ndarray of float32 [shape=(n, 2, 3)]
        [A | shift], in pixels; rows before columns.
    bend : ndarray of float32 [shape=(n,)]
        How far the sheet's displacements of 1 reach, in pixels; 0 leaves the affine map.
    sheet : ndarray of float32 [shape=(side, side)]
        Smooth displacements, see `elastic_sheet`; larger than a picture.
    corner : ndarray of int64 [shape=(n, 4)]
        Where on the sheet each picture has its window for the displacements along y (row, column) and x (row, column).
    """

    affine: np.ndarray
    bend: np.ndarray
    sheet: np.ndarray
    corner: np.ndarray


def elastic_sheet(side, sigma, rng):
    """Return a sheet of smooth noise: numbers drawn evenly from -1 to 1, blurred, and scaled to a mean square of 1.

    Any window of it is a field of displacements for one picture; the sheet has no seam, opposite edges join.
    Simard, Steinkraus and Platt 2003, https://doi.org/10.1109/ICDAR.2003.1227801

    Parameters
    ----------
    side : int > 0, pixels
    sigma : float > 0
        Standard deviation of the Gaussian that blurs, in pixels: how stiff the rubber is.
    rng : numpy Generator

    Returns
    -------
    sheet : ndarray of float32 [shape=(side, side)]
    """
    noise = rng.uniform(-1, 1, (side, side))
    frequency = np.fft.fftfreq(side)
    gaussian = np.exp(-2 * (np.pi * sigma * frequency) ** 2)
    sheet = np.fft.ifft2(np.fft.fft2(noise) * np.outer(gaussian, gaussian)).real
    return (sheet / np.sqrt(np.mean(sheet**2))).astype(np.float32)


def warp(pictures, warps):
    """Return the warped pictures.

    Parameters
    ----------
    pictures : ndarray of uint8 [shape=(n, height, width, n_channels)]
    warps : Warps of n pictures

    Returns
    -------
    ndarray of uint8 [shape=(n, height, width, n_channels)], rounded to the nearest level
    """
    n, height, width, _ = pictures.shape
    rows, columns = np.indices((height, width), dtype=np.float32)
    centre_y, centre_x = np.float32((height - 1) / 2), np.float32((width - 1) / 2)
    row, column = rows - centre_y, columns - centre_x
    windows = np.lib.stride_tricks.sliding_window_view(warps.sheet, (height, width))
    bend, corner = warps.bend[:, None, None], warps.corner
    a = warps.affine[:, :, :, None, None]
    y = a[:, 0, 0] * row + a[:, 0, 1] * column + (a[:, 0, 2] + centre_y) + bend * windows[corner[:, 0], corner[:, 1]]
    x = a[:, 1, 0] * row + a[:, 1, 1] * column + (a[:, 1, 2] + centre_x) + bend * windows[corner[:, 2], corner[:, 3]]
    y, x = np.fmin(np.fmax(y, 0), height - 1), np.fmin(np.fmax(x, 0), width - 1)  # 0 for NaN
    top, left = y.astype(np.int64), x.astype(np.int64)  # the clipped y and x are not negative: this rounds down
    below, right = np.minimum(top + 1, height - 1), np.minimum(left + 1, width - 1)
    fy, fx = (y - top).astype(np.float32)[..., None], (x - left).astype(np.float32)[..., None]
    one, i = np.float32(1), np.arange(n)[:, None, None]
    upper = (one - fx) * pictures[i, top, left] + fx * pictures[i, top, right]
    lower = (one - fx) * pictures[i, below, left] + fx * pictures[i, below, right]
    return ((one - fy) * upper + fy * lower + np.float32(0.5)).astype(np.uint8)


@functools.cache
def compile_warp():
    """Return `warp` as a compiled loop: the same up to the rounding of a pixel that lies just between two levels."""
    from backprop_core.kernels import kernel

    loop = kernel(_warp_loop, fastmath={"contract", "nsz"})

    def warp_compiled(pictures, warps):
        out = np.empty_like(pictures)
        loop(pictures, warps.affine, warps.bend, warps.sheet, warps.corner, out)
        return out

    return warp_compiled


def _warp_loop(pictures, affine, bend, sheet, corner, out):
    n, height, width, n_channels = pictures.shape
    number = np.float32
    one, zero, half = number(1), number(0), number(0.5)
    centre_y, centre_x = number((height - 1) / 2), number((width - 1) / 2)
    last_y, last_x = number(height - 1), number(width - 1)
    for i in range(n):
        picture, warped, reach = pictures[i], out[i], bend[i]
        a, b, c = affine[i, 0, 0], affine[i, 0, 1], affine[i, 0, 2] + centre_y
        d, e, f = affine[i, 1, 0], affine[i, 1, 1], affine[i, 1, 2] + centre_x
        y_row, y_column, x_row, x_column = corner[i]
        for r in range(height):
            row = number(r) - centre_y
            for s in range(width):
                column = number(s) - centre_x
                y = a * row + b * column + c + reach * sheet[y_row + r, y_column + s]
                x = d * row + e * column + f + reach * sheet[x_row + r, x_column + s]
                y = min(y, last_y) if y > zero else zero  # also for NaN, which would lie outside every array
                x = min(x, last_x) if x > zero else zero
                top, left = np.int64(y), np.int64(x)
                below, right = min(top + 1, height - 1), min(left + 1, width - 1)
                fy, fx = y - number(top), x - number(left)
                for k in range(n_channels):
                    upper = (one - fx) * number(picture[top, left, k]) + fx * number(picture[top, right, k])
                    lower = (one - fx) * number(picture[below, left, k]) + fx * number(picture[below, right, k])
                    warped[r, s, k] = np.uint8((one - fy) * upper + fy * lower + half)
