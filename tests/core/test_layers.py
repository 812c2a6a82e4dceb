import numpy as np
import pytest

from backprop_core.activations import Activation
from backprop_core.errors import BackpropError
from backprop_core.layers import Activate, Dense
from backprop_core.scratch import Scratch


def test_a_dense_layer_is_a_weighted_sum_and_its_way_back_is_the_transpose():
    # x = [1 2], W = [1 0 2; 3 -1 0], b = [0 0 1]:  y = [1 + 6, -2, 2 + 1] = [7 -2 3]
    # dy = [1 0 2]:  dW = x^T dy = [1 0 2; 2 0 4],  db = [1 0 2],  dx = dy W^T = [1 + 4, 3] = [5 3]
    params = {"W": np.array([[1.0, 0, 2], [3, -1, 0]]), "b": np.array([0.0, 0, 1])}
    grads = {name: np.full_like(array, np.nan) for name, array in params.items()}
    y, backward = Dense(2, 3).forward(params, np.array([[1.0, 2]]), Scratch(float))
    dx = backward(np.array([[1.0, 0, 2]]), grads)
    assert y.tolist() == [[7, -2, 3]]
    assert dx.tolist() == [[5, 3]]
    assert grads["W"].tolist() == [[1, 0, 2], [2, 0, 4]]
    assert grads["b"].tolist() == [1, 0, 2]


def test_a_dense_layer_adds_the_errors_of_all_rows_up():
    rng = np.random.default_rng(0)
    params = {"W": rng.normal(size=(4, 3)), "b": rng.normal(size=3)}
    x, dy = rng.normal(size=(5, 4)), rng.normal(size=(5, 3))

    def gradients(rows):
        grads = {"W": np.empty((4, 3)), "b": np.empty(3)}
        Dense(4, 3).forward(params, x[rows], Scratch(float))[1](dy[rows].copy(), grads)
        return grads

    together, alone = gradients(slice(None)), [gradients([i]) for i in range(5)]
    for name in together:
        np.testing.assert_allclose(together[name], sum(grads[name] for grads in alone), rtol=1e-12)


def test_a_dense_layer_leaves_the_inputs_error_out_where_nobody_needs_it():
    params = {"W": np.ones((2, 1)), "b": np.zeros(1)}
    grads = {"W": np.empty((2, 1)), "b": np.empty(1)}
    _, backward = Dense(2, 1).forward(params, np.ones((3, 2)), Scratch(float))
    assert backward(np.ones((3, 1)), grads, input_error=False) is None
    assert grads["W"].tolist() == [[3], [3]]


def test_an_activation_layer_passes_the_error_through_its_derivative():
    x = np.array([[-1.0, 2.0]])
    y, backward = Activate("relu").forward({}, x, Scratch(float))
    assert y.tolist() == [[0, 2]]
    assert backward(np.array([[5.0, 7.0]]), {}).tolist() == [[0, 7]]


@pytest.mark.parametrize("layer", [Dense(3, 3), Activate("tanh")], ids=lambda layer: layer.kind)
def test_the_input_is_left_untouched_in_both_directions(layer):
    x = np.random.default_rng(0).normal(size=(4, 3))
    kept = x.copy()
    params = {name: np.ones(shape) for name, shape in layer.parameter_shapes.items()}
    grads = {name: np.ones(shape) for name, shape in layer.parameter_shapes.items()}
    _, backward = layer.forward(params, x, Scratch(float), training=True, rng=np.random.default_rng(0))
    backward(np.ones((4, 3)), grads)
    np.testing.assert_array_equal(x, kept)


def test_an_activation_of_the_users_own_goes_where_a_name_goes():
    square = Activation(
        "square", lambda z, out: np.multiply(z, z, out=out), lambda z, a, da, out: np.multiply(da, 2 * z, out=out)
    )
    layer = Activate(square)
    y, backward = layer.forward({}, np.array([[-1.0, 3.0]]), Scratch(float))
    assert y.tolist() == [[1, 9]]
    assert backward(np.array([[1.0, 1.0]]), {}).tolist() == [[-2, 6]]
    assert layer.describe() == {"activation": "square"}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Dense(0, 3), "0 inputs"),
        (lambda: Dense(3, -1), "-1 outputs"),
        (lambda: Dense(3, 3, "he_normla"), "initializer 'he_normla' is unknown; did you mean 'he_normal'"),
        (lambda: Activate("rleu"), "did you mean 'relu'"),
        (lambda: Activate(None), "activation None is unknown"),
    ],
)
def test_a_layer_that_makes_no_sense_is_refused(make, message):
    with pytest.raises(BackpropError, match=message):
        make()


def test_scratch_hands_out_the_same_memory_for_the_same_name_and_other_memory_for_another():
    scratch = Scratch(np.float32)
    large = scratch("y", (8, 3))
    large[:] = 1
    assert np.shares_memory(large, scratch("y", (5, 3)))
    assert not np.shares_memory(large, scratch("dx", (8, 3)))
    assert scratch("y", (9, 3)).shape == (9, 3)
    assert scratch("y", (5, 3)).flags.c_contiguous
    assert scratch("y", (5, 3)).dtype == np.float32
