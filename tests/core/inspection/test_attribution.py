import numpy as np
import pytest

from backprop_core.activations import ACTIVATIONS
from backprop_core.architecture import multilayer_perceptron
from backprop_core.inspection.attribution import (
    gradient_times_input,
    input_gradient,
    integrate_gradient,
    log_odds,
    log_odds_gradient,
    narrow_network,
    smooth_gradient,
)
from backprop_core.layers import Activate, Dense
from backprop_core.losses import SoftmaxCrossEntropy, softmax
from backprop_core.network import Network
from backprop_core.noise import Dropout, GaussianNoise
from backprop_core.normalization import BatchNorm, LayerNorm
from backprop_core.residual import Residual

CLASSES = np.array([0, 2, 1, 1, 2])


def make_network(layers, dtype=np.float64, seed=0):
    """A network whose biases are not zero, and whose running statistics are those of some rows."""
    rng = np.random.default_rng(seed)
    network = Network(layers, rng, dtype=dtype)
    biases = network.params.flat[network.params.n_weights :]
    biases += rng.normal(0, 0.3, len(biases))
    for _ in range(20):
        network.forward((2 * rng.normal(size=(30, 4)) + 1).astype(dtype), training=True, rng=rng)
    return network


def rows(n=5, seed=1, dtype=np.float64):
    return np.random.default_rng(seed).normal(size=(n, 4)).astype(dtype)


def of_classes(logits):
    return log_odds_gradient(logits, CLASSES[: len(logits)])


def by_differences(function, X, step=1e-6):
    """The slope of function(X), [shape=(n_samples,)], along each number of its row, by central differences."""
    slopes = np.empty_like(X)
    for j in range(X.shape[1]):
        moved = step * (np.arange(X.shape[1]) == j)
        slopes[:, j] = (function(X + moved) - function(X - moved)) / (2 * step)
    return slopes


