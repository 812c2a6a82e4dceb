"""A trace tells what an ordinary step does, and nothing else happens to the network."""

import itertools

import numpy as np
import pytest

from backprop_core.architecture import multilayer_perceptron
from backprop_core.errors import BackpropError
from backprop_core.inspection.trace import take_steps, trace_step
from backprop_core.losses import SoftmaxCrossEntropy
from backprop_core.network import Network

RATE = 0.05
every_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def ordinary(network, X, y, rate=RATE):
    """What an ordinary step finds: loss, logits, dlogits, gradients, and the network after it."""
    loss = SoftmaxCrossEntropy()
    logits, backward = network.forward(X)
    logits = logits.copy()
    value, dlogits = loss.loss_and_gradient(logits, y)
    grads = backward(dlogits.copy(), network.zero_gradients())
    after = Network.blank(network.layers, network.dtype)
    after.params.flat[...] = network.params.flat + np.multiply(grads.flat, -rate)
    after.statistics.flat[...] = network.statistics.flat
    return value, logits, dlogits, grads, after


@every_dtype
@pytest.mark.parametrize("n", [1, 5])
def test_it_tells_bit_for_bit_what_an_ordinary_step_does(any_midway, dtype, n):
    network, X, y = any_midway(dtype, n)
    trace = trace_step(network, X, y, RATE)
    value, logits, dlogits, grads, after = ordinary(network, X, y)
    assert trace.loss == value
    np.testing.assert_array_equal(trace.logits, logits)
    np.testing.assert_array_equal(trace.dlogits, dlogits)
    for passage, views, moved in zip(trace.passages, grads.views, after.params.views, strict=True):
        assert passage.grads.keys() == passage.params.keys() == views.keys()
        for parameter, gradient in views.items():
            np.testing.assert_array_equal(passage.grads[parameter], gradient)
            np.testing.assert_array_equal(passage.after[parameter], moved[parameter])
    assert trace.loss_after == SoftmaxCrossEntropy().loss(after.forward(X)[0], y)
    np.testing.assert_array_equal(trace.logits_after, after.logits(X))
    np.testing.assert_allclose(trace.squared_norm, np.dot(grads.flat, grads.flat), rtol=1e-5)


def test_the_network_is_left_as_it_is(any_midway):
    network, X, y = any_midway()
    params, statistics, logits = network.params.flat.copy(), network.statistics.flat.copy(), network.logits(X)
    trace_step(network, X, y, 10.0)
    np.testing.assert_array_equal(network.params.flat, params)
    np.testing.assert_array_equal(network.statistics.flat, statistics)
    np.testing.assert_array_equal(network.logits(X), logits)


def check_chain(passages, x, dy):
    """Assert that each layer takes up what the one before it, and on the way back the one behind it, handed on."""
    for before, behind in itertools.pairwise(passages):
        np.testing.assert_array_equal(before.y, behind.x)
        if before.dy is not None:
            np.testing.assert_array_equal(before.dy, behind.dx)
    np.testing.assert_array_equal(passages[0].x, x)
    np.testing.assert_array_equal(passages[-1].dy, dy)
    for passage in passages:
        if passage.inner:
            check_chain(passage.inner, passage.x, passage.dy)
            np.testing.assert_array_equal(passage.y, passage.x + passage.inner[-1].y)
            if passage.dx is not None:
                np.testing.assert_array_equal(passage.dx, passage.dy + passage.inner[0].dx)


@every_dtype
def test_what_one_layer_hands_on_is_what_the_next_one_takes_up(any_midway, dtype):
    network, X, y = any_midway(dtype, 3)
    trace = trace_step(network, X, y, RATE)
    check_chain(trace.passages, X, trace.dlogits)
    np.testing.assert_array_equal(trace.passages[-1].y, trace.logits)


def test_inner_layers_have_the_arrays_that_are_theirs(any_midway):
    network, X, y = any_midway()
    for passage in trace_step(network, X, y, RATE).leaves():
        for kept in ("params", "grads", "updates", "after"):
            shapes = {key: array.shape for key, array in getattr(passage, kept).items()}
            assert shapes == passage.layer.parameter_shapes
        assert {key: a.shape for key, a in passage.statistics.items()} == getattr(passage.layer, "statistic_shapes", {})
        for key, gradient in passage.grads.items():
            np.testing.assert_allclose(passage.updates[key], -RATE * gradient, rtol=1e-12)
        if passage.layer.kind == "dense":
            np.testing.assert_allclose(passage.y, passage.x @ passage.params["W"] + passage.params["b"], rtol=1e-12)
            np.testing.assert_allclose(passage.grads["W"], passage.x.T @ passage.dy, rtol=1e-12)


