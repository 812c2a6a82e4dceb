"""A stretch of a phrase has the features that it has alone."""

import numpy as np

from pipelines.features.speech.extractor import SpeechExtractor
from pipelines.features.speech.mfcc import mel_decibels, power_spectra
from pipelines.features.speech.segmentation import _Phrase

EXTRACTOR = SpeechExtractor()


def phrase(seconds=0.5, seed=0):
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * 8000)) / 8000
    voiced = sum(np.sin(2 * np.pi * k * (110 * t + 30 * t**2)) / k for k in range(1, 15))
    return 0.3 * voiced * (1.2 + np.sin(9 * t)) + 0.01 * rng.normal(size=len(t))


def test_the_whole_phrase_has_the_features_of_the_same_word_alone():
    waveform = phrase()
    alone = waveform / np.abs(waveform).max()
    power, bounds = power_spectra([alone], EXTRACTOR.matrices()["window"], EXTRACTOR.hop_length)
    n = len(power)
    rows = _Phrase(EXTRACTOR, waveform).rows(np.array([0, 0]), np.array([n, n]))
    for view, mel in zip(rows, EXTRACTOR.matrices()["mel"], strict=True):
        expected = EXTRACTOR.rows_of(mel_decibels(power, bounds, mel, EXTRACTOR.top_db), bounds)[0]
        np.testing.assert_allclose(view[0], expected, atol=2e-3)
        assert np.array_equal(view[0], view[1])


def test_a_stretch_has_nearly_the_features_that_it_has_alone():
    waveform = phrase(1.0)
    part = waveform[2400:5600]
    power, bounds = power_spectra([part / np.abs(part).max()], EXTRACTOR.matrices()["window"], EXTRACTOR.hop_length)
    alone = EXTRACTOR.rows_of(mel_decibels(power, bounds, EXTRACTOR.matrices()["mel"][0], EXTRACTOR.top_db), bounds)[0]
    inside = next(_Phrase(EXTRACTOR, waveform).rows(np.array([30]), np.array([71])))[0]
    assert np.corrcoef(inside, alone)[0, 1] > 0.99
