import json

import numpy as np
import pytest

from backprop_core.architecture import layer_from
from backprop_core.errors import BackpropError
from backprop_core.layers import Activate, Dense
from backprop_core.network import Network
from backprop_core.noise import Dropout
from backprop_core.normalization import BatchNorm
from backprop_core.residual import Residual
from backprop_core.scratch import Scratch


def arrays(layer, dtype=np.float64, seed=0):
    shapes = {**layer.parameter_shapes, **layer.statistic_shapes}
    params = {name: np.zeros(shape, dtype) for name, shape in shapes.items()}
    layer.initialize(params, np.random.default_rng(seed))
    return params


def gradients(layer, dtype=np.float64):
    return {name: np.full(shape, np.nan, dtype) for name, shape in layer.parameter_shapes.items()}


def block():
    return Residual([Dense(4, 6), BatchNorm(6), Activate("tanh"), Dense(6, 4), Activate("relu")])


X = np.random.default_rng(0).normal(size=(7, 4))
DY = np.random.default_rng(1).normal(size=(7, 4))


def test_one_row_worked_by_hand():
    # x = [1 2], W = [1 0; 0 3], b = [0 1]: inner = [1 7], y = x + inner = [2 9]
    # dy = [1 2]: dW = x^T dy = [1 2; 2 4], dx = dy + dy W^T = [1 + 1, 2 + 6] = [2 8]
    layer = Residual([Dense(2, 2)])
    params = {"0.W": np.array([[1.0, 0], [0, 3]]), "0.b": np.array([0.0, 1])}
    grads = gradients(layer)
    y, backward = layer.forward(params, np.array([[1.0, 2]]), Scratch(float))
    assert y.tolist() == [[2, 9]]
    assert backward(np.array([[1.0, 2]]), grads).tolist() == [[2, 8]]
    assert grads["0.W"].tolist() == [[1, 2], [2, 4]]
    assert grads["0.b"].tolist() == [1, 2]


def test_inner_layers_that_give_nothing_leave_the_signal_and_its_error_as_they_are():
    layer = block()
    params = {name: np.zeros_like(array) for name, array in arrays(layer).items()}
    y, backward = layer.forward(params, X, Scratch(float), training=True)
    np.testing.assert_array_equal(y, X)
    np.testing.assert_array_equal(backward(DY.copy(), gradients(layer)), DY)


def test_it_is_the_input_plus_what_the_same_layers_give_in_a_row():
    layer = block()
    plain = Network.blank(layer.layers, np.float64)
    params = arrays(layer)
    for i, views in enumerate(plain.params.views):
        for name, array in views.items():
            array[...] = params[f"{i}.{name}"]
    y, backward = layer.forward(params, X, Scratch(float), training=True)
    inner, inner_backward = plain.forward(X, training=True)
    np.testing.assert_allclose(y, X + inner, rtol=1e-12)
    grads, plain_grads = gradients(layer), plain.zero_gradients()
    backward(DY.copy(), grads)
    inner_backward(DY.copy(), plain_grads)
    for i, views in enumerate(plain_grads.views):
        for name, array in views.items():
            np.testing.assert_allclose(grads[f"{i}.{name}"], array, rtol=1e-12)


@pytest.mark.parametrize(
    "inner",
    [
        [Dense(4, 4)],
        [Dense(4, 4), Activate("relu")],
        [Activate("tanh"), Dense(4, 4)],
        [Dense(4, 4), Dropout(0.5)],
        [Dropout(0.5), Dense(4, 4), BatchNorm(4)],
    ],
    ids=lambda inner: " ".join(layer.kind for layer in inner),
)
def test_what_the_inner_layers_overwrite_is_not_what_the_way_around_needs(inner):
    # The skip path's error is dy itself, whatever the inner layers made of theirs.
    layer, x = Residual(inner), X.copy()
    params = arrays(layer)
    y, backward = layer.forward(params, x, Scratch(float), True, np.random.default_rng(5))
    expected, pullbacks, rng = X, [], np.random.default_rng(5)
    for part, inner_layer in zip(layer._parts(params), inner, strict=True):
        expected, pullback = inner_layer.forward(part, expected, Scratch(float), True, rng)
        pullbacks.append(pullback)
    np.testing.assert_array_equal(y, X + expected)
    error = DY.copy()
    for pullback, part in zip(reversed(pullbacks), reversed(layer._parts(gradients(layer))), strict=True):
        error = pullback(error, part)
    np.testing.assert_allclose(backward(DY.copy(), gradients(layer)), DY + error, rtol=1e-12)
    np.testing.assert_array_equal(x, X)


