"""Image features: the brightness of every pixel, after a picture was brought to one small size.

A fully connected network has one input for each pixel, so every picture must come in the same size and with the same
number of channels. A picture is scaled as a whole, with a filter that averages over the pixels that fall together, and
never squeezed: the digit 1 should not become as wide as an 8. If its proportions are different, the rest is filled with
the colour of its own edge, so that there is no visible border.

Where the training pictures are drawings that were all brought to one size and place, as MNIST's digits were, a new
picture is brought to the same size and place, even a photograph of ink on paper: see `strokes` and `stroke_framing`.
Drawings of any size and place, such as people draw on a screen, are all brought to one size and place.

Settings are chosen once, from the training data, and travel in the model file.
"""

from dataclasses import MISSING, asdict, dataclass, fields, replace
from typing import ClassVar

import numpy as np
from PIL import Image

from backprop_core.inspection.attribution import gradient_times_input
from pipelines.errors import DataError, InputFileError, NothingToSeeError, UsageError
from pipelines.features.display import Display
from pipelines.features.images import stroke_framing
from pipelines.features.images.edge import edge
from pipelines.features.images.image_file import read_pixels
from pipelines.features.images.readings import readings_of
from pipelines.features.images.strokes import LONGER_SIDE
from pipelines.features.stages import Stage

CHANNELS = {"grey": 1, "colour": 3}
LARGEST_SIDE = 32
SAMPLED_FILES = 200
SAMPLED_PIXELS = 5000
FRAMINGS = ("whole", "strokes")
SMOOTHED_FROM = 16  # pixels of the shorter side; below it, each pixel is a region of its own


