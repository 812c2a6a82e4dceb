"""Explanation: one training step on one row, as a model sees it, with the labels and features named.

The step is taken by a copy of the network. Where an extractor describes a sample in several views, this is the first
one; predict would average the answers to all of them.
"""

import math

import numpy as np

from backprop_core.inspection.trace import trace_step
from backprop_core.inspection.trace_record import record_of
from backprop_core.sparse import is_sparse
from pipelines.errors import UsageError

LEARNING_RATE = 0.01  # for a model file that does not say with which it was trained


def explain_row(model, stored, label=None, learning_rate=None, top=3, layers=None):
    """Return the record of one training step on one stored row.

    Parameters
    ----------
    model : Bundle
    stored : ndarray [shape=(1, n_stored)], a row as the model's extractor stores it
    label : str or None
        Its true label; None means the model's own answer.
    learning_rate, top, layers : as in `explain`

    Returns
    -------
    record : dict of JSON types
        {"task", "label", "answer": {"label", "probability"}, "temperature", "n_views", "dtype", "learning_rate_from",
        "features": {index: name}, and all of `backprop_core.inspection.trace_record.record_of`, where each class also
        has its "label"}. "answer" is what predict says, over all views and calibrated; the trace is of the first view,
        and not calibrated, as in training. "learning_rate_from" is "option", "recipe" or "default". "features" says
        what those features are that the record tells of.
    """
    probabilities = model.probabilities(stored)[0]
    answer = int(probabilities.argmax())
    target = answer if label is None else index_of(model, label, "label")
    rate, rate_from = _learning_rate(model, learning_rate)
    n_layers = len(model.network.layers)
    for layer in layers or ():
        if not 0 <= layer < n_layers:
            raise UsageError(f"--layer {layer}: the model has the layers 0 to {n_layers - 1}")

    views = list(model.extractor.views(stored))
    X = model.standardizer.transform(views[0]).astype(model.network.dtype)
    X = X.toarray() if is_sparse(X) else X
    record = record_of(trace_step(model.network, X, np.array([target]), rate), top)
    features = {str(index): model.extractor.feature_name(index) for index in _features_told_of(record)}
    if layers:
        record["layers"] = [record["layers"][layer] for layer in sorted(set(layers))]
    record["classes"] = [
        {"label": name, **values} for name, values in zip(model.labels, record["classes"], strict=True)
    ]
    return {
        "task": model.task.name,
        "label": model.labels[target],
        "answer": {"label": model.labels[answer], "probability": float(probabilities[answer])},
        "temperature": model.temperature,
        "n_views": len(views),
        "dtype": model.network.dtype.name,
        "learning_rate_from": rate_from,
        "features": features,
        **record,
    }


def _features_told_of(record):
    """Return the indices of the features that a record tells of: the largest, and inputs of the first dense layer."""
    told = {entry["unit"] for entry in record["input"]["largest"]}
    first = _first_dense(record["layers"])
    if first:  # up to here, the units of all layers are those of the features
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
        raise UsageError(f"{name} {label}: the model knows no such label; its labels are {known}")
    return model.labels.index(label)


def _learning_rate(model, learning_rate):
    """Return the learning rate and where it is from."""
    if learning_rate is not None:
        if not 0 < learning_rate < math.inf:
            raise UsageError(f"--learning-rate {learning_rate}: give a finite number above 0, such as 0.01")
        return learning_rate, "option"
    rate = model.provenance.get("recipe", {}).get("learning_rate")
    return (LEARNING_RATE, "default") if rate is None else (rate, "recipe")
