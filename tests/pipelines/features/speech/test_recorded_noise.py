"""Noise that came with a data set is mixed into words at the level that was drawn."""

import numpy as np
import pytest
import soundfile

from pipelines.features.speech.extractor import SpeechExtractor
from pipelines.features.speech.recorded_noise import RecordedNoise, of_files
from pipelines.features.speech.variation import Variation, VariedWords, power_below

WORD = np.sin(np.arange(4000) / 5)


@pytest.mark.parametrize("level", [-5.0, 10.0, 40.0])
@pytest.mark.parametrize("n", [1000, 4000, 50_000])
def test_a_piece_is_as_far_below_the_word_as_was_asked(n, level):
    rng = np.random.default_rng(0)
    piece = RecordedNoise([rng.normal(size=n).astype(np.float32)]).of_power(4000, power_below(WORD, level), rng)
    assert piece.shape == WORD.shape
    assert 10 * np.log10(power_below(WORD, 0) / np.square(piece).mean()) == pytest.approx(level, abs=1e-6)


def test_a_silent_stretch_gives_white_noise_and_no_division_by_zero():
    piece = RecordedNoise([np.zeros(9000, np.float32)]).of_power(4000, 0.05, np.random.default_rng(0))
    assert np.isfinite(piece).all()
    assert np.square(piece).mean() == pytest.approx(0.05)


def test_files_are_read_at_the_rate_of_the_words_and_bad_ones_are_named(tmp_path):
    rng = np.random.default_rng(0)
    soundfile.write(tmp_path / "tap.wav", rng.normal(0, 0.1, 60 * 16000), 16000)
    soundfile.write(tmp_path / "silent.wav", np.zeros(32000), 16000)
    (tmp_path / "broken.wav").write_bytes(b"RIFF")
    noise, problems = of_files(sorted(tmp_path.iterdir()), 8000)
    assert [len(waveform) / 8000 for waveform in noise.waveforms] == pytest.approx([60.0], abs=0.01)
    assert len(problems) == 2
    assert of_files([tmp_path / "silent.wav"], 8000)[0] is None


def test_variants_are_others_with_recorded_noise_and_the_same_without():
    waveform, extractor = WORD.astype(np.float32), SpeechExtractor()
    noise = RecordedNoise([np.random.default_rng(1).normal(size=20_000).astype(np.float32)])
    plain = VariedWords(extractor, Variation(), 4)
    mixed = VariedWords(extractor, Variation(noise_share=1.0), 4, recorded=noise)
    assert "recorded_noise" not in plain.settings()
    assert mixed.settings()["recorded_noise"] == noise.digest()
    without = VariedWords(extractor, Variation(noise_share=1.0), 4)
    assert not np.array_equal(mixed.extract_rows([waveform]), without.extract_rows([waveform]))
