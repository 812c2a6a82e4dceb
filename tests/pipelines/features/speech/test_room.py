"""The room and the microphone are filters: what they do to any sound is what they do to a click, convolved."""

import numpy as np
import pytest
import scipy.signal

from pipelines.features.speech.room import FLOOR_DB, through_microphone, through_room

SR = 8000
SOUND = np.random.default_rng(0).normal(size=3000)


def click(n=4000):
    return np.eye(1, n)[0]


def decibels(sound):
    return 20 * np.log10(np.abs(np.fft.rfft(sound)))


def test_echo_is_the_sound_through_a_filter_that_begins_with_the_sound_itself():
    response = through_room(click(), 1600.0, np.random.default_rng(0))
    assert response[0] == pytest.approx(1)
    assert np.square(response[1600:]).sum() < 1e-4 * np.square(response[1:400]).sum()
    echoed = through_room(SOUND, 1600.0, np.random.default_rng(0))
    assert len(SOUND) < len(echoed) <= len(SOUND) + 1600
    assert np.allclose(echoed, scipy.signal.fftconvolve(SOUND, response)[: len(echoed)])


def test_a_microphone_without_tone_or_narrow_band_changes_nothing():
    assert np.allclose(through_microphone(SOUND, SR, 0.0, False, np.random.default_rng(0)), SOUND)


@pytest.mark.parametrize("seed", range(5))
def test_a_tone_moves_no_frequency_by_much_more_than_it_says(seed):
    gain = decibels(through_microphone(click(4096), SR, 8.0, False, np.random.default_rng(seed)))
    assert 2 < np.ptp(gain) < 30
    assert np.abs(gain).max() < 20


@pytest.mark.parametrize("seed", range(5))
def test_a_narrow_band_has_no_lows_and_keeps_its_middle(seed):
    gain = decibels(through_microphone(click(4096), SR, 0.0, True, np.random.default_rng(seed)))
    assert FLOOR_DB - 1 <= gain[5] < -5
    assert np.abs(gain[1024]) < 1
