"""Trends: what a figure shows, in a sentence, for whoever cannot see it and for whoever would rather read.

The sentences are made from the numbers of the figure and from nothing else.
"""

from pipelines.report.wording import number, share, shown


def told(pairs):
    """Return [(x, y)] without the pairs that have no number."""
    return [(x, y) for x, y in pairs if x is not None and y is not None]


def moved(values, form):
    """Return how a number went from first to last, such as "falls from 2.51 to 0.64"."""
    first, last = form(values[0]), form(values[-1])
    if first == last:
        return f"begins and ends at {last}"
    return f"{'rises' if values[-1] > values[0] else 'falls'} from {first} to {last}"


def by_epoch(name, table, lowest):
    """Say how "loss" or "accuracy" went on training and on validation rows; `lowest` is whether less is better."""
    form = share if name == "accuracy" else number
    sentences = []
    for role, word in (("train", "Training"), ("valid", "validation")):
        points = told(column_pairs(table, "epoch", f"{role}_{name}"))
        if points:
            epoch, best = (min if lowest else max)(points, key=lambda point: point[1])
            extreme = f"{'lowest' if lowest else 'highest'} in epoch {number(epoch)}, {form(best)}"
            sentences.append(f"{word} {name} {moved([y for _, y in points], form)} ({extreme})")
    n = len(table.rows)
    return f"{'; '.join(sentences)}; {n:,} epoch{'s' * (n != 1)}." if sentences else "No epoch has a finite number."


def by_value(table):
    """Say how accuracy depends on the first column: the number of rows, a width, a strength."""
    what = table.columns[0].heading.lower()
    sentences = []
    for role, word in (("train", "training"), ("valid", "validation")):
        points = told(column_pairs(table, table.columns[0].name, f"{role}_accuracy"))
        if points:
            best, highest = max(points, key=lambda point: point[1])
            sentences.append(
                f"{word} accuracy {moved([y for _, y in points], share)} (highest, {share(highest)}, at {number(best)})"
            )
    ends = [number(table.rows[i][0]) for i in (0, -1)]
    return f"By {shown(what)}, from {ends[0]} to {ends[1]}: {'; '.join(sentences) or 'no accuracy was measured'}."


def baselines(table):
    """Say what each baseline reaches on validation rows."""
    parts = [f"{shown(name)} {share(train if valid is None else valid)}" for name, train, valid, _ in table.rows]
    return f"On validation rows, or on training rows where there are no others: {', '.join(parts)}."


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
    last, place = table.rows[-1][0], table.columns[1].name
    points = told((row[1], row[_index(table, name)]) for row in table.rows if row[0] == last)
    if not points:
        return "The last epoch has no finite number."
    low, high = min(points, key=lambda point: point[1]), max(points, key=lambda point: point[1])
    if form(low[1]) == form(high[1]):
        return f"In the last epoch {form(low[1])}."
    return f"In the last epoch from {form(low[1])} ({place} {low[0]}) to {form(high[1])} ({place} {high[0]})."


def calibration(table, ece):
    """Say how far confidence and accuracy are apart."""
    rows = [row[2:5] for row in table.rows if row[2] and row[4] is not None]
    gaps = [(confidence - accuracy, n) for n, confidence, accuracy in rows]
    if not gaps:
        return "No answer was given."
    n = sum(count for _, count in gaps)
    lean = sum(gap * count for gap, count in gaps) / n
    word = "more sure than right" if lean > 0 else "less sure than right"
    error = "" if ece is None else f"Confidence and accuracy differ by {share(ece)} on average. "
    return f"{error}Over all {n:,} answers, the network is {word}, by {share(abs(lean))}."


def by_group(table):
    """Say which group is hardest and which easiest."""
    rows = [row for row in table.rows if row[2] is not None]
    if not rows:
        return "No accuracy was measured."
    hard, easy = rows[0], rows[-1]
    return f"From {share(hard[2])} ({shown(hard[0])}) to {share(easy[2])} ({shown(easy[0])})."


def confusion(table):
    """Say how many answers are right, and how many errors there are."""
    counts = [row[1:] for row in table.rows]
    n, right = sum(map(sum, counts)), sum(row[i] for i, row in enumerate(counts))
    return f"{right:,} of {n:,} answers are right, on the diagonal; {n - right:,} are errors."


def column(table, name):
    """Return one column of a table as a list."""
    i = _index(table, name)
    return [row[i] for row in table.rows]


def column_pairs(table, x, y):
    """Return two columns of a table as a list of pairs."""
    return list(zip(column(table, x), column(table, y), strict=True))


def _index(table, name):
    return [column.name for column in table.columns].index(name)
