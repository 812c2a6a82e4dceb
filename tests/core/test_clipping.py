import numpy as np
import pytest

from backprop_core.clipping import clip_by_global_norm


def test_a_long_gradient_is_shortened_and_keeps_its_direction():
    # (3, 4) is 5 long; a fifth of it is 1 long.
    grads = np.array([3.0, 4.0])
    assert clip_by_global_norm(grads, 1.0) == (5.0, True)
    np.testing.assert_allclose(grads, [0.6, 0.8], rtol=1e-15)


@pytest.mark.parametrize("largest", [5.0, 6.0])
def test_a_gradient_that_is_short_enough_is_left_alone(largest):
    grads = np.array([3.0, 4.0])
    assert clip_by_global_norm(grads, largest) == (5.0, False)
    assert grads.tolist() == [3, 4]


def test_no_gradient_at_all_is_left_alone():
    grads = np.zeros(3)
    assert clip_by_global_norm(grads, 1.0) == (0.0, False)
    assert not grads.any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_no_gradient_is_longer_than_the_limit_afterwards(dtype):
    for seed in range(20):
        grads = np.random.default_rng(seed).normal(0, 10.0**seed / 1e10, 1000).astype(dtype)
        clip_by_global_norm(grads, 2.0)
        assert np.linalg.norm(grads) <= 2 * (1 + 1e-5)


def test_a_gradient_that_is_not_finite_is_reported_and_not_hidden():
    grads = np.array([np.nan, 1.0])
    norm, clipped = clip_by_global_norm(grads, 1.0)
    assert np.isnan(norm)
    assert not clipped
    assert np.isnan(grads[0])
