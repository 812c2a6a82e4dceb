"""Foreign sounds: sounds that are not words of the model, made from its words.

A network that has heard only digits calls a cough a digit, because it knows nothing else. So it also gets sounds that
are not words, with the target that all classes are equally probable. They are made of the recordings it learns from:
played backwards, with their parts in another order, or only a part; and of nothing: noise, tones, the hum of a machine,
breath, and words that are invented, see `invented_words`. No other corpus is needed, and the user's own words get
foreign sounds in the user's own voice.
"""

import numpy as np

from pipelines.features.speech.invented_words import invent_word
from pipelines.features.speech.noise import BROWN, WHITE, make_noise, quick_length

KINDS = ("backwards", "shuffled", "torn", "noise", "tones", "hum", "breath", "invented")
SHARES = (0.14, 0.14, 0.09, 0.05, 0.05, 0.06, 0.07, 0.4)


def foreign_sound(word, sr, rng, kind=None):
    """Return a sound that is no word: float64 [shape=(n_samples,)], its peak at most that of the word.

    Parameters
    ----------
    word : ndarray of float64 [shape=(n_samples,)]
        A word that was cut out, not silent.
    sr : int > 0, in Hz
    rng : numpy Generator
    kind : str or None
        One of `KINDS`; None draws one.
    """
    kind = kind or KINDS[rng.choice(len(KINDS), p=SHARES)]
    return {
        "backwards": lambda: word[::-1].copy(),
        "shuffled": lambda: _shuffle(word, rng),
        "torn": lambda: _tear(word, rng),
        "noise": lambda: _swell(make_noise(len(word), rng.uniform(WHITE, BROWN), rng), rng) * np.abs(word).max(),
        "invented": lambda: invent_word(sr, rng) * np.abs(word).max(),
        "tones": lambda: _swell(_tones(len(word), sr, rng), rng) * np.abs(word).max(),
        "hum": lambda: _swell(_hum(len(word), sr, rng), rng) * np.abs(word).max(),
        "breath": lambda: _swell(_breath(len(word), sr, rng), rng) * np.abs(word).max(),
    }[kind]()


def _shuffle(word, rng):
    """Rotate the two to four parts of a word, so that every part moves."""
    n = int(rng.integers(2, 5))
    parts, first = np.array_split(word, n), int(rng.integers(1, n))
    return np.concatenate(parts[first:] + parts[:first])


def _tear(word, rng):
    """Return the first or the last 30 to 45 per cent of a word."""
    n = max(1, int(len(word) * rng.uniform(0.3, 0.45)))
    return word[:n] if rng.random() < 0.5 else word[-n:]


def _tones(n, sr, rng):
    """Return one to four tones with overtones, which may glide."""
    time, sound = np.arange(n) / sr, np.zeros(n)
    for _ in range(rng.integers(1, 5)):
        pitch = 80 * 2 ** rng.uniform(0, 4.5)
        glide = rng.uniform(-0.5, 0.5) * (rng.random() < 0.5)
        phase = 2 * np.pi * pitch * (time + glide * time**2 / 2)
        for overtone in range(1, int(rng.integers(2, 8))):
            if overtone * pitch * (1 + abs(glide)) < sr / 2:
                sound += rng.uniform(0, 1) / overtone * np.sin(overtone * phase)
    return sound + 1e-4 * rng.standard_normal(n)


def _hum(n, sr, rng):
    """Return the steady overtones of a low pitch, like a motor, a fan or a bad cable, with a little hiss."""
    time, sound = np.arange(n) / sr, np.zeros(n)
    pitch, slope = rng.uniform(30, 130), rng.uniform(0.3, 1.6)
    for overtone in range(1, int(rng.integers(6, 40))):
        if overtone * pitch < sr / 2:
            phase = 2 * np.pi * (overtone * pitch * time + rng.random())
            sound += rng.uniform(0, 1) / overtone**slope * np.sin(phase)
    return sound + rng.uniform(0, 0.05) * make_noise(n, rng.uniform(WHITE, BROWN), rng)


def _breath(n, sr, rng):
    """Return noise that passes through one to three broad resonances, as air does in a mouth or past a microphone."""
    length = quick_length(n)
    frequency, gain = np.fft.rfftfreq(length, 1 / sr), rng.uniform(0, 0.1)
    for _ in range(rng.integers(1, 4)):
        centre, width = 200 * 2 ** rng.uniform(0, 4), rng.uniform(100, 1200)
        gain = gain + rng.uniform(0.3, 1) / (1 + ((frequency - centre) / width) ** 2)
    return np.fft.irfft(np.fft.rfft(rng.standard_normal(length)) * gain, length)[:n]


def _swell(sound, rng):
    """Return a sound under an envelope of a few random levels, its peak at 1."""
    levels = 10 ** (rng.uniform(-1.5, 0, rng.integers(2, 7)))
    envelope = np.interp(np.linspace(0, 1, len(sound)), np.linspace(0, 1, len(levels)), levels)
    sound = sound * envelope
    return sound / max(np.abs(sound).max(), 1e-12)
