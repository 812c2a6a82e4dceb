import math

import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import log_loss
from sklearn.neural_network import _base as peer

from backprop_core.errors import BackpropError
from backprop_core.losses import LogisticCrossEntropy, SoftmaxCrossEntropy, softmax
from backprop_core.regression_losses import OwnLoss, PoissonLoss, SquaredError


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


# ---- all losses together: laws, and scikit-learn's functions on the same numbers

RNG = np.random.default_rng(3)
N, K = 7, 3
CLASSES = RNG.integers(0, K, N)
CASES = {
    "softmax": (SoftmaxCrossEntropy(), CLASSES),
    "softmax, smoothed": (SoftmaxCrossEntropy(0.2), CLASSES),
    "softmax, mixed": (SoftmaxCrossEntropy(), RNG.dirichlet(np.ones(K), N)),
    "softmax, mixed, smoothed": (SoftmaxCrossEntropy(0.2), RNG.dirichlet(np.ones(K), N)),
    "logistic": (LogisticCrossEntropy(), RNG.integers(0, 2, (N, K))),
    "logistic, smoothed": (LogisticCrossEntropy(0.2), RNG.integers(0, 2, (N, K))),
    "squared": (SquaredError(), RNG.normal(size=(N, K))),
    "poisson": (PoissonLoss(), RNG.poisson(1.0, (N, K)).astype(float)),
    "own": (
        OwnLoss(lambda z, y: np.cosh(z - y).sum(axis=1), lambda z, y: np.sinh(z - y)),
        RNG.normal(size=(N, K)),
    ),
}
WEIGHTS = {"equal": None, "weighted": np.array([0.5, 2, 0, 1, 3, 0.1, 1])}
PEERS = {
    "softmax": lambda z, y, w: peer.log_loss(np.eye(K)[y], softmax(z), w),
    "softmax, mixed": lambda z, y, w: peer.log_loss(y, softmax(z), w),
    "logistic": lambda z, y, w: peer.binary_log_loss(y, expit(z), w),
    "poisson": lambda z, y, w: peer.poisson_loss(y, np.exp(z), w),
    "squared": lambda z, y, w: K * peer.squared_loss(y, z, w),
}


def logits_of(scale=1.5):
    return np.random.default_rng(4).normal(0, scale, (N, K))


