"""Media: pictures and sounds as text inside the page, so that the page needs no other file.

A picture is a PNG of the network's own pixels, which the browser enlarges; a sound is a WAV of 16 bits. Both become
data URIs (RFC 2397, https://www.rfc-editor.org/rfc/rfc2397), a third longer than their bytes.
"""

import base64
import io
import wave
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from PIL import Image

LONGEST_SECONDS = 3.0
LARGEST_SIDE = 256  # pixels; a larger picture is made smaller
ROOM = 3_000_000  # letters of all data URIs of a page together


@dataclass(frozen=True)
class Embedded:
    """The media of one sample in a page.

    Attributes
    ----------
    picture, sound : Markup or None, data URIs
    wide : bool, whether the picture may be stretched
    cut : float or None, the length in seconds of a sound that is longer than `LONGEST_SECONDS`
    why : str, why something is left out, or ""
    """

    picture: Markup | None = None
    sound: Markup | None = None
    wide: bool = False
    cut: float | None = None
    why: str = ""


class Media:
    """Turns samples into embedded media, until the page has no more room.

    Parameters
    ----------
    samples : function of an entry that returns its Exhibit or None
    room : int, letters
    """

    def __init__(self, samples, room=ROOM):
        self._samples, self._room = samples, room

    def of(self, entry):
        """Return the Embedded of an entry of the record."""
        sample = self._samples(entry)
        if sample is None:
            return Embedded(why="cannot be read")
        picture, sound, cut = picture_uri(sample.display.pixels), None, None
        if sample.sound is not None:
            sound, seconds = sound_uri(sample.sound, sample.sr), len(sample.sound) / sample.sr
            cut = seconds if seconds > LONGEST_SECONDS else None
        room = self._room - len(picture) - len(sound or "")
        if room < 0:
            return Embedded(why="left out, because the page is full")
        self._room = room
        return Embedded(picture, sound, bool(sample.display.across or sample.display.upward), cut)


def picture_uri(pixels):
    """Return pixels, ndarray of uint8 [shape=(height, width) or (height, width, 3)], as a PNG in a data URI."""
    picture, file = Image.fromarray(pixels), io.BytesIO()
    picture.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
    picture.save(file, "PNG", optimize=True)
    return _uri("image/png", file)


def sound_uri(sound, sr):
    """Return the first `LONGEST_SECONDS` of a sound as a WAV of 16 bits in a data URI.

    Parameters
    ----------
    sound : ndarray of float32 [shape=(n_samples,)], full scale [-1, 1]; values beyond are clipped
    sr : int > 0, in Hz
    """
    levels = (np.clip(sound[: round(LONGEST_SECONDS * sr)], -1, 1) * 32767).round().astype("<i2")
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(sr)
        writer.writeframes(levels.tobytes())
    return _uri("audio/wav", file)


def _uri(kind, file):
    return Markup(f"data:{kind};base64,{base64.b64encode(file.getvalue()).decode()}")
