"""Drift: direct current goes, however it moves, and the voice stays; in blocks of any size as in one piece."""

import numpy as np
import pytest

from pipelines.features.speech.drift import PIECE, SECONDS, blocks_without_drift, half_window, without_drift

SR = 8000


def test_a_constant_and_a_slope_leave_nothing():
    t = np.arange(SR) / SR
    assert np.abs(without_drift(0.3 + 0 * t, SR)).max() < 1e-9
    assert np.abs(without_drift(0.3 - 2 * t, SR)).max() < 1e-9


@pytest.mark.parametrize("seconds", [0.03, 0.1, 0.3])
def test_a_current_that_dies_away_falls_below_a_hundredth_of_itself(seconds):
    t = np.arange(SR) / SR
    assert np.abs(without_drift(0.1 + 0.6 * np.exp(-t / seconds), SR)).max() < 0.006


@pytest.mark.parametrize("hertz", [80, 120, 300, 1000, 3500])
def test_what_is_in_a_voice_keeps_its_level(hertz):
    tone = np.sin(2 * np.pi * hertz * np.arange(SR) / SR)
    kept = without_drift(tone, SR)[SR // 4 : -SR // 4]
    assert abs(10 * np.log10(2 * np.square(kept).mean())) < 3


@pytest.mark.parametrize("n", [1, 2, 3, 99, 200, 201, 202, 500])
def test_the_mean_of_each_sample_reaches_as_far_on_both_sides(n):
    waveform = np.random.default_rng(n).normal(0.5, 0.1, n)

    def less_its_mean(x):
        reach = [min(i, n - 1 - i, half_window(SR)) for i in range(n)]
        return np.array([x[i] - x[i - k : i + k + 1].mean() for i, k in enumerate(reach)])

    expected = less_its_mean(less_its_mean(waveform))
    np.testing.assert_allclose(without_drift(waveform, SR), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("n", [1, 2, 7, round(SECONDS * SR), PIECE + 100, 3 * PIECE])
@pytest.mark.parametrize("block", [1000, PIECE - 1, 5 * PIECE])
def test_blocks_give_what_the_whole_gives_whatever_their_size(n, block):
    waveform = np.random.default_rng(n).normal(0, 0.1, n).astype(np.float32) + np.float32(0.5)
    blocks = [waveform[start : start + block] for start in range(0, n, block)]
    joined = np.concatenate([*blocks_without_drift(blocks, SR)])
    np.testing.assert_allclose(joined, without_drift(waveform, SR), atol=1e-9)
    whole = np.concatenate([*blocks_without_drift([waveform], SR)])
    np.testing.assert_array_equal(joined, whole)
