"""A task: everything that differs between recognising words, pictures and texts.

A task names its data sets, how a file becomes a row of numbers, how rows are scaled, and good recipes. The verbs
(train, evaluate, predict) are written once, over a task. `pipelines.learning.tasks` has one module for each.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

import numpy as np

from backprop_core.scaling import Standardizer
from pipelines.errors import UsageError
from pipelines.features.extractor import Augmentation, Extractor, Reader
from pipelines.features.inputs import Sample
from pipelines.features.likeness import Likeness
from pipelines.learning.recipe import Recipe
from pipelines.wording import suggest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipelines.datasets import Dataset
    from pipelines.learning.preparation import Prepared

BATCH = 256  # samples that are answered together


@runtime_checkable
class Transcription(Protocol):
    """What is found in one file, piece by piece.

    Attributes
    ----------
    path : str, the file as the user named it
    words : sequence of pieces, in order
        Each has a `text`, a `probability`, and as text its `place`.
    text : str, all of them
    seconds : float >= 0 or None
        How long the file lasts, where it has time; None if it has not, and neither have the words.
    error : str or None, why the file cannot be read, in a sentence that names it
    warnings : tuple of str
        What a user should know besides, in sentences without a full stop; mostly empty.
    """

    @property
    def path(self) -> str: ...
    @property
    def words(self) -> Sequence[Any]: ...
    @property
    def text(self) -> str: ...
    @property
    def seconds(self) -> float | None: ...
    @property
    def error(self) -> str | None: ...
    @property
    def warnings(self) -> tuple[str, ...]: ...

    def record(self) -> Mapping[str, Any]:
        """Return it as `--json` prints it."""
        ...


class Task:
    """A kind of thing to recognise. A subclass says what is special about it.

    Attributes
    ----------
    name : str
        As on the command line, and in the registry of data sets.
    extractor : type
        Its usual extractor's class; `restore` makes one from the settings in a model file.
    presets : dict of str to Recipe
        `"fast"`, for a first result in seconds, and `"best"`, for the best score in minutes. Each knows its name.
    transcribes : bool
        Whether several things can be found in one file, see `transcribe`.
    """

    name: ClassVar[str]
    extractor: ClassVar[type[Extractor]]
    presets: ClassVar[dict[str, Recipe]]
    transcribes: ClassVar[bool] = False

    def __init_subclass__(cls) -> None:
        cls.presets = {name: replace(recipe, preset=name) for name, recipe in cls.presets.items()}

    def recipe(
        self,
        preset: str = "fast",
        config: str | os.PathLike[str] | None = None,
        changes: Mapping[str, Any] | None = None,
    ) -> Recipe:
        """Return the preset's recipe as the TOML file `config` and then `changes` change it. Raises UsageError."""
        if preset not in self.presets:
            raise UsageError(f"preset {preset}: this preset does not exist; {suggest(preset, self.presets)}")
        recipe = self.presets[preset]
        recipe = recipe if config is None else recipe.with_file(config)
        return recipe.replace(changes or {})

    def extractor_for(self, dataset: Dataset, recipe: Recipe | None = None) -> Extractor:
        """Return the extractor for the data of a Dataset and the recipe; without a recipe, the usual kind."""
        return self.extractor()

    def restore(self, settings: Mapping[str, Any], matrices: Mapping[str, Any] | None = None) -> Extractor:
        """Return the extractor that `settings()` and `matrices()` described. Raises UsageError if they are wrong."""
        return self.extractor.from_settings(settings, matrices)

    def reader(self, extractor: Extractor) -> Extractor | Reader:
        """Return what makes rows of samples to be answered: the extractor, or a Reader of several readings of each."""
        return extractor

    def augmentation_for(self, prepared: Prepared, recipe: Recipe, n_jobs: int | None = None) -> Augmentation | None:
        """Return what makes the training rows of a Prepared vary, or None if the recipe asks for nothing."""
        return None

    def scaling(self) -> Any:
        """Return what measures training rows and then scales rows, before it has measured any.

        It has `fit`, `transform`, `settings`, `arrays` and `restore`, as `backprop_core.scaling.Standardizer`.
        """
        return Standardizer()

    def describe(self, extractor: Any) -> str:
        """Return what an extractor brings samples to, as a sentence."""
        raise NotImplementedError

    def likeness(self, extractor: Any, stored: NDArray) -> Likeness:
        """Return how copies are found among rows of features as the extractor stores them."""
        raise NotImplementedError

    def batches(
        self, samples: Sequence[Sample], *, lines: bool = False, column: str | None = None, encoding: str | None = None
    ) -> Iterator[list[Sample]]:
        """Yield the samples in files, a few at a time, as they come; by default, each file is one.

        `lines`, `column` and `encoding` are for tasks whose files may hold many; others raise UsageError at the call.
        """
        are_texts = any(isinstance(sample.source, str) for sample in samples)
        options = {
            "--text": are_texts,
            "--lines": lines,
            "--column": column is not None,
            "--encoding": encoding is not None,
        }
        if given := [name for name, is_given in options.items() if is_given]:
            raise UsageError(f"predict: {given[0]} is for texts, and this model recognises {self.name}")
        return (list(samples[start : start + BATCH]) for start in range(0, len(samples), BATCH))

    def check_transcribes(self) -> None:
        """Raise UsageError if `transcribes` is false."""
        if not self.transcribes:
            raise UsageError(f"transcribe: this model recognises {self.name}, one in each file; give a model of speech")

    def transcribe(self, model: Any, sample: Any, threshold: float = 0.0, grammar: Any = None) -> Transcription:
        """Return what a model finds in one file, piece by piece."""
        raise NotImplementedError

    def grammar(self, model: Any, words: int | None = None, path: str | os.PathLike[str] | None = None) -> Any:
        """Return what is known of the pieces in a file: their number, or a file of sequences; None if nothing is.

        Raises UsageError if the task has no use for that.
        """
        if words is not None or path is not None:
            raise UsageError(f"transcribe: --words and --grammar are for speech, and this model recognises {self.name}")
        return None

    def make_failed_transcript(self, sample: Any, error: Exception) -> Transcription:
        """Return what `transcribe` would, of a file that cannot be read, with an `.error`."""
        raise NotImplementedError

    def conditions(self, items: Sequence) -> dict[str, np.ndarray]:
        """Return under what conditions each item was taken, where files say so: str to ndarray of str [shape=(n,)]."""
        return {}

    def telling_words(
        self, prepared: Prepared, in_class: float, outside: float, few: int
    ) -> list[tuple[int, str, float]]:
        """Return (class, word, share) where a word alone tells a class from all others, as far as samples hold words.

        The share of the class's training samples that hold the word is `in_class` or more, that of the others
        `outside` or less. Classes of fewer than `few` are left out.
        """
        return []

    def usual(self, extractor: Any, items: Sequence) -> dict[str, list[float]]:
        """Return within which limits training samples lie; empty if the task measures none."""
        return {}

    def unlike(self, extractor: Any, decoded: Any, limits: Mapping[str, list[float]]) -> list[str]:
        """Return the differences of a decoded sample from the result of `usual`: list of sentences."""
        return []

    def headers(self):
        """Return the module that reads the headers of files: `header`, `summary`, `doubts`, `conditions`."""
        raise NotImplementedError
