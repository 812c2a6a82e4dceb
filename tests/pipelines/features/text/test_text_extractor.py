"""A text's row is what a plain loop makes of its n-grams."""

import json
from collections import Counter

import numpy as np
import pytest

from pipelines.errors import InputFileError, NothingToSeeError
from pipelines.features.text.extractor import TextExtractor
from pipelines.features.text.ngrams import grams_of, normalise

TEXTS = ["where is my card", "my card, my card!", "send money to anna", "what is the weather like", "the the the"]


def count(text):
    """How often each n-gram is in a text, by a plain loop: Counter of (hash, whether it is one of words)."""
    grams = grams_of([normalise(text)])
    return Counter(zip(grams.hashes.tolist(), grams.of_words.tolist(), strict=True))


def test_a_stored_row_is_one_plus_log_of_the_count_times_the_emphasis_with_the_sign_of_the_hash():
    row = TextExtractor(emphasis=3.0).extract_row(TEXTS[1]).toarray()[0]
    expected = np.zeros(1 << 15, np.float32)
    for (h, of_words), n in count(TEXTS[1]).items():
        expected[h % (1 << 15)] += (-1 if h >> 31 else 1) * (3 if of_words else 1) * (1 + np.log(n))
    np.testing.assert_allclose(row, expected, rtol=1e-6)


def test_rows_together_are_the_rows_alone_whatever_the_order():
    extractor = TextExtractor()
    together = extractor.extract_rows(TEXTS).toarray()
    for k in (3, 0, 4):
        assert np.array_equal(extractor.extract_row(TEXTS[k]).toarray()[0], together[k])


def test_settings_survive_json_and_give_the_same_row():
    extractor = TextExtractor(1 << 12, (3,), (1,), 1.5)
    again = TextExtractor.from_settings(json.loads(json.dumps(extractor.settings())))
    assert again == extractor
    assert np.array_equal(again.extract(TEXTS[0]).toarray(), extractor.extract(TEXTS[0]).toarray())


@pytest.mark.parametrize("text", ["", " \n\t", "\u200b\u00a0"])
def test_a_text_that_shows_nothing_is_refused(text):
    extractor = TextExtractor()
    if not normalise(text):
        with pytest.raises(NothingToSeeError):
            extractor.extract_row(text)


@pytest.mark.parametrize("text", ["a", "👍", "مرحبا", "数", "\x01\x02", "?!"])
def test_whatever_can_be_seen_has_a_row(text):
    assert len(TextExtractor().extract(text).data) > 0


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\xff\xfe\x00", "UTF-16"),
        (b"caf\xe9 au lait", "UTF-8 (byte 3)"),
        (b"PK\x03\x04\0\0\xff", "no text"),
        (b"", "empty"),
    ],
)
def test_bytes_that_are_no_text_are_refused_with_the_reason(tmp_path, content, reason):
    path = tmp_path / "letter.txt"
    path.write_bytes(content)
    with pytest.raises(InputFileError) as caught:
        TextExtractor().read(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert reason in str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_says_the_encoding(encoding):
    assert TextExtractor().read("où est ma carte".encode(encoding)) == "où est ma carte"
