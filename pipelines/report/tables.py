"""Tables: the numbers behind every figure and list of a report, as rows for the page and as CSV for other programs.

The page rounds, the files do not.
"""

import json
import re
from dataclasses import dataclass

from pipelines.wording import csv_line

ENTRY = ("index", "path", "true", "predicted", "probability", "probability_of_true")


@dataclass(frozen=True)
class Column:
    """A column: its name in the file, its heading on the page, and its type.

    `kind` is "text", "path", "number", "share" (in [0, 1], shown as per cent) or "seconds".
    """

    name: str
    heading: str
    kind: str = "number"


INTERVAL = (Column("ci95_low", "95 % from", "share"), Column("ci95_high", "to", "share"))


@dataclass(frozen=True)
class Table:
    """A table: its caption, its columns, and its rows; the first cell of a row is its heading.

    Attributes
    ----------
    name : str, of the file, without .csv
    caption : str
    columns : tuple of Column
    rows : list of tuple, JSON types, None if there is no number
    """

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: list[tuple]

    def csv(self):
        """Return the table as CSV: str."""
        lines = [[column.name for column in self.columns], *self.rows]
        return "".join(f"{csv_line(line)}\r\n" for line in lines)

    def column(self, name):
        """Return the cells of the column of this name: list."""
        place = self._place(name)
        return [row[place] for row in self.rows]

    def select(self, *names):
        """Return the rows with only the columns of these names, in this order: list of tuple."""
        places = [self._place(name) for name in names]
        return [tuple(row[place] for place in places) for row in self.rows]

    def _place(self, name):
        return [column.name for column in self.columns].index(name)


def tables_of(record):
    """Return the tables of a record: dict of name to Table.

    Parameters
    ----------
    record : dict of JSON types
        Of a diagnosis; entries that are missing or None have no table.
    """
    made = [table for make in TABLES for table in make(record)]
    return {table.name: table for table in made if table.rows}


def _scores(record):
    rows = [
        (role, s.get("n"), s.get("accuracy"), *_interval(s.get("ci95")), s.get("balanced_accuracy"), s.get("loss"))
        for role, s in (record.get("scores") or {}).items()
        if s
    ]
    columns = (
        Column("split", "Split", "text"),
        Column("n", "Samples"),
        Column("accuracy", "Accuracy", "share"),
        *INTERVAL,
        Column("balanced_accuracy", "Balanced accuracy", "share"),
        Column("loss", "Loss"),
    )
    yield Table("scores", "The network on each split", columns, rows)


def _interval(ci95):
    return tuple(ci95) if ci95 else (None, None)


def _findings(record):
    rows = [
        (f.get("name"), f.get("verdict"), f.get("advice"), json.dumps(f.get("evidence")))
        for f in record.get("findings") or ()
    ]
    names = ("name", "verdict", "advice", "evidence")
    yield Table("findings", "Findings", tuple(Column(n, n.capitalize(), "text") for n in names), rows)


def _thresholds(record):
    rows = [(t.get("name"), t.get("value"), t.get("why")) for t in record.get("thresholds") or ()]
    columns = (Column("name", "Threshold", "text"), Column("value", "Value"), Column("why", "Why", "text"))
    yield Table("thresholds", "Limits", columns, rows)


def _baselines(record):
    scores = record.get("scores") or {}
    own = [(scores.get(role) or {}).get("accuracy") for role in ("train", "valid")]
    rows = [(b.get("name"), b.get("train"), b.get("valid"), b.get("note")) for b in record.get("baselines") or ()]
    rows = [("this network", *own, ""), *rows] if rows and any(own) else rows
    columns = (
        Column("name", "Compared with", "text"),
        Column("train_accuracy", "Training accuracy", "share"),
        Column("valid_accuracy", "Validation accuracy", "share"),
        Column("note", "Note", "text"),
    )
    yield Table("baselines", "This network compared with simpler or disturbed learning", columns, rows)


def _history(record):
    rows = [
        (
            entry.get("epoch"),
            *(entry.get(name) for name in ("learning_rate", "clip_rate", "seconds")),
            *((entry.get(role) or {}).get(name) for role in ("train", "valid") for name in ("loss", "accuracy")),
        )
        for entry in record.get("history") or ()
    ]
    columns = (
        Column("epoch", "Epoch"),
        Column("learning_rate", "Learning rate"),
        Column("clip_rate", "Clipped steps", "share"),
        Column("seconds", "Time", "seconds"),
        *(
            Column(f"{role}_{name}", f"{word} {name}", "share" if name == "accuracy" else "number")
            for role, word in (("train", "Training"), ("valid", "Validation"))
            for name in ("loss", "accuracy")
        ),
    )
    yield Table("history", "Epoch by epoch", columns, rows)


def health_of(record):
    """Return [(epoch, health)] of the epochs with a record of the network's health."""
    return [(entry.get("epoch"), entry["health"]) for entry in record.get("history") or () if entry.get("health")]


LAYER_HEALTH = (("gradient", "Gradient norm"), ("weights", "Weight norm"), ("update_ratio", "Update ratio"))
UNIT_HEALTH = (
    ("mean", "Mean output", "number"),
    ("sd", "Standard deviation", "number"),
    ("dead", "Dead units", "share"),
    ("saturated", "Saturated outputs", "share"),
)


