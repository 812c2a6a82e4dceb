import math

import numpy as np
import pytest
from sklearn.metrics import log_loss

from backprop_core.errors import BackpropError
from backprop_core.losses import SoftmaxCrossEntropy, SquaredError, softmax


def example(n=6, k=4, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(0, 3, (n, k)), rng.integers(0, k, n)


def test_softmax_turns_logits_into_probabilities():
    # exp(log 1), exp(log 2), exp(log 5) are 1, 2, 5; their sum is 8
    p = softmax(np.log([[1.0, 2.0, 5.0]]))
    np.testing.assert_allclose(p, [[1 / 8, 2 / 8, 5 / 8]], rtol=1e-15)


def test_softmax_does_not_care_what_is_added_to_a_row():
    logits, _ = example()
    np.testing.assert_allclose(softmax(logits + 100), softmax(logits), rtol=1e-12)


def test_cross_entropy_agrees_with_an_example_worked_by_hand():
    # Probabilities 1/8, 2/8, 5/8 with class 2 true, and 1/3 each with class 0 true:
    # loss = (log(8/5) + log 3) / 2;  dlogits = (p - one-hot) / 2
    logits = np.stack([np.log([1.0, 2.0, 5.0]), np.zeros(3)])
    loss, dlogits = SoftmaxCrossEntropy().loss_and_gradient(logits, np.array([2, 0]))
    assert loss == pytest.approx((math.log(8 / 5) + math.log(3)) / 2, rel=1e-14)
    np.testing.assert_allclose(dlogits, [[1 / 16, 2 / 16, -3 / 16], [-1 / 3, 1 / 6, 1 / 6]], rtol=1e-14)


def test_label_smoothing_agrees_with_an_example_worked_by_hand():
    # s = 0.3, K = 3: the target is 0.1, 0.1, 0.8.  p = 1/8, 2/8, 5/8
    # loss = -(0.1 log 1/8 + 0.1 log 2/8 + 0.8 log 5/8);  dlogits = p - target
    loss, dlogits = SoftmaxCrossEntropy(0.3).loss_and_gradient(np.log([[1.0, 2.0, 5.0]]), np.array([2]))
    assert loss == pytest.approx(0.1 * math.log(8) + 0.1 * math.log(4) + 0.8 * math.log(8 / 5), rel=1e-14)
    np.testing.assert_allclose(dlogits, [[0.025, 0.15, -0.175]], rtol=1e-12)


def test_cross_entropy_agrees_with_scikit_learn():
    logits, y = example(50, 5)
    assert SoftmaxCrossEntropy().loss(logits, y) == pytest.approx(log_loss(y, softmax(logits), labels=range(5)))


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5])
def test_the_gradient_of_cross_entropy_sums_to_zero_in_every_row(smoothing):
    dlogits = SoftmaxCrossEntropy(smoothing).loss_and_gradient(*example())[1]
    np.testing.assert_allclose(dlogits.sum(axis=1), 0, atol=1e-15)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_extreme_logits_give_the_exact_loss_and_a_finite_gradient(smoothing, dtype):
    logits = np.array([[1e4, 0], [0, 1e4]], dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        loss, dlogits = SoftmaxCrossEntropy(smoothing).loss_and_gradient(logits, np.array([0, 0]))
    # Row 0 is right: only smoothing costs, s / 2 * 1e4. Row 1 is wrong by 1e4: (1 - s / 2) * 1e4. The mean is 1e4 / 2.
    assert loss == pytest.approx(5000, rel=1e-6)
    assert np.isfinite(dlogits).all()


@pytest.mark.parametrize("loss", [SoftmaxCrossEntropy(), SoftmaxCrossEntropy(0.2), SquaredError()])
def test_the_gradient_is_the_slope_of_the_loss(loss):
    logits, y = example()
    target = y if isinstance(loss, SoftmaxCrossEntropy) else np.random.default_rng(1).normal(size=logits.shape)
    dlogits = loss.loss_and_gradient(logits, target)[1]
    for index in np.ndindex(logits.shape):
        step = np.zeros_like(logits)
        step[index] = 1e-5
        slope = (loss.loss(logits + step, target) - loss.loss(logits - step, target)) / 2e-5
        assert dlogits[index] == pytest.approx(slope, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("loss", [SoftmaxCrossEntropy(0.1), SquaredError()])
def test_a_batch_costs_the_mean_of_its_rows(loss):
    logits, y = example()
    target = y if isinstance(loss, SoftmaxCrossEntropy) else logits[::-1].copy()
    alone = [loss.loss(logits[i : i + 1], target[i : i + 1]) for i in range(len(logits))]
    assert loss.loss(logits, target) == pytest.approx(np.mean(alone), rel=1e-13)


@pytest.mark.parametrize("loss", [SoftmaxCrossEntropy(0.1), SquaredError()])
def test_the_gradient_may_overwrite_the_logits_and_otherwise_leaves_them_alone(loss):
    logits, y = example()
    target = y if isinstance(loss, SoftmaxCrossEntropy) else logits[::-1].copy()
    kept = logits.copy()
    expected = loss.loss_and_gradient(logits, target)
    np.testing.assert_array_equal(logits, kept)
    value, dlogits = loss.loss_and_gradient(logits, target, out=logits)
    assert dlogits is logits
    assert value == expected[0]
    np.testing.assert_array_equal(dlogits, expected[1])


def test_label_smoothing_makes_certainty_expensive():
    certain, y = np.array([[50.0, 0, 0]]), np.array([0])
    assert SoftmaxCrossEntropy(0.1).loss(certain, y) > SoftmaxCrossEntropy(0.1).loss(certain / 10, y)
    assert SoftmaxCrossEntropy().loss(certain, y) < SoftmaxCrossEntropy().loss(certain / 10, y)


def test_squared_error_agrees_with_an_example_worked_by_hand():
    # distances (1, -2) and (0, 3): half the mean of 5 and 9 is 3.5;  dlogits = distance / 2
    loss, d = SquaredError().loss_and_gradient(np.array([[2.0, 1], [4, 3]]), np.array([[1.0, 3], [4, 0]]))
    assert loss == 3.5
    assert d.tolist() == [[0.5, -1], [0, 1.5]]


@pytest.mark.parametrize("smoothing", [-0.1, 1.0, float("nan")])
def test_impossible_label_smoothing_is_refused_by_name(smoothing):
    with pytest.raises(BackpropError, match="label_smoothing is"):
        SoftmaxCrossEntropy(smoothing)
