r"""Listed files: from a name in a table to the file itself.

A list is often made on another computer: `cats\1.png` from Windows, an ü in two signs from a Mac, a number without
`.png` from a competition, a path in another home folder. A file is searched with the given name, and then in these
other ways; it is used if exactly one file fits.
"""

import os
from collections import defaultdict
from pathlib import Path, PureWindowsPath

from pipelines.datasets.tree import PassedOver, compose, look_into, usable
from pipelines.errors import DataError
from pipelines.wording import list_some


class ListedFiles:
    """Finds the files that a table in a folder lists.

    Parameters
    ----------
    place : Path, the table
    task : str, which decides what a name without suffix may mean
    """

    def __init__(self, place, task):
        self.place, self.folder, self.task = place, place.parent, task
        self._index = None

    def find(self, text):
        """Return the file that `text` means: Path, or None if there is none.

        Raises
        ------
        DataError
            Several files can be meant.
        """
        plain = self.folder / text if "\0" not in text else None
        if plain is not None and _is_file(plain):
            return plain
        text = _with_slashes(text)
        path = self.folder / text
        if "\0" not in text and _is_file(path):
            return path
        return self._look_up(text)

    def is_file(self, text):
        """Tell whether one file or several can be meant by `text`."""
        try:
            return self.find(text) is not None
        except DataError:
            return True

    def look_for(self, text):
        """Return the file that `text` means, Path; None if there is none, or several."""
        try:
            return self.find(text)
        except DataError:
            return None

    def _look_up(self, text):
        """Look for a file below the folder, by the whole path and then by its last parts, with and without suffix."""
        wanted = [part for part in text.split("/") if part not in ("", ".")]
        if not wanted or ".." in wanted:
            return None
        index = self._files()
        for start in range(len(wanted)):
            key = _key("/".join(wanted[start:]))
            for names in (index["whole"], index["stem"], index["end"], index["end stem"]):
                if found := names.get(key):
                    return self._one_of(text, found)
        return None

    def _one_of(self, text, found):
        if len(found) > 1:
            shown = list_some([path.relative_to(self.folder).as_posix() for path in found])
            raise DataError(
                f"{self.place}: {text} fits {len(found)} files: {shown}; write the complete path in the table"
            )
        return found[0]

    def _files(self):
        if self._index is None:
            self._index = {name: defaultdict(list) for name in ("whole", "stem", "end", "end stem")}
            for path in look_into(self.folder, PassedOver()).all_files():
                if path != self.place and usable(path, self.task):
                    self._enter(path)
        return self._index

    def _enter(self, path):
        name = path.relative_to(self.folder).as_posix()
        stem = name[: len(name) - len(path.suffix)] if path.suffix else name
        parts = name.count("/")
        self._index["whole"][_key(name)].append(path)
        self._index["stem"][_key(stem)].append(path)
        for start in range(1, parts + 1):
            self._index["end"][_key(name.split("/", start)[-1])].append(path)
            self._index["end stem"][_key(stem.split("/", start)[-1])].append(path)


def _key(name):
    return compose(name).casefold()


def _with_slashes(text):
    r"""Return a path with slashes: /cats/1.png for `C:\cats\1.png`."""
    if "\\" not in text:
        return text
    path = PureWindowsPath(text)
    return path.as_posix()[len(path.drive) :] if path.drive else path.as_posix()


def _is_file(path):
    try:
        return os.path.isfile(path)  # noqa: PTH113 - Path.is_file raises where a name is too long
    except (OSError, ValueError):
        return False


def relative_name(path, folder):
    """Return a file's path relative to a folder, with `/`; as it is where it lies elsewhere."""
    try:
        return Path(path).relative_to(folder).as_posix()
    except ValueError:
        return Path(path).as_posix()
