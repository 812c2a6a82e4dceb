"""Clicks: a key, a switch, a knock at the microphone, louder than the word and over before a sound of speech could be.

Level and endpoints of a word are measured from the loudest frame. Where that is a click, the word beside it is too
faint to be found. No word is loudest for so short a time with silence around: the burst that ends "eight" is as short,
but its vowel is louder.
"""

import numpy as np

LONGEST = 0.03  # seconds that a click lasts
TAIL = 0.03  # seconds in which it fades
QUIET = 0.05  # seconds around it in which there is next to nothing, as far as the recording has them
BELOW = 20.0  # decibels that next to nothing is below the click
FAINT = 40.0  # decibels below the click, where a word would be too faint to be one
WORD = 0.06  # seconds of sound that must be left
MOST = 8  # clicks that are looked for


def without_clicks(waveform, sr):
    """Return a waveform in which clicks that are louder than all else are replaced by silence.

    Parameters
    ----------
    waveform : ndarray of float64 [shape=(n_samples,)]
    sr : int > 0, in Hz

    Returns
    -------
    ndarray of float64 [shape=(n_samples,)]
        The waveform itself where there are none, else a copy.
    """
    hop = max(1, sr // 100)  # samples of a frame, 10 ms
    longest, tail, quiet, word = (round(seconds * sr / hop) for seconds in (LONGEST, TAIL, QUIET, WORD))
    starts = np.arange(0, len(waveform), hop)
    found = waveform
    for _ in range(MOST):
        peaks = np.maximum.reduceat(np.abs(found), starts)
        first, stop = _loudest(peaks)
        around = np.concatenate([peaks[max(0, first - quiet) : first], peaks[stop : stop + quiet]])
        rest = np.concatenate([peaks[: max(0, first - 1)], peaks[stop + tail :]])
        if stop - first > longest or _is_loud(around, peaks.max()).any():
            break  # it lasts, or is not alone
        if rest.max(initial=0) < peaks.max() * 10 ** (-FAINT / 20) or _is_loud(rest).sum() < word:
            break  # it is all there is
        found = found.copy()
        found[max(0, first - 1) * hop : (stop + tail) * hop] = 0
    return found


def _loudest(peaks):
    """Return the first frame of the stretch of loud frames around the loudest one, and the frame behind its last."""
    k, quiet = int(peaks.argmax()), np.flatnonzero(~_is_loud(peaks))
    place = np.searchsorted(quiet, k)
    return quiet[place - 1] + 1 if place else 0, quiet[place] if place < len(quiet) else len(peaks)


def _is_loud(peaks, loudest=None):
    """Return which frames are at most `BELOW` decibels below the loudest, of these or of others."""
    loudest = peaks.max(initial=0) if loudest is None else loudest
    return peaks > loudest * 10 ** (-BELOW / 20)
