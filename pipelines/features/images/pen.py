"""Pen: the same drawing made with another pen, thicker or thinner, harder or softer.

A drawing that is blurred a little has slopes where its edges were. Where a low level of the slope is taken for the
edge, strokes are broad; where a high one is, they are thin. How steep the new edge is tells a ball pen from a pencil,
and a scan from a picture that was enlarged. Grain that is added before makes edges ragged and strokes break, as paper
does.
"""

import numpy as np

EDGES = (0.1, 0.62)  # the new edge is at a level between these shares of the blurred drawing's range
STEEPNESS = (1.3, 4.0)  # range of the slope of the new edge
GRAIN = 0.12  # largest standard deviation


def redraw(pictures, chosen, strength, rng):
    """Return drawings, some of them as with another pen.

    Parameters
    ----------
    pictures : ndarray of uint8 [shape=(n, height, width, n_channels)], bright strokes on a dark ground
    chosen : ndarray of bool [shape=(n,)], which are drawn anew
    strength : float >= 0
        At 1 edges, steepness and grain are drawn from the ranges above; at 0 the edge is that of the drawing itself.
    rng : numpy Generator

    Returns
    -------
    ndarray of uint8 [shape=(n, height, width, n_channels)]
        The brightest pixel of those drawn anew is as bright as it was.
    """
    if not chosen.any():
        return pictures
    levels = pictures[chosen].astype(np.float32) / 255
    n = len(levels)
    each = (n, 1, 1, 1)
    brightest = levels.max(axis=(1, 2, 3), keepdims=True)
    edge = (0.5 + strength * (rng.uniform(*EDGES, each) - 0.5)).astype(np.float32)
    steepness = np.exp(strength * rng.uniform(*np.log(STEEPNESS), each)).astype(np.float32)
    grain = strength * GRAIN * rng.random(each, np.float32) ** 2
    blurred = _blur(levels)
    reach = np.clip((0.5 - edge) / 0.2, 0, 1)  # a broad pen reaches further than one blur, so blur again
    blurred += reach * (_blur(blurred) - blurred)
    blurred *= brightest / np.maximum(blurred.max(axis=(1, 2, 3), keepdims=True), 1e-6)
    drawn = _blur(rng.standard_normal(levels.shape, np.float32)) * (grain / 0.375)  # the blur leaves 0.375 of the noise
    drawn += blurred
    drawn -= edge * brightest
    drawn *= steepness
    drawn += 0.5 * brightest
    drawn[blurred < 0.03] = 0
    np.clip(drawn, 0, None, out=drawn)
    np.minimum(drawn, brightest, out=drawn)
    drawn *= brightest / np.maximum(drawn.max(axis=(1, 2, 3), keepdims=True), 0.1)
    redone = pictures.copy()
    redone[chosen] = (255 * drawn + 0.5).astype(np.uint8)
    return redone


def _blur(levels):
    """Blur by (1, 2, 1) / 4 in both directions."""
    padded = np.pad(levels, ((0, 0), (1, 1), (1, 1), (0, 0)))
    down = padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]
    return (down[:, :, :-2] + 2 * down[:, :, 1:-1] + down[:, :, 2:]) / np.float32(16)
