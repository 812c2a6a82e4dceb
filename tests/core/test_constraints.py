import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from backprop_core.constraints import limit_norms


def test_only_the_unit_whose_weights_are_too_long_is_shortened():
    # The first unit's weights (3, 4) are 5 long and become 2.5 long; the second's (1, 0) are left alone.
    W = np.array([[3.0, 1.0], [4.0, 0.0]])
    limit_norms(W, 2.5)
    np.testing.assert_allclose(W, [[1.5, 1.0], [2.0, 0.0]], rtol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_no_unit_is_longer_afterwards_and_all_keep_their_direction(dtype):
    W = np.random.default_rng(0).normal(0, 2, (30, 50)).astype(dtype)
    before = W.copy()
    limit_norms(W, 11.0)
    lengths = np.linalg.norm(before, axis=0)
    assert W.dtype == dtype
    assert 0 < np.count_nonzero(lengths > 11) < 50
    assert np.linalg.norm(W, axis=0).max() <= 11 * (1 + 1e-6)
    np.testing.assert_allclose(W, before * np.minimum(1, 11 / lengths), rtol=1e-5)
    np.testing.assert_array_equal(W[:, lengths <= 11], before[:, lengths <= 11])


@given(arrays(np.float64, (4, 3), elements=st.floats(-1e6, 1e6)), st.floats(1e-3, 1e3))
def test_a_second_time_changes_nothing_more(W, largest):
    limit_norms(W, largest)
    once = W.copy()
    limit_norms(W, largest)
    np.testing.assert_allclose(W, once, rtol=1e-12)


def test_a_unit_without_weights_stays_so():
    W = np.zeros((3, 2), np.float32)
    limit_norms(W, 1.0)
    assert not W.any()


def test_weights_that_are_not_finite_are_not_hidden():
    W = np.array([[np.nan, np.inf, 30.0], [1.0, 1.0, 40.0]])
    limit_norms(W, 5.0)
    np.testing.assert_allclose(W, [[np.nan, np.inf, 3.0], [1.0, 1.0, 4.0]])


def test_the_weights_of_a_network_are_changed_through_the_view_it_hands_out():
    flat = np.full(12, 2.0)
    limit_norms(flat[:6].reshape(3, 2), 1.0)
    np.testing.assert_allclose(flat[:6], 1 / np.sqrt(3))
    assert (flat[6:] == 2).all()
