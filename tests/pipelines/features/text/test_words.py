"""What columns say goes back to the words that it came from, all of it and to no others."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.features.text.extractor import TextExtractor
from pipelines.features.text.ngrams import normalise
from pipelines.features.text.words import telling_words, words_of

EXTRACTOR = TextExtractor(1 << 10)  # so few columns that n-grams share them
SLOPES = np.random.default_rng(0).normal(size=1 << 10).astype(np.float32)


@given(st.text(max_size=40))
def test_what_the_words_have_adds_up_to_the_row_times_the_slopes(text):
    row = EXTRACTOR.extract_rows([text])
    words, values = EXTRACTOR.share_out(text, SLOPES)
    assert len(words.texts) == len(words.begins) == len(values)
    np.testing.assert_allclose(values.sum(), row.data @ SLOPES[row.columns], rtol=1e-4, atol=1e-4)


@given(st.text(max_size=40))
def test_words_in_a_row_are_the_text(text):
    words = words_of(text)
    again = "".join(f" {word}" if begins else word for word, begins in zip(words.texts, words.begins, strict=True))
    assert normalise(again) == normalise(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Where is\n my  card?", ["Where", "is", "my", "card?"]),
        ("数字 を話す ok", ["数", "字", "を", "話", "す", "ok"]),
        ("สวัสดี", ["ส", "วั", "ส", "ดี"]),
        ("ﬁne STRASSE", ["ﬁne", "STRASSE"]),
        ("", []),
    ],
)
def test_words_are_written_as_in_the_text(text, words):
    assert words_of(text).texts == words


def test_a_word_has_only_what_its_own_n_grams_say():
    slopes = np.zeros(1 << 15, np.float32)
    extractor = TextExtractor(letters=(3,), words=(1,))
    alone = extractor.extract_row("card")
    slopes[alone.columns] = alone.data
    words, values = extractor.share_out("my card is here", slopes)
    assert values[words.texts.index("card")] > 0
    np.testing.assert_allclose(np.delete(values, words.texts.index("card")), 0, atol=1e-6)


def test_every_n_gram_is_named_with_its_column():
    text = "the the cat"
    row, pieces = EXTRACTOR.extract_row(text), EXTRACTOR.pieces(text)
    sums = np.zeros(1 << 10)
    for piece in pieces:
        sums[piece.column] += piece.value
    np.testing.assert_allclose(sums, row.toarray()[0], rtol=1e-5)
    assert {piece.text: piece.count for piece in pieces}["the"] == 2
    names = EXTRACTOR.names_in(text)
    assert set(names) == set(row.columns.tolist())


def test_a_word_that_gives_a_class_away_is_found():
    texts = ["please pay it", "pay me please", "why, please?", "hello you", "good day", "hello"] * 5
    y = np.array([0, 0, 0, 1, 1, 1] * 5)
    assert telling_words(texts, y, 0.95, 0.01, 10) == [(0, "please", 1.0)]
    assert telling_words(texts, y, 0.95, 0.01, 20) == []
    assert telling_words([], y[:0], 0.95, 0.01, 10) == []
