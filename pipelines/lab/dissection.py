"""Dissection: one step on one sample, in every detail.

It is the step of `explain`, with the same numbers, and in addition complete layers: the output of each unit, and the
error that came back to it. The result depends only on the page's address (model, sample, label, length of the step,
steps before it), so the same address always shows the same numbers.
"""

import threading
from collections import OrderedDict

import numpy as np

from backprop_core.inspection.trace import take_steps
from backprop_core.losses import SoftmaxCrossEntropy
from pipelines.errors import UsageError
from pipelines.features.extractor import Visible
from pipelines.lab.refusal import Refusal
from pipelines.lab.sight import round_values, show
from pipelines.learning.ranges import Whole, require
from pipelines.models.explanation import explain_stored, index_of
from pipelines.verbs.explain import row_of

MOST_STEPS = 1000
MOST_KEPT = 4
TOP = 6
LENGTHS = np.geomspace(1e-4, 10, 41)  # learning rates for which the true loss is measured


class Dissections:
    """A cache of the last few explanations."""

    def __init__(self):
        self._kept, self._lock = OrderedDict(), threading.Lock()

    def of(self, path, model, name, sample, *, label, rate, steps, frozen):
        """Return the Explanation of a step.

        Parameters
        ----------
        path, name : str, of the model and of the sample
        model : Bundle
        sample : Sample, whose source is bytes or str
        label : str or None, the true label; None means the model's own answer
        rate : float > 0 or None
        steps : int in [0, MOST_STEPS], taken before the one that is explained
        frozen : bool, whether only the last layer learns

        Raises UsageError, InputFileError
        """
        require("steps", steps, Whole(0))
        if steps > MOST_STEPS:
            raise UsageError(f"steps: give {MOST_STEPS} at most, or use explain --steps")
        if label is not None:
            index_of(model, label, "label")
        key = (path, id(model), name, label, rate, steps, frozen)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        found = explain_stored(model, row_of(model, sample.source), label, rate, steps, frozen)
        with self._lock:
            self._kept[key] = found
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return found


def dissect(explanation, sample):
    """Return the content of the page of a step: dict of JSON types.

    {"record": that of `explain --json`, "shown": what the network was given, "layers": [{"name", "kind", "values",
    "errors"}], "input_blame": how the loss grows with what there is to see, or None, "lengths": [{"learning_rate",
    "promised", "loss_after"}], "other_losses": of as many steps with the hidden layers free where they are frozen}
    """
    model, trace = explanation.model, explanation.trace
    return {
        "record": explanation.record(TOP),
        "shown": show(model, sample),
        "input": round_values(trace.passages[0].x[0]) if trace.passages[0].x.shape[1] <= 4096 else None,
        "layers": [
            {
                "name": passage.name,
                "kind": passage.layer.kind,
                "settings": {k: v for k, v in passage.layer.describe().items() if k != "layers"},
                "passes": passage.layer.only_in_training,
                "values": round_values(passage.y[0]),
                "errors": None if passage.dy is None else round_values(passage.dy[0]),
            }
            for passage in trace.leaves()
        ],
        "input_blame": _input_blame(explanation, sample),
        "lengths": _lengths(explanation),
        "other_losses": _other_losses(explanation),
    }


def _input_blame(explanation, sample):
    """Return how much each part of the sample raised or lowered the loss, over its picture; None without a picture.

    Each number is the slope of the loss times how far the sample is from the average training sample.
    """
    model, trace = explanation.model, explanation.trace
    if not isinstance(model.extractor, Visible):
        return None
    network, X = step_back(explanation), trace.passages[0].x
    slope = np.empty_like(X)
    _, backward = network.forward(X)
    backward(trace.dlogits.copy(), network.zero_gradients(), dX=slope)
    decoded = model.reading_of(model.extractor.read(sample.source))
    values = model.extractor.evidence(decoded, slope[0] / model.standardizer.scale, model.standardizer.feature_means)
    return {"width": values.shape[1], "height": values.shape[0], "values": round_values(values.ravel())}


def _other_losses(explanation):
    """Return the losses of as many steps with backpropagation if steps were taken without it, else []."""
    if not (explanation.frozen and explanation.losses):
        return []
    trace = explanation.trace
    n = len(explanation.losses) + 1
    return take_steps(explanation.model.network, trace.passages[0].x, trace.target, trace.learning_rate, n)[1]


def step_back(explanation):
    """Return the network at the beginning of the traced step."""
    network = explanation.model.network.copy()
    for views, passage in zip(network.params.views, explanation.trace.passages, strict=True):
        for name, array in views.items():
            array[...] = passage.params[name]
    return network


def _lengths(explanation):
    """Return the promised change of the loss, and the real loss, for steps of several lengths."""
    trace, network, loss = explanation.trace, step_back(explanation), SoftmaxCrossEntropy()
    before, downhill = network.params.flat.copy(), network.zero_gradients()
    for views, passage in zip(downhill.views, trace.passages, strict=True):
        for name, array in views.items():
            array[...] = passage.grads[name]
    X, found = trace.passages[0].x, []
    for rate in LENGTHS:
        with np.errstate(over="ignore", invalid="ignore"):
            network.params.flat[...] = before - np.float32(rate) * downhill.flat
            after = loss.loss(network.forward(X)[0], trace.target)
        found.append(
            {
                "learning_rate": float(f"{rate:.4g}"),
                "promised": -float(rate) * trace.squared_norm,
                "loss_after": float(after) if np.isfinite(after) else None,
            }
        )
    return found


def look_at(explanation, place):
    """Return the result of `explain --at` for a place: the arithmetic of a unit, or a weight. Raises Refusal."""
    if len(place) > 60:
        raise Refusal(400, "Give a place as LAYER:UNIT, or as LAYER:FROM:TO for a weight.")
    return explanation.look_at(place, TOP)
