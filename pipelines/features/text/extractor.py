"""The extractor of text: a text becomes a row of numbers, one for each of its hashed n-grams.

An n-gram that occurs c times counts 1 + log c, because the second time gives less information than the first. A text
holds ten times as many pieces of letters as words, so that words, which mean something, would hardly be heard among
them: an n-gram of words counts `emphasis` times as much. Nearly all of a row is zero, so rows are `SparseRows`. How
much each column says is learned from the training rows, see `backprop_core.term_weighting`.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from backprop_core.sparse import SparseRows
from pipelines.errors import InputFileError, NothingToSeeError
from pipelines.features.stages import Stage
from pipelines.features.text.ngrams import LONGEST as LONGEST_WORD
from pipelines.features.text.ngrams import Counted, count_grams, grams_of, normalise
from pipelines.features.text.text_file import decode
from pipelines.features.text.words import Piece, Words, pieces_of, share_out

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
    emphasis : float > 0
        How much an n-gram of words counts beside one of letters.
    """

    columns: int = 1 << 15
    letters: tuple[int, ...] = (2, 3, 4, 5)
    words: tuple[int, ...] = (1, 2)
    emphasis: float = 2.5

    name = "text"
    version = 2
    sparse = True
    together = True
    stored_dtype = np.dtype(np.float32)
    grid = None

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
        return {
            "columns": self.columns,
            "letters": list(self.letters),
            "words": list(self.words),
            "emphasis": self.emphasis,
        }

    def matrices(self) -> dict:
        """Return the fixed matrices of the extractor: there are none."""
        return {}

    @classmethod
    def from_settings(cls, settings, matrices=None):
        """Return the extractor that a model file describes."""
        words, emphasis = tuple(settings["words"]), float(settings["emphasis"])
        return cls(int(settings["columns"]), tuple(settings["letters"]), words, emphasis)

    def read(self, source) -> str:
        """Return a text: the str itself, or what a file (Path) or its contents (bytes) hold.

        Raises InputFileError if that is not a text.
        """
        if isinstance(source, str):
            return source
        try:
            content = source if isinstance(source, bytes) else Path(source).read_bytes()
        except OSError as error:
            raise InputFileError.about(source, f"cannot be read ({error.strerror or error})") from None
        return decode(content, source)

    def extract_rows(self, texts) -> SparseRows:
        """Return the rows of texts: 1 + log count of each n-gram, times its emphasis, with the sign of its hash."""
        parts = [self._extract(some) for some in _together(texts)]
        return SparseRows.join(parts, self.columns)

    def extract_row(self, text) -> SparseRows:
        """Return the row of one text; NothingToSeeError if it holds no n-gram."""
        row = self.extract_rows([text])
        if not len(row.data):
            raise NothingToSeeError("holds no text; write something in it")
        return row

    def _extract(self, texts):
        return self._rows_of(self.count_ngrams([normalise(text) for text in texts]), len(texts))

    def _rows_of(self, counted, n_texts):
        columns = (counted.hashes % np.uint32(self.columns)).astype(np.int32)
        starts = np.searchsorted(counted.rows, np.arange(n_texts + 1))
        return SparseRows(self.values_of(counted), columns, starts, self.columns)

    def count_ngrams(self, texts) -> Counted:
        """Return how often each n-gram is in each text, texts being normalised."""
        return count_grams(grams_of(texts, self.letters, self.words))

    def values_of(self, counted: Counted) -> np.ndarray:
        """Return what each n-gram adds to its column: float32 [shape=(n,)]."""
        size = np.where(counted.of_words, self.emphasis, 1.0) * (1 + np.log(counted.counts))
        return np.where(counted.hashes >> np.uint32(31), -size, size).astype(np.float32)

    def stages(self) -> tuple[Stage, ...]:
        """Return the way from a text to its stored row, step by step; `ngrams` has the hash."""
        grams = {"letters": list(self.letters), "words": list(self.words), "longest_word": LONGEST_WORD}
        return (
            Stage("normalised", normalise, "the text in NFKC, case folded, white space made one blank, str"),
            Stage(
                "ngrams",
                lambda text: self.count_ngrams([text]),
                "how often each n-gram is there, with its hash, and whether it is of words",
                grams,
            ),
            Stage(
                "row",
                lambda counted: self._rows_of(counted, 1),
                "1 + log count of each n-gram, times the emphasis if it is of words, with the sign of its hash, in the "
                "hash's column, sparse [1, columns]",
                {"columns": self.columns, "emphasis": self.emphasis},
            ),
        )

    def to_features(self, stored: SparseRows) -> SparseRows:
        """Return stored rows as features: the same."""
        return stored

    def extract(self, source) -> SparseRows:
        """Return the features of one text."""
        try:
            return self.to_features(self.extract_row(self.read(source)))
        except NothingToSeeError as error:
            raise InputFileError.about(source, error) from None

    def views(self, stored):
        """Yield the one view of a text."""
        yield self.to_features(stored)

    def more_views(self, stored, mirror=False):
        """Yield the one view of a text: there are no others to average over."""
        yield from self.views(stored)

    def warnings_about(self, text) -> list[str]:
        """Return what a user should know of a text besides the answer: nothing."""
        return []

    def feature_name(self, index) -> str:
        """Return what a column is called; which n-grams it stands for depends on the text."""
        return f"column {index}"

    def names_in(self, text: str) -> dict[int, str]:
        """Return which n-grams of a text are in each column that it fills, in quotes."""
        found: dict[int, list[str]] = {}
        for piece in pieces_of(self, text):
            found.setdefault(piece.column, []).append(f'"{piece.text}"')
        return {column: " or ".join(texts) for column, texts in found.items()}

    def pieces(self, text: str) -> list[Piece]:
        """Return the different n-grams of a text."""
        return pieces_of(self, text)

    def share_out(self, text: str, slopes: np.ndarray) -> tuple[Words, np.ndarray]:
        """Return the words of a text and the share of each in its stored row times `slopes`; see `words.share_out`."""
        return share_out(self, text, slopes)


def _together(texts):
    """Yield lists of texts whose total length is limited, with each text cut to `LONGEST`."""
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
