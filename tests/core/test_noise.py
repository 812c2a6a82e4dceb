import numpy as np
import pytest

from backprop_core.errors import BackpropError
from backprop_core.noise import Dropout, GaussianNoise
from backprop_core.scratch import Scratch

both = pytest.mark.parametrize("layer", [Dropout(0.5), GaussianNoise(0.5)], ids=lambda layer: layer.kind)


@both
def test_nothing_happens_in_evaluation(layer):
    x = np.arange(6.0).reshape(2, 3)
    y, backward = layer.forward({}, x, Scratch(float))
    assert y is x
    assert backward(x, {}) is x


@both
def test_it_draws_anew_for_each_batch_but_the_same_from_the_same_seed(layer):
    x = np.ones((8, 16))

    def draw(rng):
        return layer.forward({}, x, Scratch(float), training=True, rng=rng)[0]

    rng = np.random.default_rng(0)
    first, second = draw(rng), draw(rng)
    assert (first != second).any()
    np.testing.assert_array_equal(first, draw(np.random.default_rng(0)))


@both
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_is_kept_and_the_input_left_untouched(layer, dtype):
    x = np.ones((8, 16), dtype)
    y, backward = layer.forward({}, x, Scratch(dtype), training=True, rng=np.random.default_rng(0))
    assert y.dtype == backward(np.ones_like(x), {}).dtype == dtype
    np.testing.assert_array_equal(x, 1)
    assert (y != x).any()


@both
def test_one_row_and_no_row_are_batches_too(layer):
    for n in (0, 1):
        y, _ = layer.forward({}, np.ones((n, 3)), Scratch(float), training=True, rng=np.random.default_rng(0))
        assert y.shape == (n, 3)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
def test_dropout_silences_its_share_and_keeps_the_expected_sum(rate):
    x = np.ones((400, 250))
    y, _ = Dropout(rate).forward({}, x, Scratch(float), training=True, rng=np.random.default_rng(0))
    assert np.mean(y == 0) == pytest.approx(rate, abs=0.01)
    assert y.mean() == pytest.approx(1, abs=0.02)
    assert set(np.unique(y)) == {0, 1 / (1 - rate)}


def test_dropout_sends_no_error_back_to_what_it_silenced():
    x = np.random.default_rng(1).normal(size=(20, 30))
    y, backward = Dropout(0.4).forward({}, x, Scratch(float), training=True, rng=np.random.default_rng(0))
    dx = backward(np.ones_like(x), {})
    np.testing.assert_array_equal(dx == 0, y == 0)
    np.testing.assert_allclose(dx * x, y)


@pytest.mark.parametrize("std", [0.1, 3.0])
def test_gaussian_noise_has_mean_0_and_the_spread_asked_for(std):
    x = np.random.default_rng(1).normal(size=(400, 250))
    y, backward = GaussianNoise(std).forward({}, x, Scratch(float), training=True, rng=np.random.default_rng(0))
    assert (y - x).std() == pytest.approx(std, rel=0.02)
    assert (y - x).mean() == pytest.approx(0, abs=0.02 * std)
    assert np.unique(y - x).size > 0.99 * x.size
    assert backward(x.copy(), {}).tolist() == x.tolist()


def test_noise_of_no_spread_changes_nothing():
    x = np.ones((3, 4))
    y, _ = GaussianNoise(0).forward({}, x, Scratch(float), training=True, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(y, x)


@both
def test_a_description_builds_the_same_layer_again(layer):
    assert type(layer)(**layer.describe()).describe() == layer.describe()


@pytest.mark.parametrize("rate", [-0.1, 1, 1.5, float("nan")])
def test_a_rate_that_is_no_share_is_refused(rate):
    with pytest.raises(BackpropError, match=f"rate is {rate}"):
        Dropout(rate)


@pytest.mark.parametrize("std", [-0.1, float("nan"), float("inf")])
def test_a_spread_that_is_none_is_refused(std):
    with pytest.raises(BackpropError, match=f"std is {std}"):
        GaussianNoise(std)
