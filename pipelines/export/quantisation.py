"""Quantisation: weights in 8 bits, a quarter of the size.

All weights that lead into one unit share a scale, so that the largest of them is 127 steps:

    scale_k = max_i |W_ik| / 127        q_ik = round(W_ik / scale_k), from -127 to 127        W_ik ~ q_ik scale_k

Each unit has its own scale because units differ, and a scale that suits the largest would leave the small ones two or
three steps. Zero stays zero: the steps are symmetric, as is usual for weights. Jacob and others 2018,
https://arxiv.org/abs/1712.05877
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from backprop_core.network import Network
from pipelines.export.subject import Subject

STEPS = 127


def quantise(W: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return weights in 8 bits, and the scale of each unit.

    Parameters
    ----------
    W : float ndarray [shape=(fan_in, fan_out)]

    Returns
    -------
    q : ndarray of int8 [shape=(fan_in, fan_out)], from -127 to 127
    scale : ndarray of float32 [shape=(fan_out,)], > 0
    """
    largest = np.abs(W).max(axis=0).astype(np.float32)
    scale = np.where(largest > 0, largest / np.float32(STEPS), np.float32(1)).astype(np.float32)
    return np.clip(np.rint(W / scale), -STEPS, STEPS).astype(np.int8), scale


def quantise_subject(subject: Subject) -> Subject:
    """Return the same model with weights rounded to 8 bits; it gives the answers of an artefact with 8-bit weights."""
    bundle = subject.bundle
    twin = replace(bundle, network=quantise_network(bundle.network))
    twin.remember_golden()
    return Subject(twin, subject.name)


def quantise_network(network: Network) -> Network:
    """Return a network whose weights are those of `quantise`, as numbers of its own dtype."""
    twin = network.copy()
    for views in twin.params.views:
        for array in views.values():
            if array.ndim == 2:
                q, scale = quantise(array)
                array[...] = q * scale
    return twin
