"""Blends lie between two takes of a word, or have another recording's means and spreads over time."""

import numpy as np
import pytest

from pipelines.features.speech.blends import Blending, in_the_manner_of
from pipelines.features.speech.extractor import SpeechExtractor

N = 40


def words(extractor, seed):
    """Rows as the extractor makes them of random cepstra, of words of several lengths."""
    rng = np.random.default_rng(seed)
    bounds = np.cumsum([0, *rng.integers(30, 60, N)])
    cepstra = rng.normal(size=(bounds[-1], extractor.n_mfcc)) * rng.uniform(1, 9, extractor.n_mfcc)
    return extractor.row_of_cepstra(cepstra + rng.uniform(-20, 20, extractor.n_mfcc), bounds)


EXTRACTOR = SpeechExtractor()
OWN, ALIKE, OTHERS = (words(EXTRACTOR, seed) for seed in range(3))


def test_takes_are_blended_along_the_line_between_them_and_no_farther_than_is_said():
    blending = Blending(share=0.5, most=0.6, manner_share=0.0)
    rows = blending.blend(EXTRACTOR, OWN, ALIKE, OTHERS, np.random.default_rng(0))
    way = ALIKE - OWN
    extent = ((rows - OWN) * way).sum(axis=1) / np.square(way).sum(axis=1)
    np.testing.assert_allclose(rows, OWN + extent[:, np.newaxis] * way, atol=1e-3)
    assert extent.min() >= -1e-6
    assert extent.max() <= 0.6 + 1e-6
    assert 0.3 < (np.abs(extent) < 1e-6).mean() < 0.7


@pytest.mark.parametrize("deltas", [0, 1, 2])
def test_in_all_of_anothers_manner_a_word_has_its_means_and_spreads_but_its_own_course(deltas):
    extractor = SpeechExtractor(deltas=deltas)
    own, others = words(extractor, 0), words(extractor, 1)
    n, moved = extractor.n_mfcc, in_the_manner_of(extractor, own, others, np.ones((N, 1), np.float32))
    parts, before, other = (extractor.parts(rows) for rows in (moved, own, others))
    np.testing.assert_allclose(parts["mean"][:, :n], other["mean"][:, :n], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(parts["spread"], other["spread"], rtol=1e-4)
    np.testing.assert_array_equal(parts["duration"], before["duration"])

    def course(part):
        values = part["sequence"][..., :n]
        return (values - values.mean(axis=1, keepdims=True)) / values.std(axis=1, keepdims=True)

    np.testing.assert_allclose(course(parts), course(before), atol=1e-3)
    np.testing.assert_allclose(parts["sequence"].mean(axis=1)[:, :n], parts["mean"][:, :n], atol=1e-3)


def test_with_no_extent_nothing_changes_and_what_was_given_stays_as_it_was():
    own = OWN.copy()
    np.testing.assert_allclose(
        in_the_manner_of(EXTRACTOR, own, OTHERS, np.zeros((N, 1), np.float32)), OWN, rtol=1e-5, atol=1e-4
    )
    Blending().blend(EXTRACTOR, own, ALIKE, OTHERS, np.random.default_rng(0))
    np.testing.assert_array_equal(own, OWN)


def test_a_silent_spread_makes_nothing_infinite():
    flat = OWN.copy()
    EXTRACTOR.parts(flat)["spread"][:] = 0
    for own, others in ((flat, OTHERS), (OWN, flat), (-OWN, OTHERS)):
        assert np.isfinite(in_the_manner_of(EXTRACTOR, own, others, np.ones((N, 1), np.float32))).all()


def test_rows_that_do_not_tell_their_manner_are_blended_with_other_takes_alone():
    extractor = SpeechExtractor(statistics=False)
    own, alike, others = (words(extractor, seed) for seed in range(3))
    rows = Blending(share=0.0).blend(extractor, own, alike, others, np.random.default_rng(0))
    np.testing.assert_array_equal(rows, own)


def test_blending_goes_as_far_as_its_strength_and_not_at_all_with_none():
    assert not Blending().scale(0).blends
    assert Blending().scale(0.5) == Blending(most=0.3, manner=0.5)
    assert Blending().scale(9).most == 1
