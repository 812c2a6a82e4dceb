"""Absence: what is no word is said to be none, with what it is; every real word of the bundled corpus is let be."""

import numpy as np
import pytest
import soundfile

from pipelines.errors import InputFileError
from pipelines.features.speech.absence import what_instead, words_apart
from pipelines.features.speech.audio_file import read_waveform
from pipelines.features.speech.drift import without_drift
from pipelines.features.speech.extractor import SpeechExtractor
from pipelines.machine.locations import data_folder

SR = 8000
T = np.arange(2 * SR) / SR


def hiss(n=2 * SR, level=1e-4, seed=0):
    return np.random.default_rng(seed).normal(0, level, n)


def word(seconds=0.4):
    t = np.arange(round(seconds * SR)) / SR
    return 0.2 * np.hanning(len(t)) * sum(np.sin(2 * np.pi * k * (120 * t + 40 * t**2)) / k for k in range(1, 20))


def at(places, length=2.0, seconds=0.4):
    """Return words that begin at these seconds, in faint hiss; what lies outside is cut off."""
    sound = np.zeros(round((length + 2) * SR))
    for place in places:
        start = round((place + 1) * SR)
        sound[start : start + round(seconds * SR)] += word(seconds)
    return sound[SR : SR + round(length * SR)] + hiss(round(length * SR))


def clicks():
    sound = hiss()
    sound[[4000, 9000, 9300]] = 0.5
    return sound


@pytest.mark.parametrize(
    ("sound", "sentence"),
    [
        (hiss(level=0.01), "only an even hum or noise"),
        (0.1 * np.sin(2 * np.pi * 50 * T) + hiss(), "only an even hum or noise"),
        (0.1 * np.sin(2 * np.pi * 100 * T) + 0.03 * np.sin(2 * np.pi * 300 * T) + hiss(), "only an even hum or noise"),
        (np.cumsum(hiss(level=1e-3)), "only an even hum or noise"),
        (0.1 + 0.6 * np.exp(-T / 0.1) + hiss(), "only an even hum or noise"),
        (clicks(), "only clicks"),
        (at([-0.25, 1.85]), "only two sounds, which the beginning and the end of the recording cut off"),
    ],
)
def test_a_recording_without_a_word_is_said_to_have_none_and_what_it_has(sound, sentence):
    assert what_instead(without_drift(sound, SR), SR).startswith(sentence)


def test_the_reader_refuses_it_with_the_file_and_a_way_out(tmp_path):
    soundfile.write(tmp_path / "hum.wav", 0.1 * np.sin(2 * np.pi * 100 * T), SR)
    with pytest.raises(InputFileError, match=r"hum\.wav: no word was found in it: only an even hum .*record the word"):
        SpeechExtractor().read(tmp_path / "hum.wav")


def test_every_word_of_the_bundled_corpus_is_found_and_is_one():
    paths = sorted((data_folder() / "bundled" / "spoken-digits").rglob("*.flac"))[::40]
    waveforms = [read_waveform(path) for path in paths]
    assert len(waveforms) > 20
    for waveform, sr in waveforms:
        sound = without_drift(waveform, sr)
        assert what_instead(sound, sr) is None
        assert words_apart(sound, sr) <= 1


@pytest.mark.parametrize("place", [-0.1, 0.0, 0.8, 1.6, 1.75])
def test_a_word_anywhere_even_one_cut_at_an_edge_is_a_word(place):
    sound = without_drift(at([place]), SR)
    assert what_instead(sound, SR) is None
    assert words_apart(sound, SR) == 1


def test_drift_before_a_faint_word_does_not_hide_it():
    sound = 0.05 * at([0.5]) + 0.1 + 0.6 * np.exp(-T / 0.1)
    assert what_instead(without_drift(sound, SR), SR) is None


@pytest.mark.parametrize("places", [[0.2, 1.2], [0.1, 0.9, 1.55]])
def test_several_words_are_counted_and_the_warning_names_transcribe(places):
    sound = at(places)
    assert words_apart(without_drift(sound, SR), SR) == len(places)
    [warning] = SpeechExtractor().warnings_about(sound)
    assert f"{len(places)} words" in warning
    assert "transcribe" in warning
    assert SpeechExtractor().warnings_about(at(places[:1])) == []
