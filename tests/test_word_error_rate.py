"""The errors that the word error rate counts are the fewest that turn what was said into what was recognised."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.word_error_rate import Strung, _noisy, errors

WORDS = st.lists(st.sampled_from("012"), max_size=8)


def total(said, recognised):
    found = errors(said, recognised)
    return found["substituted"] + found["deleted"] + found["inserted"]


@pytest.mark.parametrize(
    ("said", "recognised", "counts"),
    [
        ("123", "123", (0, 0, 0)),
        ("123", "143", (1, 0, 0)),
        ("123", "13", (0, 1, 0)),
        ("123", "1923", (0, 0, 1)),
        ("123", "", (0, 3, 0)),
        ("", "12", (0, 0, 2)),
        ("12345", "2346", (1, 1, 0)),
    ],
)
def test_each_kind_is_counted(said, recognised, counts):
    found = errors(said, recognised)
    assert (found["substituted"], found["deleted"], found["inserted"]) == counts
    assert found["said"] == len(said)


@given(WORDS, WORDS)
def test_what_is_deleted_one_way_is_inserted_the_other_way(said, recognised):
    there, back = errors(said, recognised), errors(recognised, said)
    assert total(said, recognised) == total(recognised, said)
    assert there["deleted"] - there["inserted"] == len(said) - len(recognised)
    assert back["deleted"] - back["inserted"] == len(recognised) - len(said)


@given(WORDS, WORDS, WORDS)
def test_a_way_round_is_never_shorter(first, second, third):
    assert total(first, third) <= total(first, second) + total(second, third)


@pytest.mark.parametrize("color", ["white", "pink"])
def test_the_noise_is_as_loud_as_the_ratio_says(color):
    silence = Strung(np.zeros(8000), [], [], power=0.04)
    noise = _noisy(silence, (color, 10), np.random.default_rng(0))
    assert np.square(noise).mean() == pytest.approx(0.004)
