"""Initialisers: the random weights that training starts from.

Equal weights would make all units of a layer learn the same thing, so weights start at random. Their spread decides
whether a signal shrinks, stays or explodes on its way through many layers. The rules below keep it the same size from
layer to layer. Each function takes (fan_in, fan_out, rng) and returns float64 [shape=(fan_in, fan_out)], or of a large
W the next few `rows` alone: drawn one after another, they are the same numbers.
"""

import numpy as np


def glorot_uniform(fan_in, fan_out, rng, rows=None):
    """W ~ U(-r, r), r = sqrt(6 / (fan_in + fan_out)): for tanh, logistic and identity.

    Glorot and Bengio 2010, https://proceedings.mlr.press/v9/glorot10a.html
    """
    r = np.sqrt(6 / (fan_in + fan_out))
    return rng.uniform(-r, r, (rows or fan_in, fan_out))


def glorot_normal(fan_in, fan_out, rng, rows=None):
    """W ~ N(0, 2 / (fan_in + fan_out)): the same spread as `glorot_uniform`, normally distributed."""
    return rng.normal(0, np.sqrt(2 / (fan_in + fan_out)), (rows or fan_in, fan_out))


def he_uniform(fan_in, fan_out, rng, rows=None):
    """W ~ U(-r, r), r = sqrt(6 / fan_in): the same spread as `he_normal`, uniformly distributed."""
    r = np.sqrt(6 / fan_in)
    return rng.uniform(-r, r, (rows or fan_in, fan_out))


def he_normal(fan_in, fan_out, rng, rows=None):
    """W ~ N(0, 2 / fan_in): for ReLU and its relatives, which let half of the signal through.

    He, Zhang, Ren and Sun 2015, https://arxiv.org/abs/1502.01852
    """
    return rng.normal(0, np.sqrt(2 / fan_in), (rows or fan_in, fan_out))


INITIALIZERS = {rule.__name__: rule for rule in (glorot_uniform, glorot_normal, he_uniform, he_normal)}

SATURATING = ("identity", "tanh", "logistic")


def choose_initializer(activation):
    """Return the name of the rule that keeps the signal's size through layers of `activation` (its name)."""
    return "glorot_uniform" if activation in SATURATING else "he_normal"
