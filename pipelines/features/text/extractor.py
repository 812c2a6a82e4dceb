"""The extractor of text: a text becomes a row of numbers, one for each hashed n-gram that it holds.

An n-gram that occurs c times counts 1 + log c, for the second time tells less than the first. Nearly all of a row is
zero, so rows are `SparseRows`. How much each column says is learned from the training rows, see
`backprop_core.term_weighting`.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from backprop_core.sparse import SparseRows
from pipelines.errors import InputFileError, NothingToSeeError
from pipelines.features.stages import Stage
from pipelines.features.text.ngrams import LONGEST as LONGEST_WORD
from pipelines.features.text.ngrams import grams_of, normalise
from pipelines.features.text.text_file import decode

TOGETHER = 1 << 19  # characters whose n-grams are in memory at a time
LONGEST = 1 << 20  # characters of a text that are read


@dataclass(frozen=True)
class TextExtractor:
    """Makes rows of texts.

    Parameters
    ----------
    columns : int > 0, of the row
    letters : tuple of int >= 2
        How many letters a piece of a word has.
    words : tuple of 1 and 2
        Whether words and pairs of words count.
    """

    columns: int = 1 << 15
    letters: tuple[int, ...] = (2, 3, 4, 5)
    words: tuple[int, ...] = (1, 2)

    name = "text"
    version = 1
    sparse = True
    together = True
    stored_dtype = np.dtype(np.float32)

    @property
    def n_features(self) -> int:
        """How many numbers a row has, zeros included."""
        return self.columns

    @property
    def n_stored(self) -> int:
        """How many numbers a stored row has, zeros included."""
        return self.columns

    def settings(self) -> dict:
        """Return what decides a row, as JSON types."""
        return {"columns": self.columns, "letters": list(self.letters), "words": list(self.words)}

    def matrices(self) -> dict:
        """Return the fixed matrices of the extractor: there are none."""
        return {}

    @classmethod
    def from_settings(cls, settings, matrices=None):
        """Return the extractor that a model file describes."""
        return cls(int(settings["columns"]), tuple(settings["letters"]), tuple(settings["words"]))

    def read(self, source) -> str:
        """Return a text: the str itself, or what a file (Path) or its contents (bytes) hold.

        Raises InputFileError where that is no text.
        """
        if isinstance(source, str):
            return source
        try:
            content = source if isinstance(source, bytes) else Path(source).read_bytes()
        except OSError as error:
            raise InputFileError.about(source, f"cannot be read ({error.strerror or error})") from None
        return decode(content, source)

    def stored_rows(self, texts) -> SparseRows:
        """Return the rows of texts: 1 + log count, with the sign of the n-gram's hash."""
        parts = [self._stored(some) for some in _together(texts)]
        return SparseRows.joined(parts, self.columns)

    def stored_row(self, text) -> SparseRows:
        """Return the row of one text; NothingToSeeError where it holds no n-gram."""
        row = self.stored_rows([text])
        if not len(row.data):
            raise NothingToSeeError("holds no text; write something in it")
        return row

    def _stored(self, texts):
        return self._counted(grams_of([normalise(text) for text in texts], self.letters, self.words), len(texts))

    def _counted(self, grams, n_texts):
        # The same n-gram of the same text is one number, whose sign and column its hash decides.
        keys = np.sort((grams.rows.astype(np.uint64) << np.uint64(32)) | grams.hashes)
        first = np.flatnonzero(np.diff(keys, prepend=keys[:1] + np.uint64(1))) if len(keys) else np.zeros(0, np.int64)
        counts = np.diff(first, append=len(keys))
        hashes = (keys[first] & np.uint64(0xFFFFFFFF)).astype(np.uint32)
        rows = (keys[first] >> np.uint64(32)).astype(np.int64)
        data = np.where(hashes >> np.uint32(31), -1, 1) * (1 + np.log(counts))
        columns = (hashes % np.uint32(self.columns)).astype(np.int32)
        starts = np.searchsorted(rows, np.arange(n_texts + 1))
        return SparseRows(data.astype(np.float32), columns, starts, self.columns)

    def stages(self) -> tuple[Stage, ...]:
        """Return the way from a text to its stored row, step by step; `ngrams` has the hash."""
        grams = {"letters": list(self.letters), "words": list(self.words), "longest_word": LONGEST_WORD}
        return (
            Stage("normalised", normalise, "the text in NFKC, case folded, white space made one blank, str"),
            Stage(
                "ngrams",
                lambda text: grams_of([text], self.letters, self.words),
                "the hash of each n-gram, uint32 [n_grams], and where it is",
                grams,
            ),
            Stage(
                "row",
                lambda grams: self._counted(grams, 1),
                "1 + log count of each n-gram with the sign of its hash, in the hash's column, sparse [1, columns]",
                {"columns": self.columns},
            ),
        )

    def to_features(self, stored: SparseRows) -> SparseRows:
        """Return stored rows as features: the same."""
        return stored

    def extract(self, source) -> SparseRows:
        """Return the features of one text."""
        try:
            return self.to_features(self.stored_row(self.read(source)))
        except NothingToSeeError as error:
            raise InputFileError.about(source, error) from None

    def views(self, stored):
        """Yield the one view of a text."""
        yield self.to_features(stored)

    def more_views(self, stored, mirror=False):
        """Yield the one view of a text: there are no others to average over."""
        yield from self.views(stored)

    def feature_name(self, index) -> str:
        """Return what a column is called; which n-grams it stands for depends on the text."""
        return f"column {index}"


def _together(texts):
    """Yield lists of texts that are short enough together, each text no longer than `LONGEST`."""
    some, length = [], 0
    for text in texts:
        text = text[:LONGEST]
        if some and length + len(text) > TOGETHER:
            yield some
            some, length = [], 0
        some.append(text)
        length += len(text) + 1
    if some:
        yield some
