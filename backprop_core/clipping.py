"""Clipping: a limit to the length of a gradient, against rare batches that would move the weights too far.

Gradients are flat vectors, changed in place. A gradient that is not finite is not changed: if NaN and infinity were
clipped, the divergence would not be noticed.
"""

import math

import numpy as np

from backprop_core.pieces import pieces

LEAST_SQUARE = 1e-30


def clip_by_value(grads: np.ndarray, largest: float) -> bool:
    """Cut every number of `grads` to [-largest, largest]; return whether one was larger.

    The direction changes: a few huge numbers lose, and the others keep theirs.
    """
    magnitude = max(float(grads.max()), -float(grads.min())) if grads.size else 0.0
    if magnitude <= largest or not math.isfinite(magnitude):
        return False
    np.clip(grads, -largest, largest, out=grads)
    return True


def clip_by_global_norm(grads: np.ndarray, largest: float) -> bool:
    """Shorten `grads` to length `largest` if it is longer; return whether it was.

    The direction stays. Pascanu, Mikolov and Bengio 2012, https://arxiv.org/abs/1211.5063
    """
    norm = length(grads)
    if norm <= largest or not math.isfinite(norm):
        return False
    grads *= largest / norm
    return True


@np.errstate(over="ignore")
def length(vector):
    """Return |vector|, a float, of a flat array.

    In float32 a square overflows from 2e19 on and is lost below 4e-23: a sum near these ends is taken in float64.
    """
    square = float(np.dot(vector, vector))
    if vector.dtype == np.float32 and not LEAST_SQUARE < square < math.inf:
        wide = (vector[piece].astype(np.float64) for piece in pieces(len(vector)))
        square = sum(float(np.dot(part, part)) for part in wide)
    return math.sqrt(square)
