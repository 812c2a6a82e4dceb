"""Samples: what a report shows of one sample: the network's input as a picture, and the sound of a recording."""

from dataclasses import dataclass

import numpy as np

from pipelines.errors import InputFileError, NothingToSeeError
from pipelines.features.display import Display
from pipelines.features.extractor import Audible


@dataclass(frozen=True)
class Exhibit:
    """One sample for people.

    Attributes
    ----------
    display : Display
    sound : ndarray of float32 [shape=(n_samples,)], full scale [-1, 1], or None if there is no sound
    sr : int > 0, in Hz, or None
    """

    display: Display
    sound: np.ndarray | None = None
    sr: int | None = None


def samples_of(dataset, extractor):
    """Return a function that gives the Exhibit of an entry, or None if its file is missing or empty.

    Parameters
    ----------
    dataset : Dataset
    extractor : Visible, of its samples; their sound is there if it is Audible too

    Returns
    -------
    function of an entry, a dict whose "index" is a row of the data set
    """

    def sample(entry):
        item = dataset.items[entry["index"]]
        try:
            decoded = item if isinstance(item, np.ndarray) else extractor.read(item)
            sound = extractor.sound(decoded) if isinstance(extractor, Audible) else ()
            return Exhibit(extractor.display(decoded), *sound)
        except (InputFileError, NothingToSeeError):
            return None

    return sample
