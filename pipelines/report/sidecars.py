"""Sidecars: one written file for each file of the user, in a folder that the user chose.

Names of files may contain anything. The name of a sidecar contains only their letters and digits. All names are
different, and a sidecar never replaces a file of the prediction.
"""

import os
import re
from collections import Counter
from pathlib import Path

_LINE = re.compile(r":\d+$")
LONGEST = 48  # letters of a name; even with 4 bytes each, a number and a temporary name's ending still fit


class Sidecars:
    """Makes paths in a folder, which is made if it does not exist.

    Parameters
    ----------
    folder : str or Path
    ending : str, such as ".why.png"
    chosen : sequence of Sample
        All samples of the prediction.

    Raises
    ------
    OSError
        The folder cannot be made.
    """

    def __init__(self, folder, ending, chosen):
        self._folder, self._ending = Path(folder), ending
        self._folder.mkdir(parents=True, exist_ok=True)
        self._taken = {_key(sample.source) for sample in chosen if isinstance(sample.source, Path)}
        self._numbers = Counter()

    def path_for(self, name):
        """Return a new path after a sample's name that is not the path of a sample."""
        stem = safe_stem(name)
        while True:
            self._numbers[stem] += 1
            number = f"-{self._numbers[stem]}" if self._numbers[stem] > 1 else ""
            path = self._folder / f"{stem}{number}{self._ending}"
            if _key(path) not in self._taken:
                self._taken.add(_key(path))
                return path


def _key(path):
    """Return a key that two paths share if they are, or may be, one file: some file systems ignore case."""
    return os.path.realpath(path).casefold()


def safe_stem(name):
    """Return a file's name without folder and ending, as letters, digits, "-" and "_", which are valid in any file
    system. For a line in a file, `texts.txt:12`, it is `texts-12`.
    """
    file, _, line = name.rpartition(":") if _LINE.search(name) else (name, "", "")
    stem = "standard-input" if file == "-" else Path(file).stem
    stem += f"-{line}" if line else ""
    safe = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in stem)
    return safe[:LONGEST].lstrip("-") or "_"
