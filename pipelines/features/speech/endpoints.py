"""Endpoints: where in a recording the word begins and ends.

People press the button before they speak and let it go after. The sound before and after the word says nothing about
the word, but it would shift the word within the features. A frame belongs to the word if its energy is within some
decibels of the loudest frame's: a threshold that moves with the recording, so the distance to the microphone does not
matter. Some room is kept on both sides, for the soft sounds at the edges: the f of five, the t of eight.

Clicks beside the word are left out first. And where a room is so noisy that noise would pass the threshold, the word
begins and ends where it rises out of the noise.
"""

import functools

import numpy as np

from pipelines.features.speech.clicks import beyond_clicks
from pipelines.features.speech.room_noise import RoomNoise


class WordSearch:
    """The search for the word in a waveform. What is the same for all thresholds is measured once.

    Frames are taken every `hop_length` samples, centred there, as `librosa.effects.trim` takes them. Their mean squares
    are differences of one running sum. See `beyond_clicks` and `RoomNoise` for what else is no part of the word.

    Parameters
    ----------
    waveform : ndarray of float64 [shape=(n_samples,)]
        At least one sample must differ from zero.
    sr : int > 0, in Hz
    frame_length, hop_length : int > 0
        In samples.
    """

    def __init__(self, waveform, sr, frame_length, hop_length):
        self._frame_rate, self._hop_length = sr / hop_length, hop_length
        energy = np.empty(len(waveform) + 1)
        energy[0] = 0
        np.cumsum(np.square(waveform), out=energy[1:])
        left = np.arange(0, len(waveform) + 1, hop_length) - frame_length // 2
        right = np.minimum(left + frame_length, len(waveform))
        self._frames = energy[right] - energy[np.maximum(left, 0)]
        self._noise_around = functools.cache(lambda before, after: RoomNoise(waveform[before:after], sr))

    def ends(self, trim_db, pad):
        """Return the part of the waveform that the word occupies.

        Parameters
        ----------
        trim_db : float > 0
            A frame belongs to the word if it is less than this many decibels below the loudest.
        pad : int >= 0
            Samples to keep before the first and after the last such frame, as far as the recording has them; none of
            noise.

        Returns
        -------
        start, stop : int
            The word is `waveform[start:stop]`, never empty.
        """
        (start, stop), (before, after) = beyond_clicks(self._frames, self._frame_rate, trim_db)
        start, stop, before, after = (k * self._hop_length for k in (start, stop, before, after))
        first, last = (before + k for k in self._noise_around(before, after).beyond(trim_db))
        if start - pad >= last or stop + pad <= first:  # the loud part is not a word
            return first, last
        return max(start - pad, first), min(stop + pad, last)


def word_endpoints(waveform, sr, frame_length, hop_length, trim_db, pad):
    """Return what `WordSearch.ends` finds in a waveform with one threshold."""
    return WordSearch(waveform, sr, frame_length, hop_length).ends(trim_db, pad)
