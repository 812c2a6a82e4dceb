"""Drift: the direct current of a microphone, which settles after it is switched on.

Many microphones add a constant to what they hear, and in the first tenths of a second that constant may fall from a
large value. It cannot be heard. But its energy can be a thousand times that of the word, and a search for the word by
energy finds the slope. A mean over some hundredths of a second follows the slope, and not the voice; taken out twice,
it takes all of it along.
"""

import numpy as np

SECONDS = 0.025  # two waves of a voice of 80 Hz, whose mean is nearly 0
PIECE = 1 << 15  # samples that are processed together by default


def half_window(sr):
    """Return how many samples on either side the mean reaches: int > 0."""
    return max(1, round(SECONDS * sr / 2))


def without_drift(waveform, sr):
    """Return a waveform without what changes more slowly than a voice: float64 [shape=(n_samples,)].

        x - m(x) - m(x - m(x)),  m the mean over `SECONDS` around each sample, fewer at the ends, as many on both sides

    What is below 10 Hz becomes fainter by 40 dB; from 80 Hz on, nothing changes by more than 3 dB.

    Parameters
    ----------
    waveform : float ndarray [shape=(n_samples,)], n_samples > 0
    sr : int > 0, in Hz
    """
    half = half_window(sr)
    for _ in range(2):
        waveform = waveform - _mean_around(waveform, half)
    return waveform


def blocks_without_drift(blocks, sr, piece=PIECE):
    """Yield what `without_drift` makes of a waveform as its blocks come: float64; it does not depend on their size.

    Parameters
    ----------
    blocks : iterable of ndarray of float32 [shape=(n_samples,)]
    sr : int > 0, in Hz
    piece : int > 0
        Samples that are worked on together, which come out as soon as `SECONDS` behind them are there.
    """
    margin = 2 * half_window(sr)  # reach of the two means, one after the other
    held, before = np.empty(0), 0
    for block in blocks:
        held = np.concatenate([held, block])
        while len(held) >= before + piece + margin:
            yield without_drift(held[: before + piece + margin], sr)[before : before + piece]
            first = max(0, before + piece - margin)
            held, before = held[first:], before + piece - first
    if len(held) > before:
        yield without_drift(held, sr)[before:]


def _mean_around(waveform, half):
    """Return the mean around each sample, over `half` on either side; at the ends over fewer, as many on both sides."""
    n = len(waveform)
    sums = np.zeros(n + 1)
    np.cumsum(waveform, dtype=np.float64, out=sums[1:])
    reach = min(half, (n - 1) // 2)
    lengths = 2 * np.arange(reach) + 1
    means = np.empty(n)
    means[:reach] = sums[lengths] / lengths
    means[reach : n - reach] = (sums[2 * reach + 1 :] - sums[: n - 2 * reach]) / (2 * reach + 1)
    means[n - reach :] = ((sums[n] - sums[n - lengths]) / lengths)[::-1]
    return means