def test_the_gradient_of_the_most_blamed_weights_is_the_slope_of_the_loss(any_midway):
    network, X, y = any_midway()
    loss, step = SoftmaxCrossEntropy(), 1e-6
    for passage, views in zip(trace_step(network, X, y, RATE).passages, network.params.views, strict=True):
        for parameter, gradient in passage.grads.items():
            place = np.unravel_index(np.abs(gradient).argmax(), gradient.shape)
            losses = []
            for sign in (1, -1):
                views[parameter][place] += sign * step
                losses.append(loss.loss(network.logits(X), y))
                views[parameter][place] -= sign * step
            np.testing.assert_allclose(gradient[place], (losses[0] - losses[1]) / (2 * step), rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("normalization", [None, "batch", "layer"])
def test_hidden_units_in_another_order_are_traced_in_that_order(normalization):
    layers = multilayer_perceptron(4, [6], 3, "tanh", normalization=normalization)
    network, rng = Network(layers, np.random.default_rng(0), dtype=np.float64), np.random.default_rng(1)
    X, y, order = rng.normal(size=(1, 4)), np.array([2]), rng.permutation(6)
    twin = Network.blank(layers, np.float64)
    for vector, twins in ((network.params, twin.params), (network.statistics, twin.statistics)):
        for i, (views, twin_views) in enumerate(zip(vector.views, twins.views, strict=True)):
            for name, array in views.items():
                last = i == len(layers) - 1
                moved = array[order] if last and name == "W" else array if last else array[..., order]
                twin_views[name][...] = moved
    first, second = trace_step(network, X, y, RATE), trace_step(twin, X, y, RATE)
    np.testing.assert_allclose(second.loss_after, first.loss_after, rtol=1e-12)
    for a, b in zip(first.passages[:-1], second.passages[:-1], strict=True):
        np.testing.assert_allclose(b.y, a.y[:, order], rtol=1e-12)
        np.testing.assert_allclose(b.dy, a.dy[:, order], rtol=1e-9, atol=1e-15)
        for name in a.grads:
            np.testing.assert_allclose(b.grads[name], a.grads[name][..., order], rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(second.passages[-1].grads["W"], first.passages[-1].grads["W"][order], rtol=1e-9)


def test_a_short_step_keeps_what_the_slope_promises(any_midway):
    network, X, y = any_midway()
    trace = trace_step(network, X, y, 1e-6)
    assert trace.promised < 0
    np.testing.assert_allclose(trace.loss_after - trace.loss, trace.promised, rtol=1e-3)


@every_dtype
@pytest.mark.parametrize("rate", [1e30, 1e300])
def test_a_step_of_any_length_is_answered_without_a_warning(midway, dtype, rate, recwarn):
    trace = trace_step(*midway("plain", dtype), rate)
    assert np.isfinite(trace.loss)
    assert not recwarn.list


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf"), None, "much"])
def test_a_learning_rate_that_is_none_is_refused(midway, rate):
    with pytest.raises(BackpropError, match="learning_rate"):
        trace_step(*midway("plain"), rate)


def test_weights_that_are_no_numbers_are_refused(midway):
    network, X, y = midway("plain")
    network.params.flat[0] = np.nan
    with pytest.raises(BackpropError, match="damaged"):
        trace_step(network, X, y, RATE)


def test_so_many_steps_are_the_traced_step_again_and_again(any_midway):
    network, X, y = any_midway(np.float64, 1)
    changed, losses = take_steps(network, X, y, RATE, 3)
    again, met = network, []
    for _ in range(3):
        trace = trace_step(again, X, y, RATE)
        met.append(trace.loss)
        again = again.copy()
        for views, passage in zip(again.params.views, trace.passages, strict=True):
            for name, array in views.items():
                array[...] = passage.after[name]
    assert losses == pytest.approx(met, rel=1e-12)
    np.testing.assert_allclose(changed.params.flat, again.params.flat, rtol=1e-12, atol=1e-15)


def test_frozen_layers_take_no_blame_and_stay(any_midway):
    network, X, y = any_midway(np.float64, 1)
    learning = [i for i, layer in enumerate(network.layers) if layer.parameter_shapes]
    free, trace = trace_step(network, X, y, RATE), trace_step(network, X, y, RATE, frozen=learning[:-1])
    changed, _ = take_steps(network, X, y, RATE, 2, learning[:-1])
    for i in learning[:-1]:
        assert not any(array.any() for array in trace.passages[i].grads.values())
        for name, array in network.params.views[i].items():
            np.testing.assert_array_equal(changed.params.views[i][name], array)
            np.testing.assert_array_equal(trace.passages[i].after[name], array)
    last = learning[-1]
    for name, array in free.passages[last].grads.items():
        np.testing.assert_array_equal(trace.passages[last].grads[name], array)
    assert trace.squared_norm <= free.squared_norm


def test_steps_that_are_too_long_end_before_there_are_no_numbers(any_midway):
    network, X, y = any_midway(np.float32, 1)
    _, losses = take_steps(network, X, y, 1e30, 50)
    assert 1 <= len(losses) <= 50
    assert np.isfinite(losses).all()
