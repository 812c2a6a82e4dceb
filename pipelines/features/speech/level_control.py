"""Level control: what devices do to the loud and the soft parts of a sound.

Telephones, browsers and recorders change the level while somebody speaks. A noise gate makes soft sounds softer, so
that the room between words is still; but the s of seven and the n of one are soft, too, and become softer or are lost.
Automatic gain makes soft sounds louder, so that all words are heard; but then breath and room are louder, too, and a
word has hardly any loud parts. A network must know both kinds of word.

Both change the level in decibels L, relative to the loudest: a gate takes away slope (T - L) below a threshold T, and
automatic gain adds -share L. Zölzer 2011, DAFX: Digital Audio Effects, chapter 4, https://doi.org/10.1002/9781119991298
"""

import numpy as np

BLOCK_SECONDS = 0.006  # in which the loudest sample is the level
SOFTEST_DB, MOST_DB = -80.0, 60.0  # below this level nothing is told apart; a gate takes away this much at most


def gate(sound, sr, threshold, slope):
    """Return a sound whose soft parts are softer still: float64 [shape=(n_samples,)].

    Parameters
    ----------
    sound : ndarray of float64 [shape=(n_samples,)], not empty
    sr : int > 0, in Hz
    threshold : float <= 0, in decibels
        Parts that are this far below the loudest are made softer.
    slope : float >= 0
        By how many decibels, for each decibel below the threshold.
    """
    levels = _levels(sound, sr)
    return _amplify(sound, sr, np.maximum(slope * np.minimum(levels - threshold, 0), -MOST_DB))


def compress(sound, sr, share):
    """Return a sound whose soft parts are louder: float64 [shape=(n_samples,)].

    `share`, a float in [0, 1], is the share of each part's distance from the loudest that it loses, in decibels. The
    other parameters are those of `gate`.
    """
    return _amplify(sound, sr, -share * _levels(sound, sr))


def _levels(sound, sr):
    """Return the level of each block of a sound and of those beside it, in decibels, at most 0."""
    block = _block(sr)
    peaks = np.abs(np.pad(sound, (0, -len(sound) % block))).reshape(-1, block).max(axis=1)
    before, after = np.append(0, peaks[:-1]), np.append(peaks[1:], 0)
    peaks = np.maximum(np.maximum(before, after), peaks)
    return 20 * np.log10(np.maximum(peaks / max(peaks.max(), np.finfo(float).tiny), 10 ** (SOFTEST_DB / 20)))


def _amplify(sound, sr, gains):
    """Return a sound with the gain of each of its blocks, in decibels, which glides from one to the next."""
    places = (np.arange(len(gains)) + 0.5) * _block(sr)
    return sound * 10 ** (np.interp(np.arange(len(sound)), places, gains) / 20)


def _block(sr):
    return max(1, round(BLOCK_SECONDS * sr))
