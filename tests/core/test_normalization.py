import numpy as np
import pytest

from backprop_core.architecture import multilayer_perceptron
from backprop_core.errors import BackpropError
from backprop_core.losses import SoftmaxCrossEntropy
from backprop_core.network import Network
from backprop_core.normalization import NORMALIZATIONS, BatchNorm, LayerNorm
from backprop_core.scratch import Scratch

both = pytest.mark.parametrize("kind", NORMALIZATIONS.values(), ids=NORMALIZATIONS.keys())
either_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def arrays(layer, dtype=np.float64):
    """The parameters and statistics of a layer, as they are at the start."""
    shapes = {**layer.parameter_shapes, **layer.statistic_shapes}
    params = {name: np.full(shape, np.nan, dtype) for name, shape in shapes.items()}
    layer.initialize(params, np.random.default_rng(0))
    return params


def rows(n=12, width=5, dtype=np.float64, seed=0):
    return np.random.default_rng(seed).normal(3, 2, (n, width)).astype(dtype)


def run(layer, x, params=None, training=True):
    return layer.forward(params or arrays(layer, x.dtype), x, Scratch(x.dtype), training)[0].copy()


@either_dtype
@pytest.mark.parametrize(("kind", "axis"), [(BatchNorm, 0), (LayerNorm, 1)])
def test_what_comes_out_has_mean_0_and_spread_1_along_its_axis(kind, axis, dtype):
    y = run(kind(5), rows(dtype=dtype))
    assert y.dtype == dtype
    np.testing.assert_allclose(y.mean(axis=axis), 0, atol=1e-5)
    np.testing.assert_allclose(y.std(axis=axis), 1, atol=1e-4)


def test_two_rows_worked_by_hand():
    # The unit has the values 1 and 3: mean 2, var 1, xhat = -1 and 1 (eps is next to nothing), y = 10 + 2 xhat = 8, 12.
    # dy = (1, 3): dgamma = -1 + 3 = 2, dbeta = 4, dxhat = (2, 6); its mean 4 and its stretch (-2 + 6) / 2 = 2 go:
    # dx = (2 - 4 + 2, 6 - 4 - 2) = (0, 0); two rows can be standardised in one way only, so nothing is to be gained.
    layer = BatchNorm(1, eps=1e-30)
    params = {**arrays(layer), "gamma": np.array([2.0]), "beta": np.array([10.0])}
    y, backward = layer.forward(params, np.array([[1.0], [3.0]]), Scratch(float), training=True)
    assert y.tolist() == [[8], [12]]
    grads = {"gamma": np.empty(1), "beta": np.empty(1)}
    dx = backward(np.array([[1.0], [3.0]]), grads)
    assert (grads["gamma"], grads["beta"]) == (2, 4)
    assert dx.tolist() == [[0], [0]]


@both
def test_the_error_of_the_input_has_no_shift_and_no_stretch_left(kind):
    # x shifted, or stretched about its mean, gives the same y: the gradient has no share in these directions.
    layer, x = kind(5, eps=1e-12), rows()
    axis = 0 if kind is BatchNorm else 1
    _, backward = layer.forward(arrays(layer), x, Scratch(float), training=True)
    dx = backward(rows(seed=1), {"gamma": np.empty(5), "beta": np.empty(5)})
    assert np.abs(dx).max() > 0.01
    np.testing.assert_allclose(dx.sum(axis=axis), 0, atol=1e-12)
    np.testing.assert_allclose((dx * x).sum(axis=axis), 0, atol=1e-10)


@both
def test_without_the_inputs_error_the_parameters_get_the_same_gradients(kind):
    layer, x, gradients = kind(5), rows(), []
    for input_error in (True, False):
        grads = {"gamma": np.empty(5), "beta": np.empty(5)}
        dx = layer.forward(arrays(layer), x, Scratch(float), training=True)[1](rows(seed=1), grads, input_error)
        assert (dx is not None) == input_error
        gradients.append(np.concatenate([grads["gamma"], grads["beta"]]))
    np.testing.assert_array_equal(*gradients)


@both
def test_the_input_is_left_untouched_in_both_directions(kind):
    layer, x = kind(5), rows()
    _, backward = layer.forward(arrays(layer), x, Scratch(float), training=True)
    backward(rows(seed=1), {"gamma": np.empty(5), "beta": np.empty(5)})
    np.testing.assert_array_equal(x, rows())


@both
def test_float32_agrees_with_float64_both_ways(kind):
    results = []
    for dtype in (np.float32, np.float64):
        layer = kind(5)
        y, backward = layer.forward(arrays(layer, dtype), rows(dtype=dtype), Scratch(dtype), training=True)
        grads = {"gamma": np.empty(5, dtype), "beta": np.empty(5, dtype)}
        dx = backward(rows(dtype=dtype, seed=1), grads)
        assert y.dtype == dx.dtype == dtype
        results.append(np.concatenate([y.ravel(), dx.ravel(), *grads.values()]))
    np.testing.assert_allclose(*results, rtol=1e-4, atol=1e-5)


