"""Gradient extractor: pictures are brought to one small size as for pixels, and described by their gradients.

What is stored of a picture are its pixels, so that training can vary them; the features are made of these when a
network is given them. See `extractor` for how a picture is brought to its size, and `gradients` for the features.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np

from backprop_core.inspection.attribution import gradient_times_input
from pipelines.errors import InputFileError, NothingToSeeError
from pipelines.features.images import gradients
from pipelines.features.images.extractor import CHANNELS, ImageExtractor
from pipelines.features.stages import Stage

KIND = "gradients"
LARGEST_SIDE = 40  # pixels, so a cell takes 5


@dataclass(frozen=True)
class GradientExtractor:
    """Settings that turn a picture into gradient features.

    Attributes
    ----------
    pixels : ImageExtractor
        What brings a picture to its size and channels.
    because : str
        Why these features were chosen, as a sentence; empty if they were asked for. It is no setting.
    """

    pixels: ImageExtractor
    because: str = field(default="", compare=False)

    name: ClassVar[str] = "gradients"
    version: ClassVar[int] = ImageExtractor.version
    stored_dtype: ClassVar[np.dtype] = ImageExtractor.stored_dtype
    sparse: ClassVar[bool] = False
    together: ClassVar[bool] = False
    grid: ClassVar[None] = None  # cells of several sizes do not make a picture

    @classmethod
    def choose_for(cls, items, rows=None):
        """Return the extractor whose size and channels suit a data set; see `ImageExtractor.choose_for`."""
        return cls(ImageExtractor.choose_for(items, rows, LARGEST_SIDE))

    @classmethod
    def from_settings(cls, settings, matrices=None):
        """Return the extractor that `settings()` described. Raises UsageError."""
        rest = {name: value for name, value in settings.items() if name != "features"}
        return cls(ImageExtractor.from_settings(rest, matrices))

    def settings(self) -> dict[str, Any]:
        """Return the settings as a dictionary of JSON types."""
        return {"features": KIND, **self.pixels.settings()}

    def matrices(self) -> Mapping[str, Any]:
        """Return the fixed matrices that must travel with the settings: none."""
        return self.pixels.matrices()

    @property
    def width(self):
        """Width that every picture is brought to, in pixels."""
        return self.pixels.width

    @property
    def height(self):
        """Height that every picture is brought to, in pixels."""
        return self.pixels.height

    @property
    def channels(self):
        """`"grey"` or `"colour"`."""
        return self.pixels.channels

    @property
    def framing(self):
        """`"whole"` or `"strokes"`."""
        return self.pixels.framing

    @property
    def drawing_side(self):
        """Longer side of a drawing's box in pixels, with `"strokes"`."""
        return self.pixels.drawing_side

    @property
    def stroke_breadth(self):
        """Usual breadth of strokes in pixels, with `"strokes"`."""
        return self.pixels.stroke_breadth

    @property
    def n_features(self):
        """Length of a feature vector."""
        return gradients.n_gradients(*self._shape)

    @property
    def n_stored(self):
        """Length of a stored row: a byte for each pixel and channel."""
        return self.pixels.n_stored

    def read(self, source):
        """Decode a picture file or its contents; see `ImageExtractor.read`."""
        return self.pixels.read(source)

    def fits(self, pictures):
        """Tell which decoded pictures are stored as they are: bool [shape=(n,)]."""
        return self.pixels.fits(pictures)

    def in_channels(self, pixels):
        """Return a decoded picture in the channels of these settings; see `ImageExtractor.in_channels`."""
        return self.pixels.in_channels(pixels)

    def extract_row(self, decoded):
        """Bring one decoded picture to the size of these settings: uint8 [shape=(n_stored,)]."""
        return self.pixels.extract_row(decoded)

    def stages(self):
        """Return the way from a decoded picture to its features, step by step: tuple of `stages.Stage`."""
        described = Stage(
            "gradients",
            lambda row: self.to_features(row[np.newaxis])[0],
            "the gradient features, float32 [n_features]; see `gradients`",
            {"height": self.height, "width": self.width, "channels": CHANNELS[self.channels]},
        )
        return (*self.pixels.stages(), described)

    def extract_rows(self, decoded):
        """Return the rows of several decoded pictures: uint8 [shape=(n, n_stored)]."""
        return self.pixels.extract_rows(decoded)

    def to_features(self, stored):
        """Return the gradient features of stored rows: float32 [shape=(n, n_features)], about from 0 to 1."""
        return gradients.gradient_features(stored.reshape(-1, *self._shape))

    def views(self, stored):
        """Yield the one view of stored rows that there is, `to_features`."""
        yield self.to_features(stored)

    def more_views(self, stored, mirror=False):
        """Yield the features of each picture as it is, moved a little, and mirrored; see `ImageExtractor`."""
        for moved in self.pixels.shift(stored, mirror):
            yield self.to_features(moved)

    def extract(self, source):
        """Return the features of one picture file (Path) or its contents (bytes): float32 [shape=(n_features,)]."""
        try:
            return self.to_features(self.extract_row(self.read(source))[np.newaxis])[0]
        except NothingToSeeError as error:
            raise InputFileError.about(source, error) from None

    def warnings_about(self, decoded):
        """Return what a user should know of one decoded picture besides the answer; see `ImageExtractor`."""
        return self.pixels.warnings_about(decoded)

    def feature_name(self, index):
        """Return what one feature is, such as "rise towards 90°, cell 3, 4 at 1/2 of the size"."""
        return gradients.feature_name(index, *self._shape)

    def display(self, decoded):
        """Return the picture that the features are made of, as a Display."""
        return self.pixels.display(decoded)

    def evidence(self, decoded, gradient, typical):
        """Lay the evidence of one decoded picture's features over its display.

        What a cell's features say together is shared out among the pixels of the cell; the sum stays.

        Parameters
        ----------
        decoded : ndarray of uint8, as `read` returns it
        gradient : float ndarray [shape=(n_features,)], of the answer with respect to the features
        typical : float ndarray [shape=(n_features,)], the features of the average training picture

        Returns
        -------
        evidence : float ndarray [shape=(height, width)]
            Its sum is that of gradient * (features - typical).
        """
        features = self.to_features(self.extract_row(decoded)[np.newaxis])[0]
        return gradients.spread_over(gradient_times_input(gradient, features, typical), *self._shape)

    def add_reason(self, because):
        """Return the same extractor, which says why it was chosen."""
        return replace(self, because=because)

    @property
    def _shape(self):
        return self.height, self.width, CHANNELS[self.channels]
