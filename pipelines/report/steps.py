"""Steps: one step of learning, as tables that can be followed from layer to layer, there and back.

Of each layer one unit is worked out, as in `backprop_core.inspection.trace_record`: every number is there from which
its output is made, and from which the error is made that it hands on.
"""

from dataclasses import dataclass

from pipelines.report.wording import number


@dataclass(frozen=True)
class Stop:
    """A layer on the way of a sample.

    Attributes
    ----------
    name : str, its place, such as "0", or "2.1" inside a residual connection
    kind : str
    shapes : str, such as "64 → 32"
    output, error : float, the length of what it gives, and of the error that comes back to it
    blame : float in [0, 1], the share of its parameters in the squared gradient
    forward, backward : list of (str, str, float), what is computed, with which numbers, and the result; may be empty
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
    """Return the Stop of each layer of an explained step, those inside residual connections before what holds them.

    Parameters
    ----------
    explanation : dict of JSON types, what `pipelines.verbs.explain.explain_row` returns
    """
    names = explanation.get("features") or {}
    found, first = [], True
    for layer in _in_order(explanation["layers"]):
        kind, forward, backward = layer["kind"], layer["forward"], layer["backward"]
        makers = WORKED.get(kind)
        label = layer["settings"].get("activation", kind) if kind == "activate" else kind.replace("_", " ")
        stop = Stop(
            str(layer["name"]),
            label,
            f"{layer['shape_in'][-1]:,} → {layer['shape_out'][-1]:,}",
            (layer["output"] or {}).get("norm"),
            (layer["output_error"] or {}).get("norm"),
            sum(parameter["share"] for parameter in layer["parameters"]),
            makers[0](forward, names if first else {}) if makers and forward else [],
            makers[1](backward) if makers and backward else [],
        )
        found.append(stop)
        first = first and kind != "dense"  # up to the first dense layer, the units are the features
    return found


def _in_order(layers):
    for layer in layers:
        yield from _in_order(layer["layers"])
        yield layer


def _product(a, b):
    return f"{number(a)} × {number(b)}"


def _dense_forward(worked, names):
    j = worked["unit"]
    rows = [(f"b[{j}]", "", worked["bias"])]
    for term in worked["terms"]:
        i = term["unit"]
        name = f", {names[str(i)]}" if str(i) in names else ""
        rows.append((f"x[{i}] · W[{i},{j}]{name}", _product(term["value"], term["weight"]), term["product"]))
    return [*rows, *_rest(worked), (f"y[{j}], their sum", "", worked["y"])]


def _dense_backward(worked):
    i = worked["unit"]
    rows = [
        (f"dy[{term['unit']}] · W[{i},{term['unit']}]", _product(term["value"], term["weight"]), term["product"])
        for term in worked["terms"]
    ]
    return [*rows, *_rest(worked), (f"dx[{i}], their sum", "", worked["dx"])]


def _rest(worked):
    return [(f"{worked['n_rest']:,} more", "", worked["rest"])] if worked["n_rest"] else []


def _activate_forward(worked, names):
    j = worked["unit"]
    return [(f"x[{j}]", "", worked["x"]), (f"y[{j}] = f(x)", "", worked["y"])]


def _activate_backward(worked):
    return [
        ("f′(x), the slope", "", worked["slope"]),
        (f"dx[{worked['unit']}] = dy · f′(x)", _product(worked["dy"], worked["slope"]), worked["dx"]),
    ]


def _norm_forward(worked, names):
    j, shown = worked["unit"], {key: number(value) for key, value in worked.items()}
    return [
        (f"x̂[{j}] = (x − mean) / std", f"({shown['x']} − {shown['mean']}) / {shown['std']}", worked["xhat"]),
        (f"y[{j}] = γ · x̂ + β", f"{shown['gamma']} × {shown['xhat']} + {shown['beta']}", worked["y"]),
    ]


def _norm_backward(worked):
    j = worked["unit"]
    rows = [(f"dx̂[{j}] = dy · γ", _product(worked["dy"], worked["gamma"]), worked["dxhat"])]
    if worked["dx"] is None:
        return rows
    if "mean_dxhat" not in worked:  # in a batch normalisation, which takes mean and std as given here
        return [*rows, (f"dx[{j}] = dx̂ / std", f"{number(worked['dxhat'])} / {number(worked['std'])}", worked["dx"])]
    return [
        *rows,
        ("mean of dx̂", "", worked["mean_dxhat"]),
        ("mean of dx̂ · x̂", "", worked["mean_dxhat_xhat"]),
        (
            f"dx[{j}] = (dx̂ − mean − x̂ · mean of dx̂ · x̂) / std",
            f"({number(worked['dxhat'])} − {number(worked['mean_dxhat'])} − "
            f"{number(worked['xhat'])} × {number(worked['mean_dxhat_xhat'])}) / {number(worked['std'])}",
            worked["dx"],
        ),
    ]


def _residual_forward(worked, names):
    j = worked["unit"]
    return [
        (f"y[{j}] = x + what the layers inside give", f"{number(worked['x'])} + {number(worked['inner'])}", worked["y"])
    ]


def _residual_backward(worked):
    i = worked["unit"]
    numbers = f"{number(worked['dy'])} + {number(worked['inner'])}"
    return [(f"dx[{i}] = dy + what comes back through the layers inside", numbers, worked["dx"])]


WORKED = {
    "dense": (_dense_forward, _dense_backward),
    "activate": (_activate_forward, _activate_backward),
    "layer_norm": (_norm_forward, _norm_backward),
    "batch_norm": (_norm_forward, _norm_backward),
    "residual": (_residual_forward, _residual_backward),
}
