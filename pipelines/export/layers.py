"""Layers for exporters: the steps of a prediction, without the parts that only training needs.

Dropout is left out. Batch normalisation has fixed statistics, so it is one multiplication and one addition. There are
five kinds of steps:

    dense        y = x W + b
    activation   y = f(x), by name
    scale        y = x * scale + shift
    layer_norm   y = (x - mean) / sqrt(var + eps) * gamma + beta, mean and var over the row
    residual     y = x + the output of the inner steps for x
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from backprop_core.activations import ACTIVATIONS
from backprop_core.network import Network
from pipelines.errors import UsageError

KINDS = ("dense", "activate", "batch_norm", "layer_norm", "residual")


@dataclass(frozen=True)
class Step:
    """One step of a prediction.

    Attributes
    ----------
    kind : str, one of the above
    settings : dict of JSON types: "activation", or "eps"
    arrays : dict of str to float32 ndarray: "W" [shape=(fan_in, fan_out)] and "b", "scale" and "shift", "gamma" and
        "beta"
    inner : sequence of Step, which a residual connection bypasses
    """

    kind: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)
    inner: Sequence[Step] = ()


def steps_of(network: Network) -> list[Step]:
    """Return the steps of a network. Raises UsageError if it has a layer or an activation of the user's own."""
    arrays = zip(network.params.views, network.statistics.views, strict=True)
    return [*_steps(network.layers, [params | statistics for params, statistics in arrays])]


def every_step(steps: Sequence[Step]) -> Iterator[Step]:
    """Yield the steps and those inside them."""
    for step in steps:
        yield step
        yield from every_step(step.inner)


def _steps(layers, arrays) -> Iterator[Step]:
    for layer, given in zip(layers, arrays, strict=True):
        if layer.only_in_training:
            continue
        if layer.kind not in KINDS:
            raise UsageError(
                f"export: its network has a layer of your own, {layer.kind}, which other forms do not support; train "
                "the model without it"
            )
        yield _step(layer, {name: np.asarray(array, np.float32) for name, array in given.items()})


def _step(layer, arrays) -> Step:
    if layer.kind == "dense":
        return Step("dense", arrays={"W": arrays["W"], "b": arrays["b"]})
    if layer.kind == "activate":
        if layer.activation not in ACTIVATIONS:
            raise UsageError(
                f"export: its network has an activation of your own, {layer.activation}, which other forms do not "
                "support; train the model with a registered one"
            )
        return Step("activation", {"activation": layer.activation})
    if layer.kind == "batch_norm":
        scale = arrays["gamma"] / np.sqrt(arrays["running_var"] + np.float32(layer.eps))
        return Step("scale", arrays={"scale": scale, "shift": arrays["beta"] - arrays["running_mean"] * scale})
    if layer.kind == "layer_norm":
        return Step("layer_norm", {"eps": layer.eps}, {"gamma": arrays["gamma"], "beta": arrays["beta"]})
    parts: list[dict[str, np.ndarray]] = [{} for _ in layer.layers]
    for name, array in arrays.items():
        place, _, inner = name.partition(".")
        parts[int(place)][inner] = array
    return Step("residual", inner=tuple(_steps(layer.layers, parts)))
