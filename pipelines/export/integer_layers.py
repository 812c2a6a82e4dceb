"""Integer layers: dense layers whose weights and inputs are whole numbers of eight bits.

The weights have a scale for each unit, see `quantisation`. The inputs of a layer share one scale, which is measured on
validation rows, because training did not use them. A product of both is a whole number, the same on every machine. The
two scales turn it back into a real number. Jacob and others 2018, https://arxiv.org/abs/1712.05877, without their zero
points.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backprop_core.activations import ACTIVATIONS
from backprop_core.calibration import calibrated
from pipelines import datasets
from pipelines.errors import BackpropError, UsageError
from pipelines.export.layers import Step
from pipelines.export.quantisation import STEPS, quantise
from pipelines.export.subject import Subject
from pipelines.features.extraction import extract_all
from pipelines.learning.preparation import SPLIT_SEED

ROWS = 300  # validation samples that are used
SHARE = 0.9999  # share of the inputs of a layer that is not clipped


@dataclass(frozen=True)
class IntegerLayer:
    """A dense layer in eight bits.

    Attributes
    ----------
    weights : int8 ndarray [shape=(fan_in, fan_out)], from -127 to 127
    scales : float32 ndarray [shape=(fan_out,)], by which the whole sum of an output is multiplied
    per_step : float32, by which an input is multiplied before it is rounded
    """

    weights: np.ndarray
    scales: np.ndarray
    per_step: np.float32


def integer_layers(subject: Subject) -> list[IntegerLayer]:
    """Return the dense layers of a model in eight bits, in order. Raises UsageError if its data set is missing."""
    X = subject.bundle.standardizer.transform(validation_features(subject))
    found: list[IntegerLayer] = []

    def dense(step: Step, x: np.ndarray) -> np.ndarray:
        W = step.arrays["W"]
        reach = max(float(np.quantile(np.abs(x), SHARE)), 1e-6)
        per_step = np.float32(STEPS / reach)
        weights, scale = quantise(W)
        found.append(IntegerLayer(weights, scale / per_step, per_step))
        return x @ W + step.arrays["b"]

    run(subject.layers, X, dense)
    return found


def validation_features(subject: Subject) -> np.ndarray:
    """Return features of validation samples: float32 [shape=(n, n_features)]. Raises UsageError."""
    bundle = subject.bundle
    try:
        dataset = datasets.load(bundle.provenance["dataset"], subject.task)
        dataset = datasets.with_split(dataset, np.random.default_rng(SPLIT_SEED))
        rows = dataset.rows("valid")
        rows = rows[:: max(1, len(rows) // ROWS)][:ROWS]
        stored, _, _ = extract_all(bundle.extractor, dataset.only(rows).items)
    except (BackpropError, KeyError) as error:
        raise UsageError(
            f"export --int8: needs the validation samples of the model's data set, to scale what goes into each layer "
            f"({error}); export it where the data are available, or without --int8"
        ) from None
    if len(stored) == 0:
        raise UsageError("export --int8: the data set has no validation samples; export the model without --int8")
    return bundle.extractor.to_features(stored)


def run(steps: Sequence[Step], x: np.ndarray, dense: Any) -> np.ndarray:
    """Return the output of steps for rows, float32; `dense` is a function of (step, x) that computes dense layers."""
    for step in steps:
        of = step.arrays
        if step.kind == "dense":
            x = dense(step, x)
        elif step.kind == "activation":
            x = ACTIVATIONS[step.settings["activation"]].function(x, np.empty_like(x))
        elif step.kind == "scale":
            x = x * of["scale"] + of["shift"]
        elif step.kind == "layer_norm":
            deviation = x - x.mean(axis=1, keepdims=True)
            var = np.square(deviation).mean(axis=1, keepdims=True)
            x = deviation / np.sqrt(var + np.float32(step.settings["eps"])) * of["gamma"] + of["beta"]
        else:
            x = x + run(step.inner, x, dense)
    return x


def twin_logits(subject: Subject, layers: Sequence[IntegerLayer], X: np.ndarray) -> np.ndarray:
    """Return the logits of scaled rows as the exported source computes them: float32 [shape=(n, n_classes)]."""
    left: Iterator[IntegerLayer] = iter(layers)

    def dense(step: Step, x: np.ndarray) -> np.ndarray:
        layer = next(left)
        steps = np.clip(np.floor(x * layer.per_step + np.float32(0.5)), -STEPS, STEPS).astype(np.int64)
        whole = steps @ layer.weights.astype(np.int64)
        return whole.astype(np.float32) * layer.scales + step.arrays["b"]

    return run(subject.layers, np.asarray(X, np.float32), dense)


def twin_probabilities(subject: Subject, layers: Sequence[IntegerLayer], stored: np.ndarray) -> np.ndarray:
    """Return the answers of the eight-bit network to stored rows: float32 [shape=(n, n_classes)]."""
    bundle = subject.bundle
    views = [twin_logits(subject, layers, bundle.standardizer.transform(X)) for X in bundle.extractor.views(stored)]
    return calibrated(np.mean(views, axis=0, dtype=np.float32), bundle.temperature)
