import copy
import json
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from backprop_core import network as module
from backprop_core.architecture import multilayer_perceptron
from backprop_core.losses import SoftmaxCrossEntropy
from backprop_core.network import Network


def network(dtype=np.float64, seed=0, **settings):
    return Network(multilayer_perceptron(6, [8, 5], 3, **settings), np.random.default_rng(seed), dtype=dtype)


def rows(n, seed=1, dtype=np.float64):
    return np.random.default_rng(seed).normal(size=(n, 6)).astype(dtype)


def test_a_batch_gives_what_its_rows_give_one_at_a_time():
    X = rows(20)
    alone = np.concatenate([network().logits(X[i : i + 1]) for i in range(20)])
    np.testing.assert_allclose(network().logits(X), alone, rtol=1e-12)


def test_permuting_the_rows_permutes_the_outputs():
    X, order = rows(20), np.random.default_rng(0).permutation(20)
    np.testing.assert_allclose(network().logits(X[order]), network().logits(X)[order], rtol=1e-12)


@pytest.mark.parametrize("chunk", [1, 7, 20, 1000])
def test_the_size_of_the_chunks_changes_nothing(chunk):
    X = rows(20)
    np.testing.assert_allclose(network().logits(X, chunk), network().logits(X), rtol=1e-12)


def test_the_logits_belong_to_the_caller():
    net = network()
    first = net.logits(rows(4))
    kept = first.copy()
    net.logits(rows(4, seed=2))
    np.testing.assert_array_equal(first, kept)


def test_no_rows_give_no_logits():
    assert network().logits(rows(0)).shape == (0, 3)


def test_training_without_dropout_computes_what_evaluation_computes():
    X = rows(10)
    trained, _ = network().forward(X, training=True, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(trained, network().logits(X))


def test_evaluation_ignores_dropout_and_leaves_nothing_behind():
    X, y = rows(10), np.arange(10) % 3

    def gradient(evaluate_first):
        net = network(dropout=0.5)
        if evaluate_first:
            net.logits(rows(30, seed=5))
            net.probabilities(rows(4, seed=6))
        logits, backward = net.forward(X, training=True, rng=np.random.default_rng(3))
        grads = net.zero_gradients()
        backward(SoftmaxCrossEntropy().loss_and_gradient(logits, y)[1], grads)
        return net.params.flat, grads.flat

    for fresh, used in zip(gradient(False), gradient(True), strict=True):
        np.testing.assert_array_equal(fresh, used)
    np.testing.assert_array_equal(network(dropout=0.5).logits(X), network().logits(X))


def test_gradients_do_not_depend_on_what_was_in_their_place():
    net, X, y = network(), rows(9), np.arange(9) % 3

    def gradient(filling):
        grads = net.zero_gradients()
        grads.flat[:] = filling
        logits, backward = net.forward(X, training=True)
        return backward(SoftmaxCrossEntropy().loss_and_gradient(logits, y)[1], grads).flat

    np.testing.assert_array_equal(gradient(0), gradient(np.nan))


def test_probabilities_are_positive_and_sum_to_one():
    p = network(np.float32).probabilities(rows(50, dtype=np.float32))
    assert (p > 0).all()
    assert p.dtype == np.float32
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-6)


def test_a_description_through_json_builds_the_same_network():
    net = network(dropout=0.3, input_dropout=0.1, activation="gelu")
    again = Network.from_description(json.loads(json.dumps(net.describe())), np.float64)
    assert again.describe() == net.describe()
    again.params.flat[...] = net.params.flat
    np.testing.assert_array_equal(again.logits(rows(5)), net.logits(rows(5)))


def test_the_parameters_are_one_vector_with_the_weights_first():
    net = network()
    assert len(net.params.flat) == 6 * 8 + 8 + 8 * 5 + 5 + 5 * 3 + 3
    assert net.params.n_weights == 6 * 8 + 8 * 5 + 5 * 3
    net.params.flat[: net.params.n_weights] = 1
    net.params.flat[net.params.n_weights :] = 2
    for views in net.params.views:
        for name, array in views.items():
            assert (array == {"W": 1, "b": 2}[name]).all()


