"""Wording: small pieces of text for people, as every room of the applications writes them."""

import csv
import io
import re

_FORMULA = re.compile(r"[=+\-@\t\r]")


def shown(text):
    """Return text with its control characters written out, such as "\\n", and bytes that are no text as "\\xff"."""
    plain = text.encode(errors="surrogateescape").decode(errors="backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in plain)


def percent(share):
    """Return a share as text, such as "98.52 %"."""
    return f"{100 * share:.2f} %"


def listed(words, most=3):
    """Return the first few words in one line of text, and how many more there are."""
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(map(str, words[:most])) + more


def csv_line(cells):
    """Return cells as one line of CSV, without its line end, that no spreadsheet takes for a command.

    Spreadsheets take a cell that begins with =, +, - or @ for a formula and carry it out. A text that begins so gets an
    apostrophe in front (https://owasp.org/www-community/attacks/CSV_Injection). Numbers stay as they are.

    Parameters
    ----------
    cells : sequence of JSON types
    """
    line = io.StringIO(newline="")
    csv.writer(line, lineterminator="\r\n").writerow([_guard(cell) for cell in cells])  # quotes what ends lines
    return line.getvalue().removesuffix("\r\n")


def _guard(cell):
    if isinstance(cell, bool):
        return str(cell).lower()
    return f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell
