"""What an extractor is, a reader, and an augmentation: the promises that the other rooms rely on.

An extractor turns one file into one row of numbers. It does so in three steps, which may be taken apart: `read`
decodes a file, `extract_rows` describes what was decoded in the form that is kept (a picture as bytes, a word as
several views of itself), and `to_features` or `views` turns stored rows into what a network is given. A new kind of
thing to recognise needs a class that keeps these promises; it does not inherit from anything.

What not every extractor can do has a name of its own here: an extractor may be `Visible`, `Audible`, `Framed`,
`Worded` or `Turning`. Whoever needs it asks `isinstance(extractor, Audible)`, never for a method by its name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self, runtime_checkable

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipelines.features.display import Display
    from pipelines.features.stages import Stage


@runtime_checkable
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


@runtime_checkable
class Extractor(Describer, Protocol):
    """Turns files into rows of features.

    Attributes
    ----------
    n_features : int > 0, length of a row of features
    grid : (height, width, n_channels) or None
        The picture that the first features of a row make, from the top left; None if they make none. With 0 channels
        they come column by column instead, each from the bottom: time runs across the picture.
    """

    @property
    def n_features(self) -> int: ...
    @property
    def grid(self) -> tuple[int, int, int] | None: ...

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

    def stages(self) -> tuple[Stage, ...]:
        """Return the way from a decoded sample to its row, step by step."""
        ...

    def warnings_about(self, decoded: NDArray) -> list[str]:
        """Return what a user should know of one decoded sample besides the answer, in sentences; mostly none."""
        ...


@runtime_checkable
class Visible(Protocol):
    """An extractor whose samples can be looked at: pictures, and sounds as their spectrograms."""

    def display(self, decoded: NDArray) -> Display:
        """Return what the network is given of one decoded sample."""
        ...

    def evidence(self, decoded: NDArray, gradient: NDArray, typical: NDArray) -> NDArray:
        """Lay what each feature says for an answer over the display: float [shape=(height, width) of the display].

        `gradient` is that of the answer with respect to the features, and `typical` are the features of the average
        training sample: float [shape=(n_features,)].
        """
        ...


@runtime_checkable
class Audible(Protocol):
    """An extractor whose samples are sounds.

    Attributes
    ----------
    sr : int > 0, in Hz, the sampling rate that every recording is brought to
    """

    @property
    def sr(self) -> int: ...

    def sound(self, decoded: NDArray) -> tuple[NDArray, int]:
        """Return what there is to hear of one decoded sample, float32 [shape=(n_samples,)], and its rate in Hz."""
        ...


@runtime_checkable
class Framed(Protocol):
    """An extractor whose samples are pictures, all brought to one size.

    Attributes
    ----------
    height, width : int > 0, in pixels
    channels : str, `"grey"` or `"colour"`
    framing : str
        `"whole"` if pictures are scaled as a whole, `"strokes"` if the drawing in them is found and centred.
    """

    @property
    def height(self) -> int: ...
    @property
    def width(self) -> int: ...
    @property
    def channels(self) -> str: ...
    @property
    def framing(self) -> str: ...

    def in_channels(self, pixels: NDArray) -> NDArray:
        """Return a decoded picture of any size in these channels: uint8 [shape=(height, width[, 3])]."""
        ...


@runtime_checkable
class Worded(Protocol):
    """An extractor whose samples are texts, whose words can be told apart."""

    def pieces(self, text: str) -> list[Any]:
        """Return the different n-grams of a text, as `features.text.words.Piece`."""
        ...

    def names_in(self, text: str) -> dict[int, str]:
        """Return which n-grams of a text are in each column that it fills, in quotes."""
        ...

    def share_out(self, text: str, slopes: NDArray) -> tuple[Any, NDArray]:
        """Return the words of a text, as `features.text.words.Words`, and what each has of its row times `slopes`."""
        ...


@runtime_checkable
class Reader(Describer, Protocol):
    """Finds several readings of each sample, where an extractor describes one: a row holds all of them.

    A reading is a row as the extractor stores it. The model answers all readings of a sample, and the surest counts.
    """

    def extract_row(self, decoded: NDArray) -> NDArray:
        """Return all readings of one decoded sample [shape=(n_stored,)]; may raise NothingToSeeError."""
        ...

    def alternatives(self, stored: NDArray) -> tuple[NDArray, NDArray, NDArray]:
        """Return the readings in rows, the row that each is of, and its number there: int [shape=(m,)]."""
        ...

    def surest(self, probabilities: NDArray, owner: NDArray, which: NDArray) -> NDArray:
        """Return which of all readings a network is surest of, for each row: int [shape=(n,)]."""
        ...

    def warnings_of(self, row: NDArray) -> list[str]:
        """Return what a user should know of a row besides the answer, in sentences; mostly none."""
        ...

    def steps(self, decoded: NDArray, row: NDArray) -> list[Any]:
        """Return what was done to a decoded sample until the network was given a reading, to be shown."""
        ...

    def lay_over(self, decoded: NDArray, row: NDArray, values: NDArray) -> tuple[NDArray, NDArray] | None:
        """Return a decoded sample as a picture, and over it the values that belong to a reading of it.

        None if the sample is its own reading.
        """
        ...


@runtime_checkable
class Augmentation(Protocol):
    """Makes training rows vary from epoch to epoch, so that they cannot be learned by heart.

    Attributes
    ----------
    hesitation : float >= 1
        How many times too small the logits of strangers' samples are in a network that learned from these variants; 1
        if nothing is known of that.
    """

    @property
    def hesitation(self) -> float: ...

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

    def calibrating(self, prepared: Any) -> tuple[NDArray, NDArray] | None:
        """Return what probabilities are fitted to in place of the validation rows themselves, or None.

        That is (X, y): variants of these rows that are as hard as strangers' samples, float32 [shape=(n, n_features)],
        and their classes.
        """
        ...

    def settings(self) -> dict[str, Any]:
        """Return what was decided, as JSON types."""
        ...

    def note(self) -> str:
        """Return what was decided, as a sentence."""
        ...


@runtime_checkable
class Turning(Protocol):
    """An extractor that knows directions among its features from which a network learns better than from each alone."""

    def turn(self, rows: NDArray) -> NDArray:
        """Return rows of features along these directions: a linear function of the rows, which can be undone.

        Parameters
        ----------
        rows : float ndarray [shape=(n, n_features)], scaled

        Returns
        -------
        turned : ndarray of the rows' dtype [shape=(n, n_features)], new
        """
        ...

    def weigh_directions(self) -> NDArray:
        """Return how much each direction counts, above 0: float32 [shape=(n_features,)]."""
        ...
