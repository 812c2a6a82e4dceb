import numpy as np
import pytest
from scipy.special import erf, expit

from backprop_core.activations import ACTIVATIONS, LEAK

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
