"""Sidecars: a file of our own for each file of the user's, in a folder that the user chose.

Names of files come from strangers and may hold anything. The name of a sidecar is made of their letters and digits
alone; no two are the same, and none takes the place of a file that was asked about.
"""

import os
import re
from collections import Counter
from pathlib import Path

_LINE = re.compile(r":\d+$")
LONGEST = 48  # letters of a name; of 4 bytes each, they leave room for a number and for what a temporary name adds


class Sidecars:
    """Gives out paths in a folder, which is made if it is not there.

    Parameters
    ----------
    folder : str or Path
    ending : str, such as ".why.png"
    chosen : sequence of Sample
        All that will be asked about.

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
        """Return a path after a sample's name that was not given out before and is none of the samples."""
        stem = safe_stem(name)
        while True:
            self._numbers[stem] += 1
            number = f"-{self._numbers[stem]}" if self._numbers[stem] > 1 else ""
            path = self._folder / f"{stem}{number}{self._ending}"
            if _key(path) not in self._taken:
                self._taken.add(_key(path))
                return path


def _key(path):
    """Return what two paths have in common where they are, or may be, one file: some file systems ignore case."""
    return os.path.realpath(path).casefold()


def safe_stem(name):
    """Return a file's name without folder and ending, as letters, digits, "-" and "_" that any file system takes.

    Of a line in a file, `texts.txt:12`, it is `texts-12`.
    """
    file, _, line = name.rpartition(":") if _LINE.search(name) else (name, "", "")
    stem = "standard-input" if file == "-" else Path(file).stem
    stem += f"-{line}" if line else ""
    safe = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in stem)
    return safe[:LONGEST].lstrip("-") or "_"
