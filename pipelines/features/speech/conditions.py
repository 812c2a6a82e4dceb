"""Conditions: the sound of a recording, independent of its words.

If a network is uncertain, the word may be unknown, or the conditions may be new: a narrow telephone line, a hall, the
noise of a fan. New conditions can be measured without knowing the word, so the user can be told. A few numbers describe
the sound; where one lies beyond nearly all training recordings, a sentence says which and by how much.
"""

import numpy as np

FRAME_SECONDS = 0.02
BAND_DB = 40.0  # decibels below the strongest frequency; weaker frequencies are not within the band
FALL_DB = (8.0, 28.0)  # decibels below the loudest frame; an echo lengthens the time from the first to the second
FLAT = 0.999  # share of the peak; many samples this high mean that peaks are cut off
SHARE = 0.02  # share of the training recordings that may lie beyond the usual limits, on each side
SAMPLED = 200  # recordings that are measured

# For each number: the sentence if it is too low, if it is too high, how far beyond the limits counts, and its format.
_NUMBERS = {
    "noise": ("its noise is only {} below the word", None, 3.0, "{:.0f} dB"),
    "band": ("it has hardly any sound above {}", None, 300.0, "{:.0f} Hz"),
    "echo": (None, "its sound takes {} to fade, as in a hall", 0.08, "{:.2f} s"),
    "cut_off": (None, "{} of its samples are cut off, because it was too loud for the microphone", 0.01, "{:.1%}"),
    "seconds": ("the word lasts only {}", "the part that was used as the word lasts {}", 0.05, "{:.2f} s"),
}


def measure(waveform, extractor):
    """Return the numbers that describe how a recording sounds: dict of str to float.

    Parameters
    ----------
    waveform : ndarray of float32 [shape=(n_samples,)]
        As `SpeechExtractor.read` returns it.
    extractor : SpeechExtractor

    Returns
    -------
    numbers : dict
        "noise" (decibels of the loudest frame over the softest tenth), "band" (Hz, the highest frequency that is within
        `BAND_DB` of the strongest), "echo" (seconds of the fall, see `FALL_DB`), "cut_off" (share of samples),
        "seconds" (of the word).
    """
    sr, word = extractor.sr, extractor.word(waveform)
    levels = _levels(waveform.astype(np.float64), sr)
    spectrum = np.square(np.abs(np.fft.rfft(word * np.hanning(len(word)))))
    edges = np.linspace(0, len(spectrum), 65).astype(int)
    bands = np.add.reduceat(spectrum, np.minimum(edges[:-1], len(spectrum) - 1)) / np.maximum(1, np.diff(edges))
    strong = np.flatnonzero(bands > bands.max() * 10 ** (-BAND_DB / 10))
    peak = np.abs(waveform).max()
    return {
        "noise": float(levels.max() - np.quantile(levels, 0.1)),
        "band": float((strong[-1] + 1) / len(bands) * sr / 2),
        "echo": _fall(levels),
        "cut_off": float((np.abs(waveform) >= FLAT * peak).mean()),
        "seconds": len(word) / sr,
    }


def usual(numbers):
    """Return within which limits nearly all recordings lie: dict of str to [low, high]; empty for none.

    Parameters
    ----------
    numbers : list of dict, as `measure` returns them
    """
    if not numbers:
        return {}
    columns = {name: np.array([each[name] for each in numbers]) for name in numbers[0]}
    return {name: np.quantile(column, [SHARE, 1 - SHARE]).tolist() for name, column in columns.items()}


def differences(numbers, limits):
    """Return what is unusual about a recording: list of sentences without a full stop; see `name_differences`."""
    return list(name_differences(numbers, limits).values())


def name_differences(numbers, limits):
    """Return what is unusual about a recording: dict from the name of a number to a sentence without a full stop.

    Parameters
    ----------
    numbers : dict, as `measure` returns it
    limits : dict, as `usual` returns it
    """
    said = {}
    for name, (too_low, too_high, margin, form) in _NUMBERS.items():
        if name not in limits:
            continue
        low, high = limits[name]
        sentence = too_low if numbers[name] < low - margin else too_high if numbers[name] > high + margin else None
        if sentence:
            usually = " to ".join(form.format(limit) for limit in (low, high))
            said[name] = f"{sentence.format(form.format(numbers[name]))}; in the training recordings: {usually}"
    return said


def differences_of_speech(waveform, extractor, limits):
    """Return what is unusual about a recording of several words, as `name_differences` does.

    How long they last is left out: without pauses between them it cannot be told.

    Parameters
    ----------
    waveform : ndarray of float32 [shape=(n_samples,)], not silent
    extractor : SpeechExtractor
    limits : dict, as `usual` returns it
    """
    limits = {name: limit for name, limit in limits.items() if name != "seconds"}
    return name_differences(measure(waveform, extractor), limits) if limits else {}


def _levels(waveform, sr):
    """Return the level of each frame in decibels, without digital silence."""
    hop = max(1, round(FRAME_SECONDS * sr))
    power = np.add.reduceat(np.square(waveform), np.arange(0, len(waveform), hop)) / hop
    return 10 * np.log10(power[power > 0])


def _fall(levels):
    """Return the seconds of the last fall from just below the loudest level to far below it; 0 if noise hides it.

    If the recording ends before, return the time until its end.
    """
    near, far = (levels.max() - fall for fall in FALL_DB)
    if np.quantile(levels, 0.1) > far:
        return 0.0
    after = levels[int(np.flatnonzero(levels > near)[-1]) :]
    low = np.flatnonzero(after < far)
    return float((low[0] if len(low) else len(after)) * FRAME_SECONDS)
