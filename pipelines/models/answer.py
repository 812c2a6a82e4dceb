"""An answer: the result of a model for one file, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipelines.records import PredictionRecord


class Guess(NamedTuple):
    """A label and how probable it is, from 0 to 1."""

    label: str
    probability: float


@dataclass(frozen=True)
class Answer:
    """The answer of a model to one file.

    Attributes
    ----------
    path : str
        The file, as it was named.
    label : str or None
        The most probable label; None if it is unknown, or the file cannot be read.
    probability : float in [0, 1], or None if the file cannot be read
        That of the most probable label.
    top : tuple of Guess, the most probable labels in order
    unknown : bool
        Whether the most probable label is less probable than the threshold.
    error : str or None
        Why the file cannot be read, in a sentence that names it.
    warnings : tuple of str
        Warnings about the answer, each a sentence, such as that there are several words in the file.
    pictures : mapping of str to str or None
        The pictures that were asked for, by name ("explanation", "input"): where each is, or None if the file
        could not be read a second time.
    text : str or None
        The text, if it is not a file.
    """

    path: str
    label: str | None = None
    probability: float | None = None
    top: tuple[Guess, ...] = ()
    unknown: bool = False
    error: str | None = None
    warnings: tuple[str, ...] = ()
    pictures: Mapping[str, str | None] = field(default_factory=dict)
    text: str | None = None

    @classmethod
    def make(cls, path: str, guesses: tuple[Guess, ...], unknown: bool, text: str | None = None) -> Answer:
        """Return the answer of these guesses, the likeliest first."""
        return cls(path, None if unknown else guesses[0].label, guesses[0].probability, guesses, unknown, text=text)

    def record(self) -> PredictionRecord:
        """Return the record of the answer, a dict of JSON types."""
        if self.error is not None:
            return {"path": self.path, "error": self.error}
        record: PredictionRecord = {
            "path": self.path,
            **({} if self.text is None else {"text": self.text}),  # type: ignore[typeddict-item]
            "label": self.label,
            "probability": self.probability,
            "top": [{"label": guess.label, "probability": guess.probability} for guess in self.top],
        }
        if self.unknown:
            record["unknown"] = True
        if self.warnings:
            record["warnings"] = list(self.warnings)
        record.update(self.pictures)  # type: ignore[typeddict-item]
        return record


def guesses_of(
    probabilities: NDArray, labels: tuple[str, ...], top: int, threshold: float
) -> Iterator[tuple[tuple[Guess, ...], bool]]:
    """Yield the `top` likeliest labels of each row of probabilities, and whether the likeliest is below the threshold.

    `probabilities` is float [shape=(n_samples, n_classes)]; what is yielded is rounded to six digits.
    """
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, :top]
    chosen = np.take_along_axis(probabilities, order, axis=1)
    unknown = chosen[:, 0] < threshold
    for classes, values, is_unknown in zip(order.tolist(), chosen.tolist(), unknown.tolist(), strict=True):
        guesses = (Guess(labels[k], round(value, 6)) for k, value in zip(classes, values, strict=True))
        yield tuple(guesses), is_unknown
