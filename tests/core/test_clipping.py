import numpy as np
import pytest

from backprop_core.clipping import clip_by_global_norm, clip_by_value, length


def test_a_long_gradient_is_shortened_and_keeps_its_direction():
    # (3, 4) is 5 long; a fifth of it is 1 long.
    grads = np.array([3.0, 4.0])
    assert clip_by_global_norm(grads, 1.0)
    np.testing.assert_allclose(grads, [0.6, 0.8], rtol=1e-15)


@pytest.mark.parametrize("largest", [5.0, 6.0])
def test_a_gradient_that_is_short_enough_is_left_alone(largest):
    grads = np.array([3.0, 4.0])
    assert not clip_by_global_norm(grads, largest)
    assert grads.tolist() == [3, 4]


def test_no_gradient_at_all_is_left_alone():
    grads = np.zeros(3)
    assert not clip_by_global_norm(grads, 1.0)
    assert not grads.any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_no_gradient_is_longer_than_the_limit_afterwards(dtype):
    for seed in range(20):
        grads = np.random.default_rng(seed).normal(0, 10.0**seed / 1e10, 1000).astype(dtype)
        clip_by_global_norm(grads, 2.0)
        assert np.linalg.norm(grads) <= 2 * (1 + 1e-5)


def test_a_gradient_that_is_not_finite_is_not_hidden():
    grads = np.array([np.nan, 1.0])
    assert not clip_by_global_norm(grads, 1.0)
    assert np.isnan(grads[0])


def test_a_float32_gradient_whose_square_overflows_is_shortened_all_the_same():
    grads = np.full(40000, 1e25, np.float32)
    assert clip_by_global_norm(grads, 1.0)
    np.testing.assert_allclose(grads, 1 / 200, rtol=1e-5)


def test_every_number_beyond_the_limit_is_cut_to_it_and_no_other():
    grads = np.array([3.0, -4.0, 0.5, -1.0])
    assert clip_by_value(grads, 1.0)
    assert grads.tolist() == [1, -1, 0.5, -1]


@pytest.mark.parametrize("largest", [4.0, 5.0])
def test_numbers_within_the_limit_are_left_alone(largest):
    grads = np.array([3.0, -4.0])
    assert not clip_by_value(grads, largest)
    assert grads.tolist() == [3, -4]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_no_number_is_larger_than_the_limit_afterwards(dtype):
    grads = np.random.default_rng(0).normal(0, 10, 1000).astype(dtype)
    clip_by_value(grads, 2.5)
    assert grads.dtype == dtype
    assert np.abs(grads).max() == 2.5


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("clip", [clip_by_value, clip_by_global_norm])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_no_clipping_hides_a_number_that_is_not_finite(clip, bad, dtype):
    grads = np.array([5.0, bad, 1.0], dtype)
    before = grads.copy()
    assert not clip(grads, 1.0)
    np.testing.assert_array_equal(grads, before)


@pytest.mark.parametrize("clip", [clip_by_value, clip_by_global_norm])
def test_a_network_without_parameters_has_nothing_to_clip(clip):
    assert not clip(np.zeros(0), 1.0)


def test_the_length_of_a_vector_is_right_where_a_square_overflows():
    assert length(np.full(40000, 1e25, np.float32)) == pytest.approx(200 * 1e25, rel=1e-6)
