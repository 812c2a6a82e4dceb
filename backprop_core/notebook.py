"""Notebook: tables of a network and of its training history for notebooks.

A notebook calls an object's `_repr_html_` and shows the result; other programs do not use it.
"""

from collections.abc import Iterable, Sequence
from html import escape

import numpy as np

MOST_ROWS = 20


def table(heads: Sequence[str], rows: Iterable[Sequence], caption: str = "") -> str:
    """Return an HTML table; all cells are text that is escaped here, and numbers stand at the right.

    >>> table(["epoch"], [[1]])
    '<table><thead><tr><th>epoch</th></tr></thead><tbody><tr><td style="text-align:right">1</td></tr></tbody></table>'
    """
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    caption = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def history_table(entries: Sequence[dict]) -> str:
    """Return a training's history as an HTML table, an epoch in a row; of many epochs, rows evenly spread over them."""
    if not entries:
        return "<p>no epoch yet</p>"
    measured = [(part, name) for part in ("train", "valid") for name in entries[-1].get(part, {})]
    heads = ["epoch", *(f"{part} {name}" for part, name in measured), "learning rate", "seconds"]
    shown = np.unique(np.linspace(0, len(entries) - 1, min(MOST_ROWS, len(entries))).astype(int))
    rows = [
        [
            entry["epoch"],
            *(entry.get(part, {}).get(name) for part, name in measured),
            entry.get("learning_rate"),
            entry.get("seconds"),
        ]
        for entry in (entries[i] for i in shown)
    ]
    return table(heads, rows, f"{len(entries)} epochs" + (f", {len(rows)} of them shown" * (len(rows) < len(entries))))


def _cell(value):
    if isinstance(value, int | float):
        text = f"{value:.4g}" if isinstance(value, float) else f"{value:,}"
        return f'<td style="text-align:right">{text}</td>'
    return f"<td>{escape('' if value is None else str(value))}</td>"
