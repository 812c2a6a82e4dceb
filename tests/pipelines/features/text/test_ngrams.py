"""N-grams are those that a plain loop finds, and their hashes are those that the module's opening writes out."""

import itertools
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.features.text.ngrams import LONGEST, grams_of, normalise

FULL = 2**32


def finish(h):
    """The last line of the recipe, in whole numbers of Python."""
    h ^= h >> 16
    h = h * 2246822507 % FULL
    h ^= h >> 13
    h = h * 3266489909 % FULL
    return h ^ h >> 16


def fnv(h, numbers):
    for number in numbers:
        h = (h ^ number) * 16777619 % FULL
    return h


def is_letter(c):
    return c.isalnum() or c in "_'" or unicodedata.combining(c) > 0


def compute_expected(text, letters=(2, 3, 4, 5), words=(1, 2)):
    """The hashes of a normalised text's n-grams, by a plain loop over the recipe: sorted list."""
    padded, found = f" {text} ", []
    for n in letters:
        for k in range(len(padded) - n + 1):
            piece = padded[k : k + n]
            if " " not in piece[1:-1] and piece != "  ":
                found.append(finish(fnv(2166136261 ^ n, map(ord, piece))))
    word, of_words = "", []
    for c in f"{text} ":
        if is_letter(c):
            word += c
        elif word:
            of_words.append(fnv(2166136261, map(ord, word[:LONGEST])))
            word = ""
    found += [finish(h) for h in of_words] if 1 in words else []
    edge = [2166136261] if of_words else []
    pairs = itertools.pairwise(edge + of_words + edge)
    return sorted(found + ([finish(fnv(2166136260, pair)) for pair in pairs] if 2 in words else []))


TEXTS = [
    "my card",
    "",
    "a",
    "don't STOP,stop",
    "naïve café",
    "где моя карта",
    "数字を話す",
    "👍 👍🏽 ok",
    "x" * 100,
    "1,000.5",
]


@pytest.mark.parametrize("text", TEXTS)
def test_the_hashes_are_those_of_the_recipe(text):
    text = normalise(text)
    assert sorted(grams_of([text]).hashes.tolist()) == compute_expected(text)


def test_one_hash_is_known_by_heart():
    assert finish(fnv(2166136261, map(ord, "card"))) in grams_of(["card"], (), (1,)).hashes
    assert grams_of(["card"], (), (1,)).hashes.tolist() == [finish(fnv(2166136261, [99, 97, 114, 100]))]


@given(st.lists(st.text(max_size=30), max_size=6))
def test_texts_together_have_the_n_grams_that_each_has_alone(texts):
    texts = [normalise(text) for text in texts]
    grams = grams_of(texts)
    for row, text in enumerate(texts):
        assert sorted(grams.hashes[grams.rows == row].tolist()) == compute_expected(text)


@given(st.text(max_size=40))
def test_a_place_is_that_of_the_piece(text):
    text = normalise(text)
    grams = grams_of([text], letters=(3,), words=())
    for start, end, h in zip(grams.starts, grams.ends, grams.hashes, strict=True):
        piece = f" {text} "[start + 1 : end + 1]
        assert finish(fnv(2166136261 ^ 3, map(ord, piece))) == h


def test_spelling_variants_of_unicode_and_of_case_are_one_text():
    assert normalise("Ｃａｆé\u00a0 STRASSE") == normalise("cafe\u0301 straße") == "café strasse"


def test_no_n_gram_reaches_from_one_text_into_the_next():
    together = grams_of(["a", "b"])
    assert set(np.unique(together.rows)) == {0, 1}
    assert sorted(together.hashes.tolist()) == sorted(compute_expected("a") + compute_expected("b"))
