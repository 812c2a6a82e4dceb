"""What an extractor is, and what an augmentation is: the promises that the other rooms rely on.

An extractor turns one file into one row of numbers. It does so in three steps, which may be taken apart: `read`
decodes a file, `extract_rows` describes what was decoded in the form that is kept (a picture as bytes, a word as
several views of itself), and `to_features` or `views` turns stored rows into what a network is given. A new kind of
thing to recognise needs a class that keeps these promises; it does not inherit from anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Describer(Protocol):
    """Turns decoded samples into rows: as much of an extractor as the feature cache needs.

    Attributes
    ----------
    name : str
        Names the files of the cache.
    version : int
        Rises whenever the same file gives another row, so that rows of before are not taken for those of today.
    stored_dtype : numpy dtype of a stored row
    n_stored : int > 0, length of a stored row
    sparse : bool
        Whether rows are `SparseRows` rather than arrays.
    together : bool
        Whether several samples are described sooner by one call of `extract_rows` than one by one. If so, all that were
        decoded for the call are in memory at the same time.
    """

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def stored_dtype(self) -> np.dtype: ...
    @property
    def n_stored(self) -> int: ...
    @property
    def together(self) -> bool: ...
    @property
    def sparse(self) -> bool: ...

    def settings(self) -> dict[str, Any]:
        """Return everything that decides a row, as JSON types by name."""
        ...

    def matrices(self) -> Mapping[str, NDArray]:
        """Return the fixed matrices that must travel with the settings; they are made at the first call."""
        ...

    def read(self, source: Path | bytes) -> NDArray:
        """Decode a file, or its contents. Raises InputFileError, whose message begins with the file's name."""
        ...

    def extract_rows(self, decoded: Sequence[NDArray]) -> NDArray:
        """Return what is stored of decoded samples [shape=(n, n_stored)]; may raise NothingToSeeError."""
        ...


class Extractor(Describer, Protocol):
    """Turns files into rows of features, and features back into something that a person can look at.

    Attributes
    ----------
    n_features : int > 0, length of a row of features
    """

    @property
    def n_features(self) -> int: ...

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any], matrices: Mapping[str, NDArray] | None = None) -> Self:
        """Return the extractor that `settings()` and `matrices()` described. Raises UsageError if they are wrong."""
        ...

    def extract_row(self, decoded: NDArray) -> NDArray:
        """Return what is stored of one decoded sample [shape=(n_stored,)]; may raise NothingToSeeError."""
        ...

    def to_features(self, stored: NDArray) -> NDArray:
        """Return the first view of stored rows: float32 [shape=(n, n_features)]."""
        ...

    def views(self, stored: NDArray) -> Iterable[NDArray]:
        """Yield the views of stored rows that a network's answers are averaged over, the first one first."""
        ...

    def more_views(self, stored: NDArray, mirror: bool = False) -> Iterable[NDArray]:
        """Yield more views than `views` does, if there are more, and their mirror images where `mirror` is true."""
        ...

    def extract(self, source: Path | bytes) -> NDArray:
        """Return the first view of one file: float32 [shape=(n_features,)]."""
        ...

    def feature_name(self, index: int) -> str:
        """Return what one feature is, in a few words."""
        ...

    def display(self, decoded: NDArray) -> Any:
        """Return what the network is given of one decoded sample, as a `features.display.Display`."""
        ...

    def sound(self, decoded: NDArray) -> tuple[NDArray, int] | None:
        """Return what there is to hear of one decoded sample and its rate in Hz, or None if there is no sound."""
        ...

    def evidence(self, decoded: NDArray, gradient: NDArray, typical: NDArray) -> Any:
        """Lay what each feature says for an answer over the display of one decoded sample."""
        ...


class Augmentation(Protocol):
    """Makes training rows vary from epoch to epoch, so that they cannot be learned by heart."""

    def batches(
        self,
        prepared: Any,
        features: Callable[[NDArray], NDArray],
        batch_size: int,
        progress: float,
        rng: np.random.Generator,
    ) -> Iterator[tuple[NDArray, NDArray]]:
        """Yield (X_batch, y_batch) until each training row of a Prepared has been seen once, varied.

        `features` turns stored rows into what the network is given; `progress`, from 0 to 1, is the share of the
        training that is over.
        """
        ...

    def refit(self, prepared: Any) -> Self:
        """Return the augmentation that suits the training rows of another split of the same samples."""
        ...

    def settings(self) -> dict[str, Any]:
        """Return what was decided, as JSON types."""
        ...

    def note(self) -> str:
        """Return what was decided, as a sentence."""
        ...