@both
def test_a_unit_that_never_varies_gives_beta_and_no_nan(kind):
    layer, x = kind(5), np.full((6, 5), 7.0)
    y, backward = layer.forward(arrays(layer), x, Scratch(float), training=True)
    np.testing.assert_array_equal(y, 0)
    assert np.isfinite(backward(np.ones((6, 5)), {"gamma": np.empty(5), "beta": np.empty(5)})).all()


def test_layer_normalisation_treats_every_row_alone():
    layer, x = LayerNorm(5), rows()
    alone = np.concatenate([run(layer, x[i : i + 1]) for i in range(len(x))])
    np.testing.assert_allclose(run(layer, x), alone, rtol=1e-12)
    np.testing.assert_array_equal(run(layer, x), run(layer, x, training=False))


def test_batch_normalisation_predicts_every_row_alone():
    layer, x = BatchNorm(5), rows()
    params = arrays(layer)
    run(layer, x, params)
    alone = np.concatenate([run(layer, x[i : i + 1], params, training=False) for i in range(len(x))])
    np.testing.assert_allclose(run(layer, x, params, training=False), alone, rtol=1e-12)


def test_the_running_statistics_are_weighted_means_of_those_of_the_batches():
    layer, params = BatchNorm(5, momentum=0.25), arrays(BatchNorm(5))
    mean, var = np.zeros(5), np.ones(5)
    for seed in range(4):
        x = rows(seed=seed)
        run(layer, x, params)
        mean, var = 0.75 * mean + 0.25 * x.mean(axis=0), 0.75 * var + 0.25 * x.var(axis=0, ddof=1)
    np.testing.assert_allclose(params["running_mean"], mean, rtol=1e-12)
    np.testing.assert_allclose(params["running_var"], var, rtol=1e-12)


def test_after_many_batches_prediction_sees_what_training_saw():
    layer, params = BatchNorm(5), arrays(BatchNorm(5))
    x = rows(2000)
    for _ in range(200):
        trained = run(layer, x, params)
    np.testing.assert_allclose(run(layer, x, params, training=False), trained, atol=2e-3)


def test_prediction_moves_no_running_statistics():
    layer, params = BatchNorm(5), arrays(BatchNorm(5))
    kept = {name: array.copy() for name, array in params.items()}
    run(layer, rows(), params, training=False)
    for name, array in params.items():
        np.testing.assert_array_equal(array, kept[name])


def test_one_row_in_training_is_treated_as_in_prediction_and_moves_nothing():
    layer, params = BatchNorm(5), arrays(BatchNorm(5))
    run(layer, rows(), params)
    kept = params["running_var"].copy()
    y, backward = layer.forward(params, rows(1, seed=3), Scratch(float), training=True)
    np.testing.assert_array_equal(y, run(layer, rows(1, seed=3), params, training=False))
    assert np.isfinite(backward(np.ones((1, 5)), {"gamma": np.empty(5), "beta": np.empty(5)})).all()
    np.testing.assert_array_equal(params["running_var"], kept)


@both
def test_no_rows_predict_nothing(kind):
    assert run(kind(5), np.empty((0, 5)), training=False).shape == (0, 5)


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_a_normalised_network_learns(normalization):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 4))
    y = (X[:, 0] > 0).astype(int)
    network = Network(multilayer_perceptron(4, [16], 2, normalization=normalization), rng, dtype=np.float64)
    grads, losses = network.zero_gradients(), []
    for _ in range(300):
        logits, backward = network.forward(X, training=True, rng=rng)
        loss, dlogits = SoftmaxCrossEntropy().loss_and_gradient(logits, y)
        backward(dlogits, grads)
        network.params.flat -= 0.1 * grads.flat
        losses.append(loss)
    assert losses[-1] < losses[0] / 2


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_a_description_builds_the_same_network_again(normalization):
    network = Network(
        multilayer_perceptron(4, [6], 2, normalization=normalization), np.random.default_rng(0), dtype=np.float64
    )
    network.forward(rows(width=4), training=True)
    again = Network.from_description(network.describe(), np.float64)
    again.params.flat[...], again.statistics.flat[...] = network.params.flat, network.statistics.flat
    np.testing.assert_array_equal(again.logits(rows(width=4)), network.logits(rows(width=4)))


@pytest.mark.parametrize(
    "make",
    [
        lambda: BatchNorm(0),
        lambda: LayerNorm(-1),
        lambda: BatchNorm(3, momentum=0),
        lambda: BatchNorm(3, momentum=1.5),
        lambda: BatchNorm(3, momentum=float("nan")),
        lambda: BatchNorm(3, eps=0),
        lambda: LayerNorm(3, eps=-1e-5),
    ],
)
def test_numbers_out_of_range_are_refused(make):
    with pytest.raises(BackpropError, match=r"batch_norm|layer_norm"):
        make()
