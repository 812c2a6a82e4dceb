import importlib.util

import numpy as np
import pytest
from scipy.special import ndtr

from backprop_core import kernels
from backprop_core.architecture import multilayer_perceptron
from backprop_core.layers import Activate
from backprop_core.losses import SoftmaxCrossEntropy
from backprop_core.network import Network
from backprop_core.optimizers import SGD, Adam, Lion
from backprop_core.regression_losses import SquaredError
from backprop_core.scratch import Scratch
from backprop_core.step import Step, add_penalty, worth_compiling

DTYPES = [np.float32, np.float64]
RTOL = {np.float32: 2e-5, np.float64: 1e-12}


def steps(dtype, optimizer, compiled, n_steps=60, **additions):
    """Parameters and losses of a few steps over random batches, always the same ones."""
    rng = np.random.default_rng(0)
    network = Network(multilayer_perceptron(12, (9, 7), 4), rng, dtype=dtype)
    step = Step(network, optimizer, SoftmaxCrossEntropy(0.1), compiled=compiled, **additions)
    memory = optimizer.init(network.params.flat.size, dtype)
    losses = [
        step(rng.normal(size=(16, 12)).astype(dtype), rng.integers(0, 4, 16), 0.01, memory, rng) for _ in range(n_steps)
    ]
    return network.params.flat, losses


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("optimizer", [Adam(), Adam(0.8, 0.99, 1e-4), SGD(), SGD(0), SGD(0.9, nesterov=True), Lion()])
@pytest.mark.parametrize("additions", [{}, {"weight_decay": 0.1}, {"alpha": 0.5, "l1": 0.1, "clip_norm": 0.5}])
def test_compiled_steps_take_the_course_of_the_plain_ones(dtype, optimizer, additions):
    # Lion moves by the sign of a number, which rounding alone can turn over: few steps, and float64, are comparable.
    settings = {"n_steps": 3, "dtype": np.float64} if type(optimizer) is Lion else {"n_steps": 60, "dtype": dtype}
    plain, plain_losses = steps(optimizer=optimizer, compiled=False, **settings, **additions)
    compiled, losses = steps(optimizer=optimizer, compiled=True, **settings, **additions)
    rtol = RTOL[settings["dtype"]]
    np.testing.assert_allclose(losses, plain_losses, rtol=20 * rtol)
    np.testing.assert_allclose(compiled, plain, rtol=0, atol=20 * rtol)


def test_a_compiled_step_is_the_same_to_the_last_bit_each_time():
    first, second = (steps(np.float32, Adam(), True)[0] for _ in range(2))
    assert first.tobytes() == second.tobytes()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("optimizer", [Adam(), SGD()])
def test_the_memory_of_a_dead_unit_ends_at_zero_and_is_never_denormal(dtype, optimizer):
    n, memory = 50, optimizer.init(50, dtype)
    params, move = np.zeros(n, dtype), kernels.move(optimizer, n, 0.0)
    move(params, np.full(n, 1e-3, dtype), memory, 0.1)
    smallest = np.finfo(dtype).tiny
    for _ in range(9000):
        move(params, np.zeros(n, dtype), memory, 0.1)
        for name in memory.keys() - {"t"}:
            assert ((memory[name] == 0) | (np.abs(memory[name]) >= smallest)).all()
    assert (memory["m" if "m" in memory else "velocity"] == 0).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_the_compiled_cross_entropy_is_the_plain_one(dtype, smoothing):
    rng, plain = np.random.default_rng(0), SoftmaxCrossEntropy(smoothing)
    logits, target = rng.normal(0, 20, (33, 5)).astype(dtype), rng.integers(0, 5, 33)
    logits[0], logits[1] = 3e4, (-3e4, 3e4, 0, 0, 0)
    expected, gradient = plain.loss_and_gradient(logits, target)
    loss, dlogits = kernels.loss_and_gradient(plain)(logits, target)
    assert loss == pytest.approx(expected, rel=RTOL[dtype])
    np.testing.assert_allclose(dlogits, gradient, rtol=RTOL[dtype], atol=1e-9)
    assert dlogits.dtype == dtype


def test_the_compiled_cross_entropy_may_overwrite_its_logits():
    rng = np.random.default_rng(0)
    logits, target, loss = (
        rng.normal(size=(8, 3)),
        rng.integers(0, 3, 8),
        kernels.loss_and_gradient(SoftmaxCrossEntropy()),
    )
    expected, gradient = loss(logits, target)
    assert loss(logits, target, out=logits)[0] == expected
    np.testing.assert_array_equal(logits, gradient)


@pytest.mark.parametrize("poison", [np.nan, np.inf, -np.inf])
def test_a_logit_that_is_not_finite_shows_in_the_compiled_loss(poison):
    logits = np.zeros((4, 3), np.float32)
    logits[2, 1] = poison
    loss, _ = kernels.loss_and_gradient(SoftmaxCrossEntropy())(logits, np.array([0, 1, 1, 2]))
    assert not np.isfinite(loss)


