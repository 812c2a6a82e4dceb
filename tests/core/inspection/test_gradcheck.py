import numpy as np
import pytest

from backprop_core.activations import ACTIVATIONS, Activation
from backprop_core.architecture import multilayer_perceptron
from backprop_core.inspection.gradcheck import TOLERANCE, check_gradients, relative_error, verdict
from backprop_core.layers import Activate, Dense
from backprop_core.losses import LogisticCrossEntropy, SoftmaxCrossEntropy
from backprop_core.network import Network
from backprop_core.noise import Dropout, GaussianNoise
from backprop_core.normalization import BatchNorm, LayerNorm
from backprop_core.regression_losses import OwnLoss, PoissonLoss, SquaredError
from backprop_core.residual import Residual


def quartic(logits, target):
    return ((logits - target) ** 4).sum(axis=1)


def quartic_gradient(logits, target):
    return 4 * (logits - target) ** 3


def classes(rng):
    return rng.integers(0, 3, 5)


def shares(rng):
    return rng.dirichlet(np.ones(3), 5)


def amounts(rng):
    return rng.normal(size=(5, 3))


# Each loss, and how its targets are drawn.
LOSSES = {
    "cross_entropy": (SoftmaxCrossEntropy(), classes),
    "smoothed": (SoftmaxCrossEntropy(0.1), classes),
    "mixed": (SoftmaxCrossEntropy(), shares),
    "logistic": (LogisticCrossEntropy(), lambda rng: rng.integers(0, 2, (5, 3)).astype(float)),
    "squared": (SquaredError(), amounts),
    "poisson": (PoissonLoss(), lambda rng: rng.poisson(2, (5, 3)).astype(float)),
    "own": (OwnLoss(quartic, quartic_gradient), amounts),
}
every_loss = pytest.mark.parametrize("loss", LOSSES)
every_activation = pytest.mark.parametrize("activation", ACTIVATIONS)


def case(layers, loss="cross_entropy", seed=0, dtype=np.float64):
    """A network with biases that are not zero, a few rows, and targets of the loss's kind."""
    rng = np.random.default_rng(seed)
    network = Network(layers, rng, dtype=dtype)
    biases = network.params.flat[network.params.n_weights :]
    biases[...] = rng.normal(0.5, 0.3, len(biases))
    loss, targets = LOSSES[loss] if isinstance(loss, str) else (loss, amounts)
    return network, loss, rng.normal(size=(5, 4)), targets(rng), rng


def worst(records):
    return max(record["error"] for record in records)


@every_loss
@pytest.mark.parametrize("residual", [False, True], ids=["plain", "residual"])
@pytest.mark.parametrize("normalization", [None, "batch", "layer"])
@every_activation
def test_backpropagation_agrees_with_central_differences(activation, normalization, residual, loss):
    layers = multilayer_perceptron(4, [4, 6], 3, activation, normalization=normalization, residual=residual)
    records = check_gradients(*case(layers, loss), samples=2)
    assert worst(records) < TOLERANCE
    assert all(record["n_checked"] > 0 for record in records)


@pytest.mark.parametrize("residual", [False, True], ids=["plain", "residual"])
@pytest.mark.parametrize("normalization", [None, "batch", "layer"])
@every_activation
def test_dropout_and_noise_are_the_same_in_every_evaluation(activation, normalization, residual):
    additions = {"dropout": 0.3, "input_dropout": 0.15, "normalization": normalization, "residual": residual}
    layers = multilayer_perceptron(4, [4, 6], 3, activation, input_noise=0.5, **additions)
    assert worst(check_gradients(*case(layers), samples=5)) < TOLERANCE


LAYERS_ALONE = {
    "dense": [Dense(4, 3)],
    "dropout": [Dropout(0.3), Dense(4, 3)],
    "noise": [GaussianNoise(0.3), Dense(4, 3)],
    "batch norm first": [BatchNorm(4), Dense(4, 3)],
    "batch norm last": [Dense(4, 3), BatchNorm(3)],
    "layer norm first": [LayerNorm(4), Dense(4, 3)],
    "layer norm last": [Dense(4, 3), LayerNorm(3)],
    "residual first": [Residual([Dense(4, 4), Activate("relu")]), Dense(4, 3)],
    "residual last": [Dense(4, 3), Residual([Activate("tanh"), Dense(3, 3)])],
    "residual of two": [Residual([Dense(4, 6), BatchNorm(6), Activate("relu"), Dense(6, 4)]), Dense(4, 3)],
    "residual in residual": [
        Residual([Dense(4, 4), Residual([LayerNorm(4), Activate("gelu"), Dense(4, 4)]), Activate("relu")]),
        Dense(4, 3),
    ],
}


