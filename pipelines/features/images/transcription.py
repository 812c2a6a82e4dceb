"""Transcription: the drawings in a picture and their places, read line by line.

The picture is cut into possible drawings, see `writing`; all of them are framed and classified together, and the most
probable way to read each line is the answer.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pipelines.errors import InputFileError, NothingToSeeError
from pipelines.features.images.image_file import read_pixels
from pipelines.features.images.shades import clearest_grey
from pipelines.features.images.stroke_framing import frame
from pipelines.features.images.writing import best_way, ways_to_read, writing_in
from pipelines.records import DrawnRecord, PageRecord

UNKNOWN = "[unknown]"


@dataclass(frozen=True)
class Word:
    """One drawing: what it is (None if unknown), how sure that is, and its box: left, top, width, height in pixels."""

    word: str | None
    probability: float
    box: tuple[int, int, int, int]

    @property
    def text(self) -> str:
        """The word, or what stands for one that is unknown."""
        return UNKNOWN if self.word is None else self.word

    @property
    def place(self) -> tuple[str, ...]:
        """Left, top, width and height, as text."""
        return tuple(map(str, self.box))

    def record(self) -> DrawnRecord:
        """Return the word as the contract defines it, a dict of JSON types."""
        return {
            "word": self.word,
            "probability": round(self.probability, 6),
            "box": list(self.box),
            "unknown": self.word is None,
        }


@dataclass(frozen=True)
class Page:
    """What is written in one picture.

    Attributes
    ----------
    path : str
        The picture, as the user named it.
    lines : tuple of tuple of Word
        From top to bottom and from left to right.
    error : str or None
        Why the picture cannot be read, in a sentence that names it.
    """

    path: str
    lines: tuple[tuple[Word, ...], ...]
    error: str | None = None

    seconds: ClassVar[None] = None  # a picture has no time
    warnings: ClassVar[tuple[str, ...]] = ()

    @property
    def words(self) -> tuple[Word, ...]:
        """All words, line by line."""
        return tuple(word for line in self.lines for word in line)

    @property
    def text(self) -> str:
        """The words in a row, line by line."""
        return "\n".join(" ".join(word.text for word in line) for line in self.lines)

    def record(self) -> PageRecord:
        """Return the page as the contract defines it, a dict of JSON types."""
        if self.error is not None:
            return {"path": self.path, "error": self.error}
        return {"path": self.path, "lines": [{"words": [word.record() for word in line]} for line in self.lines]}


def transcribe_picture(model, sample, threshold=0.0):
    """Return the Page of one picture.

    Parameters
    ----------
    model : Bundle
        Its `extractor`, whose framing is "strokes", its `labels` and `probabilities` are used.
    sample : pipelines.features.inputs.Sample
    threshold : float in [0, 1]
        A drawing whose likeliest label is less probable than this is unknown.

    Raises
    ------
    InputFileError
        The sample is not a picture that can be read, or holds far too much.
    """
    extractor = model.extractor
    pixels = clearest_grey(read_pixels(sample.source))  # at full size, because boxes are given in its pixels
    try:
        writing = writing_in(pixels)
    except NothingToSeeError as error:
        raise InputFileError.about(sample.name, error) from None
    lines = []
    for line in writing.lines:
        ways = ways_to_read(line)
        if not ways:
            continue
        size = extractor.width, extractor.height, extractor.drawing_side, extractor.stroke_breadth
        rows = np.stack([frame(drawing, *size).reshape(-1) for _, _, drawing, _ in ways])
        probabilities = model.probabilities(rows)
        chosen = best_way(line, ways, probabilities.max(axis=1))
        lines.append(tuple(_word(ways[k][3], writing.scale, probabilities[k], model.labels, threshold) for k in chosen))
    return Page(sample.name, tuple(lines))


def _word(box, scale, probabilities, labels, threshold):
    left, top, right, bottom = (round(place * scale) for place in box)
    best = int(probabilities.argmax())
    probability = float(probabilities[best])
    word = labels[best] if probability >= threshold else None
    return Word(word, probability, (left, top, max(1, right - left), max(1, bottom - top)))
