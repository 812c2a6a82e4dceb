import json
import math

import numpy as np
import pytest

from backprop_core import checkpoint
from backprop_core.activations import ACTIVATIONS
from backprop_core.architecture import multilayer_perceptron
from backprop_core.averaging import ExponentialAverage
from backprop_core.errors import BackpropError, DivergedError
from backprop_core.health import Health, Watch, activation_health, norms
from backprop_core.losses import SoftmaxCrossEntropy
from backprop_core.network import Network
from backprop_core.optimizers import SGD, Adam
from backprop_core.step import Step
from backprop_core.training import Trainer


def rows(n=150, seed=0, dtype=np.float32):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n)
    return (rng.normal(size=(n, 4)) + 2 * np.eye(3, 4)[y]).astype(dtype), y


def trainer_for(hidden=(8, 8), activation="relu", dtype=np.float32, optimizer=None, health=None, **settings):
    layers = multilayer_perceptron(
        4, hidden, 3, activation, dropout=0.2, normalization=settings.pop("normalization", None), residual=True
    )
    network = Network(layers, np.random.default_rng(0), dtype=dtype)
    settings = {"epochs": 3, "batch_size": 16, "learning_rate": 0.01, **settings}
    return Trainer(network, optimizer, health=health, **settings)


def fit(trainer, state=None, on_epoch=None):
    state = state or trainer.start(np.random.default_rng(1))
    dtype = trainer.network.dtype
    trainer.fit(*rows(dtype=dtype), *rows(60, 1, dtype), state, on_epoch=on_epoch)
    return state


def entries(state, without=("seconds",)):
    return [{key: value for key, value in entry.items() if key not in without} for entry in state.history.entries]


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("normalization", ["batch", "layer"])
def test_watching_changes_not_a_bit_of_what_is_trained(compiled, normalization):
    settings = {"average": ExponentialAverage(0.9), "clip_norm": 1.0, "weight_decay": 0.01, "mixup": 0.2}
    settings |= {"normalization": normalization, "compiled": compiled}
    plain, watched = trainer_for(**settings), trainer_for(health=Health(), **settings)
    states = fit(plain), fit(watched)
    assert plain.network.params.flat.tobytes() == watched.network.params.flat.tobytes()
    assert plain.network.statistics.flat.tobytes() == watched.network.statistics.flat.tobytes()
    assert states[0].rng.bit_generator.state == states[1].rng.bit_generator.state
    assert entries(states[0]) == entries(states[1], ("seconds", "health"))
    assert all("health" in entry for entry in states[1].history.entries)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("optimizer", [SGD(0.9), Adam()])
@pytest.mark.parametrize("additions", [{}, {"clip_norm": 1e-3, "weight_decay": 0.1, "alpha": 0.5}])
def test_what_is_noted_of_a_step_is_what_happened_in_it(dtype, optimizer, additions):
    network = Network(multilayer_perceptron(4, [6, 6], 3, "tanh", residual=True), np.random.default_rng(0), dtype=dtype)
    X, y = rows(dtype=dtype)
    before = network.params.flat.copy()
    logits, backward = network.forward(X)
    grads = backward(SoftmaxCrossEntropy().loss_and_gradient(logits.copy(), y)[1], network.zero_gradients())
    expected = {"gradient": [np.linalg.norm(views[name]) for views, name in matrices(grads)]}

    watch = Watch(Step(network, optimizer, SoftmaxCrossEntropy(), **additions))
    watch(X, y, 0.1, optimizer.init(before.size, dtype), np.random.default_rng(2))
    health = watch.record(X[:20])
    after = network.params.flat.copy()
    network.params.flat[...] = before
    expected["weights"] = [np.linalg.norm(views[name]) for views, name in matrices(network.params)]
    network.params.flat[...] = after - before
    updates = [np.linalg.norm(views[name]) for views, name in matrices(network.params)]
    expected["update_ratio"] = [u / w for u, w in zip(updates, expected["weights"], strict=True)]
    for name, values in expected.items():
        np.testing.assert_allclose(health[name], values, rtol=1e-3)
    assert len(health["gradient"]) == 3


def matrices(parameters):
    return [(views, name) for views in parameters.views for name, values in views.items() if values.ndim == 2]


def test_the_record_begins_anew_after_it_was_taken_and_is_empty_without_a_step():
    trainer = trainer_for()
    watch = Watch(Step(trainer.network, SGD(), SoftmaxCrossEntropy()))
    watch(*rows(), 0.1, SGD().init(trainer.network.params.flat.size, np.float32), np.random.default_rng(0))
    assert None not in watch.record(rows()[0])["gradient"]
    empty = watch.record(rows()[0])
    assert empty["gradient"] == empty["weights"] == empty["update_ratio"] == [None] * 3
    assert len(empty["mean"]) == 2


