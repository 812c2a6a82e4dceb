"""A task: what differs between recognising words and recognising pictures, and nothing else.

A task names its data sets, how a file becomes a row of numbers, how rows are scaled, and good recipes. The verbs
(train, evaluate, predict) are written once, over a task. `pipelines.learning.tasks` has one module for each.
"""

from typing import ClassVar

import numpy as np

from pipelines.errors import UsageError
from pipelines.features.likeness import Likeness
from pipelines.learning.recipe import Recipe


class Task:
    """A kind of thing to recognise. A subclass says what is special about it.

    Attributes
    ----------
    name : str
        As on the command line, and in the registry of data sets.
    extractor : type
        Its extractor's class; `from_settings` restores one from a model file.
    per_feature : bool
        What `Standardizer` needs to know of the features.
    presets : dict of str to Recipe
        `"fast"`, for a first result in seconds, and `"best"`, for the best score in minutes.
    transcribes : bool
        Whether several things can be found in one file, see `transcribe`.
    """

    name: ClassVar[str]
    extractor: ClassVar[type]
    per_feature: ClassVar[bool]
    presets: ClassVar[dict[str, Recipe]]
    transcribes: ClassVar[bool] = False

    def extractor_for(self, dataset):
        """Return the extractor that suits the data of a Dataset."""
        return self.extractor()

    def augmentation_for(self, prepared, recipe, n_jobs=None):
        """Return what makes the training rows of a Prepared vary, or None where the recipe asks for nothing."""
        return None

    def describe(self, extractor) -> str:
        """Return what an extractor brings samples to, as a sentence."""
        raise NotImplementedError

    def likeness(self, extractor, stored) -> Likeness:
        """Return how copies are found among rows of features as the extractor stores them."""
        raise NotImplementedError

    def check_transcribes(self) -> None:
        """Raise UsageError where `transcribes` is false."""
        if not self.transcribes:
            raise UsageError(f"transcribe: this model recognises {self.name}, one in each file; give a model of speech")

    def transcribe(self, model, sample, threshold=0.0):
        """Return what a model finds in one file, piece by piece: an object with `.path` and `.record()`."""
        raise NotImplementedError

    def conditions(self, items) -> dict[str, np.ndarray]:
        """Return under what conditions each item was taken, where files say so: str to ndarray of str [shape=(n,)]."""
        return {}

    def headers(self):
        """Return the module that reads the headers of files: `header`, `summary`, `doubts`, `conditions`."""
        raise NotImplementedError
