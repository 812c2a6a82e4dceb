"""Display: the network's input as a picture for people.

A small picture is displayed as its pixels, a spoken word as its spectrogram with an axis of time and one of frequency.
The sheets of samples take it from the extractor, so they need not know the kind of sample.
"""

from typing import NamedTuple

import numpy as np


class Axis(NamedTuple):
    """One side of a display, with its scale.

    Attributes
    ----------
    label : str, what is measured and its unit
    ticks : tuple of (float, str)
        Where a number stands, from 0 at the left or at the bottom to 1, and the number as text.
    """

    label: str
    ticks: tuple[tuple[float, str], ...]


class Display(NamedTuple):
    """A sample as a picture.

    Attributes
    ----------
    pixels : ndarray of uint8 [shape=(height, width) or (height, width, 3)]
        Top row first; 0 is black.
    across, upward : Axis or None
        The scales of width and height. With them the picture may be stretched, without it is shown in its proportions.
    """

    pixels: np.ndarray
    across: Axis | None = None
    upward: Axis | None = None
