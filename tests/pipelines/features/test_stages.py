"""The list of stages tells what the extractor does, to the last bit."""

import numpy as np
import pytest

from pipelines.features.images.extractor import ImageExtractor
from pipelines.features.speech.extractor import SpeechExtractor
from pipelines.features.stages import run
from pipelines.features.text.extractor import TextExtractor

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"preemphasis": 0.97, "normalise": "variance", "deltas": 2},
        {"warps": (1.0,), "cuts": (0.0,)},
        {"maskings": (200.0, 25.0, 15.0), "change_share": 0.5},
    ],
)
@pytest.mark.parametrize("noise", [0.0, 0.02])
def test_the_stages_of_speech_end_in_the_stored_row(sound, settings, noise):
    extractor = SpeechExtractor(**settings)
    waveform = np.pad(sound(), 2400) + 0.01
    waveform = (waveform + noise * RNG.standard_normal(len(waveform))).astype(np.float32)
    assert np.array_equal(run(extractor.stages(), waveform), extractor.extract_row(waveform))


@pytest.mark.parametrize("channels", ["grey", "colour"])
@pytest.mark.parametrize("shape", [(1, 1), (9, 8), (20, 30), (20, 30, 3), (9, 8, 3)])
def test_the_stages_of_pictures_end_in_the_stored_row(channels, shape):
    extractor, pixels = ImageExtractor(8, 9, channels), RNG.integers(0, 256, shape).astype(np.uint8)
    assert np.array_equal(run(extractor.stages(), pixels), extractor.extract_row(pixels))


def test_the_stages_of_texts_end_in_the_stored_row():
    extractor = TextExtractor(columns=512)
    row, expected = run(extractor.stages(), "What's  my balance?"), extractor.extract_row("What's  my balance?")
    assert np.array_equal(row.toarray(), expected.toarray())


def test_a_stage_that_is_not_there_is_an_error():
    stages = TextExtractor().stages()
    assert run(stages, "My  CARD", until="normalised") == "my card"
    with pytest.raises(KeyError):
        run(stages, "x", until="mel")
