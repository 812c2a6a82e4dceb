"""Readings: the ways to see a drawing in a picture. The reading with the most probable answer is used.

Is it a dark drawing on a bright page, or the other way round? Is what goes along the edge a table, or a stroke? Often
more than one reading is possible, and the network can decide, because it knows what the drawings should look like. So a
picture becomes a row with several readings in it, and the network answers all of them.

The plain way comes first, see `even_ground`. Two more ways cost more, and are gone only where the ground is not even:
the thorough one, see `strokes`, and the search for a sheet of paper in a scene, see `sheet`, which counts where it
finds another drawing. A drawing without what is around or under it, as a digit without its circle, is one more reading.
Where no way finds anything, the picture shows no drawing. A picture whose pixels were enlarged to blocks is read as the
small one that it was, see `hard_pixels`.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from pipelines.errors import NothingToSeeError
from pipelines.features.images import even_ground, stroke_framing
from pipelines.features.images.drawing import Drawing
from pipelines.features.images.hard_pixels import hard_pixels_in
from pipelines.features.images.shades import clearest_grey
from pipelines.features.images.sheet import drawing_on_a_sheet
from pipelines.features.images.strokes import drawing_in

MOST = 4
BARE = MOST - 1  # the place in a row of a drawing without ring and underline; the other readings have those before
SHOWN = 480  # pixels of the longer side of a picture that is shown
OUTLINE = (0, 90, 181)
PHOTOGRAPH = 80  # a picture whose longer side has fewer pixels is no photograph
# The odds of the readings are weighed by these. Few drawings include a ring around them or a line under them.
PREFERENCE = (1.0, 0.05, 0.05, 3.0)
SAME = 0.5  # share of their common area from which two boxes are of one drawing
SUREST = 1e-6  # what is left for all other classes at least
NOTHING = "no strokes were found on the ground; take the picture closer and sharper, with the whole drawing in it"


def drawings_in(pixels):
    """Return the drawings that a picture may show, and how many stand side by side.

    Parameters
    ----------
    pixels : ndarray of uint8 [shape=(height, width)]

    Returns
    -------
    drawings : list of Drawing, the likeliest first, up to `BARE`
    n_drawings : int
    """
    hard = hard_pixels_in(pixels)
    if hard is not None:
        found, n_drawings = drawings_in(hard.pixels)
        return [drawing.move(hard.left, hard.top, (hard.across, hard.down)) for drawing in found], n_drawings
    plain = even_ground.readings(pixels)
    found = [reading.drawing for reading in plain]
    n_drawings = plain[0].n_drawings if plain else 0
    if not (plain and (plain[0].even or max(pixels.shape) < PHOTOGRAPH)):
        thorough = drawing_in(pixels)
        if thorough is not None:
            found.insert(1 if plain and plain[0].full else 0, thorough)
            n_drawings = 1
        sheet = drawing_on_a_sheet(pixels)
        if sheet is not None and not (thorough is not None and _overlap(thorough.box, sheet.drawing.box)):
            found.insert(0, sheet.drawing)
            n_drawings = sheet.n_drawings
    return found[:BARE], n_drawings


def _overlap(one, other):
    """Tell whether two boxes share more than half of what they cover together."""
    left, top, right, bottom = (pick(a, b) for pick, a, b in zip((max, max, min, min), one, other, strict=True))
    shared = max(0, right - left) * max(0, bottom - top)
    both = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return shared > SAME * (both - shared)


@dataclass(frozen=True)
class DrawingReader:
    """Reads pictures for a model of drawings: it makes rows of several readings, where an extractor makes one.

    Attributes
    ----------
    extractor : ImageExtractor whose framing is "strokes"
    """

    extractor: object

    @property
    def name(self):
        """What the extractor is called."""
        return self.extractor.name

    @property
    def version(self):
        """The extractor's version."""
        return self.extractor.version

    @property
    def stored_dtype(self):
        """That of the extractor: bytes."""
        return self.extractor.stored_dtype

    @property
    def together(self):
        """Whether pictures are better described together: no."""
        return False

    @property
    def sparse(self):
        """Whether rows are sparse: no."""
        return False

    @property
    def n_features(self):
        """Length of a feature vector of one reading."""
        return self.extractor.n_features

    @property
    def n_stored(self):
        """Length of a row: `MOST` readings, and how many drawings were seen.

        Readings that there are not are zeros, which no drawing is.
        """
        return MOST * self.extractor.n_stored + 1

    def settings(self):
        """Return the extractor's settings, and how many readings a row has."""
        return {**self.extractor.settings(), "readings": MOST}

    def matrices(self):
        """Return the extractor's fixed matrices."""
        return self.extractor.matrices()

    def read(self, source):
        """Decode a picture as the extractor does."""
        return self.extractor.read(source)

    def fits(self, pictures):
        """Tell which pictures are a reading as they are; see the extractor."""
        return self.extractor.fits(pictures)

    def extract_row(self, pixels):
        """Return all readings of a decoded picture: uint8 [shape=(n_stored,)].

        Raises NothingToSeeError if there is none.
        """
        found, n_drawings = locate_readings(self.extractor, pixels)
        row = np.zeros(self.n_stored, np.uint8)
        places = row[:-1].reshape(MOST, self.extractor.n_stored)
        for seen in found:
            places[seen.number] = seen.row
        row[-1] = min(n_drawings, 255)
        return row

    def extract_rows(self, pictures):
        """Return the rows of several decoded pictures: uint8 [shape=(n, n_stored)]; see `extract_row`."""
        rows = [self.extract_row(pixels) for pixels in pictures]
        return np.array(rows, self.stored_dtype).reshape(len(rows), self.n_stored)

    def warnings_of(self, row):
        """Return what is to be said beside the answer to a row: list of sentences."""
        if row[-1] < 2:
            return []
        return [f"there are about {row[-1]} drawings in it, side by side; transcribe answers each of them"]

    def alternatives(self, stored):
        """Return the readings in rows, and whose they are.

        Parameters
        ----------
        stored : ndarray of uint8 [shape=(n, n_stored)]

        Returns
        -------
        rows : ndarray of uint8 [shape=(m, n_stored)] as the extractor stores them, n <= m
        owner, which : ndarray of int [shape=(m,)]
            Row of `stored`, not falling, and number of the reading.
        """
        readings = stored[:, :-1].reshape(len(stored), MOST, self.extractor.n_stored)
        there = readings.any(axis=2)
        there[:, 0] = True
        owner, which = np.nonzero(there)
        return readings[owner, which], owner, which

    def steps(self, pixels, row):
        """Return what was done to a decoded picture until the network was given a row of it: list of Step.

        The picture itself comes first, then for each reading the strokes that were found and how they were framed. A
        picture that is as the training pictures are has no steps.
        """
        found, _ = locate_readings(self.extractor, pixels)
        if found[0].drawing is None:
            return []
        taken = [seen for seen in found if np.array_equal(seen.row, row)][:1]
        steps = [Step("the picture", _outline(clearest_grey(pixels), taken[0].drawing.box if taken else None), True)]
        shape = self.extractor.height, self.extractor.width
        for number, seen in enumerate(found, 1):
            is_taken = bool(taken) and seen is taken[0]
            strokes = (255 * seen.drawing.coverage).round().astype(np.uint8)
            steps.append(Step(f"reading {number}: strokes", strokes, is_taken))
            steps.append(Step(f"reading {number}: framed", seen.row.reshape(shape), is_taken))
        return steps

    def lay_over(self, pixels, row, values):
        """Lay what was said about a row over the picture that it was made of.

        Parameters
        ----------
        pixels : ndarray of uint8 [shape=(height, width) or (height, width, 3)], as `read` returns them
        row : ndarray of uint8 [shape=(n_stored,)], the reading that was answered
        values : float ndarray [shape=(height, width) of the extractor]

        Returns
        -------
        grey : ndarray of uint8 [shape=(height, width)], the picture, no longer than `SHOWN`
        laid : float ndarray of the same shape, 0 outside of what the network was given
        or None, where the picture is its own reading
        """
        found, _ = locate_readings(self.extractor, pixels)
        seen = next((seen for seen in found if np.array_equal(seen.row, row)), found[0])
        if seen.drawing is None or seen.drawing.box is None:
            return None
        grey = clearest_grey(pixels)
        picture = Image.fromarray(grey)
        times = max(1.0, max(grey.shape) / SHOWN)
        picture = picture.resize([max(1, round(side / times)) for side in picture.size], Image.Resampling.BOX)
        left, top, right, bottom = (place / times for place in seen.drawing.box)
        x0, y0, x1, y1 = seen.place
        across, down = (right - left) / max(x1 - x0, 1e-6), (bottom - top) / max(y1 - y0, 1e-6)
        field = Image.fromarray(np.asarray(values, np.float32))
        size = max(1, round(across * field.width)), max(1, round(down * field.height))
        laid = Image.new("F", picture.size)
        laid.paste(field.resize(size, Image.Resampling.BILINEAR), (round(left - across * x0), round(top - down * y0)))
        return np.asarray(picture), np.asarray(laid, float)

    def surest(self, probabilities, owner, which):
        """Return for each picture which of all readings the network is surest of: int [shape=(n,)].

        Parameters
        ----------
        probabilities : float ndarray [shape=(m, n_classes)]
        owner, which : as `alternatives` returns them
        """
        likeliest = probabilities.max(axis=1).astype(float)
        score = likeliest / np.maximum(1 - likeliest, SUREST) * np.array(PREFERENCE)[which]
        order = np.lexsort((-score, owner))
        return order[np.unique(owner[order], return_index=True)[1]]