@pytest.mark.parametrize("residual", [False, True], ids=["plain", "residual"])
@pytest.mark.parametrize("normalization", [None, "batch", "layer"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_input_gradient_is_the_slope_of_the_prediction(activation, normalization, residual):
    additions = {"dropout": 0.3, "input_dropout": 0.15, "normalization": normalization, "residual": residual}
    network = make_network(multilayer_perceptron(4, [4, 6], 3, activation, input_noise=0.5, **additions))
    numerical = by_differences(lambda X: log_odds(network.logits(X), CLASSES), rows())
    np.testing.assert_allclose(input_gradient(network, rows(), of_classes), numerical, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    "layers",
    [
        [Dense(4, 3)],
        [Activate("tanh"), Dense(4, 3)],
        [Dropout(0.3), GaussianNoise(0.5), Dense(4, 3), Dropout(0.3)],
        [BatchNorm(4), Dense(4, 3), BatchNorm(3)],
        [LayerNorm(4), Dense(4, 3), LayerNorm(3)],
        [Residual([Activate("tanh"), Dense(4, 6), BatchNorm(6), Dropout(0.3), Dense(6, 4)]), Dense(4, 3)],
        [Residual([Dense(4, 4), Residual([LayerNorm(4), Dense(4, 4)])]), Dense(4, 3), Residual([Dense(3, 3)])],
    ],
    ids=lambda layers: " ".join(layer.kind for layer in layers),
)
def test_every_layer_hands_the_gradient_on_first_last_and_inside(layers):
    network = make_network(layers)
    numerical = by_differences(lambda X: log_odds(network.logits(X), CLASSES), rows())
    np.testing.assert_allclose(input_gradient(network, rows(), of_classes), numerical, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("normalization", [None, "batch", "layer"])
def test_a_batch_gives_what_its_rows_give_one_at_a_time(normalization):
    network = make_network(multilayer_perceptron(4, [8, 5], 3, normalization=normalization))
    alone = [
        input_gradient(network, rows()[i : i + 1], lambda z, i=i: log_odds_gradient(z, CLASSES[i])) for i in range(5)
    ]
    np.testing.assert_allclose(input_gradient(network, rows(), of_classes), np.concatenate(alone), rtol=1e-12)


def test_a_compiled_network_gives_the_same():
    network = make_network(multilayer_perceptron(4, [8, 5], 3, dropout=0.2), np.float32)
    plain = input_gradient(network, rows(dtype=np.float32), of_classes)
    assert plain.dtype == np.float32
    network.compile()
    np.testing.assert_allclose(input_gradient(network, rows(dtype=np.float32), of_classes), plain, rtol=1e-5, atol=1e-7)


def test_asking_changes_neither_the_network_nor_the_rows():
    network, X = make_network(multilayer_perceptron(4, [8], 3, dropout=0.3, normalization="batch")), rows()
    before = [network.params.flat.copy(), network.statistics.flat.copy(), X.copy()]
    input_gradient(network, X, of_classes)
    for kept, now in zip(before, [network.params.flat, network.statistics.flat, X], strict=True):
        np.testing.assert_array_equal(kept, now)


def test_the_gradients_of_the_parameters_are_the_same_whether_the_inputs_is_asked_for_or_not():
    network, X = make_network(multilayer_perceptron(4, [8, 5], 3, input_dropout=0.2)), rows()

    def gradients(*dX):
        logits, backward = network.forward(X, training=True, rng=np.random.default_rng(3))
        dlogits = SoftmaxCrossEntropy().loss_and_gradient(logits, CLASSES)[1]
        return backward(dlogits, network.zero_gradients(), *dX).flat

    np.testing.assert_array_equal(gradients(), gradients(np.empty_like(X)))


LOGITS = np.random.default_rng(5).normal(0, 3, (5, 3))


def test_the_log_odds_are_those_of_the_probabilities():
    p = softmax(LOGITS)[np.arange(5), CLASSES]
    np.testing.assert_allclose(log_odds(LOGITS, CLASSES), np.log(p / (1 - p)))


def test_the_gradient_of_the_log_odds_is_their_slope():
    numerical = by_differences(lambda z: log_odds(z, CLASSES), LOGITS)
    np.testing.assert_allclose(log_odds_gradient(LOGITS, CLASSES), numerical, atol=1e-8)


def test_a_number_added_to_all_logits_changes_nothing():
    np.testing.assert_allclose(log_odds(LOGITS + 7, CLASSES), log_odds(LOGITS, CLASSES))
    np.testing.assert_allclose(log_odds_gradient(LOGITS + 7, CLASSES), log_odds_gradient(LOGITS, CLASSES))
    np.testing.assert_allclose(log_odds_gradient(LOGITS, CLASSES).sum(axis=1), 0, atol=1e-15)


def test_of_two_classes_the_log_odds_are_the_difference_of_their_logits():
    z = LOGITS[:, :2]
    np.testing.assert_allclose(log_odds(z, 1), z[:, 1] - z[:, 0])
    np.testing.assert_allclose(log_odds_gradient(z, 1), np.tile([-1, 1], (5, 1)))


def test_certainty_does_not_silence_the_gradient():
    z = np.array([[900.0, 0.0, 1.0]], np.float32)
    assert softmax(z)[0, 0] == 1
    np.testing.assert_allclose(log_odds(z, 0), 900 - np.log(1 + np.e), rtol=1e-6)
    np.testing.assert_allclose(log_odds_gradient(z, 0), [[1, -1 / (1 + np.e), -np.e / (1 + np.e)]], rtol=1e-6)


def of_one_logit(k):
    """The slope of logit k alone."""
    return lambda logits: np.eye(logits.shape[1])[np.full(len(logits), k)]


@pytest.mark.parametrize("baseline", [0.0, np.array([1.0, -2.0, 0.5, 3.0])])
def test_in_a_linear_network_the_evidence_adds_up_to_what_the_logit_gained_over_the_baselines(baseline):
    network, X = make_network([Dense(4, 6), BatchNorm(6), Dense(6, 3)]), rows()
    evidence = gradient_times_input(input_gradient(network, X, of_one_logit(1)), X, baseline)
    at_baseline = network.logits(np.broadcast_to(baseline, (1, 4)))[0, 1]
    np.testing.assert_allclose(evidence.sum(axis=1), network.logits(X)[:, 1] - at_baseline, rtol=1e-10)


def test_in_a_linear_network_of_two_classes_the_log_odds_are_shared_out_wholly():
    network, X = make_network([Dense(4, 2)]), rows()
    evidence = gradient_times_input(input_gradient(network, X, lambda z: log_odds_gradient(z, 1)), X)
    bias = network.params.views[0]["b"]
    np.testing.assert_allclose(evidence.sum(axis=1), log_odds(network.logits(X), 1) - (bias[1] - bias[0]), rtol=1e-10)


def test_relus_without_biases_share_out_the_whole_logit():
    """Such a network is homogeneous, f(tx) = t f(x) for t > 0, and Euler's theorem holds: x · grad f(x) = f(x)."""
    network, X = Network(multilayer_perceptron(4, [8, 5], 3), np.random.default_rng(0), dtype=np.float64), rows()
    evidence = gradient_times_input(input_gradient(network, X, of_one_logit(2)), X)
    np.testing.assert_allclose(evidence.sum(axis=1), network.logits(X)[:, 2], rtol=1e-10, atol=1e-12)


def gradient_of(network):
    return lambda X: input_gradient(network, X, lambda z: log_odds_gradient(z, 1))


def test_smoothing_changes_no_gradient_that_is_the_same_everywhere():
    gradient, x = gradient_of(make_network([Dense(4, 2)])), rows()[0]
    np.testing.assert_allclose(smooth_gradient(gradient, x, np.random.default_rng(0)), gradient(x[np.newaxis])[0])


def test_without_noise_or_in_a_row_without_range_the_gradient_is_left_as_it_is():
    gradient = gradient_of(make_network(multilayer_perceptron(4, [8], 3)))
    for x, noise in ((rows()[0], 0), (np.full(4, 0.3), 0.15)):
        smoothed = smooth_gradient(gradient, x, np.random.default_rng(0), noise=noise)
        np.testing.assert_allclose(smoothed, gradient(x[np.newaxis])[0])


def test_the_same_seed_smooths_alike_and_more_copies_come_nearer_to_each_other():
    gradient, x = gradient_of(make_network(multilayer_perceptron(4, [40], 3))), rows()[0]

    def smoothed(seed, copies):
        return smooth_gradient(gradient, x, np.random.default_rng(seed), copies, noise=0.5)

    np.testing.assert_array_equal(smoothed(0, 20), smoothed(0, 20))
    few, many = (np.std([smoothed(seed, copies) for seed in range(20)], axis=0).mean() for copies in (5, 500))
    assert many < few / 5


@pytest.mark.parametrize("activation", ["relu", "gelu", "tanh"])
@pytest.mark.parametrize("normalization", [None, "layer"])
def test_what_the_way_from_zero_gives_each_number_adds_up_to_what_the_answer_gained(activation, normalization):
    network = make_network(multilayer_perceptron(4, [16, 8], 3, activation, normalization=normalization))
    for x in rows(3):
        mean = integrate_gradient(lambda X: input_gradient(network, X, lambda z: log_odds_gradient(z, 1)), x, 500)
        empty, full = log_odds(network.logits(np.stack([0 * x, x])), 1)
        np.testing.assert_allclose((mean * x).sum(), full - empty, atol=5e-3)


def test_a_network_of_some_columns_does_what_the_whole_one_does_where_the_others_are_zero():
    network, X = make_network(multilayer_perceptron(4, [8], 3, "relu", dropout=0.3, normalization="batch")), rows()
    X[:, [0, 2]] = 0
    columns = np.array([1, 3])
    np.testing.assert_allclose(narrow_network(network, columns).logits(X[:, columns]), network.logits(X), rtol=1e-12)
