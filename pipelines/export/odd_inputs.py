"""Unusual inputs: samples that are not in training data, but that users may give.

Sounds are written as WAV files and pictures as PNG files, and read by the tool's own decoding, so that the comparison
uses the tool's own answers. Inputs that the tool refuses are left out.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np

from pipelines.errors import InputFileError
from pipelines.export.golden import golden_word
from pipelines.export.subject import Subject

TEXTS = ("a", "ÄÖÜ ß İ ﬁ", "x" * 300, "don't   stop\tnow", "日本語 テキスト", "e\u0301 \u2167 ١٢٣", "_ ' - .", "🙂 ok")


def odd_inputs(subject: Subject) -> Iterator[Any]:
    """Yield unusual samples as the extractor of a model reads them."""
    extractor = subject.bundle.extractor
    contents = {"speech": odd_sounds, "images": odd_pictures, "text": lambda: iter(TEXTS)}[subject.task]()
    for content in contents:
        try:
            yield extractor.read(content)
        except InputFileError:
            continue


def odd_sounds() -> Iterator[bytes]:
    """Yield WAV files: silence, direct current, a full-scale square, 5 ms, 30 s, 8 bits, 48 kHz in stereo, noise."""
    word, rng = golden_word(8000), np.random.default_rng(0)
    yield _wav(np.zeros(8000), 8000)
    yield _wav(np.full(8000, 0.5), 8000)
    yield _wav(np.pad(word, 2000) * 0.5 + 0.4, 8000)
    yield _wav(np.sign(np.sin(2 * np.pi * 200 * np.arange(8000) / 8000)), 8000)
    yield _wav(np.pad(np.sign(np.sin(2 * np.pi * 200 * np.arange(4000) / 8000)), 3000), 8000)
    yield _wav(word[2000:2040], 8000)
    yield _wav(np.pad(word, (8000, 240_000 - 8000 - len(word))), 8000)
    yield _wav(word, 8000, "PCM_U8")
    yield _wav(np.repeat(word, 6)[:, np.newaxis] * [1.0, 0.3], 48000)
    yield _wav(np.pad(word, 4000) + 0.02 * rng.standard_normal(len(word) + 8000), 8000)
    clicked = np.pad(0.3 * word, 4000)
    clicked[1000:1010], clicked[9000:9012] = 0.9, -0.9
    yield _wav(clicked, 8000)
    yield _wav(np.concatenate([word, np.zeros(2400), word]), 8000)


def odd_pictures() -> Iterator[bytes]:
    """Yield PNG files: one pixel, a line, 16 bits, transparent, large, black, colour."""
    from PIL import Image

    rng = np.random.default_rng(0)
    transparent = rng.integers(0, 256, (20, 30, 4)).astype(np.uint8)
    for pixels in (
        np.full((1, 1), 200, np.uint8),
        rng.integers(0, 256, (1, 40)).astype(np.uint8),
        rng.integers(0, 65536, (28, 28)).astype(np.uint16),
        transparent,
        rng.integers(0, 256, (150, 90, 3)).astype(np.uint8),
        np.zeros((28, 28), np.uint8),
        np.full((40, 40), 255, np.uint8),
    ):
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "PNG")
        yield file.getvalue()


def _wav(waveform: np.ndarray, sr: int, subtype: str = "PCM_16") -> bytes:
    import soundfile

    file = io.BytesIO()
    soundfile.write(file, np.clip(waveform, -1, 1), sr, subtype, format="WAV")
    return file.getvalue()
