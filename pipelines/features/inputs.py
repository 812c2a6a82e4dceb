"""Inputs: the files that a user names, one by one, as a folder, or through a pipe."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import UsageError


@dataclass(frozen=True)
class Sample:
    """A file to classify: the path as the user gave it, and what to read (a Path, or the bytes that a pipe gave)."""

    name: str
    source: Path | bytes


def samples(names, stdin=None):
    """Turn the words of the user into samples: files stay, folders give their files in order, "-" and pipes are read.

    Parameters
    ----------
    names : sequence of str
    stdin : binary file object, read when "-" is among the names

    Raises
    ------
    UsageError
        A name holds a zero byte.
    """
    found = []
    for name in names:
        if "\0" in name:
            raise UsageError(f"{name!r}: no file's name holds a zero byte; list one name a line")
        inside = _files_in(name) if os.path.isdir(name) else []  # noqa: PTH112 - Path's raises on odd names
        if name == "-":
            found.append(Sample("-", stdin.read()))
        elif _is_pipe(name):  # which gives its contents once, and recordings are read twice
            found.append(Sample(name, Path(name).read_bytes()))
        elif inside:
            found += [Sample(str(path), path) for path in inside]
        else:
            found.append(Sample(name, Path(name)))
    return found


def _files_in(folder):
    return sorted(path for path in Path(folder).rglob("*") if path.is_file() and not path.name.startswith("."))


def _is_pipe(name):
    try:
        return stat.S_ISFIFO(os.stat(name).st_mode)  # noqa: PTH116 - as above
    except OSError:
        return False
