"""The terminal: JSON and tables for standard output, and notes for standard error."""

import functools
import json
import shutil
import sys
from pathlib import Path

import click

from pipelines.cli import streams
from pipelines.wording import escape

INTERRUPTED = 130  # the exit code after Ctrl-C


def as_json(record):
    """Return a record as one JSON document, in ASCII or UTF-8. NaN is refused: no reader of JSON understands it."""
    text = _encoder(not streams.takes_utf8()).encode(record)
    try:
        text.encode()
    except UnicodeEncodeError:  # a file name that is not text
        return _encoder(True).encode(record)
    return text


@functools.cache
def _encoder(ensure_ascii):
    return json.JSONEncoder(ensure_ascii=ensure_ascii, allow_nan=False)


def line(text):
    """Print one of many lines of results at once.

    It works like `click.echo` in a tenth of the time, because it does not look for colours.
    """
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def note(text):
    """Print a note that is not a result, in one line.

    Control characters are escaped, because a file name may contain them.
    """
    click.echo(escape(text), err=True)


def table(rows, header=()):
    """Return rows of cells as aligned text: text cells to the left, numbers (given as text) to the right."""
    lines = [header, *rows] if header else list(rows)
    lines = [[escape(text) for text in line] for line in lines]
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]

    def cell(text, width):
        return text.rjust(width) if text.removeprefix("-")[:1].isdigit() else text.ljust(width)

    return "\n".join("  ".join(cell(t, w) for t, w in zip(line, widths, strict=True)).rstrip() for line in lines)


def program():
    """Return the command of this program: `backprop` if the shell finds it, else as it was called."""
    if shutil.which("backprop"):
        return "backprop"
    return sys.argv[0] if Path(sys.argv[0]).stem == "backprop" else "python -m pipelines"
