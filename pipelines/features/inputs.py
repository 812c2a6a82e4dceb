"""Inputs: the files that a user names, one by one, as a folder, a pattern, a list, or through a pipe."""

import codecs
import glob
import os
import re
import stat
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from pipelines.errors import UsageError
from pipelines.machine.contents import first_bytes, task_of
from pipelines.machine.leftovers import is_left_behind
from pipelines.machine.suffixes import SUFFIXES
from pipelines.wording import article, list_some

_WHAT = {"speech": "recordings", "images": "pictures", "text": "texts"}
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_PATTERN = re.compile(r"[*?]|\[.+\]")


@dataclass(frozen=True)
class Sample:
    """A file to classify.

    Attributes
    ----------
    name : str, the path as the user gave it; of a text that is not a file, the text or where it stands
    source : Path, bytes, str or binary file object
        What to read: a file, what a pipe gave, a text, or a stream that is read as it comes.
    problem : str or None, why it cannot be read, where that is known already
    """

    name: str
    source: Any
    problem: str | None = None


def samples(
    names: Any,
    stdin: BinaryIO | None = None,
    task: str | None = None,
    say: Callable[[str], object] = lambda sentence: None,
    streams: bool = False,
) -> list[Sample]:
    """Turn what a user names into samples: files stay, folders give their files in order, "-" and pipes are read.

    Parameters
    ----------
    names : str, Path, Sample, or an iterable of these
        A pattern with `*`, `?` or `[…]` stands for the files that it matches, unless a file has that very name. A
        Sample is taken as it is.
    stdin : binary file object or None, read when "-" is among the names
    task : str or None
        "speech" or "images": files of a folder that are not for it are passed over. None takes every file.
    say : function of str
        Is told, in a sentence, what was passed over.
    streams : bool
        Whether "-" and pipes are left to be read as they come, rather than read to their end.

    Raises
    ------
    UsageError
        A name holds a zero byte, is "-" where there is no standard input, or is no name at all.
    """
    found: list[Sample] = []
    for name in (each for given in _each(names) for each in _expand(given)):
        if isinstance(name, Sample):
            found.append(name)
            continue
        inside = _files_in(name, task, say) if os.path.isdir(name) else []  # noqa: PTH112 - Path's raises on odd names
        if name == "-":
            if stdin is None:
                raise UsageError("-: there is no standard input here; name a file")
            found.append(Sample("-", stdin if streams else stdin.read()))
        elif _is_pipe(name) and not streams:  # a pipe gives its contents once, but recordings are read twice
            found.append(Sample(name, Path(name).read_bytes()))
        elif inside:
            found += [Sample(str(path), path) for path in inside]
        else:
            found.append(Sample(name, Path(name)))
    return found


def names_in_list(content):
    """Return the names in a list of files, one a line, as any editor or shell writes it: list of str.

    Parameters
    ----------
    content : bytes
        UTF-8, with or without a byte order mark, UTF-16, or the bytes of names that are no text; lines end as on any
        system. Without line ends, zero bytes may separate the names, as in `find -print0`.
    """
    encoding = next((encoding for mark, encoding in _MARKS if content.startswith(mark)), None)
    if encoding is None and len(content) % 2 == 0 and content[:1] != b"\0" and content[1:4:2] == b"\0\0":
        encoding = "utf-16-le"
    if encoding not in (None, "utf-8"):
        text = content.decode(encoding, errors="replace")
    else:
        text = content.decode("utf-8", errors="surrogateescape")
    text = text.removeprefix("\ufeff")
    if "\0" in text and "\n" not in text:
        return [name for name in text.split("\0") if name]
    return [name for line in text.split("\n") if (name := line.removesuffix("\r")).strip()]


def _each(names: Any) -> list[str | Sample]:
    """Return the names as a list, and check the type of each."""
    if isinstance(names, str | os.PathLike | Sample):
        names = [names]
    if isinstance(names, bytes | Mapping) or not isinstance(names, Iterable):
        raise UsageError(f"files: give a path or a list of paths, not {article(names)}")
    listed = []
    for name in names:
        if not isinstance(name, str | os.PathLike | Sample):
            raise UsageError(f"files: a path is text, not {article(name)}")
        listed.append(name if isinstance(name, Sample) else os.fsdecode(name))
    return listed


def _expand(name):
    """Return the files that a name stands for: itself, or its matches if the shell did not expand a pattern."""
    if isinstance(name, Sample):
        return [name]
    if "\0" in name:
        raise UsageError(f"{name!r}: a file name cannot contain a zero byte; list one name in each line")
    if name == "-" or not _PATTERN.search(name) or os.path.lexists(name):
        return [name]
    return sorted(glob.glob(name, recursive=True)) or [name]  # noqa: PTH207 - Path's has no absolute patterns


def _files_in(folder, task, say):
    """Return the files below a folder, sorted by name. Follow links, but enter each folder once."""
    files: list[Path] = []
    left_out: list[Path] = []
    seen = set()
    for place, folders, names in os.walk(folder, followlinks=True):
        here = os.stat(place)  # noqa: PTH116 - a str
        if (here.st_dev, here.st_ino) in seen:
            folders.clear()
            continue
        seen.add((here.st_dev, here.st_ino))
        left_out += [Path(place) / name for name in (*folders, *names) if is_left_behind(name)]
        folders[:] = sorted(name for name in folders if not is_left_behind(name))
        for path in (Path(place) / name for name in names if not is_left_behind(name)):
            (files if _is_for(path, task) else left_out).append(path)
    others = [path for path in left_out if not path.name.startswith(".")]
    if others and task is not None:
        kinds = Counter(path.suffix or path.name for path in others)
        what = list_some([f"{kind} ({n})" if n > 1 else kind for kind, n in kinds.most_common()])
        say(f"{folder}: ignored {len(others)} that are not {_WHAT.get(task, 'files to answer')}: {what}")
    return sorted(files)


def _is_for(path, task):
    """Tell whether a file in a folder belongs to the task, by its suffix or else by its first bytes."""
    try:
        if not path.is_file():
            return path.is_fifo() and task is None
        if task not in SUFFIXES:
            return True
        if path.stat().st_size == 0:
            return False
        return path.suffix.lower() in SUFFIXES[task] or task_of(first_bytes(path)) == task
    except OSError:  # the reader will report the error
        return path.suffix.lower() in SUFFIXES.get(task, ())


def _is_pipe(name):
    try:
        return stat.S_ISFIFO(os.stat(name).st_mode)  # noqa: PTH116 - as above
    except OSError:
        return False
