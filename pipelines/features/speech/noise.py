"""Noise: the sound between the words.

White noise has the same power at every frequency. The noise of rooms and streets has more of it at low ones: pink
noise, the power of which falls as 1 / frequency, and brown noise, as 1 / frequency squared.
"""

import numpy as np

WHITE, PINK, BROWN = 0.0, 1.0, 2.0
_STEP = 256


def make_noise(n, colour, rng):
    """Return noise: float64 [shape=(n,)], its power falling as 1 / frequency ** colour, of no particular level."""
    length = quick_length(n)
    spectrum = np.fft.rfft(rng.standard_normal(length))
    spectrum *= np.maximum(1, np.arange(len(spectrum))) ** (-colour / 2)
    return np.fft.irfft(spectrum, length)[:n]


def noise_of_power(n, power, colour, rng):
    """Return noise of a mean power: float64 [shape=(n,)]; see `make_noise`."""
    noise = make_noise(n, colour, rng)
    return noise * np.sqrt(power / np.square(noise).mean())


def quick_length(n):
    """Return a length from n on that Fourier transforms are quick for: prime lengths take many times as long."""
    return -(-n // _STEP) * _STEP