def test_gradients_too_small_and_too_large_for_their_squares_still_have_a_norm():
    vector = Network.blank(multilayer_perceptron(4, [3], 2), np.float32).params
    for size in (1e-30, 1e25):
        vector.flat[...] = size
        np.testing.assert_allclose(norms(vector), [size * math.sqrt(12), size * math.sqrt(6)], rtol=1e-6)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_share_of_dead_units_is_that_of_a_slope_of_nearly_0_in_every_row(name):
    pair = ACTIVATIONS[name]
    z = np.random.default_rng(0).normal(size=(50, 8))
    z[:, :2] -= 40  # far to the left: flat for all but the identity and the leaky relu
    z[:40, 2] -= 40  # flat in most rows is not dead
    a = pair.function(z.copy(), np.empty_like(z))
    mean, sd, dead, saturated = activation_health(pair, z, a)
    assert (mean, sd) == pytest.approx((a.mean(), a.std()))
    assert dead == (0 if name in ("identity", "leaky_relu") else 0.25)
    if name in ("tanh", "logistic"):
        slope = pair.derivative(z, a, np.ones_like(a), np.empty_like(a))
        assert saturated == (slope < 0.05 * (1 if name == "tanh" else 0.25)).mean() >= (2 + 0.8) / 8
    else:
        assert saturated is None


def test_a_linear_network_has_gradients_and_no_activations():
    state = fit(trainer_for(hidden=(), health=Health()))
    health = state.history.entries[-1]["health"]
    assert len(health["gradient"]) == 1
    assert health["dead"] == health["mean"] == []


def test_a_training_that_goes_on_from_a_checkpoint_has_the_same_health(tmp_path):
    whole = fit(trainer_for(health=Health()))
    path = tmp_path / "checkpoint"

    def stop(state):
        if state.epoch == 2:
            checkpoint.save(state, path, {})
            return True

    fit(trainer_for(health=Health()), on_epoch=stop)
    trainer = trainer_for(health=Health())
    resumed = fit(trainer, checkpoint.load(path, trainer.start(np.random.default_rng(1)), {}))
    assert entries(resumed) == entries(whole)


def test_the_record_is_json_and_small():
    layers = multilayer_perceptron(4, [16] * 30, 3, "tanh", normalization="layer", residual=True)
    trainer = Trainer(Network(layers, np.random.default_rng(0)), epochs=2, batch_size=16, health=Health())
    state = fit(trainer)
    for entry in state.history.entries:
        text = json.dumps(entry["health"], allow_nan=False)
        assert json.loads(text) == entry["health"]
        assert len(text) < 3000  # 48 kB in 16 epochs
        assert {name: len(values) for name, values in entry["health"].items()} == {
            **dict.fromkeys(("gradient", "weights", "update_ratio"), 31),
            **dict.fromkeys(("mean", "sd", "dead", "saturated"), 30),
        }


@pytest.mark.parametrize("rate", [1e4, 1e30])
def test_a_training_that_diverges_tells_what_was_seen_until_then(rate):
    trainer = trainer_for(optimizer=SGD(), learning_rate=rate, health=Health(), hidden=(8, 8, 8))
    with pytest.raises(DivergedError) as caught:
        fit(trainer)
    last = caught.value.entries[-1]
    assert "train" not in last
    assert last["health"]["gradient"][0] is None or last["health"]["gradient"][0] > 0
    json.dumps(caught.value.entries, allow_nan=False)


def test_a_training_that_diverges_unwatched_has_its_entries_too():
    with pytest.raises(DivergedError) as caught:
        fit(trainer_for(optimizer=SGD(), learning_rate=1e12))
    assert caught.value.entries[-1] == {"epoch": len(caught.value.entries), "learning_rate": 1e12, "clip_rate": None}


@pytest.mark.parametrize("n_steps", [1, 2, 3, 10, 11, 235])
def test_a_few_steps_of_each_epoch_are_watched(n_steps):
    health = Health(steps=3)
    assert health.choose_steps(0, n_steps) >= health.choose_steps(1, n_steps)
    assert len(health.choose_steps(1, n_steps)) == {1: 1, 2: 1, 3: 1, 10: 1, 11: 2, 235: 3}[n_steps]
    for epoch in (0, 1):
        assert all(0 <= i < n_steps for i in health.choose_steps(epoch, n_steps))
        assert 0 in health.choose_steps(epoch, n_steps)
    assert {1, 2, 4, 8} & set(range(n_steps)) <= health.choose_steps(0, n_steps)


@pytest.mark.parametrize("n", [1, 199, 200, 201, 399, 54000])
def test_a_probe_is_a_few_rows_from_all_over(n):
    probe = Health(rows=200).probe(np.arange(n)[:, np.newaxis])
    assert min(n, 100) <= len(probe) <= 200
    assert probe[-1, 0] >= n - n // len(probe) - 1


@pytest.mark.parametrize("settings", [{"steps": 0}, {"rows": 0}])
def test_watching_nothing_is_refused(settings):
    with pytest.raises(BackpropError, match=r"is 0: choose a whole number, 1 or more"):
        Health(**settings)
