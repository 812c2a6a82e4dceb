"""A sequence as a sum of cosines over time is scipy's orthonormal DCT of it."""

import numpy as np
import pytest
import scipy.fft

from pipelines.features.speech import modulation
from pipelines.learning.tasks.speech import NARROW


@pytest.mark.parametrize("n_frames", [1, 2, 20, 33])
def test_the_cosines_are_scipys(n_frames):
    sequence = np.random.default_rng(0).normal(size=(n_frames, 3))
    assert np.allclose(modulation.cosines(n_frames) @ sequence, scipy.fft.dct(sequence, axis=0, norm="ortho"))
    assert np.allclose(modulation.cosines(n_frames).T @ (modulation.cosines(n_frames) @ sequence), sequence)


def test_quicker_cosines_count_less():
    weights = modulation.weights(NARROW.frames)
    assert weights[0] == 1
    assert (np.diff(weights) < 0).all()
    assert weights[round(modulation.QUICK)] == pytest.approx(np.sqrt(0.5), abs=1e-3)


def test_what_is_the_same_in_all_frames_is_in_the_first_cosine_alone():
    rows = np.zeros((1, NARROW.n_features), np.float32)
    NARROW.parts(rows)["sequence"][:] = np.arange(NARROW.parts(rows)["sequence"].shape[-1])
    turned = NARROW.parts(NARROW.turn(rows))["sequence"][0]
    assert np.allclose(turned[1:], 0, atol=1e-4)
    assert np.allclose(turned[0], np.sqrt(NARROW.frames) * np.arange(turned.shape[-1]), rtol=1e-5)


def test_what_is_no_sequence_stays_as_it_is():
    rows = np.random.default_rng(0).normal(size=(3, NARROW.n_features)).astype(np.float32)
    given, turned = NARROW.parts(rows), NARROW.parts(NARROW.turn(rows))
    for part in ("mean", "spread", "duration"):
        assert np.array_equal(given[part], turned[part])
