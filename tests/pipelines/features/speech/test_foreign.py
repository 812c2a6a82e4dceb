"""Foreign sounds are no louder than the word they are made of, and are what their kind says."""

import numpy as np
import pytest

from pipelines.features.speech.foreign import KINDS, foreign_sound

SR = 8000


@pytest.fixture
def word():
    t = np.arange(4000) / SR
    return np.sin(2 * np.pi * (150 + 200 * t) * t) * np.hanning(4000)


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_finite_not_silent_and_no_louder_than_the_word(word, kind):
    for seed in range(20):
        sound = foreign_sound(word, SR, np.random.default_rng(seed), kind)
        assert np.isfinite(sound).all()
        assert 0.05 * SR <= len(sound) <= (len(word) if kind != "invented" else 2 * SR)
        assert 0 < np.abs(sound).max() <= np.abs(word).max() * (1 + 1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_the_word_itself_is_left_alone(word, kind):
    before = word.copy()
    foreign_sound(word, SR, np.random.default_rng(0), kind)[:] = 0
    assert np.array_equal(word[:10], before[:10]) or kind == "torn"


def test_backwards_twice_is_the_word(word):
    rng = np.random.default_rng(0)
    assert np.array_equal(foreign_sound(foreign_sound(word, SR, rng, "backwards"), SR, rng, "backwards"), word)


def test_shuffled_parts_are_the_words_samples_elsewhere(word):
    for seed in range(20):
        shuffled = foreign_sound(word, SR, np.random.default_rng(seed), "shuffled")
        assert np.array_equal(np.sort(shuffled), np.sort(word))
        assert np.abs(shuffled - word).max() > 0.1


def test_a_torn_word_is_its_beginning_or_its_end(word):
    for seed in range(20):
        torn = foreign_sound(word, SR, np.random.default_rng(seed), "torn")
        assert len(torn) < len(word) / 2
        assert np.array_equal(torn, word[: len(torn)]) or np.array_equal(torn, word[-len(torn) :])


def test_a_hum_repeats_itself_and_breath_does_not(word):
    def repeats(kind, seed):
        sound = foreign_sound(word, SR, np.random.default_rng(seed), kind)
        correlation = np.correlate(sound, sound, "full")[len(sound) - 1 :] / np.square(sound).sum()
        return correlation[SR // 130 : SR // 30].max()

    hums, breaths = (np.array([repeats(kind, seed) for seed in range(20)]) for kind in ("hum", "breath"))
    assert hums.min() > 0.8 > 0.4 > breaths.max()


def test_every_kind_is_drawn_and_the_seed_decides(word):
    drawn = {foreign_sound(word, SR, np.random.default_rng(seed)).tobytes() for seed in range(50)}
    again = {foreign_sound(word, SR, np.random.default_rng(seed)).tobytes() for seed in range(50)}
    assert drawn == again
    assert word[::-1].tobytes() in drawn
    assert len(drawn) > 20