@dataclass(frozen=True)
class Step:
    """One step from a picture to what the network is given.

    Attributes
    ----------
    title : str
    pixels : ndarray of uint8 [shape=(height, width) or (height, width, 3)]
    taken : bool, whether it leads to what was answered
    """

    title: str
    pixels: np.ndarray
    taken: bool


@dataclass(frozen=True)
class Seen:
    """One reading of a picture.

    Attributes
    ----------
    row : ndarray of uint8 [shape=(n_stored,)]
    drawing : Drawing, or None if the picture was taken as it is
    place : (left, top, right, bottom) of float, where the drawing's box is in the row's field; None without a drawing
    number : int, which of the readings in a row it is
    """

    row: np.ndarray
    drawing: Drawing | None = None
    place: tuple[float, float, float, float] | None = None
    number: int = 0


def readings_of(extractor, pixels):
    """Return the readings of a decoded picture, and how many drawings are in it.

    A picture that is already as the training pictures are is its only reading.

    Parameters
    ----------
    extractor : ImageExtractor whose framing is "strokes"
    pixels : ndarray of uint8 [shape=(height, width) or (height, width, 3)]

    Returns
    -------
    readings : list of ndarray of uint8 [shape=(n_stored,)], the likeliest first
    n_drawings : int > 0

    Raises
    ------
    NothingToSeeError
        If no strokes stand out.
    """
    found, n_drawings = locate_readings(extractor, pixels)
    return [seen.row for seen in found], n_drawings


