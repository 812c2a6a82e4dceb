"""Warped mel filters are librosa's where nothing is warped, and shift what they see where something is."""

import librosa
import numpy as np
import pytest

from pipelines.features.speech.vocal_tract import warp_mel

AXIS = {"sr": 8000, "n_fft": 512, "n_mels": 24, "fmin": 60.0, "fmax": 3800.0}
FREQUENCIES = np.fft.rfftfreq(512, 1 / 8000)


def peaks(filters):
    """Return the frequency at which each filter is highest, in Hz."""
    return FREQUENCIES[filters.argmax(axis=1)]


def test_without_a_warp_they_are_librosas():
    assert np.array_equal(warp_mel(1.0, **AXIS), librosa.filters.mel(**AXIS))


def test_a_warp_near_one_is_near_librosas():
    assert np.abs(warp_mel(1 + 1e-9, **AXIS) - librosa.filters.mel(**AXIS)).max() < 1e-6


@pytest.mark.parametrize("warp", [0.8, 0.9, 1.1, 1.25])
def test_below_the_knee_every_band_moves_by_the_factor(warp):
    plain, warped = peaks(librosa.filters.mel(**AXIS)), peaks(warp_mel(warp, **AXIS))
    low = plain < 0.6 * 4000
    bin_width = FREQUENCIES[1]
    assert np.abs(warped[low] - plain[low] / warp).max() <= 2 * bin_width


@pytest.mark.parametrize("warp", [0.7, 0.9, 1.1, 1.4])
def test_filters_keep_their_order_and_none_is_negative_or_empty(warp):
    filters = warp_mel(warp, **AXIS)
    assert filters.shape == (24, 257)
    assert filters.dtype == np.float32
    assert (filters >= 0).all()
    assert (filters.sum(axis=1) > 0).all()
    assert (np.diff(peaks(filters)) >= 0).all()


def test_a_voice_from_a_shorter_tube_looks_the_same_through_filters_that_make_up_for_it():
    resonances = np.array([500.0, 1500.0, 2500.0])

    def seen(scale, warp):
        spectrum = sum(np.exp(-(((FREQUENCIES - scale * f) / 120) ** 2)) for f in resonances)
        return np.log(warp_mel(warp, **AXIS) @ spectrum + 1e-6)

    same, plain = np.abs(seen(1.1, 1 / 1.1) - seen(1, 1)).mean(), np.abs(seen(1.1, 1) - seen(1, 1)).mean()
    assert same < plain / 4
