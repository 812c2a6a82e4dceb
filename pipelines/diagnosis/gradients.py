"""The health of the gradients, in words: which layers learn, which do not, and what would help.

`backprop_core.health` records numbers for each layer and epoch. This module compares them with the limits in
`thresholds`. Each comparison is a finding, also if all is well.
"""

import math

import numpy as np

from pipelines.diagnosis.finding import FINE, PROBLEM, UNCERTAIN, Finding, Kind
from pipelines.diagnosis.thresholds import GRADIENT_THRESHOLDS

LIMITS = {name: threshold.value for name, threshold in GRADIENT_THRESHOLDS.items()}


def findings(entries, description):
    """Return the findings about the gradients of a training.

    Parameters
    ----------
    entries : sequence of dict of JSON types
        Those of the history, or of a DivergedError.
    description : list of dict of JSON types, as `Network.describe` returns it

    Returns
    -------
    findings : list of Finding, one of each kind in `CHECKS`
        The layers in their evidence count from 1, the dense ones, or the activations behind them. All are
        "inconclusive" if the training's health was not watched.
    """
    watched = [entry for entry in entries if "health" in entry]
    if not watched:
        advice = "The layers were not watched while this network learned. Train it again to measure them."
        return [Finding(kind, UNCERTAIN, {}, advice) for kind in CHECKS]
    course = _Course(watched, description)
    return [Finding(kind, *judge(course)) for kind, judge in CHECKS.items()]


class _Course:
    """The records of a training, as arrays; columns are layers, rows are epochs.

    Attributes
    ----------
    gradient, update : float ndarray [shape=(n_epochs, n_layers)], NaN where a number was not finite
    dead, saturated : float ndarray [shape=(n_activations,)]
        At the end of the last finished epoch, or of the last one if none is finished; NaN if there is no number.
    losses : float ndarray [shape=(n_finished,)], of the training rows
    blank : float, the loss of guessing, ln K
    """

    def __init__(self, entries, description):
        finished = [entry for entry in entries if "train" in entry]
        self.gradient = _stack_columns(entries, "gradient")
        self.update = _stack_columns(entries, "update_ratio")
        # The activations of an epoch that diverged show the result of the divergence, not its cause.
        latest = (finished or entries)[-1:]
        self.dead, self.saturated = _stack_columns(latest, "dead")[0], _stack_columns(latest, "saturated")[0]
        self.losses = np.array([entry["train"]["loss"] for entry in finished])
        self.clip_rate = np.array([entry["clip_rate"] for entry in finished])
        self.learning_rate = max(entry["learning_rate"] for entry in entries)
        self.diverged = len(finished) < len(entries)
        self.blank = math.log(max(_find_dense(description)[-1]["fan_out"], 2))
        self.n_layers = self.gradient.shape[1]

    @property
    def learned(self):
        """Whether the training loss fell clearly below the loss of guessing."""
        return self.losses.size > 0 and self.losses.min() < LIMITS["learned"] * self.blank

    @property
    def ends_badly(self):
        """Whether the training loss is high at the end, or was much lower before."""
        if self.diverged or not self.losses.size:
            return True
        last = self.losses[-1]
        relapsed = last > max(LIMITS["relapse"] * self.losses.min(), LIMITS["low_loss"] * self.blank)
        return last > LIMITS["high_loss"] * self.blank or relapsed

    @property
    def stopped_layer(self):
        """The first activation, from 1, that lets no error through to the first layer; None if there is none."""
        blocked = np.flatnonzero(self.dead == 1)
        return int(blocked[0]) + 1 if blocked.size and not self.diverged and self.gradient[-1, 0] == 0 else None

    def change_rate(self, factor):
        """Return the recipe entry of another learning rate; an empty dict if there is no current rate."""
        return {"learning_rate": _round_for_json(factor * self.learning_rate)} if self.learning_rate else {}


