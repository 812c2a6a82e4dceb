"""Figures of the numbers of a diagnosis, each with a sentence on what it shows.

Each function here takes the numbers of one table and draws one or a few charts of them.
"""

from pipelines.report import trends
from pipelines.report.chart import (
    COLOURS,
    HEAT_LEVELS,
    STYLES,
    TRAIN,
    VALID,
    canvas,
    finish,
    legend,
    load_matplotlib,
    plot,
    powers_of_ten,
    settings,
    shares,
    whole_numbers,
)
from pipelines.report.tables import health_of
from pipelines.report.wording import number, share, shorten

MOST_GROUPS = 40
MOST_LINES = 5
MOST_CLASSES_IN_TABLE = 20


def figures_of(record, tables):
    """Return the figures of a record: dict of name to list of Figure.

    Parameters
    ----------
    record : dict of JSON types
    tables : dict of name to Table, what `tables_of(record)` returns
    """
    matplotlib = load_matplotlib()
    found = {}
    with matplotlib.rc_context(settings()):
        for name, make in FIGURES.items():
            drawn = list(make(record, tables))
            if drawn:
                found[name] = drawn
    return found


def _epochs(record, tables):
    """Draw loss and accuracy of training and validation rows, epoch by epoch."""
    table = tables.get("history")
    if table is None:
        return
    epochs = table.column("epoch")
    for name, title in (("loss", "Loss by epoch"), ("accuracy", "Accuracy by epoch")):
        columns = {role: table.column(f"{role}_{name}") for role in ("train", "valid")}
        if all(value is None for values in columns.values() for value in values):
            continue
        figure, axes = canvas()
        for (role, values), style in zip(columns.items(), (TRAIN, VALID), strict=True):
            if any(value is not None for value in values):
                plot(axes, epochs, values, style, {"train": "training", "valid": "validation"}[role])
        axes.set_xlabel("epoch")
        whole_numbers(axes.xaxis)
        if name == "accuracy":
            shares(axes.yaxis)
        legend(axes)
        trend = trends.by_epoch(name, table, lowest=name == "loss")
        yield finish(figure, f"epochs-{name}", title, trend, table.name)


def _curve(table, name, title, xlabel, chosen=None):
    """Draw accuracy over ordered values, evenly spaced, with the intervals of validation as whiskers."""
    figure, axes = canvas()
    values = table.column(table.columns[0].name)
    places = list(range(len(values)))
    for role, style in (("train", TRAIN), ("valid", VALID)):
        accuracy = table.column(f"{role}_accuracy")
        if any(value is not None for value in accuracy):
            plot(axes, places, accuracy, style, {"train": "training", "valid": "validation"}[role])
    for i, (low, high) in enumerate(table.select("ci95_low", "ci95_high")):
        if None in (low, high):
            continue
        axes.plot([i, i], [low, high], color=COLOURS["series-2"], linewidth=1.2, marker="_", markersize=7)
    if chosen in values:
        axes.axvline(values.index(chosen), color=COLOURS["muted"], linewidth=1, linestyle=":", label="chosen")
    axes.set_xticks(places, [shorten(number(value), 14) for value in values])
    if sum(len(number(value)) for value in values) > 44:
        axes.tick_params(axis="x", rotation=45)
    axes.set_xlabel(shorten(xlabel, 40))
    shares(axes.yaxis)
    legend(axes, 3)
    return finish(figure, name, title, trends.by_value(table), table.name)


def _learning_curve(record, tables):
    if table := tables.get("learning-curve"):
        yield _curve(table, "learning-curve", "Accuracy by number of training rows", "training rows")


def _validation_curves(record, tables):
    from pipelines.report.tables import validation_curve_name, value_of

    for i, curve in enumerate(record.get("validation_curves") or ()):
        if table := tables.get(validation_curve_name(curve)):
            heading = table.columns[0].heading
            title = f"Accuracy by {shorten(heading, 40)}"
            yield _curve(table, f"validation-{i}", title, heading, value_of(curve.get("chosen")))


