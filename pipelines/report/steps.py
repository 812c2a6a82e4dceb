"""Steps: one step of learning, as tables from layer to layer, forward and backward.

For each layer, the arithmetic of one unit is shown, as in `backprop_core.inspection.trace_record`, with all numbers for
its output and for the error that it passes on.
"""

from dataclasses import dataclass

from backprop_core.architecture import LAYERS
from backprop_core.layers import Layer
from backprop_core.worked_example import rows
from pipelines.report.wording import number


@dataclass(frozen=True)
class Stop:
    """A layer in the pass of a sample.

    Attributes
    ----------
    name : str, its place, such as "0", or "2.1" inside a residual connection
    kind : str
    shapes : str, such as "64 → 32"
    output, error : float, the length of its output, and of the error that comes back to it
    blame : float in [0, 1], the share of its parameters in the squared gradient
    forward, backward : list of (str, str, float): formula, numbers and result; may be empty
    """

    name: str
    kind: str
    shapes: str
    output: float
    error: float
    blame: float
    forward: list[tuple[str, str, float]]
    backward: list[tuple[str, str, float]]


def stops(explanation):
    """Return the Stop of each layer of an explained step; layers inside a residual connection come before it.

    Parameters
    ----------
    explanation : dict of JSON types, the result of `pipelines.verbs.explain.explain_row`
    """
    names = explanation.get("features") or {}
    found, first = [], True
    for layer in _in_order(explanation["layers"]):
        kind, forward, backward = layer["kind"], layer["forward"], layer["backward"]
        words = LAYERS.get(kind, Layer).words
        label = layer["settings"].get("activation", kind) if kind == "activate" else kind.replace("_", " ")
        stop = Stop(
            str(layer["name"]),
            label,
            f"{layer['shape_in'][-1]:,} → {layer['shape_out'][-1]:,}",
            (layer["output"] or {}).get("norm"),
            (layer["output_error"] or {}).get("norm"),
            sum(parameter["share"] for parameter in layer["parameters"]),
            _lines(layer, words.worked_forward, forward, names if first else {}),
            _lines(layer, words.worked_backward, backward),
        )
        found.append(stop)
        first = first and kind != "dense"  # up to the first dense layer, the units are the features
    return found


def _in_order(layers):
    for layer in layers:
        yield from _in_order(layer["layers"])
        yield layer


def _lines(layer, lines, example, names=None):
    """Return the arithmetic of one unit as (formula, numbers, result); a term shows the name of its unit."""
    filled = rows(lines, example, number, **layer["settings"])
    named = names or {}
    return [
        (f"{row.formula}, {named[str(row.term)]}" if str(row.term) in named else row.formula, row.numbers, row.value)
        for row in filled
    ]
