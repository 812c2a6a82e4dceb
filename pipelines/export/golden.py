"""The golden sample: one input with a known answer, stored in every artefact.

A model file stores a row of features. An artefact that begins with a waveform or a picture must be tested from there.
For a picture, the row is the picture. For speech, a short artificial sound has the properties of words: a voice that
rises and falls, vowels that change, noise before and after. A text is made of the labels.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pipelines.features.extractor import Audible, Framed
from pipelines.models.bundle import Bundle

SECONDS = 0.5


def golden_sample(bundle: Bundle) -> Any:
    """Return a decoded sample for the bundle's extractor, always the same."""
    extractor = bundle.extractor
    if isinstance(extractor, Audible):
        return golden_word(extractor.sr)
    if isinstance(extractor, Framed):
        shape = (extractor.height, extractor.width, 3)[: 2 if extractor.channels == "grey" else 3]
        return np.asarray(bundle.golden_row).reshape(shape)
    return " ".join(label.replace("_", " ") for label in bundle.labels[:3])


def golden_word(sr: int) -> np.ndarray:
    """Return a sound like a word, of 16 bits: float32 [shape=(round(SECONDS * sr),)]."""
    t = np.arange(round(SECONDS * sr)) / sr
    share = t / SECONDS
    pitch = 2 * np.pi * np.cumsum(120 + 40 * np.sin(np.pi * share)) / sr
    voice = np.zeros_like(t)
    for k in range(1, int(0.45 * sr / 160)):
        first, second = 700 - 400 * share, 1100 + 1200 * share
        frequency = 140 * k
        loud = sum(1 / (1 + ((frequency - formant) / 120) ** 2) for formant in (first, second))
        voice += loud * np.sin(k * pitch)
    envelope = np.clip(np.minimum(share - 0.2, 0.8 - share) / 0.1, 0, 1)
    hiss = np.sin(1e4 * np.sin(1e3 * np.arange(len(t))))  # equal on every machine, unlike random streams
    waveform = 0.5 * envelope * voice / np.abs(voice).max() + 3e-4 * hiss
    return (np.round(waveform * 32767) / np.float32(32768)).astype(np.float32)
