"""Wording: numbers, and what strangers called their files and classes, as text for a page.

The numbers of a record have all their digits in the files beside the page. A reader wants three or four.
"""

import numbers
from pathlib import PurePath

from pipelines.wording import printable, round_percent

NOTHING = "–"
LONGEST = 120  # letters of a name that are shown
LONGEST_TEXT = 2000  # of a sentence, which may name files
MOST_ITEMS = 12


def shorten(value, most=LONGEST):
    """Return a text with a question mark for each letter that has no picture of its own, its beginning if it is long.

    What is cut off, an ellipsis stands for.
    """
    text = str(value)
    return printable(text, most) if len(text) <= most else f"{printable(text[: most - 1], most)}…"


def show_path(path):
    """Return the last two parts of a path, or as much of their end as there is room for."""
    text = "/".join(PurePath(str(path)).parts[-2:])
    return printable(text) if len(text) <= LONGEST else f"…{printable(text[-LONGEST + 1 :])}"


def number(value):
    """Return a number with four digits, whole ones in full, a truth as yes or no; a dash for nothing."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, numbers.Integral):
        return f"{value:,}"
    return f"{value:.4g}" if isinstance(value, numbers.Real) else shorten(value, LONGEST_TEXT)


def share(value):
    """Return a share as per cent with one decimal, in which little is not nothing and nearly all is not all."""
    return NOTHING if value is None else round_percent(round(value, 12))  # 1 - 1e-16 is 1


def seconds(value):
    """Return a duration, such as "0.52 s" or "3 min 5 s"; a dash for nothing."""
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
    """Return a list as text, its beginning if it is long."""
    if not values:
        return "none"
    texts = [_item(value) for value in values[:MOST_ITEMS]]
    rest = len(values) - len(texts)
    return ", ".join(texts) + (f" and {rest:,} more" if rest else "")


def _item(value):
    if isinstance(value, dict):
        return "; ".join(f"{name} {text}" for name, text in flat(value))
    return f"({_list(value)})" if isinstance(value, list | tuple) else number(value)
