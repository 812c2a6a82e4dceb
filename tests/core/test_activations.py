import numpy as np
import pytest
from scipy.special import erf, expit

from backprop_core.activations import ACTIVATIONS, LEAK, Activation, find
from backprop_core.errors import BackpropError

Z = np.concatenate([np.linspace(-6, 6, 97) + 0.01, [-30.0, 30.0]])
EXTREMES = [-1e18, -1e4, -100.0, -1.0, 0.0, 1.0, 100.0, 1e4, 1e18]

ORACLES = {
    "identity": lambda z: z,
    "relu": lambda z: np.where(z > 0, z, 0),
    "leaky_relu": lambda z: np.where(z > 0, z, LEAK * z),
    "tanh": lambda z: 2 * expit(2 * z) - 1,
    "logistic": expit,
    "softplus": lambda z: -np.log(expit(-z)),
    "elu": lambda z: np.where(z > 0, z, np.exp(np.minimum(z, 0)) - 1),
    "silu": lambda z: z * expit(z),
    "gelu": lambda z: z * 0.5 * (1 + erf(z / np.sqrt(2))),
}

every_activation = pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS.keys())


def value(activation, z):
    return activation.function(z, np.empty_like(z))


def slope(activation, z, da=None):
    da = np.ones_like(z) if da is None else da
    return activation.derivative(z, value(activation, z), da, np.empty_like(z))


def test_every_activation_has_an_oracle():
    assert ORACLES.keys() == ACTIVATIONS.keys()


@every_activation
def test_the_value_is_the_formulas(activation):
    np.testing.assert_allclose(value(activation, Z), ORACLES[activation.name](Z), rtol=1e-12, atol=1e-12)


@every_activation
def test_the_derivative_is_the_slope_of_the_function(activation):
    h = 1e-5
    numerical = (value(activation, Z + h) - value(activation, Z - h)) / (2 * h)
    np.testing.assert_allclose(slope(activation, Z), numerical, rtol=1e-6, atol=1e-9)


@every_activation
def test_the_derivative_multiplies_the_error_it_is_given(activation):
    da = np.random.default_rng(0).normal(size=Z.shape)
    np.testing.assert_allclose(slope(activation, Z, da), da * slope(activation, Z), rtol=1e-12)


@every_activation
def test_the_result_may_overwrite_the_error_it_came_from(activation):
    da = np.random.default_rng(0).normal(size=Z.shape)
    expected = slope(activation, Z, da)
    returned = activation.derivative(Z, value(activation, Z), da, da)
    assert returned is da
    np.testing.assert_array_equal(da, expected)


@every_activation
def test_z_and_a_are_left_untouched_on_the_way_back(activation):
    z, a = Z.copy(), value(activation, Z)
    kept = a.copy()
    activation.derivative(z, a, np.ones_like(z), np.empty_like(z))
    np.testing.assert_array_equal(z, Z)
    np.testing.assert_array_equal(a, kept)


@every_activation
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_extreme_inputs_neither_overflow_nor_turn_into_nan(activation, dtype):
    z = np.array(EXTREMES, dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        assert np.isfinite(value(activation, z)).all()
        assert np.isfinite(slope(activation, z)).all()


@every_activation
def test_float32_stays_float32(activation):
    z = Z.astype(np.float32)
    assert value(activation, z).dtype == slope(activation, z).dtype == np.float32


@every_activation
def test_float32_agrees_with_float64(activation):
    z = Z.astype(np.float32)
    np.testing.assert_allclose(value(activation, z), value(activation, z.astype(float)), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(slope(activation, z), slope(activation, z.astype(float)), rtol=1e-5, atol=1e-5)


@every_activation
def test_nan_and_infinity_are_not_swallowed(activation):
    # A network that diverges must be seen to: numbers that are none stay so.
    with np.errstate(invalid="ignore"):
        assert np.isnan(value(activation, np.array([np.nan]))).all()


@every_activation
def test_where_there_is_no_kink_the_slope_does_not_jump(activation):
    h = 1e-7
    for point in (-1.0, 0.0, 1.0):
        jump = abs(slope(activation, np.array([point + h])) - slope(activation, np.array([point - h])))
        assert point in activation.kinks or jump < 1e-5


def test_an_activation_of_ones_own_is_found_as_it_is():
    own = Activation(
        "cube", lambda z, out: np.power(z, 3, out=out), lambda z, a, da, out: np.multiply(da, 3 * z * z, out)
    )
    assert find(own) is own
    assert find("relu") is ACTIVATIONS["relu"]
    assert find(ACTIVATIONS["relu"]) is ACTIVATIONS["relu"]


def test_an_own_function_cannot_go_by_the_name_of_another():
    with pytest.raises(BackpropError, match="'relu' is the name of another function"):
        find(Activation("relu", np.sin, np.cos))


@pytest.mark.parametrize("name", ["Relu", "RELU", "relu "])
def test_an_unknown_name_is_answered_with_the_nearest(name):
    with pytest.raises(BackpropError, match="did you mean 'relu'"):
        find(name)


@pytest.mark.parametrize("nonsense", [None, 3, ["relu"], np.maximum])
def test_what_is_no_name_is_refused(nonsense):
    with pytest.raises(BackpropError, match="is unknown; choose one of identity, "):
        find(nonsense)