@dataclass(frozen=True)
class ImageExtractor:
    """Settings that turn a picture into features.

    Attributes
    ----------
    width, height : int > 0, in pixels
        Size that every picture is brought to.
    channels : str
        `"grey"` (luma, ITU-R BT.601) or `"colour"` (red, green, blue).
    framing : str
        `"whole"`: the picture is scaled as a whole. `"strokes"`, of grey pictures only: the drawing in it is found,
        scaled and centred. Model files from before there was a choice mean `"whole"`.
    drawing_side : int >= 0, in pixels
        Longer side of the drawing's box; 0 with `"whole"`.
    stroke_breadth : float >= 0, in pixels
        Usual breadth of the drawing's strokes; 0 with `"whole"`.
    """

    width: int
    height: int
    channels: str
    framing: str = "whole"
    drawing_side: int = 0
    stroke_breadth: float = 0.0

    name: ClassVar[str] = "images"
    version: ClassVar[int] = 1
    stored_dtype: ClassVar[np.dtype] = np.dtype(np.uint8)
    sparse: ClassVar[bool] = False
    together: ClassVar[bool] = False  # a decoded picture can be large

    def __post_init__(self):
        for side, length in (("width", self.width), ("height", self.height)):
            if type(length) is not int or not 1 <= length <= 4096:
                raise UsageError(f"image {side}: must be a whole number of pixels from 1 to 4096, not {length!r}")
        if self.channels not in CHANNELS:
            raise UsageError(f'image channels: must be "grey" or "colour", not {self.channels!r}')
        if self.framing not in FRAMINGS or (self.framing == "strokes" and self.channels != "grey"):
            raise UsageError(
                f'image framing: must be "whole" or, for grey pictures, "strokes", not {self.framing!r} '
                f"for {self.channels!r}"
            )
        most, strokes = min(self.width, self.height), self.framing == "strokes"
        for setting, kinds in (("drawing_side", (int,)), ("stroke_breadth", (int, float))):
            value = getattr(self, setting)
            if type(value) not in kinds or not (0 < value <= most if strokes else value == 0):
                limits = f"above 0 and at most {most}" if strokes else '0 with "whole"'
                raise UsageError(f"image {setting}: must be {limits}, not {value!r}")

    @classmethod
    def choose_for(cls, items, rows=None, largest=LARGEST_SIDE):
        """Choose the settings that suit a data set.

        Pixels in memory keep their own size and channels. Of files, at most `SAMPLED_FILES`, evenly spaced, are looked
        at: grey if all of them are grey (also where they are stored as colour); the median of their proportions; and
        the median of their longer sides, but at most `largest` pixels.

        Grey pictures that have this size already, and are drawings in a common size and place, ask for the framing of
        strokes, see `stroke_framing.convention`; of pixels in memory, at most `SAMPLED_PIXELS` are looked at.

        Parameters
        ----------
        items : sequence of Path, or ndarray of uint8 [shape=(n, height, width) or (n, height, width, 3)]
            The samples of a `Dataset`.
        rows : ndarray of int, or None
            Which of them may be looked at: those to be trained on; None means all.
        largest : int > 0, in pixels

        Returns
        -------
        ImageExtractor

        Raises
        ------
        DataError
            If there are no items, or none of the files looked at is a picture.
        """
        if len(items) == 0:
            raise DataError("data set: it has no pictures; add some")
        rows = np.arange(len(items)) if rows is None or len(rows) == 0 else rows
        if isinstance(items, np.ndarray):
            plain = cls(items.shape[2], items.shape[1], "grey" if items.ndim == 3 else "colour")
            return plain._frame_like(items[_spread_out(rows, SAMPLED_PIXELS)])
        pictures, grey = _look_at([items[row] for row in _spread_out(rows, SAMPLED_FILES)], largest)
        height, width = np.transpose([pixels.shape[:2] for pixels in pictures])
        side = min(largest, np.median(np.maximum(height, width)))
        ratio = np.exp(np.median(np.log(width / height)))
        wide, high = side * min(1, ratio), side / max(1, ratio)
        plain = cls(max(1, round(wide)), max(1, round(high)), "grey" if grey else "colour")
        if (height != plain.height).any() or (width != plain.width).any():
            return plain
        return plain._frame_like(np.stack([pixels if pixels.ndim == 2 else pixels[..., 0] for pixels in pictures]))

    @classmethod
    def for_drawings(cls):
        """Return settings for drawings of any size, anywhere in their pictures: they are framed as MNIST's digits."""
        return cls(28, 28, "grey", framing="strokes", drawing_side=20, stroke_breadth=2.4)

    def _frame_like(self, pictures):
        """Return these settings with the framing of the training pictures, which have this size."""
        found = stroke_framing.convention(pictures) if self._grey else None
        return (
            self if found is None else replace(self, framing="strokes", drawing_side=found[0], stroke_breadth=found[1])
        )

    @classmethod
    def from_settings(cls, settings, matrices=None):
        """Return the extractor that `settings()` described; `matrices` is empty for pictures.

        Raises
        ------
        UsageError
            If a setting is missing, unknown or out of range.
        """
        known = [field.name for field in fields(cls)]
        needed = [field.name for field in fields(cls) if field.default is MISSING]
        if not set(needed) <= set(settings) <= set(known):
            raise UsageError(f"image settings: must be {', '.join(known)}, not {', '.join(settings) or 'none'}")
        return cls(**settings)

    def settings(self):
        """Return the settings as a dictionary of JSON types."""
        return asdict(self)

    def matrices(self):
        """Return the fixed matrices that must travel with the settings: none."""
        return {}

    @property
    def is_filled(self):
        """Whether drawings fill the pictures from edge to edge."""
        return self.framing == "strokes" and stroke_framing.is_filled(self._shape, self.drawing_side)

    @property
    def n_features(self):
        """Length of a feature vector: height x width x number of channels."""
        return self.height * self.width * CHANNELS[self.channels]

    @property
    def grid(self):
        """The picture that a row of features makes: (height, width, n_channels)."""
        return self.height, self.width, CHANNELS[self.channels]

    @property
    def n_stored(self):
        """Length of a stored row: a byte for each feature."""
        return self.n_features

    def read(self, source):
        """Decode a picture file (Path) or its contents (bytes), at no larger a size than these features need.

        Returns
        -------
        pixels : ndarray of uint8 [shape=(height, width) or (height, width, 3)]
            In the picture's own size and channels, like one item of a data set that is in memory.

        Raises
        ------
        InputFileError
            If it is not a whole picture; the message begins with the path, or with `<stdin>` for bytes.
        """
        enough = LONGER_SIDE if self.framing == "strokes" else _enough(max(self.width, self.height))
        return read_pixels(source, smallest=enough)

    def warnings_about(self, pixels):
        """Return what a user should know of one decoded picture besides the answer: nothing."""
        return []

    def feature_name(self, index):
        """Return what one feature is, such as "row 12, column 19", counted from 0 at the top left."""
        place, colour = divmod(index, CHANNELS[self.channels])
        row, column = divmod(place, self.width)
        return f"row {row}, column {column}" + ("" if self._grey else f", {('red', 'green', 'blue')[colour]}")

    def fits(self, pictures):
        """Tell which decoded pictures are rows as they are, of the right size, channels and framing.

        Parameters
        ----------
        pictures : ndarray of uint8 [shape=(n, height, width) or (n, height, width, 3)]

        Returns
        -------
        ndarray of bool [shape=(n,)]
        """
        if pictures.shape[1:] != self._shape:
            return np.zeros(len(pictures), bool)
        if self.framing == "whole":
            return np.ones(len(pictures), bool)
        return stroke_framing.obeys(pictures, self.drawing_side)

    def extract_row(self, pixels):
        """Bring one decoded picture to the size and channels of these settings.

        Pixels that have them already, and the framing, are passed on untouched, and so is a stored row.

        Parameters
        ----------
        pixels : ndarray of uint8 [shape=(height, width), (height, width, 3) or (n_features,)]

        Returns
        -------
        row : ndarray of uint8 [shape=(n_features,)]
            Row by row from the top left; the three colours of a pixel stand side by side.

        Raises
        ------
        NothingToSeeError
            If strokes are to be framed and none stand out, in pictures that have room around their drawings.
        """
        if pixels.ndim == 1:
            return pixels
        if self.framing == "strokes":
            return readings_of(self, pixels)[0][0]
        return self.frame(self.in_channels(pixels))

    def in_channels(self, pixels):
        """Return a decoded picture in the channels of these settings: uint8 [shape=(height, width[, 3])]."""
        if (pixels.ndim == 2) == self._grey:
            return pixels
        return np.asarray(Image.fromarray(pixels).convert("L" if self._grey else "RGB"))

    def frame(self, pixels):
        """Return a picture of these channels, scaled as a whole to the size of these settings: uint8 [n_features]."""
        if pixels.shape == self._shape and (self.framing == "whole" or self.fits(pixels[np.newaxis])[0]):
            return pixels.reshape(-1)
        return np.asarray(_frame(Image.fromarray(pixels), self.width, self.height)).reshape(-1)

    def stages(self):
        """Return the way from a decoded picture to its row, step by step: tuple of `stages.Stage`."""
        size = {"width": self.width, "height": self.height}
        strokes = {"drawing_side": self.drawing_side, "stroke_breadth": self.stroke_breadth}
        return (
            Stage(
                "channels",
                self.in_channels,
                "the picture in grey (19595 R + 38470 G + 7471 B + 32768) >> 16, or in colour, uint8",
                {"channels": CHANNELS[self.channels]},
            ),
            Stage("strokes", self.extract_row, "the drawing, scaled and centred, uint8 [n_features]", size | strokes)
            if self.framing == "strokes"
            else Stage("framed", self.frame, "the picture in its size, uint8 [n_features]", size),
        )

    def extract_rows(self, pictures):
        """Return the rows of several decoded pictures: uint8 [shape=(n, n_stored)]; see `extract_row`."""
        rows = [self.extract_row(pixels) for pixels in pictures]
        return np.array(rows, self.stored_dtype).reshape(len(rows), self.n_stored)

    def to_features(self, stored):
        """Scale stored rows to [0, 1]: features = stored / 255.

        Parameters
        ----------
        stored : ndarray of uint8 [shape=(n, n_features)]

        Returns
        -------
        X : ndarray of float32 [shape=(n, n_features)], in [0, 1]
        """
        X = stored.astype(np.float32)
        X /= 255
        return X

    def views(self, stored):
        """Yield the one view of stored rows that there is, `to_features`."""
        yield self.to_features(stored)

    def more_views(self, stored, mirror=False):
        """Yield each picture as it is and moved a little to each side; with `mirror`, the mirror images of these too.

        All are float32 [shape=(n, n_features)]; see `shift`.
        """
        for moved in self.shift(stored, mirror):
            yield self.to_features(moved)

    def shift(self, stored, mirror=False):
        """Yield stored rows as they are and moved a little to each side; with `mirror`, mirror images of these too.

        A step is 1/28 of the shorter side; what comes in at an edge is what was at it.
        """
        pictures = stored.reshape(len(stored), self.height, self.width, CHANNELS[self.channels])
        step = max(1, round(min(self.height, self.width) / 28))
        padded = np.pad(pictures, ((0, 0), (step, step), (step, step), (0, 0)), mode="edge")
        for top, left in ((1, 1), (0, 1), (2, 1), (1, 0), (1, 2)):
            moved = padded[:, top * step :, left * step :][:, : self.height, : self.width]
            yield moved.reshape(stored.shape)
            if mirror:
                yield moved[:, :, ::-1].reshape(stored.shape)

    def extract(self, source):
        """Return the features of one picture file (Path) or its contents (bytes): float32 [shape=(n_features,)]."""
        try:
            return self.to_features(self.extract_row(self.read(source))[np.newaxis])[0]
        except NothingToSeeError as error:
            raise InputFileError.about(source, error) from None

    def display(self, pixels):
        """Return what the network sees of one decoded picture: a Display of these settings' size and channels."""
        return Display(self.extract_row(pixels).reshape((self.height, self.width, 3)[: 2 if self._grey else 3]))

    def evidence(self, pixels, gradient, typical):
        """Lay the evidence of one decoded picture's features over its display.

        What a pixel is compared with is the average training picture. So where there is nothing and mostly is
        something, as in the middle of a 0, its absence counts, and where there never is anything, nothing counts. The
        colours of a pixel are added up, and neighbouring pixels share their evidence a little, for no single pixel of a
        stroke means anything; the sum stays.

        Parameters
        ----------
        pixels : ndarray of uint8, as `read` returns them
        gradient : float ndarray [shape=(n_features,)], of the answer with respect to the features
        typical : float ndarray [shape=(n_features,)], the features of the average training picture

        Returns
        -------
        evidence : float ndarray [shape=(height, width)]
            Its sum is that of gradient * (features - typical).
        """
        features = self.to_features(self.extract_row(pixels)[np.newaxis])[0]
        evidence = gradient_times_input(gradient, features, typical).reshape(self.height, self.width, -1).sum(axis=2)
        return _spread(evidence) if min(evidence.shape) >= SMOOTHED_FROM else evidence

    @property
    def _grey(self):
        return self.channels == "grey"

    @property
    def _shape(self):
        return (self.height, self.width) if self._grey else (self.height, self.width, 3)


