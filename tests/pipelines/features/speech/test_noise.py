"""The colour of a noise is the slope of its spectrum."""

import numpy as np
import pytest

from pipelines.features.speech.noise import BROWN, PINK, WHITE, make_noise, quick_length


@pytest.mark.parametrize("colour", [WHITE, PINK, BROWN])
def test_the_power_falls_as_the_colour_says(colour):
    noise = make_noise(1 << 16, colour, np.random.default_rng(0))
    power = np.square(np.abs(np.fft.rfft(noise)))
    low, high = power[100:200].mean(), power[10_000:20_000].mean()
    assert np.log(low / high) / np.log(100) == pytest.approx(colour, abs=0.1)


@pytest.mark.parametrize("n", [1, 255, 256, 4099])
def test_noise_is_as_long_as_asked(n):
    assert make_noise(n, PINK, np.random.default_rng(0)).shape == (n,)


def test_a_quick_length_is_enough_and_hardly_more():
    assert [quick_length(n) for n in (1, 256, 257)] == [256, 256, 512]
