import math

import numpy as np
import pytest

from backprop_core.architecture import multilayer_perceptron
from backprop_core.divergence import SUSTAINED, cause_of_divergence, has_diverged
from backprop_core.losses import SoftmaxCrossEntropy
from backprop_core.network import Network
from backprop_core.regression_losses import SquaredError


def example(dtype=np.float64, hidden=(6, 5), outputs=3, seed=0):
    """A network, a batch of harmless rows, and their classes."""
    rng = np.random.default_rng(seed)
    network = Network(multilayer_perceptron(4, hidden, outputs), rng, dtype=dtype)
    return network, rng.normal(size=(20, 4)).astype(dtype), rng.integers(0, outputs, 20)


def descend(network, X, y, loss, rate, steps=200):
    """Plain gradient descent until the loss is not finite; return the losses."""
    losses, grads = [], network.zero_gradients()
    with np.errstate(all="ignore"):
        for _ in range(steps):
            logits, backward = network.forward(X)
            value, dlogits = loss.loss_and_gradient(logits, y)
            losses.append(value)
            if not math.isfinite(value):
                break
            network.params.flat -= rate * backward(dlogits, grads).flat
    return losses


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("loss", ["squared", "cross entropy"])
def test_a_rate_that_is_too_high_is_named_with_its_value_and_the_remedy(dtype, loss):
    network, X, y = example(dtype)
    if loss == "squared":
        descend(network, X, np.eye(3, dtype=dtype)[y], SquaredError(), 1e6)
    else:
        descend(network, X, y, SoftmaxCrossEntropy(), 1e36 if dtype == np.float32 else 1e250)
    cause = cause_of_divergence(network, X, y, 1e6)
    assert "lower the learning rate (it is 1e+06)" in cause
    assert "clip the gradient" in cause
    assert "column" not in cause


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_is_none_is_named_by_column_value_and_count(value):
    network, X, y = example()
    X[[3, 7], 2] = value
    network.params.flat[:] = np.nan  # what such a column makes of the weights is not the cause
    cause = cause_of_divergence(network, X, y, 0.01)
    assert f"column 2 of X holds {value} in 2 of the batch's 20 rows" in cause
    assert "learning rate" not in cause


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("value", [1e30, -1e30])
def test_a_column_of_absurd_numbers_is_named_before_the_weights_that_it_ruined(dtype, value):
    network, X, y = example(dtype)
    X[:, 1] = value
    losses = descend(network, X, np.eye(3, dtype=dtype)[y], SquaredError(), 0.01)
    assert not max(losses) < 1e30
    cause = cause_of_divergence(network, X, y, 0.01)
    assert f"column 1 of X holds the value {value:g}" in cause
    assert "standardise column 1" in cause


def test_the_largest_of_several_large_columns_is_named():
    network, X, y = example()
    X[4, 0], X[5, 3] = 2e5, -7e8
    assert "column 3 of X holds the value -7e+08" in cause_of_divergence(network, X, y, 0.01)


def test_a_target_that_is_missing_or_absurd_is_named():
    network, X, _ = example(outputs=1)
    target = np.random.default_rng(1).normal(size=(20, 1))
    target[4] = 3e7
    assert "the target holds the value 3e+07" in cause_of_divergence(network, X, target, 0.01)
    target[5] = np.nan
    assert "the target holds nan in 1 places" in cause_of_divergence(network, X, target, 0.01)


@pytest.mark.parametrize("value", [np.inf, np.nan])
def test_weights_that_are_not_finite_are_named_by_their_layer(value):
    network, X, y = example()
    second = [i for i, params in enumerate(network.params.views) if params][1]
    network.params.views[second]["W"][2, 3] = value
    cause = cause_of_divergence(network, X, y, 0.5)
    assert f"1 of the 30 numbers in W of layer {second} (dense)" in cause
    assert "it is 0.5" in cause


def test_the_first_layer_that_overflows_is_named_by_place_and_kind():
    network, X, y = example()
    dense = [i for i, params in enumerate(network.params.views) if params]
    for i in dense[:2]:
        network.params.views[i]["W"][...] = 1e200
    cause = cause_of_divergence(network, np.abs(X), y, 0.5)
    assert f"layer {dense[1]} (dense) overflow" in cause
    assert "its weights 1e+200" in cause


def test_where_everything_is_finite_the_rate_is_blamed():
    network, X, y = example()
    assert "it is 0.5" in cause_of_divergence(network, X, y, 0.5)


def test_asking_changes_neither_network_nor_data():
    network, X, y = example()
    network.params.flat[3] = np.inf
    kept = network.params.flat.copy(), X.copy(), y.copy()
    cause_of_divergence(network, X, y, 0.5)
    for now, before in zip((network.params.flat, X, y), kept, strict=True):
        np.testing.assert_array_equal(now, before)


@pytest.mark.parametrize("loss", [float("nan"), float("inf"), float("-inf")])
def test_a_loss_that_is_no_number_has_diverged_at_once(loss):
    assert has_diverged([loss], first_loss=2.3)
    assert has_diverged([1.0, loss], first_loss=2.3)


def test_a_loss_that_stays_a_thousand_times_too_high_has_diverged_and_a_leap_has_not():
    high = [5000.0] * SUSTAINED
    assert has_diverged(high, first_loss=2.3)
    assert not has_diverged(high[1:], first_loss=2.3)
    assert not has_diverged([*high[1:], 2.0], first_loss=2.3)
    assert not has_diverged([2.0, *high[1:]], first_loss=2.3)


def test_losses_that_were_huge_from_the_first_or_whose_targets_are_huge_have_not_diverged():
    high = [1e12] * SUSTAINED
    assert not has_diverged(high, first_loss=1e12)
    assert not has_diverged(high, first_loss=0.5, blank_loss=1e12)


@pytest.mark.parametrize(("rate", "scale"), [(0.1, 1e-6), (0.001, 1.0), (0.1, 1.0), (1e-7, 1e3), (1e-12, 1e6)])
def test_no_training_that_learns_is_ever_taken_for_diverged(rate, scale):
    network, X, _ = example(outputs=1)
    target = scale * X[:, :1]
    losses = descend(network, X, target, SquaredError(), rate)
    blank = SquaredError().loss(np.zeros_like(target), target)
    assert not any(has_diverged(losses[: i + 1], losses[0], blank) for i in range(len(losses)))
