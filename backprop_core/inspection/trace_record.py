"""The record of a trace: the important numbers of one sample's step, as JSON types.

Whole layers are summarised; the few largest numbers are given with their places. The arithmetic of one unit of each
layer is shown term by term, so that a reader can check it by hand: in a dense layer the unit on which most of the error
falls, and in the layers behind it, up to the next dense one, the same unit. On the way back, a dense layer works out
the error of the unit that was followed through the layers before it. So the worked units form one path through the
network, there and back.
"""

import math

import numpy as np

from backprop_core.errors import BackpropError
from backprop_core.worked_example import largest


def record_of(trace, top=3):
    """Return what a trace of one sample shows.

    Parameters
    ----------
    trace : Trace, of a single row
    top : int > 0
        How many of the largest numbers are told of each array, and how many terms of each sum.

    Returns
    -------
    record : dict of JSON types
        A number that is not finite, as it can be after the step, is None. Units, classes and layers count from 0.

        {"top", "learning_rate", "loss", "loss_after", "promised", "gradient_norm", "n_parameters",
         "classes": [{"logit", "probability", "target", "error", "logit_after", "probability_after"}],
         "input": summary, "layers": [layer], "parameters": [parameter], "blame": [entry]}

        summary    {"shape", "min", "max", "mean", "std", "norm", "n_zero", "largest": [{"unit", "value"}]}
        layer      {"name", "kind", "settings", "unit", "shape_in", "shape_out", "output": summary,
                    "output_error", "input_error": summary or None, "forward", "backward",
                    "parameters": [parameter], "layers": [layer]}
                   "unit" is the one that is worked out in "forward"; see `work_out_unit` for these two. "layers" are
                   those inside a residual connection, else empty.
        parameter  {"layer", "name", "shape", "norm", "gradient_norm", "update_norm", "n_zero", "share",
                    "largest": [entry]}
                   "n_zero" counts the zeros of the gradient; "share" is the part of the blame, in [0, 1].
        entry      {"layer", "parameter", "from", "to", "weight", "input", "error", "gradient", "share", "update",
                    "after"}
                   gradient = input * error. The input of a gamma is xhat; that of a bias, which is 1, is None. "from"
                   is None for both.

        "parameters" and "blame" are those of all layers together, the most blamed `top` entries first.
    """
    if len(trace.target) != 1:
        raise BackpropError(f"a trace of {len(trace.target)} rows has no record; trace one row at a time")
    layers, unit = [], None
    for passage in trace.passages:
        layers.append(_layer(passage, unit, trace.squared_norm, top))
        unit = layers[-1]["unit"]
    parameters = [parameter for layer in _leaves(layers) for parameter in layer["parameters"]]
    entries = [entry for parameter in parameters for entry in parameter["largest"]]
    return {
        "top": top,
        "learning_rate": trace.learning_rate,
        "loss": _number(trace.loss),
        "loss_after": _number(trace.loss_after),
        "promised": _number(trace.promised),
        "gradient_norm": math.sqrt(trace.squared_norm),
        "n_parameters": sum(math.prod(parameter["shape"]) for parameter in parameters),
        "classes": _classes(trace),
        "input": _summary(trace.passages[0].x, top),
        "layers": layers,
        "parameters": parameters,
        "blame": sorted(entries, key=lambda entry: -abs(entry["gradient"]))[:top],
    }


def _classes(trace):
    """Return the numbers of each class, before and after the step."""
    target = np.zeros(trace.logits.shape[1])
    target[trace.target[0]] = 1
    columns = {
        "logit": trace.logits[0],
        "probability": trace.probabilities[0],
        "target": target,
        "error": trace.dlogits[0],
        "logit_after": trace.logits_after[0],
        "probability_after": trace.probabilities_after[0],
    }
    rows = zip(*(values.tolist() for values in columns.values()), strict=True)
    return [dict(zip(columns, map(_number, row), strict=True)) for row in rows]


def _settings(layer):
    return {name: value for name, value in layer.describe().items() if name != "layers"}


