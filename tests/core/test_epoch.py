"""Compiled epochs are held against the plain steps: the same training, operation by operation."""

import signal
import threading
import time

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from backprop_core import epoch, threads
from backprop_core.activations import ACTIVATIONS, Activation
from backprop_core.architecture import multilayer_perceptron
from backprop_core.averaging import ExponentialAverage
from backprop_core.epoch import compile_steps
from backprop_core.errors import DivergedError
from backprop_core.health import Health
from backprop_core.layers import Activate
from backprop_core.losses import LogisticCrossEntropy, SoftmaxCrossEntropy
from backprop_core.network import Network
from backprop_core.optimizers import SGD, Adam
from backprop_core.regression_losses import SquaredError
from backprop_core.step import Step
from backprop_core.threads import Company
from backprop_core.training import Trainer


def rows(n=150, dtype=np.float64, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n)
    return (rng.normal(size=(n, 6)) + 2 * np.eye(3, 6)[y]).astype(dtype), y


def fit(compiled, dtype=np.float64, hidden=(9, 7), activation="relu", optimizer=None, **settings):
    parts = ("dropout", "input_dropout", "normalization", "residual")
    additions = {name: settings.pop(name) for name in parts if name in settings}
    layers = multilayer_perceptron(6, hidden, 3, activation=activation if hidden else "relu", **additions)
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