def _judge_vanishing(course):
    """Return verdict, evidence, advice and, for a problem, the changes that would help, as all judges do."""
    first, greatest = _measure_first_and_greatest(course)
    ratio = first / greatest if greatest else 0.0
    evidence = {
        "first_layers": _round_for_json(first),
        "greatest_layer": _round_for_json(greatest),
        "ratio": _round_for_json(ratio),
        "limit": LIMITS["vanishing_ratio"],
        "limit_greatest": LIMITS["faint"],
        "layers": course.n_layers,
        "learned": bool(course.learned),
    }
    if course.stopped_layer:
        evidence["blocked_by"] = course.stopped_layer
        advice = f"No error passes hidden layer {course.stopped_layer}, because all of its units are dead."
        return UNCERTAIN, evidence, advice
    faded, faint = ratio < LIMITS["vanishing_ratio"], greatest < LIMITS["faint"]
    if course.diverged or course.learned or not (faded or faint):
        advice = f"The first layers have {ratio:.2g} times the largest gradient of a layer. The error reaches them."
        if faded or faint:
            advice = f"The gradient was small at first ({ratio:.2g} times the largest), but the network learned."
        return FINE, evidence, advice
    lengths = (
        f"The first of {course.n_layers} layers get a gradient {ratio:.2g} as long as the greatest"
        if faded
        else f"No layer's gradient is longer than {greatest:.2g}"
    )
    advice = (
        f"{lengths}, and the loss stays at that of guessing. The error shrinks on its way through the layers. Use an "
        "activation of slope 1 (relu, gelu) with He's initialisation, layer normalisation and residual connections."
    )
    return PROBLEM, evidence, advice, {"activation": "gelu", "normalization": "layer", "residual": True}


