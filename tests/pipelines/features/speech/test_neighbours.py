"""A stretch of words side by side has the features of its sound."""

import numpy as np
import pytest

from pipelines.features.speech.extractor import SpeechExtractor
from pipelines.features.speech.neighbours import LACK, WORD_SHARE, Neighbours, stretch
from pipelines.features.speech.splices import splice

EXTRACTOR = SpeechExtractor()
N = 30


def cepstra(frames, seed):
    """The coefficients of N words of so many frames: float64 [shape=(N, frames, n_mfcc)]."""
    rng = np.random.default_rng(seed)
    return np.cumsum(rng.normal(size=(N, frames, EXTRACTOR.n_mfcc)), axis=1) * rng.uniform(1, 9, EXTRACTOR.n_mfcc)


def rows_of(words):
    n, frames, _ = words.shape
    return EXTRACTOR.row_of_cepstra(words.reshape(n * frames, -1), np.arange(n + 1) * frames)


def parts_without_slopes(rows):
    parts = EXTRACTOR.parts(rows)
    n = EXTRACTOR.n_mfcc
    return parts["sequence"][..., :n], parts["mean"][:, :n], parts["spread"][:, :n], parts["duration"]


def all_at(value):
    return np.full(N, float(value))


def test_the_stretch_of_one_word_is_that_word():
    rows = rows_of(cepstra(33, 0))
    before, after = rows_of(cepstra(21, 1)), rows_of(cepstra(40, 2))
    silent = [all_at(0)] * 3
    found = stretch(EXTRACTOR, [before, rows, after], all_at(21), all_at(21 + 33), silent)
    for part, expected in zip(EXTRACTOR.parts(found).values(), EXTRACTOR.parts(rows).values(), strict=True):
        np.testing.assert_allclose(part, expected, rtol=1e-4, atol=2e-2)


def test_the_stretch_of_two_words_is_described_as_both_together_are():
    frames = EXTRACTOR.frames  # of each word, so that nothing was averaged in its row
    first, second = cepstra(frames, 0), cepstra(frames, 1)
    found = stretch(EXTRACTOR, [rows_of(first), rows_of(second)], all_at(0), all_at(2 * frames), [all_at(0)] * 2)
    expected = rows_of(np.concatenate([first, second], axis=1))
    for part, right in zip(parts_without_slopes(found), parts_without_slopes(expected), strict=True):
        np.testing.assert_allclose(part, right, rtol=1e-4, atol=2e-2)


@pytest.mark.parametrize(("covered", "lowered"), [(2.0, 0.0), (12.0, 6.0)])
def test_a_stretch_is_at_full_level_where_its_loudest_word_is(covered, lowered):
    first, second = rows_of(np.zeros((N, 30, EXTRACTOR.n_mfcc))), rows_of(np.zeros((N, 30, EXTRACTOR.n_mfcc)))
    found = stretch(EXTRACTOR, [first, second], all_at(0), all_at(30 + covered), [all_at(0), all_at(6)])
    sequence = EXTRACTOR.parts(found)["sequence"]
    np.testing.assert_allclose(sequence[:, 0, 0], -lowered * np.sqrt(EXTRACTOR.n_mels), atol=1e-3)
    assert (sequence[:, -1, 0] > sequence[:, 0, 0]).all()


def test_a_word_keeps_most_of_itself_and_gets_a_little_of_its_neighbours():
    rows, others, rng = rows_of(cepstra(40, 0)), rows_of(cepstra(40, 1)), np.random.default_rng(0)
    given = rows.copy(), others.copy()
    touched = Neighbours(share=0.5).touch(EXTRACTOR, rows, others, rng)
    changed = (touched != rows).any(axis=1)
    assert 0.2 < changed.mean() < 0.8
    longer = np.exp(touched[changed, -1]) / 40
    most = min(WORD_SHARE, Neighbours().reach / 0.01 / 40)
    assert longer.min() >= 1 - 2 * LACK * most
    assert longer.max() <= 1 + 2 * most
    assert longer.std() > 0.02
    for now, before in zip((rows, others), given, strict=True):
        np.testing.assert_array_equal(now, before)


@pytest.mark.parametrize("neighbours", [Neighbours(share=0), Neighbours(reach=0)])
def test_with_no_reach_each_word_is_alone(neighbours):
    rows = rows_of(cepstra(40, 0))
    assert neighbours.touch(EXTRACTOR, rows, rows, np.random.default_rng(0)) is rows


def test_most_splices_are_stretches_across_two_words_and_the_others_as_they_were():
    first, second = rows_of(cepstra(30, 0)), rows_of(cepstra(50, 1))
    found = Neighbours(across=0.7).splice(EXTRACTOR, first, second, np.random.default_rng(0))
    plain = splice(EXTRACTOR, first, second, np.random.default_rng(0))
    across = (found != plain).any(axis=1)
    assert 0.4 < across.mean() < 0.95
    frames = np.exp(found[across, -1])
    assert frames.min() >= 0.65 * 30 + 0.5 * 50 - 1e-3
    assert frames.max() <= 80 + 1e-3


@pytest.mark.parametrize("extractor", [SpeechExtractor(statistics=False), SpeechExtractor(normalise="mean")])
def test_rows_that_tell_too_little_stay_as_they_are(extractor):
    rows = np.random.default_rng(0).normal(size=(9, extractor.n_features)).astype(np.float32)
    assert Neighbours().touch(extractor, rows, rows[::-1], np.random.default_rng(1)) is rows
    spliced = Neighbours().splice(extractor, rows, rows[::-1], np.random.default_rng(1))
    np.testing.assert_array_equal(spliced, splice(extractor, rows, rows[::-1], np.random.default_rng(1)))


def test_of_no_words_nothing_is_made():
    none = np.empty((0, EXTRACTOR.n_features), np.float32)
    assert Neighbours().touch(EXTRACTOR, none, none, np.random.default_rng(0)).shape == none.shape
    assert Neighbours().splice(EXTRACTOR, none, none, np.random.default_rng(0)).shape == none.shape
