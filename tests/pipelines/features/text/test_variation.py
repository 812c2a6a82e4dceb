"""A varied text keeps its first words in their places, and loses, swaps and mistypes words as often as it should."""

from dataclasses import replace

import numpy as np
import pytest

from pipelines.features.text.variation import KEPT, Variation, mistype

SENTENCE = "how much money did i spend on groceries in the last two weeks"
WORDS = SENTENCE.split()


def vary_often(variation, text=SENTENCE, n=2000):
    rng = np.random.default_rng(0)
    return [variation.vary(text, rng).split() for _ in range(n)]


def test_without_strength_a_text_stays_as_it_is():
    assert {" ".join(words) for words in vary_often(Variation().scale(0), n=50)} == {SENTENCE}


@pytest.mark.parametrize("strength", [1, 3, 100])
def test_the_first_words_keep_their_places(strength):
    varied = vary_often(replace(Variation().scale(strength), typo=0))
    assert {tuple(words[:KEPT]) for words in varied} == {tuple(WORDS[:KEPT])}
    assert len({tuple(words) for words in varied}) > 100


@pytest.mark.parametrize("text", ["", "go", "go on", "go on now"])
def test_short_texts_are_no_exception(text):
    varied = vary_often(Variation(drop=0.5, swap=0.5, typo=0), text)
    assert {tuple(words[:KEPT]) for words in varied} == {tuple(text.split()[:KEPT])}
    assert all(set(words) <= set(text.split()) for words in varied)


def test_words_are_dropped_at_their_rate_and_keep_their_order():
    varied = vary_often(Variation(drop=0.2, swap=0, typo=0))
    kept = np.mean([len(words) - KEPT for words in varied]) / (len(WORDS) - KEPT)
    assert kept == pytest.approx(0.8, abs=0.01)
    places = [[WORDS.index(word) for word in words] for words in varied]
    assert all(order == sorted(order) for order in places)


def test_two_neighbours_change_places_at_their_rate():
    varied = vary_often(Variation(drop=0, swap=0.3, typo=0))
    changed = [words for words in varied if words != WORDS]
    assert len(changed) / len(varied) == pytest.approx(0.3, abs=0.03)
    for words in changed:
        (k,) = [i for i in range(len(WORDS) - 1) if [words[i], words[i + 1]] == [WORDS[i + 1], WORDS[i]]]
        assert [*words[:k], words[k + 1], words[k], *words[k + 2 :]] == WORDS


def test_long_words_are_mistyped_at_their_rate_by_one_letter():
    varied = vary_often(Variation(drop=0, swap=0, typo=0.25))
    changed = [(word, new) for words in varied for word, new in zip(WORDS, words, strict=True) if word != new]
    long = [word for word in WORDS if len(word) > 3]
    assert all(len(word) > 3 and abs(len(word) - len(new)) <= 1 for word, new in changed)
    # A letter that is exchanged with its double leaves the word as it was.
    assert 0.2 < len(changed) / (len(varied) * len(long)) <= 0.26


def test_a_mistyped_word_is_one_stroke_of_a_key_away():
    rng = np.random.default_rng(1)
    for _ in range(500):
        new = mistype("weeks", rng)
        assert len(new) in (4, 5, 6)
        assert sum(a != b for a, b in zip(new, "weeks", strict=False)) <= 4


def test_no_probability_exceeds_a_half():
    assert Variation().scale(1000) == Variation(0.5, 0.5, 0.5)
