"""Trends: a sentence about each figure, for people who cannot see it or prefer to read.

The sentences use only the numbers of the figure.
"""

from pipelines.report.wording import number, share, shorten


def drop_missing(pairs):
    """Return [(x, y)] without the pairs that have no number."""
    return [(x, y) for x, y in pairs if x is not None and y is not None]


def describe_change(values, form):
    """Return the change of a number from first to last, such as "falls from 2.51 to 0.64"."""
    first, last = form(values[0]), form(values[-1])
    if first == last:
        return f"begins and ends at {last}"
    return f"{'rises' if values[-1] > values[0] else 'falls'} from {first} to {last}"


def by_epoch(name, table, lowest):
    """Describe the change of "loss" or "accuracy" on training and on validation rows; `lowest` is whether less is
    better.
    """
    form = share if name == "accuracy" else number
    sentences = []
    for role, word in (("train", "Training"), ("valid", "validation")):
        points = drop_missing(table.select("epoch", f"{role}_{name}"))
        if points:
            epoch, best = (min if lowest else max)(points, key=lambda point: point[1])
            extreme = f"{'lowest' if lowest else 'highest'} in epoch {number(epoch)}, {form(best)}"
            sentences.append(f"{word} {name} {describe_change([y for _, y in points], form)} ({extreme})")
    n = len(table.rows)
    return f"{'; '.join(sentences)}; {n:,} epoch{'s' * (n != 1)}." if sentences else "No epoch has a finite number."


def by_value(table):
    """Describe how accuracy depends on the first column: the number of rows, a width, a strength."""
    what = table.columns[0].heading.lower()
    sentences = []
    for role, word in (("train", "training"), ("valid", "validation")):
        points = drop_missing(table.select(table.columns[0].name, f"{role}_accuracy"))
        if points:
            best, highest = max(points, key=lambda point: point[1])
            change = describe_change([y for _, y in points], share)
            sentences.append(f"{word} accuracy {change} (highest, {share(highest)}, at {number(best)})")
    values = table.column(table.columns[0].name)
    ends = [number(values[i]) for i in (0, -1)]
    return f"By {shorten(what)}, from {ends[0]} to {ends[1]}: {'; '.join(sentences) or 'no accuracy was measured'}."


def baselines(table):
    """Give the accuracy of each baseline on validation rows."""
    rows = table.select("name", "train_accuracy", "valid_accuracy")
    parts = [f"{shorten(name)} {share(train if valid is None else valid)}" for name, train, valid in rows]
    return f"On validation rows, or on training rows if there are no validation rows: {', '.join(parts)}."


def by_layer(epochs, healths):
    """Say how the gradient's norm changes from the last layer back to the first, in some epochs."""
    sentences = []
    for epoch, health in zip(epochs, healths, strict=True):
        values = health.get("gradient") or []
        if values and values[0] and values[-1]:
            sentences.append(f"{values[0] / values[-1]:.3g} in epoch {number(epoch)}")
    return (
        f"First layer divided by last: {', '.join(sentences)}." if sentences else "No gradient is above 0 and finite."
    )


def extremes(table, name, form):
    """Say where a column is lowest and highest in the last epoch, over all layers."""
    place, last = table.columns[1].name, table.column("epoch")[-1]
    points = drop_missing((layer, value) for epoch, layer, value in table.select("epoch", place, name) if epoch == last)
    if not points:
        return "The last epoch has no finite number."
    low, high = min(points, key=lambda point: point[1]), max(points, key=lambda point: point[1])
    if form(low[1]) == form(high[1]):
        return f"In the last epoch {form(low[1])}."
    return f"In the last epoch from {form(low[1])} ({place} {low[0]}) to {form(high[1])} ({place} {high[0]})."


def calibration(table, ece):
    """Say how far confidence and accuracy are apart."""
    rows = table.select("n", "confidence", "accuracy")
    gaps = [(confidence - accuracy, n) for n, confidence, accuracy in rows if n and accuracy is not None]
    if not gaps:
        return "No answer was given."
    n = sum(count for _, count in gaps)
    lean = sum(gap * count for gap, count in gaps) / n
    word = "overconfident" if lean > 0 else "underconfident"
    error = "" if ece is None else f"Confidence and accuracy differ by {share(ece)} on average. "
    return f"{error}Over all {n:,} answers, the network is {word} by {share(abs(lean))}."


def by_group(table):
    """Say which group is hardest and which easiest."""
    rows = drop_missing(table.select("group", "accuracy"))
    if not rows:
        return "No accuracy was measured."
    (hardest, low), (easiest, high) = rows[0], rows[-1]
    return f"From {share(low)} ({shorten(hardest)}) to {share(high)} ({shorten(easiest)})."


def confusion(table):
    """Say how many answers are right, and how many errors there are."""
    counts = [counts for _, *counts in table.rows]  # the columns are the classes
    n, right = sum(map(sum, counts)), sum(row[i] for i, row in enumerate(counts))
    return f"{right:,} of {n:,} answers are right, on the diagonal; {n - right:,} are errors."
