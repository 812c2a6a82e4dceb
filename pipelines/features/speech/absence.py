"""Absence: a recording in which there is no word, and one in which there are two.

A network gives an answer to any input. A recording of only hum, of two clicks, or of a half word would also get a
label, and sometimes a high probability. So before a word is described, this module checks that there is one: a sound
that rises out of the noise, lasts, and is not cut off by the beginning or the end of the recording. The sentences say
what was found instead, so that the user knows what to change.
"""

import itertools

import numpy as np

from pipelines.features.speech.word_finder import HOP_SECONDS, WordFinder, band_power

SUSTAINED = 0.05  # seconds that some part of a word lasts without a break; a click, spread by the window, lasts less
SUSTAINED_DB = 20.0  # decibels below the loudest frame of the same sound
TOO_SHORT = 0.25  # seconds; a recording that is cut so closely has no noise to compare with, so it counts as a word
EDGE = 0.035  # seconds; a sound this near to an end of the recording is cut off
BETWEEN = 0.3  # seconds without sound; every silence inside a word is shorter
APART = 0.25  # seconds between two words, for the warning that there are two
SECOND_LASTS = 0.15  # seconds
SECOND_DB = 15.0  # decibels below the louder word; a breath or a chair is softer
PLAIN_DB = 15.0  # decibels; a frame is loud if it is less far below the loudest
STEADY_DB = 12.0  # decibels; a sound whose level varies less is even
FAINT_DB = 30.0  # decibels above the quiet frames; a frame that rises more is a sound by itself


def what_instead(waveform, sr):
    """Say what a recording holds instead of a word, or return None if there may be one.

    Parameters
    ----------
    waveform : ndarray of float64 [shape=(n_samples,)], without drift
    sr : int > 0, in Hz

    Returns
    -------
    found : str or None
        For example "only clicks"; it continues the sentence "no word was found in it: ".
    """
    if len(waveform) < TOO_SHORT * sr or _is_plainly_there(waveform, sr):
        return None
    power = band_power([waveform], sr)
    sounds = WordFinder().find(power)
    words = [sound for sound in sounds if _is_sustained(power, sound)]
    seconds = len(waveform) / sr
    if sounds and not words:
        return "only clicks"
    if not words:
        return _without_sounds(power)
    cut = all(start <= EDGE or stop >= seconds - EDGE for start, stop in words)
    if cut and len(words) == 2 and words[1][0] - words[0][1] >= BETWEEN:
        return "only two sounds, which the beginning and the end of the recording cut off"
    return None


def _is_plainly_there(waveform, sr):
    """Tell whether energy alone shows a word; this quick check usually makes the finder unnecessary.

    Energy shows a word if a loud sound lasts, if it does not touch the ends of a recording that is long enough to have
    a pause, and if most of what is around it is far softer.
    """
    hop = round(HOP_SECONDS * sr)
    frames = np.add.reduceat(np.square(waveform), np.arange(0, len(waveform), hop))
    loud = frames > frames.max() * 10 ** (-PLAIN_DB / 10)
    changes = np.flatnonzero(np.diff(np.concatenate([[False], loud, [False]])))
    lengths = changes[1::2] - changes[::2]
    longest = int(lengths.argmax())
    start, stop = int(changes[2 * longest]), int(changes[2 * longest + 1])
    inside = (start > 0 and stop < len(frames)) or len(frames) * HOP_SECONDS < BETWEEN
    mostly_soft = (frames < frames.max() * 10 ** (-2 * PLAIN_DB / 10)).mean() > 0.5
    rises = mostly_soft or frames.min() < frames.max() * 1e-3
    return inside and (stop - start) * HOP_SECONDS > 2 * SUSTAINED and rises


def words_apart(waveform, sr):
    """Return how many words of about the same loudness a recording holds, with pauses between them: int."""
    power = band_power([waveform], sr)
    sounds = [sound for sound in WordFinder().find(power) if _is_sustained(power, sound)]
    levels = [10 * np.log10(_frames(power, sound).max()) for sound in sounds]
    words = [
        (start, stop)
        for (start, stop), level in zip(sounds, levels, strict=True)
        if stop - start >= SECOND_LASTS and level > max(levels) - SECOND_DB
    ]
    pauses = [later[0] - earlier[1] for earlier, later in itertools.pairwise(words)]
    return bool(words) + sum(pause >= APART for pause in pauses)


def _frames(power, sound):
    start, stop = (round(seconds / HOP_SECONDS) for seconds in sound)
    return power[start:stop].sum(axis=1)


def _is_sustained(power, sound):
    """Tell whether some part of a sound goes on without a break for as long as a vowel does."""
    frames = _frames(power, sound)
    loud = frames > frames.max() * 10 ** (-SUSTAINED_DB / 10)
    changes = np.flatnonzero(np.diff(np.concatenate([[False], loud, [False]])))
    return int((changes[1::2] - changes[::2]).max()) * HOP_SECONDS > SUSTAINED


def _without_sounds(power):
    """Describe a recording in which no sound rises out of the noise for long."""
    levels = 10 * np.log10(np.maximum(power.sum(axis=1), np.finfo(np.float32).tiny))
    quiet, loud = np.quantile(levels, [0.1, 0.9])
    if levels.max() - quiet > FAINT_DB:
        return "only clicks"
    return "only an even hum or noise" if loud - quiet < STEADY_DB else "nothing that rises out of the noise for long"