def test_without_the_inputs_error_the_parameters_get_the_same_gradients():
    layer = Residual([Activate("tanh"), Dense(4, 4), Dense(4, 4)])
    with_error, without = gradients(layer), gradients(layer)
    layer.forward(arrays(layer), X, Scratch(float))[1](DY.copy(), with_error)
    assert layer.forward(arrays(layer), X, Scratch(float))[1](DY.copy(), without, input_error=False) is None
    for name in with_error:
        np.testing.assert_array_equal(with_error[name], without[name])


def test_the_second_step_asks_for_no_new_memory():
    class Counting(Scratch):
        """Scratch memory that keeps the addresses of what it hands out."""

        def __init__(self):
            super().__init__(float)
            self.handed_out = {}

        def __call__(self, name, shape):
            array = super().__call__(name, shape)
            self.handed_out.setdefault(name, set()).add(array.ctypes.data)
            return array

    layer, scratch = Residual([*block().layers, Residual([Dense(4, 4), Dense(4, 4)])]), Counting()
    params = arrays(layer)
    for _ in range(3):
        layer.forward(params, X, scratch, training=True)[1](DY.copy(), gradients(layer))
    assert all(len(addresses) == 1 for addresses in scratch.handed_out.values())
    assert {"0.y", "3.y", "5.0.y", "5.1.y", "5.y", "y"} <= scratch.handed_out.keys()


def test_running_statistics_of_inner_layers_are_kept_by_the_network():
    network = Network([block(), Dense(4, 2)], np.random.default_rng(0), dtype=np.float64)
    assert network.layers[0].statistic_shapes == {"1.running_mean": (6,), "1.running_var": (6,)}
    kept = network.statistics.flat.copy()
    network.forward(X)
    np.testing.assert_array_equal(network.statistics.flat, kept)
    network.forward(X, training=True)
    assert (network.statistics.flat != kept).any()


def test_a_description_through_json_builds_the_same_layer_again():
    layer = Residual([Dense(4, 4), Residual([Dense(4, 4, "he_uniform"), BatchNorm(4, 0.3)]), Dropout(0.2)])
    description = json.loads(json.dumps(layer.describe()))
    again = layer_from({"kind": "residual", **description})
    assert again.describe() == layer.describe()
    assert list(again.parameter_shapes) == ["0.W", "0.b", "1.0.W", "1.0.b", "1.1.gamma", "1.1.beta"]
    assert again.parameter_shapes == layer.parameter_shapes


def test_a_network_of_residual_connections_comes_back_from_its_description():
    network = Network([block(), Dense(4, 2)], np.random.default_rng(0), dtype=np.float64)
    again = Network.from_description(network.describe(), np.float64)
    again.params.flat[...], again.statistics.flat[...] = network.params.flat, network.statistics.flat
    np.testing.assert_array_equal(again.logits(X), network.logits(X))
    assert (again.n_features, again.n_outputs) == (4, 2)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_is_kept(dtype):
    network = Network([block(), Dense(4, 2)], np.random.default_rng(0), dtype=dtype)
    logits, backward = network.forward(X.astype(dtype), training=True)
    assert logits.dtype == dtype
    assert np.isfinite(backward(np.ones_like(logits), network.zero_gradients()).flat).all()


@pytest.mark.parametrize(
    ("inner", "message"),
    [
        ([Dense(4, 3)], "4 inputs to 3 outputs"),
        ([Activate("relu")], "dense layer"),
        ([], "dense layer"),
    ],
)
def test_what_cannot_be_added_up_is_refused(inner, message):
    with pytest.raises(BackpropError, match=message):
        Residual(inner)


def test_an_unknown_inner_layer_of_a_description_is_named():
    inner = [{"kind": "dens", "fan_in": 2, "fan_out": 2}]
    with pytest.raises(BackpropError, match="'dens' is unknown; did you mean 'dense'"):
        layer_from({"kind": "residual", "layers": inner})