@pytest.fixture
def crowd(monkeypatch):
    """Let so many threads share each step, however small it is."""

    def let(n):
        monkeypatch.setattr(epoch, "available", lambda: n)
        monkeypatch.setattr(epoch, "WORTH_A_THREAD", 1)

    return let


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
    params, state = fit(True, optimizer=optimizer, **settings)
    assert sum(counted) > 0
    expected, plain = fit(False, optimizer=optimizer, **settings)
    np.testing.assert_allclose(params, expected, rtol=0, atol=1e-9)
    for one, other in zip(state.history.entries, plain.history.entries, strict=True):
        assert one["valid"] == pytest.approx(other["valid"], rel=1e-9)
        assert one["clip_rate"] == other["clip_rate"]
        assert one.get("health") == other.get("health")
    for name in state.memory.keys() - ({"velocity", "t"} if optimizer.__dict__.get("momentum") == 0 else {"t"}):
        np.testing.assert_allclose(state.memory[name], plain.memory[name], rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize(
    "settings",
    [
        {"dropout": 0.3, "input_dropout": 0.1},
        {"normalization": "batch"},
        {"normalization": "layer", "dropout": 0.2},
        {"residual": True, "hidden": (6, 33, 33), "normalization": "batch", "dropout": 0.1},
        {"average": ExponentialAverage(0.9), "residual": True, "hidden": (40, 40), "activation": "tanh"},
        {"average": ExponentialAverage(0.9), "normalization": "layer", "clip_norm": 0.3, "weight_decay": 0.1},
        {"clip_norm": 0.5, "clip_value": 0.1, "alpha": 0.1, "l1": 0.01, "activation": "logistic"},
        {"normalization": "batch", "batch_size": 149},  # the last batch has one row
    ],
    ids=lambda settings: " ".join(settings) or "plain",
)
def test_all_that_a_network_may_add_and_any_number_of_threads_change_nothing(counted, crowd, settings, n_threads):
    crowd(n_threads)
    params, state = fit(True, **settings)
    assert sum(counted) > 0
    expected, plain = fit(False, **settings)
    np.testing.assert_allclose(params, expected, rtol=0, atol=1e-9)
    np.testing.assert_allclose(state.statistics, plain.statistics, rtol=0, atol=1e-9)
    for one, other in zip(state.history.entries, plain.history.entries, strict=True):
        assert one["valid"] == pytest.approx(other["valid"], rel=1e-9)
        assert one["clip_rate"] == other["clip_rate"]


@pytest.mark.parametrize("loss", [SquaredError(), SquaredError(mean_over_outputs=True), LogisticCrossEntropy(0.1)])
@pytest.mark.parametrize("n_threads", [1, 2])
def test_losses_of_amounts_and_of_yes_and_no_are_the_plain_ones(crowd, loss, n_threads):
    crowd(n_threads)
    X, y = rows()
    target = np.eye(3)[y]

    def trained(compiled):
        network = Network(multilayer_perceptron(6, (9,), 3), np.random.default_rng(0), dtype=np.float64)
        step, memory = Step(network, Adam(), loss), Adam().init(network.params.flat.size, np.float64)
        if compiled:
            losses = compile_steps(step, X, target, 16).run(np.arange(150), 0, [0.01] * 10, memory)
        else:
            batches = [slice(i, i + 16) for i in range(0, 150, 16)]
            losses = [step(X[batch], target[batch], 0.01, memory, None) for batch in batches]
        return losses, network.params.flat

    for one, other in zip(trained(True), trained(False), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-12)


def test_one_thread_computes_to_the_last_bit_what_several_do_together(crowd, monkeypatch):
    crowd(3)
    settings = {"dropout": 0.2, "hidden": (64, 40, 40), "normalization": "layer", "residual": True, "clip_norm": 0.5}
    results = []
    for together in (True, False):
        monkeypatch.setattr(Company, "next_piece", lambda self, at_most, answer=together: (answer, 100))
        results.append(fit(True, np.float32, epochs=1, alpha=0.1, **settings)[0].tobytes())
    assert results[0] == results[1]


def time_company(company, monkeypatch, seconds_of):
    """Let a company work for four seconds of a clock that stands still otherwise; yield (when, together, units)."""
    now = [0.0]
    monkeypatch.setattr(threads.time, "perf_counter", lambda: now[0])
    while now[0] < 4:
        together, n = company.next_piece(0.2)
        yield now[0], together, n
        seconds = seconds_of(now[0], together, n)
        now[0] += seconds
        company.note(together, seconds, n)


def test_the_faster_of_two_ways_is_taken_and_the_other_tried_now_and_then(monkeypatch):
    def seconds_of(now, together, n):  # after two seconds, other programs are busy
        return n * (1e-4 if together == (now < 2) else 2e-4)

    pieces = list(time_company(Company(2), monkeypatch, seconds_of))
    early, late = ([piece for piece in pieces if (piece[0] < 2) == is_early] for is_early in (True, False))
    assert share_together(early) > 0.9
    assert share_together(late) < 0.2


def share_together(pieces):
    """The share of the units that were done together."""
    pieces = list(pieces)
    return sum(n for _now, together, n in pieces if together) / sum(n for _now, _together, n in pieces)


def test_threads_that_are_slow_to_wake_are_tried_for_long_enough_to_see_that_they_are_faster(monkeypatch):
    def seconds_of(now, together, n):
        return 0.006 + n * 6e-5 if together else n * 1e-4

    assert share_together(time_company(Company(2), monkeypatch, seconds_of)) > 0.9


def test_a_trial_that_had_bad_luck_is_soon_repeated(monkeypatch):
    trials = []

    def seconds_of(now, together, n):
        trials.append(together)
        unlucky = together and trials.count(True) == 1
        return n * (3e-2 if unlucky else 1e-2 if together else 2e-2)

    pieces = [piece for piece in time_company(Company(2), monkeypatch, seconds_of) if piece[0] > 1.5]
    assert share_together(pieces) > 0.8


@pytest.mark.parametrize("n", [1, 2])
def test_no_piece_takes_much_longer_than_it_may_and_one_thread_has_no_company(monkeypatch, n):
    pieces = list(time_company(Company(n), monkeypatch, lambda now, together, n: n * (6e-5 if together else 1e-4)))
    assert max(n * (6e-5 if together else 1e-4) for _now, together, n in pieces[1:]) <= 0.21
    assert any(together for _now, together, _n in pieces) == (n > 1)


def test_threads_together_repeat_themselves_to_the_last_bit_and_leave_the_library_its_own(crowd):
    crowd(2)
    first = fit(True, np.float32, dropout=0.2, hidden=(64, 40))[0].tobytes()
    with threadpool_limits(2, user_api="blas"):
        before = threadpool_info()
        second = fit(True, np.float32, dropout=0.2, hidden=(64, 40))[0].tobytes()
        assert threadpool_info() == before
    assert first == second


def test_products_of_others_have_all_threads_while_a_training_pauses(crowd):
    crowd(2)
    X, y = rows()
    network, seen = Network(multilayer_perceptron(6, (9,), 3), np.random.default_rng(0), dtype=np.float64), []
    step, memory = Step(network, Adam(), SoftmaxCrossEntropy()), Adam().init(network.params.flat.size, np.float64)
    with threadpool_limits(2, "blas"):
        before = threadpool_info()
        runs = compile_steps(step, X, y, 16)
        runs.run(np.arange(len(y)), 0, [0.01] * 9, memory, lambda: seen.append(threadpool_info() == before))
    assert seen
    assert all(seen)


@pytest.mark.parametrize("activation", sorted(set(ACTIVATIONS) - {"identity"}))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("normalization", [None, "layer"])
def test_each_activation_is_the_plain_one(counted, activation, dtype, normalization):
    params, _ = fit(True, dtype, activation=activation, epochs=2, normalization=normalization)
    expected, _ = fit(False, dtype, activation=activation, epochs=2, normalization=normalization)
    assert sum(counted) == 20
    np.testing.assert_allclose(params, expected, rtol=0, atol=1e-9 if dtype == np.float64 else 2e-4)


def test_a_compiled_epoch_repeats_itself_to_the_last_bit():
    first, second = (fit(True, np.float32)[0].tobytes() for _ in range(2))
    assert first == second


def test_how_many_steps_are_taken_at_once_changes_nothing(monkeypatch):
    expected, _ = fit(True)
    monkeypatch.setattr(epoch, "BACK_AFTER", 0)
    np.testing.assert_array_equal(fit(True)[0], expected)


def test_what_cannot_be_compiled_goes_step_by_step():
    X, y = rows()

    def steps(layers, X=X, y=y, **settings):
        network = Network(layers, np.random.default_rng(0), dtype=np.float64)
        return compile_steps(Step(network, Adam(), SoftmaxCrossEntropy(), compiled=True, **settings), X, y, 16)

    plain = multilayer_perceptron(6, (5,), 3)
    assert steps(plain) is not None
    own = Activation("relu6", lambda z, out: z, lambda z, a, da, out: da)
    for layers in (
        multilayer_perceptron(6, (5,), 3, input_noise=0.1),
        multilayer_perceptron(6, (6, 6), 3, residual=True, activation=own),
        [*plain, Activate("relu")],
    ):
        assert steps(layers) is None
    assert steps(plain, mixup=0.2) is None
    assert steps(plain, max_norm=1.0) is None
    assert steps(plain, X.astype(np.float32)) is None
    assert steps(plain, np.asfortranarray(X)) is None
    assert steps(plain, y=np.eye(3)[y]) is None


def test_without_a_known_library_of_products_training_goes_step_by_step(monkeypatch, counted):
    monkeypatch.setattr(epoch, "SYMBOLS", ())
    fit(True)
    assert not counted


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
    runs, memory = compile_steps(step, X, y, 16), Adam().init(network.params.flat.size, np.float32)
    assert len(runs.run(np.arange(150), 0, [0.01] * 10, memory)) == 2
    assert int(memory["t"]) == 2
    assert np.isfinite(network.params.flat).all()


def test_ctrl_c_within_a_long_epoch_is_answered_within_a_second(ctrl_c):
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
    assert time.perf_counter() - asked[0] < 3  # a second, and what other processes take meanwhile


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
def test_weights_that_are_no_numbers_stop_all_threads_before_the_first_step(crowd, bad, n_threads):
    crowd(n_threads)
    network = Network(multilayer_perceptron(6, (40,), 3), np.random.default_rng(0), dtype=np.float32)
    network.params.flat[3] = bad
    before = network.params.flat.copy()
    step, memory = Step(network, Adam(), SoftmaxCrossEntropy()), Adam().init(network.params.flat.size, np.float32)
    X, y = rows(dtype=np.float32)
    runs = compile_steps(step, X, y, 16)
    assert len(runs.run(np.arange(150), 0, [0.01] * 10, memory)) == 0
    np.testing.assert_array_equal(network.params.flat, before)
    with pytest.raises(DivergedError), np.errstate(invalid="ignore"):
        step(X[:16], y[:16], 0.01, memory, None)


def test_ctrl_c_ends_threads_that_work_together_after_the_step_at_hand(crowd, ctrl_c):
    crowd(2)
    rng = np.random.default_rng(0)
    X, y = rng.random((20_000, 300), np.float32), rng.integers(0, 3, 20_000)
    network = Network(multilayer_perceptron(300, (300,), 3), rng)
    step, memory = Step(network, Adam(), SoftmaxCrossEntropy()), Adam().init(network.params.flat.size, np.float32)
    runs = compile_steps(step, X, y, 8)
    threading.Timer(0.5, signal.raise_signal, (signal.SIGINT,)).start()
    with pytest.raises(KeyboardInterrupt):
        runs.run(np.tile(np.arange(20_000), 400), 0, [0.001] * 1_000_000, memory)
    resting = network.params.flat.copy()
    time.sleep(0.1)
    np.testing.assert_array_equal(network.params.flat, resting)
    assert np.isfinite(resting).all()


@pytest.mark.parametrize("nth", [1, 2])
def test_ctrl_c_while_threads_are_being_called_waits_for_those_that_have_begun(nth, ctrl_c):
    company, calls, ended = Company(2), [], []
    submit = company._threads.submit

    def submit_and_press(*call):
        calls.append(submit(*call))
        if len(calls) == nth:
            signal.raise_signal(signal.SIGINT)
        return calls[-1]

    def work(team):
        worker, *_, meeting, _sched_yield = team
        while not (meeting[threads.ASKED_TO_STOP] or meeting[threads.GIVEN_UP]):
            time.sleep(0.01)
        time.sleep(0.05)
        ended.append(worker)

    company._threads.submit = submit_and_press
    with pytest.raises(KeyboardInterrupt):
        company.work(work, (), 0, together=True)
    assert sorted(ended) == [0, 1]
