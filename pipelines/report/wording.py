"""Wording: numbers, and names of files and classes, as text for a page.

The files beside the page have all digits of a number. The page shows three or four.
"""

import numbers
from pathlib import PurePath

from pipelines.wording import printable, round_percent

NOTHING = "–"
LONGEST = 120  # letters of a name that are shown
LONGEST_TEXT = 2000  # of a sentence, which may name files
MOST_ITEMS = 12


def shorten(value, most=LONGEST):
    """Return a text with a question mark for each letter that cannot be shown.

    A long text is cut off, with an ellipsis at its end.
    """
    text = str(value)
    return printable(text, most) if len(text) <= most else f"{printable(text[: most - 1], most)}…"


def show_path(path):
    """Return the last two parts of a path, or the end of them that fits."""
    text = "/".join(PurePath(str(path)).parts[-2:])
    return printable(text) if len(text) <= LONGEST else f"…{printable(text[-LONGEST + 1 :])}"


def number(value):
    """Return a number with four digits, a whole number with all digits, a boolean as yes or no, and None as a dash."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, numbers.Integral):
        return f"{value:,}"
    return f"{value:.4g}" if isinstance(value, numbers.Real) else shorten(value, LONGEST_TEXT)


def share(value):
    """Return a share as per cent with one decimal; a small share is not shown as 0 %, and nearly all not as 100 %."""
    return NOTHING if value is None else round_percent(round(value, 12))  # 1 - 1e-16 is 1


def seconds(value):
    """Return a duration, such as "0.52 s" or "3 min 5 s"; a dash for None."""
    if value is None:
        return NOTHING
    return f"{value:.3g} s" if value < 60 else f"{int(value // 60)} min {value % 60:.0f} s"


def spell(name):
    """Return the name of an entry as words: "valid_ci95" as "valid ci95"."""
    return shorten(name).replace("_", " ")


def flat(value, name=()):
    """Return nested JSON types as a list of (name, text): {"a": {"b": 1}} gives [("a: b", "1")]."""
    if isinstance(value, dict):
        return [row for key, inner in value.items() for row in flat(inner, (*name, spell(key)))]
    return [(": ".join(name), _list(value) if isinstance(value, list | tuple) else number(value))]


def _list(values):
    """Return a list as text; only the beginning if it is long."""
    if not values:
        return "none"
    texts = [_item(value) for value in values[:MOST_ITEMS]]
    rest = len(values) - len(texts)
    return ", ".join(texts) + (f" and {rest:,} more" if rest else "")


def _item(value):
    if isinstance(value, dict):
        return "; ".join(f"{name} {text}" for name, text in flat(value))
    return f"({_list(value)})" if isinstance(value, list | tuple) else number(value)
