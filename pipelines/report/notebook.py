"""Notebooks: models, evaluations, diagnoses and histories as HTML for a cell.

All names of files and classes are escaped. The pictures are drawn as SVG, so that they need no other package.
"""

import html
from collections.abc import Iterable, Sequence
from typing import Any

from pipelines.wording import escape, list_some, percent

WIDTH, HEIGHT, MARGIN = 260, 130, 6  # of a picture, in pixels
COLOURS = {"train": "#1f77b4", "valid": "#d62728"}
MOST_CLASSES = 40  # rows of a table; then it says how many more there are


def escape_html(text: object) -> str:
    """Return text as HTML with escaped control characters."""
    return html.escape(escape(str(text)))


def table_html(rows: Iterable[Sequence[object]], header: Sequence[object] = ()) -> str:
    """Return rows of cells as an HTML table; numbers are aligned to the right."""
    head = f"<tr>{''.join(f'<th>{escape_html(cell)}</th>' for cell in header)}</tr>" if header else ""
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return f"<table>{head}{body}</table>"


def _cell(value: object) -> str:
    text = escape_html(value)
    side = "right" if text.removeprefix("-")[:1].isdigit() else "left"
    return f'<td style="text-align:{side}">{text}</td>'


def model_html(model: Any) -> str:
    """Return a `pipelines.Model` as a table: its description, its file, and its scores."""
    provenance = model.answering.provenance
    rows = [
        ("task", model.task),
        ("file", model.path or "in memory"),
        ("labels", list_some(model.labels, most=12)),
        ("data", provenance.get("dataset", "")),
        ("preset", provenance.get("preset") or "none"),
        ("epochs", provenance.get("epochs", "")),
    ]
    scores = [
        (split, provenance.get(f"n_{split}", ""), percent(score["accuracy"]), f"{score['loss']:.4f}")
        for split, score in model.scores.items()
        if score
    ]
    return table_html(rows) + table_html(scores, ("split", "samples", "accuracy", "loss"))


def evaluation_html(evaluation: Any) -> str:
    """Return an Evaluation as HTML: the accuracy with its interval, and a table by class."""
    low, high = evaluation.ci95
    rows = [
        (label, percent(of["precision"]), percent(of["recall"]), percent(of["f1"]), of["support"])
        for label, of in list(evaluation.per_class.items())[:MOST_CLASSES]
    ]
    more = len(evaluation.per_class) - len(rows)
    return (
        f"<div>{escape_html(evaluation.dataset)}, {escape_html(evaluation.split)} split: accuracy "
        f"<b>{percent(evaluation.accuracy)}</b> (95 % interval {percent(low)} to {percent(high)})</div>"
        + table_html(rows, ("class", "precision", "recall", "f1", "samples"))
        + (f"<div>and {more} more classes</div>" if more else "")
    )


def crossval_html(record: Any) -> str:
    """Return a cross-validation's record as HTML: the mean, and a table by fold."""
    rows = [(name, fold["n"], percent(fold["accuracy"])) for name, fold in record["folds"].items()]
    worst = f"worst {percent(record['worst'])} ({escape_html(record['worst_fold'])})"
    return (
        f"<div>{escape_html(record['dataset'])}: mean accuracy <b>{percent(record['mean'])}</b>, {worst}</div>"
        + table_html(rows, (record["by"], "samples", "accuracy"))
    )


def diagnosis_html(record: Any) -> str:
    """Return a diagnosis' record as HTML: the verdict, the findings, and what to try next."""
    rows = [(finding["name"], finding["verdict"], finding["advice"] or "") for finding in record["findings"]]
    return (
        f"<div><b>{escape_html(record['verdict'])}</b>: {escape_html(record['summary'])}</div>"
        + table_html(rows, ("looked at", "verdict", "why"))
        + f"<div>Next: {escape_html(record['next']['text'])}</div>"
    )


def history_html(history: Sequence[Any]) -> str:
    """Return a history as HTML: curves of loss and accuracy over the epochs, and the numbers of the last one."""
    entries = [entry for entry in history if "train" in entry and "valid" in entry]
    if not entries:
        return "<div>no epoch yet</div>"
    pictures = "".join(_curves(entries, name) for name in ("loss", "accuracy"))
    last = entries[-1]
    rows = [(split, f"{last[split]['loss']:.4f}", percent(last[split]["accuracy"])) for split in ("train", "valid")]
    return f"<div>{pictures}</div>" + table_html(rows, (f"epoch {last['epoch']}", "loss", "accuracy"))


def _curves(entries: Sequence[Any], name: str) -> str:
    """Return one number of both splits over the epochs as an SVG picture."""
    series = {split: [float(entry[split][name]) for entry in entries] for split in COLOURS}
    values = [value for points in series.values() for value in points]
    low, high = min(values), max(values)
    across = (WIDTH - 2 * MARGIN) / max(1, len(entries) - 1)
    down = (HEIGHT - 2 * MARGIN) / ((high - low) or 1.0)
    lines = []
    for split, points in series.items():
        places = [f"{MARGIN + i * across:.1f},{MARGIN + (high - value) * down:.1f}" for i, value in enumerate(points)]
        places = places * 2 if len(places) == 1 else places
        lines.append(
            f'<polyline points="{" ".join(places)}" fill="none" stroke="{COLOURS[split]}" stroke-width="1.5" '
            f'stroke-linecap="round"><title>{split} {name}</title></polyline>'
        )
    said = f"{name} from {high:.4g} (top) to {low:.4g} (bottom); train blue, valid red"
    return (
        f'<figure style="display:inline-block;margin:4px 12px 4px 0"><svg width="{WIDTH}" height="{HEIGHT}" role="img" '
        f'aria-label="{said}"><rect width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#999"/>{"".join(lines)}</svg>'
        f"<figcaption>{said}</figcaption></figure>"
    )
