"""Evidence of a word lies where its features come from: each step back is the derivative of the step there."""

from dataclasses import replace

import numpy as np
import pytest

from pipelines.features.speech.evidence import cepstral_gradient, spectral_evidence, spectrogram
from pipelines.features.speech.extractor import SpeechExtractor

DEFAULT = SpeechExtractor()
VARIANTS = {
    "default": DEFAULT,
    "all slopes in the sequence": replace(DEFAULT, deltas=2),
    "no slopes in the sequence": replace(DEFAULT, deltas=0),
    "mean taken out": replace(DEFAULT, normalise="mean", deltas=1),
    "spread taken out": replace(DEFAULT, normalise="variance", deltas=1, delta_width=5),
    "sequence alone": replace(DEFAULT, statistics=False, duration=False),
    "sequence alone, spread taken out": replace(DEFAULT, statistics=False, normalise="variance", deltas=2),
    "as many frames as the word": replace(DEFAULT, frames=31, deltas=0, statistics=False, duration=False),
}


@pytest.fixture(params=VARIANTS)
def extractor(request):
    return VARIANTS[request.param]


def decibels(n_frames=31, n_mels=32, seed=0):
    """Power in the bands of a word: a hill that wanders upward, in some noise."""
    rng = np.random.default_rng(seed)
    place = np.linspace(6, 24, n_frames)[:, np.newaxis]
    return -3 * np.abs(np.arange(n_mels) - place) + rng.normal(0, 2, (n_frames, n_mels))


@pytest.fixture
def features(monkeypatch):
    """A function that gives the features of a word whose power in each mel band is known, in float64."""
    monkeypatch.setattr(SpeechExtractor, "stored_dtype", np.dtype(np.float64))

    return lambda extractor, power: extractor.rows_of(power, np.array([0, len(power)]))[0]


@pytest.mark.parametrize("n_frames", [5, 7, 31, 60])
def test_the_gradient_that_comes_back_is_the_slope_of_the_features(extractor, features, n_frames):
    rng = np.random.default_rng(1)
    power, gradient, dct = decibels(n_frames), rng.normal(size=extractor.n_features), extractor.matrices()["dct"]
    back = cepstral_gradient(extractor, power @ dct.T, gradient) @ dct
    for direction in rng.normal(size=(4, *power.shape)):
        step = 1e-4
        ahead, behind = (features(extractor, power + side * step * direction) for side in (1, -1))
        numerical = gradient @ (ahead - behind) / (2 * step)
        assert (back * direction).sum() == pytest.approx(numerical, rel=1e-4, abs=1e-6)


def test_where_frames_are_of_equal_change_it_is_the_slope_along_what_changes_nothing_in_time(features):
    """How long a frame lasts is taken as given: louder bands, all the time, leave it as it is."""
    extractor, rng = replace(DEFAULT, change_share=0.5), np.random.default_rng(1)
    power, gradient, dct = decibels(), rng.normal(size=extractor.n_features), extractor.matrices()["dct"]
    back = cepstral_gradient(extractor, power @ dct.T, gradient) @ dct
    for louder in rng.normal(size=(4, power.shape[1])):
        ahead, behind = (features(extractor, power + step * louder) for step in (1e-4, -1e-4))
        assert (back * louder).sum() == pytest.approx(gradient @ (ahead - behind) / 2e-4, rel=1e-4, abs=1e-6)


def test_there_the_average_word_itself_holds_no_evidence_either(features):
    extractor = replace(DEFAULT, change_share=0.5, frames=1, deltas=0, duration=False)
    power = np.tile(decibels(1), (31, 1))
    gradient = np.random.default_rng(3).normal(size=extractor.n_features)
    evidence = spectral_evidence(extractor, power, gradient, features(extractor, power))
    np.testing.assert_allclose(evidence, 0, atol=1e-9)


@pytest.mark.parametrize("n_frames", [1, 2])
def test_in_a_word_of_a_moment_spreads_of_0_give_no_slope_and_no_trouble(extractor, n_frames):
    gradient, typical = np.random.default_rng(1).normal(size=(2, extractor.n_features))
    evidence = spectral_evidence(extractor, decibels(n_frames), gradient, typical)
    assert np.abs(evidence).max() < 1e5


def test_the_parts_of_a_row_are_all_of_it_each_in_its_shape(extractor):
    row = np.arange(extractor.n_features)
    parts = extractor.parts(row)
    np.testing.assert_array_equal(np.concatenate([part.ravel() for part in parts.values()]), row)
    assert parts["sequence"].shape == (extractor.frames, extractor.n_mfcc * (1 + extractor.deltas))