def _leaves(layers):
    """Yield the records of the layers without inner layers."""
    for layer in layers:
        if layer["layers"]:
            yield from _leaves(layer["layers"])
        else:
            yield layer


def _layer(passage, unit_in, squared_norm, top):
    """Return the record of one layer; `unit_in` is the followed unit of its input, or None."""
    inner, unit = [], unit_in
    for part in passage.inner:
        inner.append(_layer(part, unit, squared_norm, top))
        unit = inner[-1]["unit"]
    if passage.layer.mixes_units:
        unit = int(np.abs(passage.dy[0]).argmax())
    forward, backward = work_out_unit(passage, unit_in, unit, top)
    return {
        "name": passage.name,
        "kind": passage.layer.kind,
        "settings": _settings(passage.layer),
        "unit": unit,
        "shape_in": list(passage.x.shape),
        "shape_out": list(passage.y.shape),
        "output": _summary(passage.y, top),
        "output_error": _summary(passage.dy, top),
        "input_error": _summary(passage.dx, top),
        "forward": forward,
        "backward": backward,
        "parameters": [] if inner else [_parameter(passage, name, squared_norm, top) for name in passage.params],
        "layers": inner,
    }


def work_out_unit(passage, unit_in, unit, top):
    """Return the arithmetic of one unit, forward and backward, each a dict or None if there is nothing to work out.

    Each layer says for itself what it works out (`Layer.work_out`). Every dict has "unit"; beside it, there and back,

        dense       {"bias", "terms": [{"unit", "value", "weight", "product"}], "n_rest", "rest", "y"}  y = bias + sum
                    {"terms", "n_rest", "rest", "dx"}: dx = sum, over the units that this one feeds
        activate    {"x", "y"} and {"dy", "slope", "dx"}: dx = dy * slope
        layer_norm  {"x", "mean", "std", "xhat", "gamma", "beta", "y"}, std = sqrt(var + eps), and
                    {"dy", "gamma", "dxhat", "mean_dxhat", "xhat", "mean_dxhat_xhat", "std", "dx"}
        batch_norm  as layer_norm, with the running mean and variance of the unit, and without the means of the error
        residual    {"x", "inner", "y"}: y = x + inner, and {"dy", "inner", "dx"}: dx = dy + inner

    Terms are the largest; "rest" is what the other `n_rest` add.
    """
    if unit is None and unit_in is None:
        return None, None
    forward, backward = passage.layer.work_out(passage, unit_in, unit, top)
    if passage.dx is None or unit_in is None:
        backward = None
    return forward, backward


def unit_at(trace, name, unit, top=3):
    """Work out one unit that a reader points at: how its output was made, and how its error came back.

    Parameters
    ----------
    trace : Trace, of a single row
    name : str, that of the layer that the unit is an output of, such as "3"
    unit : int >= 0
    top : int > 0

    Returns
    -------
    worked : list of {"layer", "kind", "settings", "unit", "output", "output_error", "forward", "backward"}
        The layer, those behind it that hand the unit on by itself, and the next one that mixes units: its "backward" is
        where the unit's error comes from, and its "forward" is None. Both are as in `work_out_unit`.

    Raises BackpropError if the layer or the unit does not exist.
    """
    passages = list(_in_order(trace.passages))
    start = _position(passages, name)
    if not 0 <= unit < passages[start].y.shape[1]:
        raise BackpropError(f"layer {name} has the units 0 to {passages[start].y.shape[1] - 1}, and no unit {unit}")
    worked = []
    for place, passage in enumerate(passages[start:], start):
        behind = place > start and passage.layer.mixes_units
        unit_in = None if place == start and passage.layer.mixes_units else unit
        forward, backward = work_out_unit(passage, unit_in, 0 if behind else unit, top)
        worked.append(
            {
                "layer": passage.name,
                "kind": passage.layer.kind,
                "settings": _settings(passage.layer),
                "unit": unit,
                "output": None if behind else float(passage.y[0, unit]),
                "output_error": None if behind or passage.dy is None else float(passage.dy[0, unit]),
                "forward": None if behind else forward,
                "backward": backward,
            }
        )
        if behind:
            break
    return worked


