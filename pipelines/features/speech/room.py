"""The room and the microphone: what they do to a sound on its way into a file.

Walls answer each sound for some tenths of a second. A microphone raises some frequencies, lowers others, and small ones
have no low frequencies, cheap ones no high ones. Both are filters: what comes out is the sound, convolved with what
would come out after a single click. The product of two spectra computes that.
"""

import numpy as np

from pipelines.features.speech.noise import quick_length

KNOTS = 7  # places on the mel scale at which the gain of a microphone is drawn
LOWEST, HIGHEST = (60.0, 400.0), (0.55, 1.0)  # a narrow band begins here, in Hz, and ends here, by half the rate
STEEP, STEEPER = (6.0, 24.0), 4.0  # decibels for each octave below the band; above it, so many times more
FLOOR_DB, CEILING_DB = -40.0, 30.0
TAIL_SECONDS = 0.12  # seconds of echo that are kept after the end of the sound


def through_microphone(sound, sr, tone, narrow, rng):
    """Return a sound with the tone of another microphone: float64 [shape=(n_samples,)].

    Parameters
    ----------
    sound : ndarray of float64 [shape=(n_samples,)]
    sr : int > 0, in Hz
    tone : float >= 0, in decibels
        How far the spectrum is tilted at most, and twice the standard deviation of the gain at each of `KNOTS` places.
    narrow : bool
        Whether low and high frequencies are taken away.
    rng : numpy Generator
    """
    n = quick_length(len(sound))
    frequencies = np.linspace(0, sr / 2, n // 2 + 1)
    place = np.log1p(frequencies / 700) / np.log1p(sr / 2 / 700)
    gain = np.interp(place, np.linspace(0, 1, KNOTS), rng.normal(0, tone / 2, KNOTS))
    gain += rng.uniform(-tone, tone) * (place - 0.5)
    if narrow:
        low, high = rng.uniform(*LOWEST), rng.uniform(*HIGHEST) * sr / 2
        below = np.log2(np.maximum(low / np.maximum(frequencies, 10), 1))
        above = np.log2(np.maximum(frequencies / high, 1))
        gain -= rng.uniform(*STEEP) * (below + STEEPER * above)
    gain = 10 ** (np.clip(gain, FLOOR_DB, CEILING_DB) / 20)
    return np.fft.irfft(np.fft.rfft(sound, n) * gain, n)[: len(sound)]


def through_room(sound, decay, rng, sr=8000):
    """Return a sound with the echo of a room: float64, longer by `TAIL_SECONDS`.

    The room answers a click with noise that dies away exponentially (Moorer 1979, https://doi.org/10.2307/3680280).

    Parameters
    ----------
    sound : ndarray of float64 [shape=(n_samples,)]
    decay : float > 0, in samples
        Time in which the echo falls by 60 dB.
    rng : numpy Generator
    sr : int > 0, in Hz
    """
    time = np.arange(1, max(2, int(decay)))
    echo = rng.standard_normal(len(time)) * 10 ** (-3 * time / decay)
    echo *= rng.uniform(0.2, 1) / np.sqrt(np.square(echo).sum())
    response = np.concatenate([[1], echo])
    n = quick_length(len(sound) + len(response))
    whole = np.fft.irfft(np.fft.rfft(sound, n) * np.fft.rfft(response, n), n)
    return whole[: len(sound) + min(len(echo), round(TAIL_SECONDS * sr))]
