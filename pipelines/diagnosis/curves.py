"""Curves: how the result changes with one condition, while the others stay the same.

A learning curve shows accuracy against the number of training rows. If it still rises at its end, more samples help; if
it is flat, they do not. A validation curve shows accuracy against one setting, such as the width of the hidden layers:
left of its maximum the network underfits, right of it the network overfits. All points of a curve are measured on the
same validation rows, so two of them can be compared row by row.
"""

from backprop_core.metrics import wilson_interval
from pipelines.diagnosis.finding import FINE, PROBLEM, UNCERTAIN, Finding, Kind
from pipelines.diagnosis.probes import LINEAR, MAIN
from pipelines.diagnosis.thresholds import PROBE_THRESHOLDS
from pipelines.diagnosis.uncertainty import in_points, measure_paired_gain

GAIN = PROBE_THRESHOLDS["gain"].value
ERRORS = PROBE_THRESHOLDS["gain_errors"].value


def learning_curve(probes, results):
    """Return (record, findings) of accuracy against the number of training rows.

    Parameters
    ----------
    probes : Probes
    results : dict of key to ProbeResult, the existing ones

    Returns
    -------
    record : dict of JSON types, or None if there are fewer than two points
        {"rows", "train", "valid": lists, "valid_ci95": list of [low, high], "how"}
    findings : list of Finding
    """
    points = {value: result for (name, value), result in results.items() if name == "rows"}
    if probes.of_rows(probes.n_train) == MAIN:
        points[probes.n_train] = results[MAIN]
    points = {n: result for n, result in points.items() if not result.diverged}
    if len(points) < 2:
        return None, []
    sizes = sorted(points)
    record = {"rows": sizes, **_collect_columns([points[n] for n in sizes])}
    record["how"] = (
        f"The same recipe with seed {probes.seed}, {probes.n_steps:,} steps each, on the first rows of one random "
        "order of the training rows, each class in proportion. All are measured on the same validation rows."
    )
    return record, [_judge_more_samples(sizes, points, probes.n_steps)]


def _judge_more_samples(sizes, points, n_steps):
    """Say whether the last doubling of the training rows was worth it."""
    last = sizes[-1]
    before = min(sizes[:-1], key=lambda n: abs(n - last / 2))
    gain, error = measure_paired_gain(points[last].right, points[before].right)
    rising, flat = gain - 2 * error > GAIN, gain + 2 * error < 2 * GAIN
    evidence = {"rows_before": before, "rows": last, "gain": gain, "gain_error": error, "limit": GAIN, "rising": rising}
    change = f"From {before:,} to {last:,} rows, {n_steps:,} steps each, accuracy changes by {in_points(gain, error)}"
    if rising:
        advice = f"{change}. The curve is still rising, so more samples would help."
    elif flat:
        advice = f"{change}. The curve is flat, so more samples of the same kind would help little."
    else:
        advice = f"{change}. This is too uncertain to say whether more samples would help."
    return Finding(Kind.LEARNING_CURVE, FINE if rising or flat else UNCERTAIN, evidence, advice)


def validation_curves(probes, results):
    """Return (records, findings) of accuracy against the width, and against the strength of regularisation.

    Returns
    -------
    records : list of dict of JSON types
        {"parameter", "values", "train", "valid", "valid_ci95", "chosen", "how"}; values are in ascending order.
    findings : list of Finding
        A problem if another value is clearly better than the chosen one; its `changes` contain that value.
    """
    base, recipe = results.get(probes.base), probes.recipe
    if not base or base.diverged:
        return [], []
    regulariser = probes.regulariser
    records, findings = [], []
    for name, chosen, changes_of in (
        ("width", 1.0, lambda factor: {"hidden": [max(1, round(factor * width)) for width in recipe.hidden]}),
        (regulariser, getattr(recipe, regulariser), lambda value: {regulariser: value}),
    ):
        points = {value: result for (key, value), result in results.items() if key == name and not result.diverged}
        if not points:
            continue
        points[chosen] = base
        values = sorted(points)
        how = (
            f"The recipe with seed {probes.seed}, {probes.n_steps:,} steps, on the same {probes.n_part:,} of "
            f"{probes.n_train:,} training rows"
        )
        how += "; widths as multiples of the recipe's hidden layers." if name == "width" else "."
        columns = _collect_columns([points[value] for value in values])
        records.append({"parameter": name, "values": values, **columns, "chosen": chosen, "how": how})
        findings.append(_judge_values(name, chosen, points, changes_of))
    return records, findings


def _judge_values(name, chosen, points, changes_of):
    """Say whether another value than the chosen one is clearly better."""
    gains = {v: measure_paired_gain(point.right, points[chosen].right) for v, point in points.items() if v != chosen}
    best = max(gains, key=lambda value: gains[value][0])
    gain, error = gains[best]
    evidence = {"chosen": chosen, "best_other": best, "gain": gain, "gain_error": error, "limit": GAIN}
    what = f"{best:g} times the width" if name == "width" else f"{name.replace('_', ' ')} {best:g}"
    heading = f"{name} curve"
    if gain - ERRORS * error > GAIN:
        advice = f"With {what}, validation accuracy is better by {in_points(gain, error)}. Use this value."
        return Finding(Kind.VALIDATION_CURVE, PROBLEM, evidence, advice, changes_of(best), heading)
    advice = f"No other value is clearly better. The best of them, {what}, differs by {in_points(gain, error)}."
    return Finding(Kind.VALIDATION_CURVE, FINE, evidence, advice, name=heading)


def depth(probes, results):
    """Return the finding on whether hidden layers help, compared with the linear classifier; in a list."""
    base, linear = results.get(probes.base), results.get(LINEAR)
    if not base or not linear or base.diverged or linear.diverged:
        return []
    gain, error = measure_paired_gain(base.right, linear.right)
    evidence = {"linear": linear.valid["accuracy"], "network": base.valid["accuracy"]}
    evidence |= {"gain": gain, "gain_error": error}
    comparison = (
        f"Trained on the same {probes.n_part:,} rows, the network is better than a linear classifier by "
        f"{in_points(gain, error)}"
    )
    if gain - 2 * error > 0:
        return [Finding(Kind.LINEAR_BASELINE, FINE, evidence, f"{comparison}.")]
    if gain + 2 * error < 0:
        advice = (
            f"A linear classifier is better than the network by {in_points(-gain, error)}. The hidden layers make it "
            "worse in this training."
        )
        return [Finding(Kind.LINEAR_BASELINE, PROBLEM, evidence, advice)]
    advice = f"{comparison}, which may be chance. It is not clear that the hidden layers help."
    return [Finding(Kind.LINEAR_BASELINE, UNCERTAIN, evidence, advice)]


def _collect_columns(points):
    return {
        "train": [point.train["accuracy"] for point in points],
        "valid": [point.valid["accuracy"] for point in points],
        "valid_ci95": [list(wilson_interval(float(p.right.mean()), len(p.right))) for p in points],
    }