@pytest.mark.parametrize("weights", WEIGHTS.values(), ids=WEIGHTS)
@pytest.mark.parametrize("case", CASES)
def test_every_gradient_is_the_slope_of_its_loss(case, weights):
    (loss, target), logits = CASES[case], logits_of()
    dlogits = loss.loss_and_gradient(logits, target, weights=weights)[1]
    for index in np.ndindex(logits.shape):
        step = np.zeros_like(logits)
        step[index] = 1e-5
        slope = (loss.loss(logits + step, target, weights) - loss.loss(logits - step, target, weights)) / 2e-5
        assert dlogits[index] == pytest.approx(slope, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("weights", WEIGHTS.values(), ids=WEIGHTS)
@pytest.mark.parametrize("case", PEERS)
def test_losses_are_scikit_learns(case, weights):
    loss, target = CASES[case]
    assert loss.loss(logits_of(), target, weights) == pytest.approx(PEERS[case](logits_of(), target, weights), rel=1e-9)


@pytest.mark.parametrize("weights", WEIGHTS.values(), ids=WEIGHTS)
@pytest.mark.parametrize("case", PEERS)
def test_gradients_are_scikit_learns_error_of_the_output_over_the_sum_of_weights(case, weights):
    loss, target = CASES[case]
    w = np.ones(N) if weights is None else weights
    wanted = np.eye(K)[target] if target.ndim == 1 else target
    expected = (loss.probabilities(logits_of()) - wanted) * w[:, None] / w.sum()
    np.testing.assert_allclose(loss.loss_and_gradient(logits_of(), target, weights=weights)[1], expected, atol=1e-14)


@pytest.mark.parametrize("weights", WEIGHTS.values(), ids=WEIGHTS)
def test_a_binary_loss_is_scikit_learns_for_a_column_or_a_flat_target(weights):
    logits, y = logits_of()[:, :1], CLASSES % 2
    expected = peer.binary_log_loss(y[:, None], expit(logits), weights)
    for target in (y, y[:, None], y.astype(bool)):
        assert LogisticCrossEntropy().loss(logits, target, weights) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("weights", WEIGHTS.values(), ids=WEIGHTS)
def test_squared_error_can_report_scikit_learns_mean_over_outputs_and_keeps_its_gradient(weights):
    logits, target = logits_of(), CASES["squared"][1]
    loss, gradient = SquaredError(mean_over_outputs=True).loss_and_gradient(logits, target, weights=weights)
    assert loss == pytest.approx(peer.squared_loss(target, logits, weights), rel=1e-12)
    np.testing.assert_array_equal(gradient, SquaredError().loss_and_gradient(logits, target, weights=weights)[1])


@pytest.mark.parametrize("case", CASES)
def test_weights_count_rows_and_equal_ones_change_nothing(case):
    (loss, target), logits = CASES[case], logits_of()
    times = np.array([1, 3, 0, 2, 1, 1, 4])
    repeated = loss.loss(np.repeat(logits, times, axis=0), np.repeat(target, times, axis=0))
    assert loss.loss(logits, target, times.astype(float)) == pytest.approx(repeated, rel=1e-12)
    assert loss.loss(logits, target, np.full(N, 0.3)) == pytest.approx(loss.loss(logits, target), rel=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_a_batch_that_weighs_nothing_teaches_nothing(case):
    loss, target = CASES[case]
    value, dlogits = loss.loss_and_gradient(logits_of(), target, weights=np.zeros(N))
    assert value == 0
    assert not dlogits.any()


@pytest.mark.parametrize("weights", WEIGHTS.values(), ids=WEIGHTS)
@pytest.mark.parametrize("case", CASES)
def test_float32_stays_float32_and_the_gradient_goes_where_it_is_wanted(case, weights):
    loss, target = CASES[case]
    logits = logits_of().astype(np.float32)
    kept = logits.copy()
    value, dlogits = loss.loss_and_gradient(logits, target, weights=weights)
    assert type(value) is float
    assert dlogits.dtype == loss.probabilities(logits).dtype == np.float32
    np.testing.assert_array_equal(logits, kept)
    again = loss.loss_and_gradient(logits, target, out=logits, weights=weights)
    assert again[0] == value
    assert again[1] is logits
    np.testing.assert_array_equal(logits, dlogits)
    exact = loss.loss_and_gradient(kept.astype(float), target, weights=weights)
    assert value == pytest.approx(exact[0], rel=1e-5)
    np.testing.assert_allclose(dlogits, exact[1], atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_extreme_logits_of_a_binary_loss_cost_their_size_where_they_are_wrong_and_nothing_where_right(dtype):
    logits = np.array([[1e4], [-1e4], [1e4], [-1e4]], dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        loss, dlogits = LogisticCrossEntropy().loss_and_gradient(logits, np.array([1, 0, 0, 1]))
    assert loss == pytest.approx(5000)
    assert dlogits.ravel().tolist() == [0, 0, 0.25, -0.25]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_extreme_logits_of_a_poisson_loss(dtype):
    # y = 3 and p = exp(-1e4), which is 0: 3 (log 3 + 1e4) - 3. For y = 0 the loss is p itself.
    loss = PoissonLoss()
    value, d = loss.loss_and_gradient(np.array([[-1e4]], dtype), np.array([3.0]))
    assert value == pytest.approx(3 * math.log(3) + 3e4 - 3, rel=1e-6)
    assert d == -3
    assert loss.loss(np.array([[-1e4]], dtype), np.array([0.0])) == 0
    assert loss.loss(np.array([[1e4]], dtype), np.array([0.0])) == math.inf


def test_what_the_outputs_mean():
    logits = logits_of()
    np.testing.assert_allclose(SoftmaxCrossEntropy().probabilities(logits), softmax(logits))
    np.testing.assert_allclose(LogisticCrossEntropy().probabilities(logits), expit(logits), rtol=1e-12)
    np.testing.assert_allclose(PoissonLoss().probabilities(logits), np.exp(logits))
    assert SquaredError().probabilities(logits) is logits
    for loss, _ in CASES.values():
        out = np.empty_like(logits)
        assert loss.probabilities(logits, out) is out
        np.testing.assert_array_equal(out, loss.probabilities(logits))


def test_an_own_loss_that_returns_the_wrong_shape_is_refused_by_name():
    logits, target = logits_of(), CASES["own"][1]
    with pytest.raises(BackpropError, match=r"loss function returned an array of shape \(\)"):
        OwnLoss(lambda z, y: (z - y).sum(), lambda z, y: z - y).loss(logits, target)
    with pytest.raises(BackpropError, match=r"gradient of the loss has shape \(7,\)"):
        OwnLoss(lambda z, y: z[:, 0], lambda z, y: z[:, 0]).loss_and_gradient(logits, target)
    with pytest.raises(BackpropError, match="gradient of a loss is None"):
        OwnLoss(lambda z, y: z[:, 0], None)
    with pytest.raises(BackpropError, match="probabilities of a loss is 3"):
        OwnLoss(abs, abs, 3)


def test_a_class_that_is_not_there_is_an_error_and_not_another_rows_class():
    with pytest.raises(IndexError):
        SoftmaxCrossEntropy().loss(logits_of(), np.full(N, K))
