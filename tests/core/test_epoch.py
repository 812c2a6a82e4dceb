"""Compiled epochs are held against the plain steps: the same training, operation by operation."""

import signal
import threading
import time

import numpy as np
import pytest

from backprop_core import epoch
from backprop_core.activations import Activation
from backprop_core.architecture import multilayer_perceptron
from backprop_core.epoch import compiled_steps, plan_of
from backprop_core.errors import DivergedError
from backprop_core.health import Health
from backprop_core.losses import SoftmaxCrossEntropy
from backprop_core.network import Network
from backprop_core.optimizers import SGD, Adam
from backprop_core.step import Step
from backprop_core.training import Trainer


def rows(n=150, dtype=np.float64, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n)
    return (rng.normal(size=(n, 6)) + 2 * np.eye(3, 6)[y]).astype(dtype), y


def fitted(compiled, dtype=np.float64, hidden=(9, 7), activation="relu", optimizer=None, **settings):
    layers = multilayer_perceptron(6, hidden, 3, activation=activation if hidden else "relu")
    network = Network(layers, np.random.default_rng(0), dtype=dtype)
    given = {"epochs": 4, "batch_size": 16, "learning_rate": 0.02} | settings
    trainer = Trainer(network, optimizer or Adam(), compiled=compiled, **given)
    state = trainer.start(np.random.default_rng(1))
    trainer.fit(*rows(dtype=dtype), *rows(60, dtype, 1), state)
    return network.params.flat, state


@pytest.fixture
def counted(monkeypatch):
    """The numbers of steps that were taken in one go."""
    taken, plain = [], epoch.CompiledSteps.run

    def run(self, *given):
        losses = plain(self, *given)
        taken.append(len(losses))
        return losses

    monkeypatch.setattr(epoch.CompiledSteps, "run", run)
    return taken


