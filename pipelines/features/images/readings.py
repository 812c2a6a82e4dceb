"""Readings: the ways to see a drawing in a picture, of which the network takes the one that it is surest of.

Is it a dark drawing on a bright page, or the other way round? Is what goes along the edge a table, or a stroke? Often
more than one answer is possible, and whoever knows what the drawings should look like can tell: the network. So a
picture becomes a row with several readings in it, and all of them are answered.

The plain way comes first, see `even_ground`. The thorough way, see `strokes`, costs more, and is gone only where the
ground is not even. Where neither finds anything, the picture shows no drawing.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from pipelines.errors import NothingToSeeError
from pipelines.features.images import even_ground, stroke_framing
from pipelines.features.images.strokes import drawing_in

MOST = 3
PHOTOGRAPH = 80  # pixels of the longer side, from which a picture may be one
PREFERENCE = (1.0, 0.75, 0.75)  # by which the probabilities of the readings are weighed
NOTHING = "no strokes stand out from the ground; take the picture closer and sharper, all of the drawing in it"


def drawings_in(pixels):
    """Return the drawings that a picture may show, and how many stand side by side.

    Parameters
    ----------
    pixels : ndarray of uint8 [shape=(height, width)]

    Returns
    -------
    drawings : list of Drawing, the likeliest first, up to `MOST`
    n_drawings : int
    """
    plain = even_ground.readings(pixels)
    found = [reading.drawing for reading in plain]
    n_drawings = plain[0].n_drawings if plain else 0
    if not (plain and (plain[0].even or max(pixels.shape) < PHOTOGRAPH)):
        thorough = drawing_in(pixels)
        if thorough is not None:
            found.insert(0, thorough)
            n_drawings = 1
    return found[:MOST], n_drawings


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

    def stored_row(self, pixels):
        """Return all readings of a decoded picture: uint8 [shape=(n_stored,)].

        Raises NothingToSeeError where there is none.
        """
        found, n_drawings = readings_of(self.extractor, pixels)
        row = np.zeros(self.n_stored, np.uint8)
        row[: len(found) * self.extractor.n_stored] = np.concatenate(found)
        row[-1] = min(n_drawings, 255)
        return row

    def stored_rows(self, pictures):
        """Return the rows of several decoded pictures: uint8 [shape=(n, n_stored)]; see `stored_row`."""
        rows = [self.stored_row(pixels) for pixels in pictures]
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
        rows : ndarray of uint8 [shape=(m, n_stored)] as the extractor has it, n <= m
        owner, which : ndarray of int [shape=(m,)]
            Row of `stored`, not falling, and number of the reading.
        """
        readings = stored[:, :-1].reshape(len(stored), MOST, self.extractor.n_stored)
        there = readings.any(axis=2)
        there[:, 0] = True
        owner, which = np.nonzero(there)
        return readings[owner, which], owner, which

    def surest(self, probabilities, owner, which):
        """Return for each picture which of all readings the network is surest of: int [shape=(n,)].

        Parameters
        ----------
        probabilities : float ndarray [shape=(m, n_classes)]
        owner, which : as `alternatives` returns them
        """
        score = probabilities.max(axis=1) * np.array(PREFERENCE)[which]
        order = np.lexsort((-score, owner))
        return order[np.unique(owner[order], return_index=True)[1]]


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
    if pixels.ndim == 3:
        pixels = np.asarray(Image.fromarray(pixels).convert("L"))
    if extractor.fits(pixels[np.newaxis])[0]:
        return [pixels.reshape(-1)], 1
    size = extractor.width, extractor.height, extractor.drawing_side, extractor.stroke_breadth
    drawings, n_drawings = drawings_in(pixels)
    if not drawings:
        raise NothingToSeeError(NOTHING)
    return [stroke_framing.framed(drawing, *size).reshape(-1) for drawing in drawings], n_drawings
