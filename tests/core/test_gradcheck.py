import numpy as np
import pytest

from backprop_core.activations import ACTIVATIONS
from backprop_core.gradcheck import TOLERANCE, check_gradients, relative_error
from backprop_core.layers import Activate, Dense, Dropout, multilayer_perceptron
from backprop_core.losses import SoftmaxCrossEntropy, SquaredError
from backprop_core.network import Network

LOSSES = {"cross_entropy": SoftmaxCrossEntropy(), "smoothed": SoftmaxCrossEntropy(0.1), "squared": SquaredError()}


def case(layers, loss, seed=0, dtype=np.float64):
    """A network with biases that are not zero, a few rows, and targets of the loss's kind."""
    rng = np.random.default_rng(seed)
    network = Network(layers, dtype, rng)
    biases = network.params.flat[network.params.n_weights :]
    biases[...] = rng.normal(0, 0.3, len(biases))
    X = rng.normal(size=(5, 4))
    y = rng.normal(size=(5, 3)) if isinstance(loss, SquaredError) else rng.integers(0, 3, 5)
    return network, loss, X, y, rng


def worst(records):
    return max(record["error"] for record in records)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES.keys())
@pytest.mark.parametrize("dropout", [0.0, 0.3])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_backpropagation_agrees_with_central_differences(activation, dropout, loss):
    layers = multilayer_perceptron(4, [6, 5], 3, activation, dropout, input_dropout=dropout / 2)
    records = check_gradients(*case(layers, loss), samples=10)
    assert worst(records) < TOLERANCE
    assert all(record["n_checked"] > 0 for record in records)


def test_every_parameter_of_every_layer_and_the_input_are_checked():
    records = check_gradients(*case(multilayer_perceptron(4, [6], 3, "tanh"), LOSSES["cross_entropy"]), samples=10)
    checked = [(record["layer"], record["parameter"], record["n_checked"]) for record in records]
    assert checked == [
        ("input", "X", 10), ("0 dense", "W", 10), ("0 dense", "b", 6), ("2 dense", "W", 10), ("2 dense", "b", 3)
    ]  # fmt: skip


@pytest.mark.parametrize("layers", [[Dense(4, 3), Activate("tanh")], [Dense(4, 3), Activate("tanh"), Dropout(0.3)]])
def test_a_network_that_does_not_end_in_a_dense_layer_is_right_too(layers):
    assert worst(check_gradients(*case(layers, SquaredError()))) < TOLERANCE


class WrongActivate(Activate):
    """A tanh that claims another derivative."""

    def __init__(self, derivative):
        super().__init__("tanh")
        self._derivative = derivative


class WrongDense(Dense):
    """A dense layer that forgets to add up the rows of its bias's error."""

    def forward(self, params, x, scratch, training=False, rng=None):
        y, backward = super().forward(params, x, scratch, training, rng)

        def wrong(dy, grads, input_error=True):
            dx = backward(dy, grads, input_error)
            grads["b"][...] = dy[0]
            return dx

        return y, wrong


@pytest.mark.parametrize(
    "derivative",
    [
        lambda z, a, da, out: np.multiply(da, 1 - a, out=out),
        lambda z, a, da, out: np.multiply(da, (1 - a * a) * (1 + 1e-5), out=out),
        lambda z, a, da, out: out,
    ],
    ids=["wrong formula", "off by a hundred-thousandth", "left out"],
)
def test_a_wrong_derivative_is_caught_in_the_layers_behind_it(derivative):
    layers = [Dense(4, 6), WrongActivate(derivative), Dense(6, 3)]
    errors = {r["layer"]: r["error"] for r in check_gradients(*case(layers, LOSSES["cross_entropy"]))}
    assert errors["0 dense"] > TOLERANCE
    assert errors["input"] > TOLERANCE
    assert errors["2 dense"] < TOLERANCE


def test_a_wrong_parameter_gradient_is_caught_and_named():
    layers = [Dense(4, 6), Activate("tanh"), WrongDense(6, 3)]
    records = check_gradients(*case(layers, LOSSES["cross_entropy"]))
    assert [(r["layer"], r["parameter"]) for r in records if r["error"] > TOLERANCE] == [("2 dense", "b")]


def test_a_loss_that_is_not_the_one_its_gradient_belongs_to_is_caught():
    class SummedError(SquaredError):
        def loss(self, logits, target):
            return super().loss(logits, target) * len(logits)

    records = check_gradients(*case(multilayer_perceptron(4, [6], 3, "tanh"), SummedError()))
    assert worst(records) > 0.5


def test_the_kinks_of_relu_are_passed_over():
    # All inputs and biases are 0, so every unit sits exactly on its kink, and moving a bias always crosses it.
    network = Network([Dense(4, 6), Activate("relu"), Dense(6, 3)], np.float64, np.random.default_rng(0))
    X, y = np.zeros((2, 4)), np.array([0, 1])
    records = check_gradients(network, SoftmaxCrossEntropy(), X, y, np.random.default_rng(0))
    n_checked = {(r["layer"], r["parameter"]): r["n_checked"] for r in records}
    assert n_checked["0 dense", "b"] == 0
    assert n_checked["2 dense", "b"] == 3
    assert worst(records) < TOLERANCE


def test_a_float32_network_and_its_rows_are_left_as_they_are():
    network, loss, X, y, rng = case(
        multilayer_perceptron(4, [6], 3, dropout=0.5), LOSSES["cross_entropy"], 0, np.float32
    )
    params, kept = network.params.flat.copy(), X.copy()
    assert worst(check_gradients(network, loss, X, y, rng)) < TOLERANCE
    np.testing.assert_array_equal(network.params.flat, params)
    np.testing.assert_array_equal(X, kept)


def test_the_same_seed_checks_the_same_numbers():
    first, second = (check_gradients(*case(multilayer_perceptron(4, [6], 3), LOSSES["squared"])) for _ in range(2))
    assert first == second


def test_the_relative_error_is_fair_to_large_and_to_vanishing_gradients():
    assert relative_error(1000.0, 1001.0) == pytest.approx(1e-3, rel=1e-2)
    assert relative_error(0.0, 0.0) == 0
    assert relative_error(0.0, 1e-13) < TOLERANCE
    assert relative_error(1.0, -1.0) == 2
    assert relative_error(float("nan"), 1.0) == float("inf")