def _baselines(record, tables):
    """Draw what simpler or disturbed learning reaches, as dots on lines."""
    table = tables.get("baselines")
    if table is None:
        return
    figure, axes = canvas(64 + 30 * len(table.rows))
    places = list(range(len(table.rows)))[::-1]
    for name, (colour, _, marker), word in (("train", TRAIN, "training"), ("valid", VALID, "validation")):
        values = [float("nan") if v is None else v for v in table.column(f"{name}_accuracy")]
        axes.plot(values, places, marker, color=COLOURS[colour], markersize=7, label=word, clip_on=False)
    axes.set_yticks(places, [shorten(name, 30) for name in table.column("name")])
    axes.set_ylim(-0.5, len(places) - 0.5)
    axes.set_xlim(0, 1)
    axes.grid(True, axis="both")
    shares(axes.xaxis)
    legend(axes)
    title = "Accuracy compared with simpler learning"
    yield finish(figure, "baselines", title, trends.baselines(table), table.name)


def _health(record, tables):
    """Draw the gradient's norm from layer to layer, and what became of layers and activations over the epochs."""
    watched = health_of(record)
    layers, activations = tables.get("health"), tables.get("activations")
    if layers:
        chosen = [watched[i] for i in sorted({0, len(watched) // 2, len(watched) - 1})]
        figure, axes = canvas()
        for (epoch, health), style in zip(chosen, STYLES, strict=False):
            norms = [value or None for value in health.get("gradient") or ()]
            plot(axes, range(1, len(norms) + 1), norms, style, f"epoch {epoch}")
        powers_of_ten(axes)
        axes.set_xlabel("dense layer, from the input on")
        whole_numbers(axes.xaxis)
        legend(axes, 3)
        trend = trends.by_layer(*zip(*chosen, strict=True))
        yield finish(figure, "gradients", "Norm of the gradient by layer", trend, layers.name)
        trend = trends.extremes(layers, "update_ratio", number)
        yield _over_epochs(layers, "update_ratio", "Update ratio by epoch", trend, logarithmic=True)
    for name, title in (("dead", "Dead units by epoch"), ("saturated", "Saturated outputs by epoch")):
        if activations and any(value is not None for value in activations.column(name)):
            yield _over_epochs(activations, name, title, trends.extremes(activations, name, share))


def _over_epochs(table, name, title, trend, logarithmic=False):
    """Draw one column over the epochs for a few layers, including the first and the last."""
    figure, axes = canvas()
    place = table.columns[1].name
    layers = sorted(set(table.column(place)))
    n = min(MOST_LINES, len(layers))
    chosen = [layers[round(i * (len(layers) - 1) / max(1, n - 1))] for i in range(n)]
    for layer, style in zip(chosen, STYLES, strict=False):
        points = [(epoch, value) for epoch, i, value in table.select("epoch", place, name) if i == layer]
        epochs, values = zip(*points, strict=True)
        if logarithmic:
            values = [value or None for value in values]
        plot(axes, epochs, values, style, f"{place} {layer}")
    if logarithmic:
        powers_of_ten(axes)
    else:
        shares(axes.yaxis)
        axes.set_ylim(bottom=0)
    axes.set_xlabel("epoch")
    whole_numbers(axes.xaxis)
    legend(axes, 3)
    return finish(figure, name.replace("_", "-"), title, trend, table.name)


def _calibration(record, tables):
    """Draw accuracy over confidence, beside the line on which both are equal; large dots are many samples."""
    table = tables.get("calibration")
    names = ("confidence", "accuracy", "ci95_low", "ci95_high", "n")
    rows = [row for row in table.select(*names) if None not in row] if table else []
    if not rows:
        return
    figure, axes = canvas()
    axes.plot([0, 1], [0, 1], color=COLOURS["muted"], linewidth=1, linestyle=":", label="confidence equals accuracy")
    confidences, accuracies, lows, highs, counts = zip(*rows, strict=True)
    for confidence, low, high in zip(confidences, lows, highs, strict=True):
        axes.plot([confidence, confidence], [low, high], color=COLOURS["series-1"], linewidth=1.2)
    sizes = [16 + 130 * n / max(counts) for n in counts]
    axes.scatter(
        confidences, accuracies, sizes, color=COLOURS["series-1"], label="this network", clip_on=False, zorder=3
    )
    axes.set_xlabel("mean confidence of the answers")
    axes.set_ylabel("share of right answers")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    shares(axes.xaxis)
    shares(axes.yaxis)
    legend(axes)
    trend = trends.calibration(table, (record.get("calibration") or {}).get("ece"))
    yield finish(figure, "calibration", "Accuracy by confidence", trend, table.name)


def _groups(record, tables):
    """Draw each group's accuracy with its interval."""
    table = tables.get("per-group")
    if table is None or len(table.rows) > MOST_GROUPS:
        return
    figure, axes = canvas(50 + 22 * len(table.rows))
    places = list(range(len(table.rows)))[::-1]
    for place, (accuracy, low, high) in zip(places, table.select("accuracy", "ci95_low", "ci95_high"), strict=True):
        if None not in (low, high):
            axes.plot([low, high], [place, place], color=COLOURS["series-2"], linewidth=1.6)
        if accuracy is not None:
            axes.plot([accuracy], [place], "s", color=COLOURS["series-2"], markersize=6.5, clip_on=False)
    axes.set_yticks(places, [shorten(group, 24) for group in table.column("group")])
    axes.set_ylim(-0.6, len(places) - 0.4)
    axes.set_xlim(right=1)
    axes.grid(True, axis="x")
    axes.grid(False, axis="y")
    axes.set_xlabel("accuracy, with its 95 % interval")
    shares(axes.xaxis)
    yield finish(figure, "groups", "Accuracy by speaker or source", trends.by_group(table), table.name)


def heat_level(count, total):
    """Return the colour level of a cell of the confusion matrix: from 0, for no colour, to `HEAT_LEVELS`."""
    return 0 if not count or not total else min(HEAT_LEVELS, 1 + int(HEAT_LEVELS * count / total))


def _confusion(record, tables):
    """Draw a confusion matrix of many classes as a heat map: one path for all cells of a level."""
    table = tables.get("confusion")
    if table is None or len(table.rows) <= MOST_CLASSES_IN_TABLE:
        return
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    n = len(table.rows)
    figure, axes = canvas(720, 720)
    cells = {level: [] for level in range(1, HEAT_LEVELS + 1)}
    for i, (_, *counts) in enumerate(table.rows):
        for j, count in enumerate(counts):
            if level := heat_level(count, sum(counts)):
                cells[level].append(Path([(j, i), (j + 1, i), (j + 1, i + 1), (j, i + 1), (j, i)], closed=True))
    for level, paths in cells.items():
        if paths:
            axes.add_patch(PathPatch(Path.make_compound_path(*paths), facecolor=COLOURS[f"heat-{level}"], linewidth=0))
    step = -(-n // 50)
    places = range(0, n, step)
    labels = table.column("true")
    names = [shorten(labels[i], 16) for i in places]
    axes.set_xticks([i + 0.5 for i in places], names, rotation=90)
    axes.set_yticks([i + 0.5 for i in places], names)
    axes.set_xlim(0, n)
    axes.set_ylim(n, 0)
    axes.set_aspect("equal")
    axes.grid(False)
    axes.set_xlabel("answer")
    axes.set_ylabel("true class")
    title = "True class by row, answer by column"
    yield finish(figure, "confusion", title, trends.confusion(table), table.name, wide=True)


FIGURES = {
    "epochs": _epochs,
    "learning_curve": _learning_curve,
    "validation_curves": _validation_curves,
    "baselines": _baselines,
    "health": _health,
    "calibration": _calibration,
    "groups": _groups,
    "confusion": _confusion,
}