@pytest.mark.parametrize(
    "optimizer", [Adam(), SGD(0), SGD(0.9), SGD(0.9, nesterov=True)], ids=lambda one: str(vars(one))
)
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"weight_decay": 0.1, "schedule": "one_cycle"},
        {"alpha": 0.1, "l1": 0.01},
        {"clip_norm": 0.5, "clip_value": 0.1},
        {"health": Health()},
        {"loss": SoftmaxCrossEntropy(0.1)},
        {"hidden": ()},
        {"batch_size": 1000},
    ],
    ids=lambda settings: " ".join(settings) or "plain",
)
def test_a_compiled_epoch_takes_the_course_of_the_plain_steps(counted, optimizer, settings):
    params, state = fitted(True, optimizer=optimizer, **settings)
    assert sum(counted) > 0
    expected, plain = fitted(False, optimizer=optimizer, **settings)
    np.testing.assert_allclose(params, expected, rtol=0, atol=1e-9)
    for one, other in zip(state.history.entries, plain.history.entries, strict=True):
        assert one["valid"] == pytest.approx(other["valid"], rel=1e-9)
        assert one["clip_rate"] == other["clip_rate"]
        assert one.get("health") == other.get("health")
    for name in state.memory.keys() - ({"velocity", "t"} if optimizer.__dict__.get("momentum") == 0 else {"t"}):
        np.testing.assert_allclose(state.memory[name], plain.memory[name], rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_each_activation_is_the_plain_one(counted, activation, dtype):
    params, _ = fitted(True, dtype, activation=activation, epochs=2)
    expected, _ = fitted(False, dtype, activation=activation, epochs=2)
    assert sum(counted) == 20
    np.testing.assert_allclose(params, expected, rtol=0, atol=1e-9 if dtype == np.float64 else 2e-4)


def test_a_compiled_epoch_repeats_itself_to_the_last_bit():
    first, second = (fitted(True, np.float32)[0].tobytes() for _ in range(2))
    assert first == second


def test_how_many_steps_are_taken_at_once_changes_nothing(monkeypatch):
    expected, _ = fitted(True)
    monkeypatch.setattr(epoch, "BACK_AFTER", 0)
    np.testing.assert_array_equal(fitted(True)[0], expected)


def test_what_cannot_be_compiled_goes_step_by_step():
    X, y = rows()

    def steps(layers, X=X, y=y, **settings):
        network = Network(layers, np.random.default_rng(0), dtype=np.float64)
        return compiled_steps(Step(network, Adam(), SoftmaxCrossEntropy(), compiled=True, **settings), X, y, 16)

    plain = multilayer_perceptron(6, (5,), 3)
    assert steps(plain) is not None
    own = Activation("relu6", lambda z, out: z, lambda z, a, da, out: da)
    for layers in (
        multilayer_perceptron(6, (5,), 3, dropout=0.1),
        multilayer_perceptron(6, (5,), 3, normalization="batch"),
        multilayer_perceptron(6, (6, 6), 3, residual=True),
        multilayer_perceptron(6, (5,), 3, activation=own),
    ):
        assert steps(layers) is None
    assert steps(plain, mixup=0.2) is None
    assert steps(plain, max_norm=1.0) is None
    assert steps(plain, X.astype(np.float32)) is None
    assert steps(plain, np.asfortranarray(X)) is None
    assert steps(plain, y=np.eye(3)[y]) is None


def test_without_a_known_library_of_products_training_goes_step_by_step(monkeypatch, counted):
    monkeypatch.setattr(epoch, "SYMBOLS", ())
    fitted(True)
    assert not counted


def test_the_plan_names_widths_and_gates():
    assert plan_of(multilayer_perceptron(6, (9, 7), 3, activation=["tanh", "relu"])) == ([6, 9, 7, 3], [1, 0, 3])


@pytest.mark.parametrize("row", [0, 77, 149])
def test_a_divergence_in_the_middle_of_an_epoch_is_named_and_the_best_weights_stay(row):
    network = Network(multilayer_perceptron(6, (9,), 3), np.random.default_rng(0), dtype=np.float32)
    trainer = Trainer(network, compiled=True, learning_rate=1e30, epochs=3, batch_size=16)
    X, y = rows(dtype=np.float32)
    with pytest.raises(DivergedError, match="epoch 1"):
        trainer.fit(X, y, X, y, trainer.start(np.random.default_rng(0)))
    assert np.isfinite(network.params.flat).all()


def test_a_row_that_turns_bad_later_stops_the_training_at_its_batch():
    network = Network(multilayer_perceptron(6, (9,), 3), np.random.default_rng(0), dtype=np.float32)
    step = Step(network, Adam(), SoftmaxCrossEntropy(), compiled=True)
    X, y = rows(dtype=np.float32)
    X[40] = np.nan
    runs, memory = compiled_steps(step, X, y, 16), Adam().init(network.params.flat.size, np.float32)
    assert len(runs.run(np.arange(150), 0, [0.01] * 10, memory)) == 2
    assert int(memory["t"]) == 2
    assert np.isfinite(network.params.flat).all()


def test_ctrl_c_within_a_long_epoch_is_answered_within_a_second():
    rng = np.random.default_rng(0)
    X, y = np.tile(rng.random((1000, 300), np.float32), (60, 1)), rng.integers(0, 3, 60_000)
    network = Network(multilayer_perceptron(300, (300,), 3), rng)
    trainer, asked = Trainer(network, compiled=True, epochs=1000, batch_size=8), []

    def ask():
        asked.append(time.perf_counter())
        signal.raise_signal(signal.SIGINT)

    fit = trainer.start(rng)
    trainer.fit(X[:64], y[:64], X[:64], y[:64], trainer.start(rng), on_epoch=lambda state: True)
    timer = threading.Timer(1.0, ask)
    timer.start()
    assert trainer.fit(X, y, X[:64], y[:64], fit) == "interrupted"
    assert time.perf_counter() - asked[0] < 1