def test_what_has_no_compiled_form_keeps_its_own():
    loss, rows = SquaredError(), np.random.default_rng(0).random((4, 2))
    assert kernels.loss_and_gradient(loss) == loss.loss_and_gradient
    assert kernels.move(Lion(), 3, 0.0) is None
    soft, weights = SoftmaxCrossEntropy(), np.array([1.0, 2, 0, 1])
    target = np.full((4, 2), 0.5)
    assert kernels.loss_and_gradient(soft)(rows, target)[0] == soft.loss_and_gradient(rows, target)[0]
    classes = np.array([0, 1, 1, 0])
    weighted = soft.loss_and_gradient(rows, classes, weights=weights)[0]
    assert kernels.loss_and_gradient(soft)(rows, classes, weights=weights)[0] == weighted


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"dropout": 0.5},
        {"normalization": "batch"},
        {"normalization": "layer"},
        {"activation": ["tanh", "relu"]},
        {"activation": "gelu", "normalization": "layer", "dropout": 0.5},
        {"residual": True, "normalization": "layer"},
        {"residual": True, "dropout": 0.5},
    ],
)
def test_a_compiled_network_computes_what_the_plain_one_does(dtype, settings):
    plain = Network(multilayer_perceptron(6, (8, 8), 3, **settings), np.random.default_rng(0), dtype=dtype)
    compiled = plain.copy()
    compiled.compile()
    X = np.random.default_rng(1).normal(size=(9, 6)).astype(dtype)
    results = []
    for network in (plain, compiled):
        logits, backward = network.forward(X, training=True, rng=np.random.default_rng(2))
        results.append((logits.copy(), backward(logits.copy(), network.zero_gradients()).flat, network.logits(X)))
    for expected, result in zip(*results, strict=True):
        np.testing.assert_allclose(result, expected, rtol=0, atol=50 * RTOL[dtype])


def test_a_dense_layer_and_its_relu_are_run_as_one_and_other_layers_as_they_are():
    layers = multilayer_perceptron(4, (5, 6), 3, ["relu", "tanh"], dropout=0.1)
    names = [(type(layer).__name__, place) for layer, place in kernels.fuse_layers(layers, np.float64)]
    dense_relu, *rest = names
    assert dense_relu == ("DenseRelu", 0)
    assert rest == [(type(layers[place]).__name__, place) for place in range(2, 7)]


def test_the_compiled_gelu_is_as_exact_as_float32():
    z = np.concatenate([np.linspace(-12, 12, 100_001), [0, -0.0, 1e-30, 1e4, -1e4]]).astype(np.float32)[:, None]
    layer, errors = kernels.fuse_layers([Activate("gelu")], np.float32)[0][0], np.ones_like(z)
    a, backward = layer.forward({}, z, Scratch(np.float32), training=True)
    exact = z * ndtr(z.astype(np.float64))
    assert np.abs(a - exact).max() < 1e-6
    slope = ndtr(z.astype(np.float64)) + z * np.exp(-0.5 * z.astype(np.float64) ** 2) / np.sqrt(2 * np.pi)
    np.testing.assert_allclose(backward(errors, {}), slope, rtol=0, atol=5e-7)
    assert type(kernels.fuse_layers([Activate("gelu")], np.float64)[0][0]) is Activate


@pytest.mark.parametrize("poison", [np.nan, np.inf])
@pytest.mark.parametrize("settings", [{"activation": "gelu"}, {"normalization": "layer"}])
def test_a_number_that_is_not_finite_passes_the_compiled_layers(poison, settings):
    network = Network(multilayer_perceptron(2, (3,), 2, **settings), np.random.default_rng(0))
    network.compile()
    network.params.flat[:] = 1
    with np.errstate(invalid="ignore"):
        assert not np.isfinite(network.logits(np.array([[poison, 1.0]], np.float32))).any()


@pytest.mark.parametrize("poison", [np.nan, np.inf])
def test_a_number_that_is_not_finite_passes_the_compiled_relu(poison):
    network = Network(multilayer_perceptron(2, (3,), 2), np.random.default_rng(0), dtype=np.float64)
    network.compile()
    network.params.flat[:] = 1
    assert not np.isfinite(network.logits(np.array([[poison, 1.0]]))).any()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("l2", "l1"), [(0.5, 0.0), (0.0, 0.3), (0.5, 0.3)])
def test_the_compiled_penalty_is_the_plain_one(dtype, l2, l1):
    rng = np.random.default_rng(0)
    weights, plain = rng.normal(size=(2, 1000)).astype(dtype)
    weights[::7] = 0
    compiled = plain.copy()
    assert kernels.add_penalty(weights, compiled, l2, l1) == pytest.approx(
        add_penalty(weights, plain, l2, l1), rel=1e-5
    )
    np.testing.assert_allclose(compiled, plain, rtol=1e-5, atol=1e-7)


def test_small_trainings_are_not_worth_compiling_and_long_ones_are():
    assert not worth_compiling(1_000, 1_000)
    assert worth_compiling(235_146, 469 * 10)


def test_it_is_the_number_of_steps_that_pays_in_a_small_network():
    assert worth_compiling(50_890, 1875 * 5)
    assert not worth_compiling(50_890, 75 * 3)
    assert worth_compiling(50_890, 1875, in_runs=True)
    assert not worth_compiling(50_890, 75, in_runs=True)


def test_without_numba_everything_runs_as_it_is(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert not worth_compiling(235_146, 469 * 10)