@every_loss
@pytest.mark.parametrize("layers", LAYERS_ALONE.values(), ids=LAYERS_ALONE.keys())
def test_every_layer_is_right_alone_first_and_last(layers, loss):
    records = check_gradients(*case(layers, loss))
    assert worst(records) < TOLERANCE
    assert all(record["n_checked"] > 0 for record in records)


def test_the_parameters_inside_a_residual_connection_are_checked_one_by_one():
    records = check_gradients(*case(LAYERS_ALONE["residual in residual"]))
    inside = [record["parameter"] for record in records if record["layer"] == "0 residual"]
    assert inside == ["0.W", "1.2.W", "0.b", "1.0.gamma", "1.0.beta", "1.2.b"]


def test_running_statistics_are_not_moved():
    network, loss, X, y, rng = case(LAYERS_ALONE["residual of two"])
    network.forward(X, training=True)
    kept = network.statistics.flat.copy()
    assert worst(check_gradients(network, loss, X, y, rng)) < TOLERANCE
    np.testing.assert_array_equal(network.statistics.flat, kept)


def test_a_single_row_is_normalised_by_the_running_statistics_and_is_right_too():
    network, loss, X, y, rng = case(multilayer_perceptron(4, [6], 3, "tanh", normalization="batch"))
    network.forward(X, training=True)
    records = check_gradients(network, loss, X[:1], y[:1], rng)
    assert worst(records) < TOLERANCE
    assert max(record["error"] for record in records if record["layer"] == "0 dense") > 0


def test_an_activation_of_ones_own_is_checked_too():
    def hard_tanh(z, out):
        return np.clip(z, -1, 1, out=out)

    def hard_tanh_derivative(z, a, da, out):
        return np.multiply(da, np.abs(z) < 1, out=out)

    hard = Activation("hard_tanh", hard_tanh, hard_tanh_derivative, kinks=(-1.0, 1.0))
    wrong = Activation("wrong_tanh", np.tanh, hard_tanh_derivative)
    assert worst(check_gradients(*case([Dense(4, 40), Activate(hard), Dense(40, 3)]), samples=100)) < TOLERANCE
    assert worst(check_gradients(*case([Dense(4, 40), Activate(wrong), Dense(40, 3)]))) > TOLERANCE


def test_a_column_major_input_is_checked_too():
    network, loss, X, y, rng = case(multilayer_perceptron(4, [6], 3, "tanh"))
    assert worst(check_gradients(network, loss, np.asfortranarray(X), y, rng)) < TOLERANCE


def test_every_parameter_of_every_layer_and_the_input_are_checked():
    records = check_gradients(*case(multilayer_perceptron(4, [6], 3, "tanh")), samples=10)
    checked = [(record["layer"], record["parameter"], record["n_checked"]) for record in records]
    assert checked == [
        ("input", "X", 10), ("0 dense", "W", 10), ("0 dense", "b", 6), ("2 dense", "W", 10), ("2 dense", "b", 3)
    ]  # fmt: skip


@pytest.mark.parametrize("layers", [[Dense(4, 3), Activate("tanh")], [Dense(4, 3), Activate("tanh"), Dropout(0.3)]])
def test_a_network_that_does_not_end_in_a_dense_layer_is_right_too(layers):
    assert worst(check_gradients(*case(layers, SquaredError()))) < TOLERANCE


def test_the_verdict_is_no_pass_where_nothing_was_checked():
    assert verdict({"n_checked": 3, "error": 1e-9}) == "ok"
    assert verdict({"n_checked": 3, "error": 1e-3}) == "wrong"
    assert verdict({"n_checked": 3, "error": float("inf")}) == "wrong"
    assert verdict({"n_checked": 0, "error": 0.0}) == "not checked"


class WrongActivate(Activate):
    """A tanh that claims another derivative."""

    def __init__(self, derivative):
        super().__init__(Activation("wrong", np.tanh, derivative))


class WrongResidual(Residual):
    """A residual connection that forgets the error of its way around."""

    def forward(self, params, x, scratch, training=False, rng=None):
        y, backward = super().forward(params, x, scratch, training, rng)

        def wrong(dy, grads, input_error=True):
            kept = dy.copy()
            dx = backward(dy, grads, input_error)
            return dx - kept

        return y, wrong


