"""The interface of a model: it has a task and labels, and answers rows of features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from pipelines.features.extractor import Extractor, Reader
from pipelines.learning.task import Task

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipelines.models.bundle import Bundle


@runtime_checkable
class Model(Protocol):
    """Answers samples: a Bundle, or an Ensemble of some.

    Attributes
    ----------
    task : Task
    labels : tuple of str
        The order of the columns of `probabilities`.
    extractor : Extractor
    reader : Extractor or Reader
        What makes rows of samples to be answered: the extractor, or a Reader of several readings of each.
    members : tuple of Bundle
        Those that answer together; of a Bundle, itself alone.
    provenance : dict of JSON types, where the model comes from
    path : str or None
        The file that it was read from or saved to; None if it is in memory alone.
    """

    @property
    def task(self) -> Task: ...
    @property
    def labels(self) -> tuple[str, ...]: ...
    @property
    def extractor(self) -> Extractor: ...
    @property
    def reader(self) -> Extractor | Reader: ...
    @property
    def members(self) -> tuple[Bundle, ...]: ...
    @property
    def provenance(self) -> dict[str, Any]: ...
    @property
    def path(self) -> str | None: ...

    def probabilities(self, stored: NDArray) -> NDArray:
        """Return class probabilities of rows as the extractor stores them: float32 [shape=(n_samples, n_classes)]."""
        ...
