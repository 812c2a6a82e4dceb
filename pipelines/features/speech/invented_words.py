"""Invented words: sounds like words of no language, from a source and filters, like a human voice.

The vocal cords give pulses, or the breath gives noise; throat and mouth let some frequencies through, the formants; and
both change several times a second. Vowels whose formants glide, hisses and silences in any order sound like speech that
means nothing. A network that has learned to doubt them doubts words of other languages, breath and whispers too.

Fant 1960, Acoustic Theory of Speech Production; the ranges of the formants are those of Peterson and Barney 1952,
https://doi.org/10.1121/1.1906875, a little wider.
"""

import numpy as np

from pipelines.features.speech.noise import quick_length

MOST_SOUNDS = 5
SHARES = (0.6, 0.27, 0.13)  # shares of vowels, hisses and silences
SOUND_SECONDS, SILENCE_SECONDS, EDGE_SECONDS = (0.05, 0.28), (0.02, 0.1), 0.015
WHISPERED, GLIDING, SWELLING = 0.15, 0.7, 0.3  # shares of words, of vowels that follow a vowel, and of words
FORMANTS, WIDTHS = ((250, 850), (800, 2400), (2300, 3100)), (40, 120)  # in Hz
SECOND_DB, THIRD_DB = (-14, 0), (-24, -8)  # decibels of the other formants, relative to the first
PITCHES = (75.0, 300.0)  # in Hz
HISS_DB = (-30, -6)
LOWEST_HISS = 500.0  # in Hz


def invent_word(sr, rng):
    """Return a word that means nothing: float64 [shape=(n_samples,)], its peak at 1.

    Parameters
    ----------
    sr : int > 0, in Hz
    rng : numpy Generator
    """
    whispers, edge, parts, formants = rng.random() < WHISPERED, round(EDGE_SECONDS * sr), [], None
    for kind in [0, *rng.choice(3, rng.integers(MOST_SOUNDS), p=SHARES)]:
        n = round(rng.uniform(*(SILENCE_SECONDS if kind == 2 else SOUND_SECONDS)) * sr)
        if kind == 0:
            begins = formants if formants is not None and rng.random() < GLIDING else _formants(rng)
            formants = _formants(rng)
            part = _vowel(rng.standard_normal(n) if whispers else _pulses(n, sr, rng), sr, begins, formants, rng)
        else:
            part = _hiss(n, sr, rng) if kind == 1 else np.zeros(n)
        parts.append(part * np.clip(np.minimum(np.arange(n) + 1, np.arange(n)[::-1] + 1) / edge, 0, 1))
    order = rng.permutation(len(parts)) if rng.random() < 0.5 else np.arange(len(parts))
    word = np.concatenate([parts[i] for i in order])
    if rng.random() < SWELLING:
        word = word * np.sin(np.pi * np.linspace(0, 1, len(word))) ** rng.uniform(0.3, 2)
    return word / np.abs(word).max()


def _pulses(n, sr, rng):
    """Return the sound of the vocal cords: a pulse in each period of a gliding pitch, and a little breath."""
    lowest, highest = PITCHES
    octaves = rng.uniform(-0.4, 0.4) * np.arange(n) / n
    phase = np.cumsum(lowest * (highest / lowest) ** rng.random() * 2**octaves) / sr
    return np.diff(np.floor(phase), prepend=0.0) + rng.uniform(0.01, 0.1) * rng.standard_normal(n)


def _formants(rng):
    """Draw the centres in Hz, widths in Hz and gains of a throat's three formants: float64 [shape=(3, 3)]."""
    centres = rng.uniform(0.85, 1.25) * np.array([rng.uniform(*range_) for range_ in FORMANTS])
    gains = 10 ** (np.array([0.0, rng.uniform(*SECOND_DB), rng.uniform(*THIRD_DB)]) / 20)
    return np.stack([centres, rng.uniform(*WIDTHS, 3), gains])


def _vowel(source, sr, begins, ends, rng):
    """Filter a source through formants that glide from `begins` to `ends`, at a random level."""
    fades = np.linspace(0, 1, len(source))
    through = [_filter(source, sr, formants) for formants in (begins, ends)]
    return 10 ** (rng.uniform(-10, 0) / 20) * ((1 - fades) * through[0] + fades * through[1])


def _hiss(n, sr, rng):
    centre, width = rng.uniform(LOWEST_HISS, sr / 2), rng.uniform(200, 1500)
    noise = _filter(rng.standard_normal(n), sr, np.array([[centre], [width], [1.0]]), tilted=False)
    return 10 ** (rng.uniform(*HISS_DB) / 20) * noise


def _filter(source, sr, formants, tilted=True):
    """Filter a source through resonances, to a mean square of 1; if `tilted`, make high frequencies fainter."""
    n = quick_length(len(source))
    f = np.linspace(0, sr / 2, n // 2 + 1)[:, np.newaxis]
    centres, widths, gains = formants
    gain = (gains / (1 + ((f - centres) / widths) ** 2)).sum(axis=1)
    gain /= 1 + f[:, 0] / 700 if tilted else 1
    sound = np.fft.irfft(np.fft.rfft(source, n) * gain, n)[: len(source)]
    return sound / np.sqrt(np.square(sound).mean())
