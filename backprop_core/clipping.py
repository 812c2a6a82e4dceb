"""Clipping: a limit to how long a gradient may be, against the rare batch that would throw the weights far away."""

import math

import numpy as np


def clip_by_global_norm(grads, largest):
    """Shorten `grads`, a flat vector, in place to length `largest` if it is longer; return (its length, clipped or
    not).

    The direction stays. Pascanu, Mikolov and Bengio 2012, https://arxiv.org/abs/1211.5063
    """
    norm = math.sqrt(float(np.dot(grads, grads)))
    if norm <= largest or not math.isfinite(norm):
        return norm, False
    grads *= largest / norm
    return norm, True
