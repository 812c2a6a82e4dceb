"""A tree: all files and folders below a folder, read once and kept in memory.

Folders may contain folders and links to others. A link is followed, but not in a circle. Files that systems and
programs leave behind (Thumbs.db, __MACOSX) are ignored and counted; an empty file is left out. Names stay as the disk
has them; a label is compared in one form of Unicode, because a Mac writes ü as u and two dots, others as one sign.
"""

import os
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.errors import DataError
from pipelines.machine import contents
from pipelines.machine.leftovers import is_left_behind
from pipelines.machine.suffixes import SUFFIXES

SMALL = 2048  # bytes; a substitute for a file, such as a Git LFS pointer, is not larger
DEEPEST = 32  # folders inside each other


@dataclass
class Folder:
    """A folder and what is in it, each list sorted by name.

    Attributes
    ----------
    path : Path
    folders : list of Folder
    files : list of Path
        Regular files that are not empty, nor left behind by a system.
    small : set of Path
        Those of at most `SMALL` bytes.
    """

    path: Path
    folders: list = field(default_factory=list)
    files: list = field(default_factory=list)
    small: set = field(default_factory=set)

    @property
    def name(self):
        """The folder's name in composed Unicode (NFC), as labels are compared."""
        return compose(self.path.name)

    def all_files(self):
        """Yield every file in the folder and below it."""
        yield from self.files
        for folder in self.folders:
            yield from folder.all_files()


@dataclass
class PassedOver:
    """What was not taken: a sentence for each file that the user may miss, and counts of the rest."""

    sentences: list = field(default_factory=list)
    leftovers: Counter = field(default_factory=Counter)

    def note(self):
        """Return the counts as a sentence; None if there is nothing to count."""
        if not self.leftovers:
            return None
        n, names = self.leftovers.total(), sorted(self.leftovers)
        shown = ", ".join(names[:3]) + (", …" if len(names) > 3 else "")
        return f"Passed over: {n} {'entry' if n == 1 else 'entries'} that systems and programs leave ({shown})."


def look_into(folder, passed_over):
    """Return the Folder of a path, with all below it.

    Parameters
    ----------
    folder : Path
    passed_over : PassedOver, which is filled

    Raises
    ------
    DataError
        A folder cannot be read.
    """
    return _look(folder, passed_over, ())


def compose(text):
    """Return text in composed Unicode (NFC), in which names are compared."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def usable(path, task):
    """Tell whether a file is of a kind that a task reads: by its suffix, and by its first bytes where it has none."""
    suffix = path.suffix.lower()
    if suffix in SUFFIXES[task]:
        return True
    if any(suffix in others for others in SUFFIXES.values()) or (suffix and not suffix[1:].isdigit()):
        return False
    try:
        return contents.task_of(contents.first_bytes(path)) == task
    except OSError:
        return False


def _look(path, passed_over, above):
    found = Folder(path)
    try:
        status = os.stat(path)  # noqa: PTH116 - of a link, what it leads to
        here = (status.st_dev, status.st_ino)
        if here in above:
            passed_over.sentences.append(f"{path}: left out, a link that leads round in a circle")
            return None
        if len(above) > DEEPEST:
            raise DataError(f"{path}: more than {DEEPEST} folders deep; name the folder of the data set itself")
        with os.scandir(path) as entries:  # Path.iterdir would ask the disk about each entry once more
            for entry in sorted(entries, key=lambda entry: entry.name):
                _sort_in(entry, found, passed_over, (*above, here))
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read ({error.strerror}); change its permissions, or move it elsewhere"
        ) from error
    return found


def _sort_in(entry, found, passed_over, above):
    path = found.path / entry.name
    if is_left_behind(entry.name):
        passed_over.leftovers[_kind_of_leftover(entry.name)] += 1
        return
    try:
        if entry.is_dir():
            below = _look(path, passed_over, above)
            if below is not None:
                found.folders.append(below)
            return
        is_file, size = entry.is_file(), entry.stat().st_size
    except FileNotFoundError:
        passed_over.sentences.append(f"{path}: left out, a link that leads nowhere")
        return
    except OSError:  # ELOOP
        passed_over.sentences.append(f"{path}: left out, a link that leads round in a circle")
        return
    if not is_file:
        passed_over.sentences.append(f"{path}: left out, neither a file nor a folder")
    elif size == 0:
        passed_over.sentences.append(f"{path}: left out, the file is empty")
    else:
        found.files.append(path)
        if size <= SMALL:
            found.small.add(path)


def _kind_of_leftover(name):
    """Return the name that a leftover is counted by: ._x for a Mac's file beside each file, else its own name."""
    return "._x" if name.startswith("._") else name
