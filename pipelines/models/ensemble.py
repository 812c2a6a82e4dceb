"""The ensemble: several models that answer together.

Networks with different initial weights make different mistakes. If one is wrong, the others are often right, and the
mean of their probabilities is better than each of them. The cost is the sum of their costs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.errors import UsageError
from pipelines.features.extractor import Extractor
from pipelines.learning.task import Task
from pipelines.models.bundle import Bundle

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Ensemble:
    """Averages the probabilities of models that read samples alike.

    Parameters
    ----------
    members : sequence of Bundle, not empty

    Attributes
    ----------
    task, labels, extractor, provenance, path : those of the first member

    Raises
    ------
    UsageError
        Two members are of different tasks, know different labels, or read samples differently.
    """

    def __init__(self, members: Sequence[Bundle]):
        first = members[0]
        for number, other in enumerate(members[1:], 2):
            for what, alike in (
                ("has another task", other.task.name == first.task.name),
                ("has other labels", other.labels == first.labels),
                ("reads samples differently", other.extractor.settings() == first.extractor.settings()),
            ):
                if not alike:
                    raise UsageError(
                        f"{other.path or f'model {number}'}: {what} than {first.path or 'model 1'}, so they cannot "
                        "answer together"
                    )
        self.members = tuple(members)
        self.task: Task = first.task
        self.labels: tuple[str, ...] = first.labels
        self.extractor: Extractor = first.extractor
        self.provenance: dict[str, Any] = first.provenance
        self.path: str | None = first.path
        self.reader, self.reading_of = first.reader, first.reading_of

    def average_views(self) -> Ensemble:
        """Return the same models, each of which averages its answers to more views; see `Bundle.average_views`."""
        return Ensemble([member.average_views() for member in self.members])

    def probabilities(self, stored: NDArray) -> NDArray:
        """Return the mean of the members' probabilities: float32 [shape=(n_samples, n_classes)]."""
        return np.stack([member.probabilities(stored) for member in self.members]).mean(axis=0, dtype=np.float32)
