"""Wording: small pieces of text for people, which every room of the applications uses."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

LONGEST = 500  # letters of a text that are examined
_FORMULA = re.compile(r"[=+\-@\t\r]")
_HALF = re.compile(r"[\ud800-\udc7f\udd00-\udfff]")  # U+DC80 to U+DCFF stand for the bytes of file names


def escape(text: str) -> str:
    """Return text with escaped control characters, such as "\\n", and as `as_unicode` returns it."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in as_unicode(text))


def as_unicode(text: str) -> str:
    """Return text that any encoding of Unicode takes.

    The name of a file may have bytes that are not text: they become "\\xff". JSON that is cut off may have half of a
    character, which programs write as two numbers: it becomes "\\ud83d".
    """
    whole = _HALF.sub(lambda half: half[0].encode("unicode_escape").decode(), text)
    return whole.encode(errors="surrogateescape").decode(errors="backslashreplace")


def replace_halves(text: str) -> str:
    """Return text with U+FFFD for each half of a character; the bytes of a file name stay."""
    return _HALF.sub("\ufffd", text)


def encode(text: str) -> bytes:
    """Return text as UTF-8, with the bytes of file names as they are, and with U+FFFD for halves of characters."""
    return replace_halves(text).encode(errors="surrogateescape")


def printable(text: object, most: int = LONGEST) -> str:
    """Return text in one line, left to right, with a question mark for each letter that cannot be shown.

    At most the first `most` letters are kept.
    """
    composed = unicodedata.normalize("NFC", str(text)[:most])
    return "".join(letter if letter.isprintable() else "?" for letter in composed)


def percent(share: float) -> str:
    """Return a share as text, such as "98.52 %"."""
    return f"{100 * share:.2f} %"


def round_percent(share: float) -> str:
    """Return a share as text with one decimal; a small share is not shown as 0 %, and nearly all not as 100 %."""
    if 0 < share < 0.001:
        return "< 0.1 %"
    return "> 99.9 %" if 0.999 < share < 1 else f"{100 * share:.1f} %"


def list_some(words: Sequence, most: int = 3) -> str:
    """Return the first few words in one line of text, and the number of the others."""
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(map(str, words[:most])) + more


def csv_line(cells: Iterable[Any]) -> str:
    """Return cells as one line of CSV, without its line end, that is safe in spreadsheets.

    A spreadsheet runs a cell that begins with =, +, - or @ as a formula. A text that begins so gets an apostrophe in
    front (https://owasp.org/www-community/attacks/CSV_Injection). Numbers stay as they are.

    Parameters
    ----------
    cells : sequence of JSON types
    """
    line = io.StringIO(newline="")
    csv.writer(line, lineterminator="\r\n").writerow([_guard(cell) for cell in cells])  # quotes what ends lines
    return line.getvalue().removesuffix("\r\n")


def _guard(cell: Any) -> Any:
    if isinstance(cell, bool):
        return str(cell).lower()
    return f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell


def suggest(name: object, known: Iterable[str]) -> str:
    """Return "did you mean NAME?" with the most similar known name, or "choose one of …" if no name is similar."""
    import difflib

    names = list(known)
    near = difflib.get_close_matches(name.lower(), names, 1) if isinstance(name, str) else []
    return f"did you mean {near[0]}?" if near else f"choose one of {', '.join(names)}"


def article(value: object) -> str:
    """Return the type of a value as text, such as "an int", "None" or "a dict"."""
    name = type(value).__name__
    return "None" if value is None else f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