def test_the_parts_are_what_they_are_called(features):
    power = decibels()
    cepstra = power @ DEFAULT.matrices()["dct"].T
    parts = DEFAULT.parts(features(DEFAULT, power))
    np.testing.assert_allclose(parts["sequence"].mean(axis=0)[: DEFAULT.n_mfcc], cepstra.mean(axis=0), atol=1e-9)
    np.testing.assert_allclose(parts["mean"][: DEFAULT.n_mfcc], cepstra.mean(axis=0), atol=1e-9)
    np.testing.assert_allclose(parts["spread"][: DEFAULT.n_mfcc], cepstra.std(axis=0), atol=1e-9)
    np.testing.assert_allclose(parts["duration"], np.log(31))


def test_evidence_of_the_sequence_adds_up_to_that_of_its_features(features):
    """With as many frames as the word has, time normalisation changes nothing, and nothing is lost."""
    extractor, rng, power = VARIANTS["as many frames as the word"], np.random.default_rng(2), decibels()
    gradient, typical = rng.normal(size=(2, extractor.n_features))
    evidence = spectral_evidence(extractor, power, gradient, typical)
    assert evidence.shape == (32, 31)
    assert evidence.sum() == pytest.approx(gradient @ (features(extractor, power) - typical))


def test_the_average_word_itself_holds_no_evidence(features):
    extractor, power = VARIANTS["as many frames as the word"], decibels()
    gradient = np.random.default_rng(3).normal(size=extractor.n_features)
    evidence = spectral_evidence(extractor, power, gradient, features(extractor, power))
    np.testing.assert_allclose(evidence, 0, atol=1e-9)


def test_evidence_lies_in_the_time_of_the_features_it_comes_from():
    extractor, power = replace(DEFAULT, deltas=0, statistics=False, duration=False, frames=10), decibels(60)
    gradient = np.zeros((10, DEFAULT.n_mfcc))
    gradient[7] = 1
    evidence = spectral_evidence(extractor, power, gradient.ravel(), np.zeros(gradient.size))
    assert np.flatnonzero(np.abs(evidence).sum(axis=0)).tolist() == [42, 43, 44, 45, 46, 47]


def test_a_spectrogram_shows_loud_bands_dark_and_low_ones_at_the_bottom():
    power = np.full((40, 32), -90.0)
    power[:20, 2], power[20:, 29] = 0, -20
    display = spectrogram(DEFAULT, power)
    assert display.pixels.shape == (32, 40)
    assert (display.pixels[29, :20] == 0).all()
    assert (display.pixels[2, 20:] == 85).all()
    assert (display.pixels == 255).sum() == 32 * 40 - 40


@pytest.mark.parametrize("n_frames", [1, 5, 30, 80, 200, 2000])
def test_the_axes_are_in_seconds_of_the_word_and_in_hertz(n_frames):
    display = spectrogram(DEFAULT, decibels(n_frames))
    for axis, most in ((display.across, 8), (display.upward, 12)):
        places = [place for place, _ in axis.ticks]
        assert places == sorted(places)
        assert all(0 < place < 1 for place in places)
        assert 1 <= len(places) <= most
    for place, text in display.across.ticks:
        assert (place * n_frames - 0.5) * 80 / 8000 == pytest.approx(float(text), abs=1e-6)
    assert (display.across.label, display.upward.label) == ("seconds", "Hz")


@pytest.mark.parametrize("hertz", [500, 1000, 2000])
def test_a_tone_is_seen_at_its_frequency_and_in_its_time(hertz):
    t = np.arange(8000) / 8000
    waveform = (np.sin(2 * np.pi * hertz * t) * (np.abs(t - 0.5) < 0.25)).astype(np.float32)
    display = DEFAULT.display(waveform)
    darkest = np.argmin(display.pixels.mean(axis=1))
    [place] = [place for place, text in display.upward.ticks if text == str(hertz)]
    assert 1 - (darkest + 0.5) / 32 == pytest.approx(place, abs=0.04)
    assert display.pixels.shape[1] == pytest.approx(58, abs=4)


def test_a_waveform_has_its_display_and_its_evidence_in_one_size(sound):
    waveform = sound(0.4).astype(np.float32)
    gradient, typical = np.random.default_rng(4).normal(size=(2, DEFAULT.n_features))
    evidence = DEFAULT.evidence(waveform, gradient, typical)
    assert evidence.shape == DEFAULT.display(waveform).pixels.shape
    assert np.isfinite(evidence).all()