def test_the_same_seed_gives_the_same_network_and_no_seed_gives_zeros():
    np.testing.assert_array_equal(network(seed=4).params.flat, network(seed=4).params.flat)
    assert not Network.blank(multilayer_perceptron(6, [8], 3)).params.flat.any()


def test_a_network_without_a_random_stream_is_refused_and_a_blank_one_is_asked_for():
    layers = multilayer_perceptron(6, [8], 3)
    with pytest.raises(TypeError, match="rng"):
        Network(layers)
    assert Network.blank(layers, np.float64).dtype == np.float64


@pytest.mark.parametrize("settings", [{}, {"normalization": "batch", "residual": True}], ids=str)
@pytest.mark.parametrize("compiled", [False, True])
def test_eight_threads_get_the_logits_that_one_thread_gets(settings, compiled):
    net = network(np.float32, **settings)
    if compiled:
        net.compile()
    parts = [np.random.default_rng(n).normal(size=(n, 6)).astype(np.float32) for n in (1, 300, 40, 3000) * 20]
    expected = [net.logits(part) for part in parts]
    with ThreadPoolExecutor(8) as pool:
        for one, other in zip(expected, pool.map(net.logits, parts), strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_network_may_predict_in_one_thread_while_another_walks_through_it():
    net, X = network(np.float32), np.random.default_rng(0).normal(size=(500, 6)).astype(np.float32)
    logits = net.forward(X)[0]
    before = logits.copy()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(net.logits, -X).result()
    np.testing.assert_array_equal(logits, before)


@pytest.mark.parametrize("again", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one)), Network.copy])
def test_a_copy_has_the_same_numbers_in_memory_of_its_own(again):
    net = network(np.float32, normalization="batch")
    X = np.random.default_rng(1).normal(size=(20, 6)).astype(np.float32)
    net.forward(X, training=True)
    twin = again(net)
    expected = net.logits(X)
    np.testing.assert_array_equal(twin.logits(X), expected)
    twin.params.flat += 1
    twin.statistics.flat += 1
    assert not np.array_equal(twin.logits(X), expected)
    np.testing.assert_array_equal(net.logits(X), expected)


def test_a_snapshot_brings_back_parameters_and_statistics():
    net = network(np.float32, normalization="batch")
    X = np.random.default_rng(1).normal(size=(20, 6)).astype(np.float32)
    before, expected = net.snapshot(), net.logits(X)
    net.forward(X, training=True)
    net.params.flat += 1
    net.restore(before)
    np.testing.assert_array_equal(net.logits(X), expected)


@pytest.mark.parametrize("training", [False, True])
def test_a_walk_computes_what_a_forward_pass_does(training):
    net, twin = (
        network(np.float32, normalization="batch", dropout=0.5),
        network(np.float32, normalization="batch", dropout=0.5),
    )
    X = np.random.default_rng(1).normal(size=(20, 6)).astype(np.float32)
    logits, _ = net.forward(X, training, np.random.default_rng(2))
    passages = list(twin.passes(X, training, np.random.default_rng(2)))
    np.testing.assert_array_equal(passages[-1].y, logits)
    assert [passage.layer.kind for passage in passages] == [layer.kind for layer in net.layers]
    np.testing.assert_array_equal(twin.statistics.flat, net.statistics.flat)


def test_many_rows_on_several_cores_have_the_logits_that_they_have_alone(monkeypatch):
    network = Network(multilayer_perceptron(6, (9,), 3), np.random.default_rng(0), dtype=np.float64)
    X = np.random.default_rng(1).normal(size=(1003, 6))
    expected = network.logits(X)
    monkeypatch.setattr(module, "WORTH_THREADS", 0)
    monkeypatch.setattr(module, "available", lambda: 3)
    np.testing.assert_allclose(network.logits(X, 100), expected, rtol=0, atol=1e-12)
    with pytest.raises(ZeroDivisionError):
        network.logits(X, 100, check=lambda rows: 1 / 0)