def _health(record):
    """Yield the tables of the dense layers and of the activations, which count from 1 from the input on."""
    for name, what, caption, kinds in (
        ("health", "layer", "Dense layers, by epoch", [(key, heading, "number") for key, heading in LAYER_HEALTH]),
        ("activations", "activation", "Activations, by epoch", UNIT_HEALTH),
    ):
        rows = []
        for epoch, health in health_of(record):
            lists = [health.get(key) or [] for key, _, _ in kinds]
            for i in range(max(map(len, lists))):
                rows.append((epoch, i + 1, *(values[i] if i < len(values) else None for values in lists)))
        columns = (Column("epoch", "Epoch"), Column(what, what.capitalize()), *(Column(*kind) for kind in kinds))
        yield Table(name, caption, columns, rows)


CURVE = (
    Column("train_accuracy", "Training accuracy", "share"),
    Column("valid_accuracy", "Validation accuracy", "share"),
    *INTERVAL,
)


def _curve(curve, values):
    train, valid, ci95 = (curve.get(key) or [None] * len(values) for key in ("train", "valid", "valid_ci95"))
    return [
        (value, t, v, *_interval(interval)) for value, t, v, interval in zip(values, train, valid, ci95, strict=True)
    ]


def _learning_curve(record):
    if curve := record.get("learning_curve"):
        columns = (Column("rows", "Training rows"), *CURVE)
        yield Table("learning-curve", "Accuracy by number of training rows", columns, _curve(curve, curve["rows"]))


def validation_curve_name(curve):
    """Return the name of a validation curve's table."""
    return f"validation-curve-{re.sub('[^a-z0-9]+', '-', str(curve.get('parameter')).lower())[:40].strip('-')}"


def value_of(value):
    """Return a value of a validation curve as one cell: widths such as [512, 256] as "512,256"."""
    return ",".join(map(str, value)) if isinstance(value, list) else value


def _validation_curves(record):
    for curve in record.get("validation_curves") or ():
        word = str(curve.get("parameter"))
        columns = (Column(word, word.replace("_", " "), "number"), *CURVE)
        rows = _curve(curve, [value_of(value) for value in curve["values"]])
        yield Table(validation_curve_name(curve), f"Accuracy by {word.replace('_', ' ')}", columns, rows)


def _confusion(record):
    labels = record.get("labels") or []
    rows = [(label, *counts) for label, counts in zip(labels, record.get("confusion") or [], strict=False)]
    columns = (Column("true", "True", "text"), *(Column(label, label) for label in labels))
    yield Table("confusion", "True class by row, answer by column", columns, rows)


def _most_confused(record):
    columns = (Column("true", "True class", "text"), Column("predicted", "Answer", "text"), Column("count", "Times"))
    yield Table("most-confused", "Most frequent errors", columns, [tuple(r) for r in record.get("most_confused") or ()])


def _per_class(record):
    names = ("precision", "recall", "f1", "support")
    rows = [(label, *(s.get(name) for name in names)) for label, s in (record.get("per_class") or {}).items()]
    columns = (
        Column("class", "Class", "text"),
        Column("precision", "Precision", "share"),
        Column("recall", "Recall", "share"),
        Column("f1", "F1", "share"),
        Column("support", "Samples"),
    )
    yield Table("per-class", "By class", columns, rows)


def _per_group(record):
    groups = sorted((record.get("per_group") or {}).items(), key=lambda item: item[1].get("accuracy") or 0)
    rows = [(group, s.get("n"), s.get("accuracy"), *_interval(s.get("ci95"))) for group, s in groups]
    columns = (
        Column("group", "Speaker or source", "text"),
        Column("n", "Samples"),
        Column("accuracy", "Accuracy", "share"),
        *INTERVAL,
    )
    yield Table("per-group", "By speaker or source, the hardest first", columns, rows)


def _calibration(record):
    names = ("low", "high", "n", "confidence", "accuracy")
    bins = (record.get("calibration") or {}).get("bins") or ()
    columns = (
        Column("low", "Confidence from", "share"),
        Column("high", "to", "share"),
        Column("n", "Samples"),
        Column("confidence", "Mean confidence", "share"),
        Column("accuracy", "Accuracy", "share"),
        *INTERVAL,
    )
    rows = [(*(b.get(name) for name in names), *_interval(b.get("ci95"))) for b in bins]
    yield Table("calibration", "By confidence", columns, rows)


def _samples(record):
    columns = tuple(
        Column(name, name.replace("_", " ").capitalize(), kind)
        for name, kind in zip(ENTRY, ("number", "path", "text", "text", "share", "share"), strict=True)
    )
    for key, caption in (("errors", "Errors"), ("least_certain", "Least certain"), ("mislabelled", "Doubtful labels")):
        rows = [tuple(entry.get(name) for name in ENTRY) for entry in record.get(key) or ()]
        yield Table(key.replace("_", "-"), caption, columns, rows)


def _duplicates(record):
    rows = [
        (*(p.get("paths") or (None, None)), *p["labels"], *p["roles"], p.get("exact"), p.get("likeness"), *p["rows"])
        for p in record.get("duplicates") or ()
    ]
    columns = (
        Column("path_first", "First", "path"),
        Column("path_second", "Second", "path"),
        Column("label_first", "Its label", "text"),
        Column("label_second", "The other's", "text"),
        Column("role_first", "Its split", "text"),
        Column("role_second", "The other's", "text"),
        Column("exact", "Equal"),
        Column("likeness", "Likeness"),
        Column("row_first", "Sample"),
        Column("row_second", "The other"),
    )
    yield Table("duplicates", "Samples that are twice in the data", columns, rows)


TABLES = (
    _scores,
    _findings,
    _thresholds,
    _baselines,
    _history,
    _health,
    _learning_curve,
    _validation_curves,
    _confusion,
    _most_confused,
    _per_class,
    _per_group,
    _calibration,
    _samples,
    _duplicates,
)