def test_a_residual_connection_that_loses_the_way_around_is_caught():
    layers = [Dense(4, 6), WrongResidual([Dense(6, 6), Activate("tanh")]), Dense(6, 3)]
    wrong = {r["layer"] for r in check_gradients(*case(layers)) if verdict(r) == "wrong"}
    assert wrong == {"input", "0 dense"}


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
    errors = {r["layer"]: r["error"] for r in check_gradients(*case(layers))}
    assert errors["0 dense"] > TOLERANCE
    assert errors["input"] > TOLERANCE
    assert errors["2 dense"] < TOLERANCE


def test_a_wrong_parameter_gradient_is_caught_and_named():
    layers = [Dense(4, 6), Activate("tanh"), WrongDense(6, 3)]
    records = check_gradients(*case(layers))
    assert [(r["layer"], r["parameter"]) for r in records if r["error"] > TOLERANCE] == [("2 dense", "b")]


def test_a_loss_that_is_not_the_one_its_gradient_belongs_to_is_caught():
    class SummedError(SquaredError):
        def loss(self, logits, target):
            return super().loss(logits, target) * len(logits)

    records = check_gradients(*case(multilayer_perceptron(4, [6], 3, "tanh"), SummedError()))
    assert worst(records) > 0.5


def test_the_kinks_of_relu_are_passed_over():
    # All inputs and biases are 0, so every unit sits exactly on its kink, and moving a bias always crosses it.
    network = Network([Dense(4, 6), Activate("relu"), Dense(6, 3)], np.random.default_rng(0), dtype=np.float64)
    X, y = np.zeros((2, 4)), np.array([0, 1])
    records = check_gradients(network, SoftmaxCrossEntropy(), X, y, np.random.default_rng(0))
    n_checked = {(r["layer"], r["parameter"]): r["n_checked"] for r in records}
    assert n_checked["0 dense", "b"] == 0
    assert {verdict(r) for r in records if r["parameter"] == "b"} == {"not checked", "ok"}
    assert n_checked["2 dense", "b"] == 3
    assert worst(records) < TOLERANCE


def test_a_float32_network_and_its_rows_are_left_as_they_are():
    network, loss, X, y, rng = case(
        multilayer_perceptron(4, [6], 3, dropout=0.5, normalization="batch"), dtype=np.float32
    )
    params, kept = network.params.flat.copy(), X.copy()
    assert worst(check_gradients(network, loss, X, y, rng)) < TOLERANCE
    np.testing.assert_array_equal(network.params.flat, params)
    np.testing.assert_array_equal(X, kept)


def test_the_same_seed_checks_the_same_numbers():
    first, second = (check_gradients(*case(multilayer_perceptron(4, [6], 3), "squared")) for _ in range(2))
    assert first == second


def test_the_relative_error_is_fair_to_large_and_to_vanishing_gradients():
    assert relative_error(1000.0, 1001.0) == pytest.approx(1e-3, rel=1e-2)
    assert relative_error(0.0, 0.0) == 0
    assert relative_error(0.0, 1e-13) < TOLERANCE
    assert relative_error(1.0, -1.0) == 2
    assert relative_error(float("nan"), 1.0) == float("inf")


def test_where_the_loss_bends_sharply_the_differences_are_taken_closer():
    # Three rows that a unit barely tells apart: normalised by their tiny spread, the loss bends within a step's length.
    network, loss, X, y, rng = case([Dense(4, 2), BatchNorm(2), Dense(2, 3)])
    X[:] = X[0] + 1e-2 * X
    records = check_gradients(network, loss, X, y, rng)
    assert worst(records) < TOLERANCE
    assert all(record["n_checked"] > 0 for record in records)


def test_a_kink_inside_a_residual_connection_is_kept_away_from_too():
    layers = [Residual([Dense(4, 4), Activate("relu")]), Dense(4, 3)]
    network, loss, X, y, rng = case(layers)
    network.params.views[0]["0.b"][...] = 0
    network.params.views[0]["0.W"][...] = 0  # every unit sits at its kink, whichever weight before it is moved
    records = {
        record["parameter"]: record
        for record in check_gradients(network, loss, X, y, rng)
        if record["layer"] == "0 residual"
    }
    assert records["0.b"]["n_checked"] == records["0.W"]["n_checked"] == 0