def _judge_exploding(course):
    finite = np.isfinite(course.gradient)
    greatest = np.where(finite, course.gradient, 0).max(axis=1)
    peak, late = float(greatest.max()), float(np.median(greatest[len(greatest) // 2 :]))
    growth = peak / float(greatest[0]) if greatest[0] else 0.0
    last = _take_typical(course.gradient[:, -1])
    ratio = _take_typical(course.gradient[:, 0]) / last if last else 0.0
    clip_rate = float(course.clip_rate[len(course.clip_rate) // 2 :].mean()) if course.clip_rate.size else 0.0
    reasons = (
        (course.diverged, "the loss became infinite or NaN"),
        (not finite.all(), "some gradients are not finite"),
        (
            late > LIMITS["loud"] or (peak > LIMITS["loud"] and course.ends_badly),
            f"the gradient of a layer is {peak:.2g} long",
        ),
        (
            growth > LIMITS["growth"] and peak > LIMITS["grown"] and course.ends_badly,
            f"the gradient grew {growth:.2g} times during the training",
        ),
        (
            ratio > LIMITS["exploding_ratio"] and not course.learned,
            f"the gradient of the first layer is {ratio:.2g} times that of the last",
        ),
        (
            clip_rate > LIMITS["clip_rate"] and not course.learned and len(course.losses) > 2,
            f"clipping cut {100 * clip_rate:.0f} % of the later steps",
        ),
    )
    evidence = {
        "diverged": course.diverged,
        "finite": bool(finite.all()),
        "greatest_gradient": _round_for_json(peak),
        "limit_gradient": LIMITS["loud"],
        "growth": _round_for_json(growth),
        "limit_growth": LIMITS["growth"],
        "first_to_last": _round_for_json(ratio),
        "limit_ratio": LIMITS["exploding_ratio"],
        "clip_rate": _round_for_json(clip_rate),
        "limit_clip_rate": LIMITS["clip_rate"],
    }
    true = [reason for holds, reason in reasons if holds]
    if not true:
        advice = f"The gradients are not too long: at most {peak:.2g} long in any layer."
        return FINE, evidence, advice
    advice = f"The gradients explode: {' and '.join(true)}. Lower the learning rate, clip the gradient, and normalise."
    changes = {**course.change_rate(0.1), "clip_norm": 1.0, "normalization": "layer"}
    return PROBLEM, evidence, advice, changes


def _judge_dead_units(course):
    share, layer = _find_worst(course.dead)
    evidence = {"share": _round_for_json(share), "hidden_layer": layer, "limit": LIMITS["dead"]}
    if course.diverged and not course.losses.size:
        return UNCERTAIN, evidence, "The training diverged in the first epoch."
    if share < LIMITS["dead"]:
        advice = f"At most {100 * share:.0f} % of a layer's units are dead." if layer else "There are no hidden units."
        return FINE, evidence, advice
    advice = (
        f"{100 * share:.0f} % of the units of hidden layer {layer} are 0 for every sample and will never learn again. "
        "Lower the learning rate, use an activation without a flat part (leaky_relu, gelu), and normalise."
    )
    changes = {"activation": "leaky_relu", **course.change_rate(0.1), "normalization": "layer"}
    return PROBLEM, evidence, advice, changes


def _judge_saturated_units(course):
    share, layer = _find_worst(course.saturated)
    evidence = {"share": _round_for_json(share), "hidden_layer": layer, "limit": LIMITS["saturated"]}
    if layer is None:
        return FINE, evidence, "The activations of this network have no upper bound, so they cannot saturate."
    if course.diverged and not course.losses.size:
        return UNCERTAIN, evidence, "The training diverged in the first epoch."
    if share < LIMITS["saturated"] or not course.ends_badly:
        advice = f"At most {100 * share:.0f} % of a layer's outputs are saturated."
        return FINE, evidence, advice
    advice = (
        f"{100 * share:.0f} % of the outputs of hidden layer {layer} are at the flat ends of their activation, where "
        "hardly any error passes. Use gelu or relu, start from smaller weights, and normalise."
    )
    return PROBLEM, evidence, advice, {"activation": "gelu", "normalization": "layer"}


def _judge_step_size(course):
    steps = np.nan_to_num(course.update, nan=0.0).max(axis=1)
    peak = float(steps.max())
    evidence = {
        "peak_update_ratio": _round_for_json(peak),
        "smallest": LIMITS["smallest_update"],
        "largest": LIMITS["largest_update"],
        "learning_rate": course.learning_rate,
    }
    if peak > LIMITS["largest_update"] and course.ends_badly:
        advice = f"A step changes up to {peak:.2g} of a layer's weights at once. That is too much. Lower the rate."
        return PROBLEM, evidence, advice, course.change_rate(0.1)
    # Without a gradient, the length of the step is not the problem.
    felt = _measure_first_and_greatest(course)[1] >= LIMITS["faint"]
    if peak < LIMITS["smallest_update"] and not course.learned and felt:
        advice = f"A step changes at most {peak:.2g} of a layer's weights. That is too little. Raise the rate."
        return PROBLEM, evidence, advice, course.change_rate(10)
    return FINE, evidence, f"A step changes at most {peak:.2g} of a layer's weights."


CHECKS = {
    Kind.VANISHING: _judge_vanishing,
    Kind.EXPLODING: _judge_exploding,
    Kind.DEAD: _judge_dead_units,
    Kind.SATURATED: _judge_saturated_units,
    Kind.STEP_SIZE: _judge_step_size,
}


def _measure_first_and_greatest(course):
    """Return the smallest gradient in the first third of the layers, and the greatest of all layers.

    Both are typical values of the first half of the epochs, which decides whether a network begins to learn.
    """
    half = course.gradient[: math.ceil(len(course.gradient) / 2)]
    layers = [_take_typical(half[:, i]) for i in range(course.n_layers)]
    return min(layers[: math.ceil(course.n_layers / 3)]), max(layers)


def _take_typical(values):
    """Return the median of the finite values, 0 if there are none."""
    values = values[np.isfinite(values)]
    return float(np.median(values)) if values.size else 0.0


def _find_worst(shares):
    """Return the highest share, and the number of its layer, from 1; (0, None) if there is no share."""
    if not np.isfinite(shares).any():
        return 0.0, None
    worst = int(np.nanargmax(shares))
    return float(shares[worst]), worst + 1


def _stack_columns(entries, name):
    rows = [[math.nan if value is None else value for value in entry["health"][name]] for entry in entries]
    return np.array(rows, float)


def _find_dense(description):
    """Return the descriptions of the dense layers, including those inside residual connections."""
    found = []
    for layer in description:
        found += _find_dense(layer.get("layers", ()))
        found += [layer] if layer["kind"] == "dense" else []
    return found


def _round_for_json(value):
    """Return a number for JSON, rounded to four digits."""
    return float(f"{value:.4g}")
