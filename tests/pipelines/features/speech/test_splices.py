"""A splice begins as one word and ends as another, as the features of the spliced sound would."""

import numpy as np
import pytest

from pipelines.features.speech.extractor import SpeechExtractor
from pipelines.features.speech.splices import PLACES, splice

EXTRACTOR = SpeechExtractor()


def words(value, n=50):
    return np.full((n, EXTRACTOR.n_features), value, np.float32)


def test_each_frame_is_of_one_of_the_two_words_and_the_first_ones_of_the_first():
    rows = splice(EXTRACTOR, words(1.0), words(5.0), np.random.default_rng(0))
    for row in rows:
        sequence = EXTRACTOR.parts(row)["sequence"]
        taken = sequence[:, 0] == 1
        assert np.isin(sequence, (1, 5)).all()
        assert (np.diff(taken.astype(int)) <= 0).all()
        assert PLACES[0] - 0.05 <= taken.mean() <= PLACES[1] + 0.05


@pytest.mark.parametrize("deltas", [0, 1, 2])
def test_means_and_spreads_are_those_of_the_spliced_sequence(deltas):
    rng, extractor = np.random.default_rng(0), SpeechExtractor(deltas=deltas)
    first, second = (rng.normal(size=(20, extractor.n_features)).astype(np.float32) for _ in range(2))
    for row in splice(extractor, first, second, rng):
        parts = extractor.parts(row)
        n = parts["sequence"].shape[1]
        np.testing.assert_allclose(parts["mean"][:n], parts["sequence"].mean(axis=0), atol=1e-5)
        np.testing.assert_allclose(parts["spread"][:n], parts["sequence"].std(axis=0), atol=1e-5)


def test_two_equal_words_make_that_word_but_for_its_spread():
    word = np.random.default_rng(0).normal(size=(3, EXTRACTOR.n_features)).astype(np.float32)
    rows = splice(EXTRACTOR, word, word, np.random.default_rng(1))
    sequence = EXTRACTOR.frames * EXTRACTOR.n_mfcc
    np.testing.assert_allclose(rows[:, :sequence], word[:, :sequence])
    np.testing.assert_allclose(rows[:, -1], word[:, -1], rtol=1e-5)


def test_of_no_words_no_splices_are_made():
    none = np.empty((0, EXTRACTOR.n_features), np.float32)
    assert splice(EXTRACTOR, none, none, np.random.default_rng(0)).shape == none.shape