def _spread(values):
    """Move a quarter of each number to each neighbour, down and across; at the border that quarter stays."""
    for axis in (0, 1):
        padded = np.pad(values, [(1, 1) if i == axis else (0, 0) for i in (0, 1)], mode="edge")
        before, after = (np.delete(padded, ends, axis) for ends in ([-2, -1], [0, 1]))
        values = (before + 2 * values + after) / 4
    return values


def _enough(side):
    """Return twice the wanted size: from there on, resizing would average away all that a JPEG decoder leaves out."""
    return 2 * side


def _frame(picture, width, height):
    """Scale `picture` to fit into width x height, and fill the rest with the median colour of its outermost pixels."""
    scale = min(width / picture.width, height / picture.height)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    scaled = picture.resize(size, Image.Resampling.LANCZOS)
    if size == (width, height):
        return scaled
    frame = Image.new(picture.mode, (width, height), _edge_colour(np.asarray(scaled)))
    frame.paste(scaled, ((width - size[0]) // 2, (height - size[1]) // 2))
    return frame


def _edge_colour(pixels):
    channels = pixels.reshape(*pixels.shape[:2], -1)
    return tuple(int(level) for level in np.median(edge(channels), axis=0))


def _spread_out(rows, most):
    """Return at most so many of the rows, evenly spaced."""
    return rows[np.unique(np.linspace(0, len(rows) - 1, min(len(rows), most)).round().astype(int))]


def _look_at(paths, largest):
    """Return the pictures in some files, decoded no larger than needed, and whether all of them are grey."""
    pictures, grey, failure = [], True, None
    for path in paths:
        try:
            pixels = read_pixels(path, smallest=_enough(largest))
        except InputFileError as error:
            failure = error
            continue
        grey = grey and (pixels.ndim == 2 or bool((pixels == pixels[..., :1]).all()))
        small = max(pixels.shape[:2]) <= largest
        # Only the size of a large picture is needed, and an array of one broadcast number takes no memory.
        pictures.append(pixels if small else np.broadcast_to(np.uint8(0), pixels.shape))
    if not pictures:
        raise DataError(f"data set: {len(paths)} files were opened and are not pictures; for example, {failure}")
    return pictures, grey