def locate_readings(extractor, pixels):
    """Do what `readings_of` does, and tell where each reading is from: list of Seen, and the number of drawings."""
    pixels = clearest_grey(pixels)
    if extractor.fits(pixels[np.newaxis])[0]:
        return [Seen(pixels.reshape(-1))], 1
    size = extractor.width, extractor.height, extractor.drawing_side, extractor.stroke_breadth
    drawings, n_drawings = drawings_in(pixels)
    if not drawings:
        if extractor.is_filled:  # its pictures have no ground to speak of
            return [Seen(extractor.frame(pixels))], 1
        raise NothingToSeeError(NOTHING)
    bare = [(BARE, drawing.bare) for drawing in drawings if drawing.bare is not None]
    found = []
    for number, drawing in [*enumerate(drawings), *bare[:1]]:
        field, place = stroke_framing.frame_at(drawing, *size)
        found.append(Seen(field.reshape(-1), drawing, place, number))
    return found, n_drawings


def _outline(grey, box):
    """Return a grey picture with the outline of a box, in blue: uint8 [shape=(height, width, 3)]."""
    from PIL import ImageDraw  # it loads fonts

    picture = Image.fromarray(grey).convert("RGB")
    if box is not None:
        reach = max(1, round(max(picture.size) / 100))
        left, top, right, bottom = (round(place) for place in box)
        around = left - reach, top - reach, right + reach, bottom + reach
        ImageDraw.Draw(picture).rectangle(around, outline=OUTLINE, width=reach)
    return np.asarray(picture)
