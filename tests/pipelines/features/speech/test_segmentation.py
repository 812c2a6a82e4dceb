"""A stretch of a phrase has the features that it has alone, and the words of a phrase are about equally fast."""

from types import SimpleNamespace

import numpy as np
import pytest

from pipelines.features.speech.extractor import SpeechExtractor
from pipelines.features.speech.grammar import Grammar
from pipelines.features.speech.mfcc import mel_decibels, power_spectra
from pipelines.features.speech.segmentation import Segmentation, _Phrase

EXTRACTOR = SpeechExtractor()
IN_CHANGES = SpeechExtractor(change_share=0.5)


def phrase(seconds=0.5, seed=0):
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * 8000)) / 8000
    voiced = sum(np.sin(2 * np.pi * k * (110 * t + 30 * t**2)) / k for k in range(1, 15))
    return 0.3 * voiced * (1.2 + np.sin(9 * t)) + 0.01 * rng.normal(size=len(t))


@pytest.mark.parametrize("extractor", [EXTRACTOR, IN_CHANGES], ids=["time", "changes"])
def test_the_whole_phrase_has_the_features_of_the_same_word_alone(extractor):
    waveform = phrase()
    alone = waveform / np.abs(waveform).max()
    power, bounds = power_spectra([alone], extractor.matrices()["window"], extractor.hop_length)
    n = len(power)
    rows = _Phrase(extractor, waveform).rows(np.array([0, 0]), np.array([n, n]))
    for view, mel in zip(rows, extractor.matrices()["mel"], strict=True):
        expected = extractor.rows_of(mel_decibels(power, bounds, mel, extractor.top_db), bounds)[0]
        np.testing.assert_allclose(view[0], expected, atol=2e-3)
        np.testing.assert_allclose(view[0], view[1], rtol=0, atol=1e-9)


@pytest.mark.parametrize("extractor", [EXTRACTOR, IN_CHANGES], ids=["time", "changes"])
def test_a_stretch_has_nearly_the_features_that_it_has_alone(extractor):
    waveform = phrase(1.0)
    part = waveform[2400:5600]
    power, bounds = power_spectra([part / np.abs(part).max()], extractor.matrices()["window"], extractor.hop_length)
    alone = extractor.rows_of(mel_decibels(power, bounds, extractor.matrices()["mel"][0], extractor.top_db), bounds)[0]
    inside = next(_Phrase(extractor, waveform).rows(np.array([30]), np.array([71])))[0]
    assert np.corrcoef(inside, alone)[0, 1] > 0.99


class Model:
    """What the segmentation asks of a model, the network apart: training words lasted 0.4 s."""

    extractor, labels = EXTRACTOR, tuple("abcdefghij")

    def __init__(self, seconds=0.4):
        frames = seconds * EXTRACTOR.sr / EXTRACTOR.hop_length
        self.standardizer = SimpleNamespace(mean=[np.log(frames)], scale=[0.25])


@pytest.fixture
def knows_ends(monkeypatch):
    """Let the scores be those of a network that is certain of whole words and guesses at any other stretch."""

    def be_told(ends):
        def score(self, model, phrase, starts, stops):
            bounds = np.array([0, *ends]) / phrase.hop_seconds
            first, last = (np.abs(of[:, np.newaxis] - bounds).argmin(axis=1) for of in (starts, stops))
            off = np.maximum(np.abs(starts - bounds[first]), np.abs(stops - bounds[last]))
            whole = (last == first + 1) & (off <= 2)
            scores = np.full((len(starts), len(model.labels)), np.log(1 / len(model.labels)))
            scores[whole, 0] = 0
            return np.hstack([scores, scores.max(axis=1, keepdims=True)]) + self.worth

        monkeypatch.setattr(Segmentation, "_scores", score)

    return be_told


@pytest.mark.parametrize("tempo", [0.5, 0.7, 1.0, 1.3])
def test_words_are_found_however_fast_somebody_speaks(knows_ends, tempo):
    ends = np.cumsum(np.array([0.4, 0.32, 0.48, 0.4, 0.44]) * tempo)
    knows_ends(ends)
    found = Segmentation().words(Model(), phrase(ends[-1]))
    np.testing.assert_allclose([stop for _, stop, _ in found], ends, atol=0.03)


def test_one_word_that_is_much_shorter_than_the_others_is_not_believed(knows_ends):
    ends = np.cumsum([0.8, 0.8, 0.13, 0.8, 0.8])
    knows_ends(ends)
    assert len(Segmentation().words(Model(0.8), phrase(ends[-1]))) == 4


def test_no_word_lies_where_there_is_no_sound(knows_ends):
    ends = np.array([0.4, 0.8, 1.6])
    knows_ends(ends)
    sound = np.concatenate([phrase(0.8), np.zeros(6400)])
    found = Segmentation().words(Model(), sound, Grammar.of_count(3))
    assert len(found) == 3
    assert all(start < 0.8 for start, *_ in found)


def test_words_may_last_as_long_as_the_training_words_did():
    assert Segmentation().longest_word(Model()) == Segmentation().longest
    assert Segmentation().longest_word(Model(2.0)) == pytest.approx(2.0 * np.exp(3 * 0.25))
