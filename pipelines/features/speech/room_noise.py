"""Room noise: the hiss of a microphone, a fan, a street, before and after a word.

If only the energy decides, noise that is nearly as loud as the soft sounds of a word is taken as a part of the word,
and the features are shifted and stretched. But noise goes on evenly and softly for a quarter of a second, and a word
does not. If a recording begins or ends in this way, the word is where some part of the spectrum rises out of the noise;
the word finder finds this part.
"""

import functools

import numpy as np

from pipelines.features.speech.word_finder import HOP_SECONDS, WordFinder, band_power

LEAST = 0.25  # seconds that noise lasts at least, before or after a word
EVEN = 12.0  # decibels, at most, from the softest frame of noise to its louder ones
SOFT = 4.0  # decibels, at least, from noise to the loudest frame of a word
HARMLESS = 9.0  # decibels; noise this far below the threshold of a word is left as it is
CLICK = 0.09  # seconds that may be louder than the word
PART = 20.0  # decibels; a sound further below the loudest word found is not part of the word


def settings(sr):
    """Return what `beyond_noise` depends on, as JSON types: durations in frames of `hop_length` samples, decibels."""
    return {
        "hop_length": round(HOP_SECONDS * sr),
        "least": round(LEAST / HOP_SECONDS),
        "click": round(CLICK / HOP_SECONDS),
        "even": EVEN,
        "soft": SOFT,
        "harmless": HARMLESS,
        "part": PART,
    }


class RoomNoise:
    """The noise before and after the word in a waveform; what no threshold changes is measured once.

    Parameters
    ----------
    waveform : ndarray of float64 [shape=(n_samples,)]
    sr : int > 0, in Hz
    """

    def __init__(self, waveform, sr):
        self._waveform, self._sr = waveform, sr
        self._hop, self._least = round(HOP_SECONDS * sr), round(LEAST / HOP_SECONDS)

    def beyond(self, trim_db):
        """Return the part of the waveform in which there is a word, and not only room noise.

        Parameters
        ----------
        trim_db : float > 0
            Decibels below the loudest frame, where a word ends as far as energy tells.

        Returns
        -------
        start, stop : int
            The word is in `waveform[start:stop]`, never empty. `start` is 0 if the waveform does not begin with noise
            that could be taken for a word, and `stop` is n_samples if it does not end with it.
        """
        if len(self._waveform) <= self._least * self._hop or not self._may_be_there(trim_db):
            return 0, len(self._waveform)
        return self._word

    def _may_be_there(self, trim_db):
        """Tell whether the first or last frames may be noise; this quick check usually makes the finder unnecessary.

        The energy of rumble varies. Differences of its samples are more even, because low frequencies count less in
        them.
        """
        power, n_least = self._power, self._least - 2
        loudest = np.sort(power)[-round(CLICK / HOP_SECONDS)]
        least, most = loudest * _ratio(-trim_db - HARMLESS), loudest * _ratio(-SOFT)
        sides = [slice(n_least), slice(-n_least, None)]
        soft = [side for side in sides if least < np.sort(power[side])[n_least // 2] < most]
        return any(_is_even(each[side]) for side in soft for each in (power, self._power_of_differences))

    @functools.cached_property
    def _power(self):
        return _power_of(self._waveform, self._hop)

    @functools.cached_property
    def _power_of_differences(self):
        return _power_of(np.diff(self._waveform), self._hop)

    @functools.cached_property
    def _word(self):
        """First sample of the word, and the one behind its last, where there is noise: int, int."""
        power = band_power([self._waveform], self._sr)
        words = [(round(start / HOP_SECONDS), round(stop / HOP_SECONDS)) for start, stop in WordFinder().find(power)]
        levels = [power[start:stop].sum(axis=1).max() for start, stop in words]
        faint = max(levels, default=0) * _ratio(-PART)
        parts = [word for word, level in zip(words, levels, strict=True) if level > faint]
        n, hop, least = len(self._waveform), self._hop, self._least
        if not parts:
            return 0, n
        (start, _), (_, stop) = parts[0], parts[-1]
        return start * hop if start >= least else 0, stop * hop if len(power) - stop >= least else n


def beyond_noise(waveform, sr, trim_db):
    """Return what `RoomNoise.beyond` finds in a waveform with one threshold."""
    return RoomNoise(waveform, sr).beyond(trim_db)


def _is_even(power):
    """Tell whether power hardly changes; a quarter of the frames may belong to a click."""
    power = np.sort(power)
    return power[3 * len(power) // 4] < power[0] * _ratio(EVEN)


def _power_of(samples, hop):
    """Return the power of every three successive frames of `hop` samples."""
    frames = np.add.reduceat(np.square(samples), np.arange(0, len(samples), hop))
    return np.convolve(frames, np.ones(3), "valid")


def _ratio(decibels):
    return 10 ** (decibels / 10)
