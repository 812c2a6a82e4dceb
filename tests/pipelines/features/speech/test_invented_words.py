"""An invented word lasts as long as a word, is never silent, and is drawn anew each time."""

import numpy as np
import pytest

from pipelines.features.speech.invented_words import LOWEST_HISS, MOST_SOUNDS, SOUND_SECONDS, invent_word


@pytest.mark.parametrize("sr", [4000, 8000, 16_000])
def test_it_is_finite_at_full_level_and_as_long_as_a_word(sr):
    for seed in range(40):
        word = invent_word(sr, np.random.default_rng(seed))
        assert np.isfinite(word).all()
        assert np.abs(word).max() == pytest.approx(1)
        assert SOUND_SECONDS[0] - 0.01 <= len(word) / sr <= MOST_SOUNDS * SOUND_SECONDS[1] + 0.01


def test_the_seed_decides():
    drawn = {invent_word(8000, np.random.default_rng(seed)).tobytes() for seed in range(10)}
    assert drawn == {invent_word(8000, np.random.default_rng(seed)).tobytes() for seed in range(10)}
    assert len(drawn) == 10


def test_most_of_them_have_more_power_in_the_band_of_vowels_than_above():
    low = 0
    for seed in range(40):
        power = np.square(np.abs(np.fft.rfft(invent_word(8000, np.random.default_rng(seed)))))
        frequencies = np.linspace(0, 4000, len(power))
        low += power[frequencies < 1000].sum() > power[frequencies > 1000].sum()
    assert low > 20
    assert LOWEST_HISS < 1000
