"""Explanation: one training step on one row, as a model sees it, with the labels and features named.

The step is taken by a copy of the network. Where an extractor describes a sample in several views, this is the first
one; predict would average the answers to all of them.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from backprop_core.errors import BackpropError, DivergedError
from backprop_core.inspection.trace import Trace, take_steps, trace_step
from backprop_core.inspection.trace_record import record_of, unit_at, weight_at
from backprop_core.ranges import show
from backprop_core.sparse import is_sparse
from pipelines.errors import UsageError
from pipelines.learning.ranges import RATE

LEARNING_RATE = 0.01  # for a model file without the learning rate of its training


@dataclass(frozen=True)
class Explanation:
    """A traced step, with what is known of the model and the sample beside it.

    Attributes
    ----------
    model : Bundle, as it was before any step
    trace : Trace, of the last step
    target : int, the index of the true label
    answer : int, that of the model's own answer
    probability : float, of the answer, over all views and calibrated
    n_views : int > 0
    learning_rate_from : str, "option", "recipe" or "default"
    losses : tuple of float, before each of the steps that were taken before the traced one
    frozen : tuple of int, the layers that take no blame
    """

    model: Any
    trace: Trace
    target: int
    answer: int
    probability: float
    n_views: int
    learning_rate_from: str
    losses: tuple
    frozen: tuple

    def record(self, top=3, layers=None, at=(), decoded=None):
        """Return the record that `explain_row` describes; the arguments are as there."""
        model, record = self.model, record_of(self.trace, top)
        names = {} if decoded is None else model.extractor.names_in(decoded)
        features = {
            str(index): names.get(index) or model.extractor.feature_name(index) for index in _find_told_features(record)
        }
        if layers:
            record["layers"] = [record["layers"][layer] for layer in sorted(set(layers))]
        record["classes"] = [
            {"label": name, **values} for name, values in zip(model.labels, record["classes"], strict=True)
        ]
        return {
            "task": model.task.name,
            "label": model.labels[self.target],
            "answer": {"label": model.labels[self.answer], "probability": self.probability},
            "temperature": model.temperature,
            "n_views": self.n_views,
            "dtype": model.network.dtype.name,
            "learning_rate_from": self.learning_rate_from,
            "features": features,
            **({} if decoded is None else _of_text(model, decoded, self.answer)),
            "steps_before": len(self.losses),
            "losses_before": list(self.losses),
            "frozen": list(self.frozen),
            "at": [self.look_at(place, top) for place in at],
            **record,
        }

    def look_at(self, place, top=3):
        """Return what is at a place: LAYER:UNIT, a unit worked out, or LAYER:FROM:TO, a weight; FROM "b" is the bias.

        Returns {"place", "unit": list} or {"place", "weight": entry}, of a unit of the first layer also "features", the
        names of those in its sum. Raises UsageError.
        """
        name, *rest = place.split(":")
        try:
            if len(rest) == 1:
                worked = unit_at(self.trace, name, int(rest[0]), top)
                return {"place": place, "unit": worked, "features": self._features_in(worked[0])}
            came_from, to = rest
            return {
                "place": place,
                "weight": weight_at(self.trace, name, None if came_from == "b" else int(came_from), int(to)),
            }
        except ValueError:
            raise UsageError(f"{place}: a place is LAYER:UNIT, or LAYER:FROM:TO for a weight, such as 0:17:3") from None
        except BackpropError as error:
            raise UsageError(f"{place}: {error}") from None

    def _features_in(self, worked):
        """Return the names of the features that a unit of the first dense layer sums up; empty for other units."""
        first = next(layer.name for layer in self.trace.leaves() if layer.layer.mixes_units)
        terms = worked["forward"]["terms"] if worked["layer"] == first else ()
        return {str(term["unit"]): self.model.extractor.feature_name(term["unit"]) for term in terms}


def explain_row(
    model, stored, label=None, learning_rate=None, top=3, layers=None, steps=0, frozen=False, at=(), decoded=None
):
    """Return the record of one training step on one stored row.

    Parameters
    ----------
    model : Bundle
    stored : ndarray [shape=(1, n_stored)], a row as the model's extractor stores it
    label : str or None
        Its true label; None means the model's own answer.
    learning_rate, top, layers, steps, frozen, at : as in `explain`
    decoded : what the row was made of, where that is a text; None if it is not, or not at hand

    Returns
    -------
    record : dict of JSON types
        {"task", "label", "answer": {"label", "probability"}, "temperature", "n_views", "dtype", "learning_rate_from",
        "features": {index: name}, "steps_before", "losses_before", "frozen": [layer], "at": [place], and all of
        `backprop_core.inspection.trace_record.record_of`, where each class also has its "label"}. "answer" is what
        predict says, over all views and calibrated; the trace is of the first view, and not calibrated, as in training.
        "learning_rate_from" is "option", "recipe" or "default". "features" names the features in the record.
        "losses_before" are the losses before each step that was taken before the traced one.

    Raises
    ------
    UsageError
        The label or the layer is not in the model, or the learning rate is not a finite number above 0.
    DivergedError
        The steps before the traced one were too long.
    """
    for layer in layers or ():
        if not 0 <= layer < len(model.network.layers):
            raise UsageError(f"--layer {layer}: the model has the layers 0 to {len(model.network.layers) - 1}")
    return explain_stored(model, stored, label, learning_rate, steps, frozen).record(top, layers, at, decoded)


def explain_stored(model, stored, label=None, learning_rate=None, steps=0, frozen=False):
    """Return the Explanation of one training step on one stored row; the arguments are as in `explain_row`."""
    probabilities = model.probabilities(stored)[0]
    answer = int(probabilities.argmax())
    target = answer if label is None else index_of(model, label, "label")
    rate, rate_from = _learning_rate(model, learning_rate)
    spared = tuple(find_hidden_layers(model.network)) if frozen else ()
    views = list(model.extractor.views(stored))
    X = model.standardizer.transform(views[0]).astype(model.network.dtype)
    X = X.toarray() if is_sparse(X) else X
    network, losses = take_steps(model.network, X, np.array([target]), rate, steps, spared)
    try:
        trace = trace_step(network, X, np.array([target]), rate, frozen=spared)
    except BackpropError as error:
        if not losses:
            raise
        raise DivergedError(
            f"the loss is not a finite number after {len(losses)} of {steps} steps, because they are too long; choose "
            f"a smaller --learning-rate (it is {rate:g}), or fewer --steps"
        ) from error
    return Explanation(
        model, trace, target, answer, float(probabilities[answer]), len(views), rate_from, tuple(losses), spared
    )


def find_hidden_layers(network):
    """Return the positions of the layers that learn, except the last one: list of int."""
    return [i for i, layer in enumerate(network.layers) if layer.parameter_shapes][:-1]


def _of_text(model, text, answer):
    """Return the part of the record about a text: its beginning, and what its words say for the answer."""
    from pipelines.models.evidence import LONGEST, words_for

    return {"text": " ".join(text[:LONGEST].split()), "evidence": words_for(model, text, answer).record()}


def _find_told_features(record):
    """Return the indices of the features in a record: the largest ones, and inputs of the first dense layer."""
    told = {entry["unit"] for entry in record["input"]["largest"]}
    first = _first_dense(record["layers"])
    if first:  # up to this layer, units are features
        told |= {term["unit"] for term in first["forward"]["terms"]}
        told |= {entry["from"] for parameter in first["parameters"] for entry in parameter["largest"]} - {None}
    return sorted(told)


def _first_dense(layers):
    """Return the record of the first dense layer, which may lie inside residual connections; None if there is none."""
    for layer in layers:
        found = layer if layer["kind"] == "dense" else _first_dense(layer["layers"])
        if found:
            return found
    return None


def index_of(model, label, name):
    """Return the position of a label, or raise UsageError."""
    if label not in model.labels:
        known = ", ".join(model.labels[:20]) + (" ..." if len(model.labels) > 20 else "")
        raise UsageError(f"{name} {label}: the model does not have this label; its labels are {known}")
    return model.labels.index(label)


def _learning_rate(model, learning_rate):
    """Return the learning rate and its source."""
    if learning_rate is not None:
        if not RATE.allows(learning_rate):
            raise UsageError(f"--learning-rate {show(learning_rate)}: give a finite number above 0, such as 0.01")
        return float(learning_rate), "option"
    rate = model.provenance.get("recipe", {}).get("learning_rate")
    return (LEARNING_RATE, "default") if rate is None else (rate, "recipe")
