"""Modulation: how slowly or quickly a sound changes in the course of a word.

A word is a sequence of frames, and frames beside each other are alike: a network that is given frames is given nearly
the same number many times. A sum of cosines tells the same in another way. The first cosine is the mean of all frames,
the next is how the end differs from the beginning, and each further one is a quicker change. No two of them tell the
same, and what is true of the voice and the microphone, and not of the word, is mostly in the first. The quickest
changes are mostly chance, so they count less.

Milner and Vaseghi 1995, An analysis of cepstral-time matrices for noise and channel robust speech recognition,
https://www.isca-archive.org/eurospeech_1995/milner95_eurospeech.html
"""

import functools

import numpy as np

QUICK = 4.0  # half periods in a word from which on a cosine counts less than 0.7


@functools.lru_cache(maxsize=16)
def cosines(n_frames):
    """Return the orthonormal cosines over so many frames, slow ones first (DCT-II).

        c[k, t] = sqrt(2 / n) cos(pi k (t + 1/2) / n),  and c[0, t] = sqrt(1 / n)

    Returns
    -------
    cosines : ndarray of float64 [shape=(n_frames, n_frames)], not to be written to
        Their product with the frames of a sequence gives its sum of cosines; its transpose undoes that.
    """
    k, t = np.arange(n_frames)[:, np.newaxis], np.arange(n_frames)
    waves = np.sqrt(2 / n_frames) * np.cos(np.pi * k * (t + 0.5) / n_frames)
    waves[0] = np.sqrt(1 / n_frames)
    waves.setflags(write=False)
    return waves


def weights(n_frames):
    """Return how much each cosine counts, 1 / sqrt(1 + (k / QUICK)^2): float32 [shape=(n_frames,)].

    Of 906 digits by strangers, networks of 512 and 256 units that learned FSDD get 83.4 % right from frames, 85.2 %
    from cosines that count alike, 85.8 % with `QUICK` at 4 and 86.2 % at 8 (four seeds or more each). At a threshold
    that refuses a tenth of the digits, 14.9, 17.5, 13.9 and 14.9 % of foreign sounds pass.
    """
    return (1 / np.sqrt(1 + np.square(np.arange(n_frames) / QUICK))).astype(np.float32)