def weight_at(trace, name, came_from, to):
    """Return the entry of one weight that a reader points at, in the form of "blame" in `record_of`.

    Parameters
    ----------
    trace : Trace, of a single row
    name : str, that of a dense layer
    came_from : int or None, the unit that it leads from; None means the bias
    to : int, the unit that it leads to

    Raises BackpropError if the weight does not exist.
    """
    passages = list(_in_order(trace.passages))
    passage = passages[_position(passages, name)]
    parameter = "b" if came_from is None else "W"
    array, index = passage.params.get(parameter), (to,) if came_from is None else (came_from, to)
    if array is None or passage.inner:
        raise BackpropError(f"layer {name} is not a dense layer and has no weights; choose another")
    if not all(0 <= i < n for i, n in zip(index, array.shape, strict=True)):
        raise BackpropError(f"layer {name} has no weight {index}: its {parameter} has the shape {array.shape}")
    return _entry(passage, parameter, np.ravel_multi_index(index, array.shape), trace.squared_norm)


def _in_order(passages):
    """Yield the passages in the order of the forward pass, inner passages before the outer one."""
    for passage in passages:
        yield from _in_order(passage.inner)
        yield passage


def _position(passages, name):
    for place, passage in enumerate(passages):
        if passage.name == name:
            return place
    raise BackpropError(f"there is no layer {name}; the layers are {', '.join(passage.name for passage in passages)}")


def _parameter(passage, name, squared_norm, top):
    """Return the record of one array of parameters in the step."""
    gradient = passage.grads[name]
    return {
        "layer": passage.name,
        "name": name,
        "shape": list(gradient.shape),
        "norm": _norm(passage.params[name]),
        "gradient_norm": _norm(gradient),
        "update_norm": _number(_norm(passage.updates[name])),
        "n_zero": int(gradient.size - np.count_nonzero(gradient)),
        "share": _norm(gradient) ** 2 / squared_norm if squared_norm else 0.0,
        "largest": [_entry(passage, name, place, squared_norm) for place in largest(gradient, top)],
    }


def _entry(passage, name, place, squared_norm):
    """Return the record of one number of an array of parameters: its place, its gradient, and its change."""
    index = tuple(map(int, np.unravel_index(place, passage.params[name].shape)))
    gradient, to = float(passage.grads[name][index]), index[-1]
    came_from = index[0] if len(index) > 1 else None
    if came_from is not None:
        met = float(passage.x[0, came_from])
    else:
        factor = passage.layer.words.factors.get(name)
        met = work_out_unit(passage, to, to, 1)[0][factor] if factor else None
    return {
        "layer": passage.name,
        "parameter": name,
        "from": came_from,
        "to": to,
        "weight": float(passage.params[name][index]),
        "input": met,
        "error": float(passage.dy[0, to]),
        "gradient": gradient,
        "share": gradient**2 / squared_norm if squared_norm else 0.0,
        "update": _number(passage.updates[name][index]),
        "after": _number(passage.after[name][index]),
    }


def _summary(array, top):
    """Return a summary of one row of numbers, or None without an array."""
    if array is None:
        return None
    row = array[0]
    return {
        "shape": list(array.shape),
        "min": float(row.min()),
        "max": float(row.max()),
        "mean": float(row.mean()),
        "std": float(row.std()),
        "norm": _norm(row),
        "n_zero": int(row.size - np.count_nonzero(row)),
        "largest": [{"unit": i, "value": float(row[i])} for i in largest(row, top)],
    }


def _norm(array):
    """Return the length of an array as a vector."""
    return float(np.sqrt(np.sum(np.square(array, dtype=np.float64))))


def _number(value):
    """Return a float, or None if it is not finite, because JSON has only finite numbers."""
    return float(value) if math.isfinite(value) else None
