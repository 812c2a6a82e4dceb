import json
from dataclasses import asdict
from typing import ClassVar

import numpy as np
import pytest
from sklearn.datasets import load_digits

from backprop_core.batching import batches
from backprop_core.errors import BackpropError, DivergedError
from backprop_core.inspection.rate_finder import find_learning_rate
from backprop_core.layers import Activate, Dense, Layer
from backprop_core.losses import SoftmaxCrossEntropy
from backprop_core.network import Network
from backprop_core.optimizers import SGD, Adam, Lion, RMSProp
from backprop_core.scratch import Scratch

LOSS = SoftmaxCrossEntropy()


class Counting(Layer):
    """Counts, as running statistics do, the rows that it has seen while training."""

    kind = "counting"
    statistic_shapes: ClassVar = {"n": (1,)}

    def initialize(self, params, rng):
        params["n"][...] = 7

    def forward(self, params, x, scratch, training=False, rng=None):
        params["n"] += len(x) * training
        return x, lambda dy, grads, input_error=True: dy


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return (X / 16).astype(np.float32), y


def new_network(dtype=np.float32, extra=()):
    layers = [Dense(64, 32, "he_uniform"), *extra, Activate("relu"), Dense(32, 10, "glorot_uniform")]
    return Network(layers, np.random.default_rng(0), dtype=dtype)


def search(X, y, network=None, optimizer=None, seed=0, batch_size=32, **settings):
    network, rng = network or new_network(), np.random.default_rng(seed)
    return find_learning_rate(network, optimizer or Adam(), LOSS, X, y, batch_size=batch_size, rng=rng, **settings)


def accuracy_after_training(optimizer, learning_rate, X, y, epochs=4):
    """Train on all rows but the last 500, and return the accuracy on these."""
    network, rng, scratch = new_network(), np.random.default_rng(0), Scratch(np.float32)
    params, grads = network.params.flat, network.zero_gradients()
    memory, update = optimizer.init(len(params), np.float32), np.empty_like(params)
    with np.errstate(all="ignore"):
        for _ in range(epochs):
            for X_batch, y_batch in batches(X[:-500], y[:-500], 32, rng, scratch):
                logits, backward = network.forward(X_batch, training=True, rng=rng)
                backward(LOSS.loss_and_gradient(logits, y_batch)[1], grads)
                params += optimizer.update(grads.flat, memory, learning_rate, update)
        return np.mean(network.logits(X[-500:]).argmax(axis=1) == y[-500:])


@pytest.mark.parametrize("optimizer", [SGD(), Adam(), RMSProp(), Lion()], ids=lambda o: type(o).__name__)
def test_the_suggestion_trains_well_and_thirty_times_the_limit_does_not(optimizer, digits):
    found = search(digits[0][:-500], digits[1][:-500], optimizer=optimizer)
    assert accuracy_after_training(optimizer, found.suggestion, *digits) > 0.85
    assert accuracy_after_training(optimizer, 30 * found.limit, *digits) < 0.5


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_record_holds_a_finite_number_for_every_step_and_can_be_written_as_json(dtype, digits):
    found = search(*digits, network=new_network(dtype))
    assert len(found.rates) == len(found.losses) == len(found.smoothed) <= 100
    assert found.rates[0] == pytest.approx(1e-6)
    np.testing.assert_allclose(np.diff(np.log(found.rates)), np.log(1e7) / 99)
    assert found.suggestion < found.limit <= found.rates[-1]
    assert json.loads(json.dumps(asdict(found), allow_nan=False)) == asdict(found)


def test_nothing_happens_at_the_lowest_rates_and_the_loss_falls_before_the_limit(digits):
    found = search(*digits)
    smoothed = np.array(found.smoothed)
    assert np.ptp(smoothed[:20]) < 0.1 * smoothed[0]
    assert smoothed.min() < 0.6 * smoothed[0]
    assert found.losses[-1] > 2 * smoothed.min()


def test_the_network_is_left_as_it_was_statistics_included(digits):
    network = new_network(extra=[Counting()])
    params, statistics = network.params.flat.copy(), network.statistics.flat.copy()
    search(*digits, network=network)
    assert network.params.flat.tobytes() == params.tobytes()
    assert network.statistics.flat.tolist() == statistics.tolist() == [7]


def test_the_same_seed_finds_the_same_and_another_seed_takes_other_batches(digits):
    assert search(*digits) == search(*digits)
    assert search(*digits).losses != search(*digits, seed=1).losses


def test_a_range_without_danger_has_no_limit(digits):
    found = search(*digits, lowest=1e-6, highest=1e-3, steps=50)
    assert found.limit is None
    assert len(found.losses) == 50
    assert found.suggestion <= 1e-3


def test_a_range_that_begins_with_a_disaster_is_refused(digits):
    with pytest.raises(BackpropError, match=r"explodes within 3 steps .* 1000: start from a lower"):
        search(*digits, optimizer=SGD(0.0), lowest=1000.0, highest=1e4)


def test_there_may_be_fewer_rows_than_steps(digits):
    assert len(search(digits[0][:40], digits[1][:40], highest=1e-2).losses) == 100


def test_rows_of_another_dtype_are_converted_a_batch_at_a_time(digits):
    X, y = digits
    assert search(X.astype(np.float64), y) == search(X, y)


def test_what_is_added_to_the_steps_of_training_is_added_to_the_search(digits):
    plain, clipped, decaying = search(*digits), search(*digits, clip_norm=1e-3), search(*digits, weight_decay=0.1)
    assert plain != clipped
    assert plain != decaying
    assert search(*digits, alpha=10.0).losses[0] > plain.losses[0]


def test_data_that_is_not_finite_is_no_explosion_but_an_error(digits):
    X = digits[0].copy()
    X[:, 3] = np.nan
    with pytest.raises(DivergedError):
        search(X, digits[1])


@pytest.mark.parametrize(
    "settings",
    [{"lowest": 0}, {"lowest": 1.0, "highest": 0.1}, {"highest": float("inf")}, {"steps": 3}, {"batch_size": 0}],
)
def test_impossible_settings_are_refused(settings, digits):
    with pytest.raises(BackpropError, match=r"choose two rising|too few|at least one row"):
        search(*digits, **settings)


@pytest.mark.parametrize("n", [(0, 0), (10, 9)])
def test_missing_rows_and_targets_are_refused(n, digits):
    with pytest.raises(BackpropError, match="as many targets as rows"):
        search(digits[0][: n[0]], digits[1][: n[1]])
