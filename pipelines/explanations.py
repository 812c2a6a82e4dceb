"""Explanations: for each answer a picture of what led to it, in a folder of the user's.

Names of files come from strangers and may hold anything; the name of an explanation is made of their letters and digits
alone, and no two are the same.
"""

import os
from collections import Counter
from pathlib import Path

from pipelines.errors import InputFileError
from pipelines.evidence import evidence_for
from pipelines.report.evidence_sheet import save_evidence_sheet

LONGEST = 48  # letters of a name; of 4 bytes each, they leave room for a number and for what a temporary name adds


class Explanations:
    """Writes explanations into a folder, which is made if it is not there.

    Parameters
    ----------
    model : Bundle
    folder : str or Path
    chosen : sequence of Sample
        All that will be asked about: no explanation takes the place of one of these files.

    Raises
    ------
    OSError
        The folder cannot be made.
    """

    def __init__(self, model, folder, chosen):
        self._model, self._folder = model, Path(folder)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._taken = {_key(sample.source) for sample in chosen if isinstance(sample.source, Path)}
        self._numbers = Counter()

    def write(self, sample, record):
        """Explain one answer; return the path of the picture, or None where the sample cannot be read a second time.

        `record` is the contract's record of the answer. Raises OSError where the picture cannot be written.
        """
        try:
            decoded = self._model.extractor.read(sample.source)
        except InputFileError:  # it was there a moment ago
            return None
        answer = self._model.labels.index(record["top"][0]["label"])
        path = self._free(safe_stem(sample.name))
        save_evidence_sheet(path, evidence_for(self._model, decoded, answer), record)
        return str(path)

    def _free(self, stem):
        """Return a path with this stem that was not given out before and is none of the samples."""
        while True:
            self._numbers[stem] += 1
            number = f"-{self._numbers[stem]}" if self._numbers[stem] > 1 else ""
            path = self._folder / f"{stem}{number}.why.png"
            if _key(path) not in self._taken:
                self._taken.add(_key(path))
                return path


def _key(path):
    """Return what two paths have in common where they are, or may be, one file: some file systems ignore case."""
    return os.path.realpath(path).casefold()


def safe_stem(name):
    """Return a file's name without folder and ending, as letters, digits, "-" and "_" that any file system takes."""
    stem = "standard-input" if name == "-" else Path(name).stem
    safe = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in stem)
    return safe[:LONGEST].lstrip("-") or "_"
