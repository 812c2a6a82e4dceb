"""Lazy rows are held against the dense path: the same training, on the same rows with their zeros, moving all of W."""

import signal
import time

import numpy as np
import pytest
from scipy import sparse

from backprop_core import lazy_rows
from backprop_core.architecture import multilayer_perceptron
from backprop_core.averaging import ExponentialAverage
from backprop_core.errors import DivergedError
from backprop_core.health import Health, Watch
from backprop_core.losses import SoftmaxCrossEntropy
from backprop_core.network import Network
from backprop_core.optimizers import SGD, Adam, Lion
from backprop_core.sparse import SparseRows
from backprop_core.sparse_step import SparseStep, step_for
from backprop_core.step import Step
from backprop_core.threads import Team
from backprop_core.training import Trainer

N_FEATURES, N_CLASSES = 60, 3
OPTIMIZERS = [
    Adam(),
    Adam(eps=1e-4),
    Adam(0.8, 0.9, 1e-4),
    Adam(0, 0.999),
    SGD(0),
    SGD(0.9),
    SGD(0.9, nesterov=True),
    SGD(1),
]


def rows(n, seed=0, dtype=np.float64):
    """Rows of which each holds a few columns, some columns often and some hardly ever."""
    rng = np.random.default_rng(seed)
    dense = np.zeros((n, N_FEATURES), dtype)
    for row in dense:
        columns = np.unique((N_FEATURES * rng.random(4) ** 3).astype(int))
        row[columns] = rng.normal(size=len(columns))
    return dense, rng.integers(0, N_CLASSES, n)


def network(dtype=np.float64, **settings):
    return Network(
        multilayer_perceptron(N_FEATURES, (7, 5), N_CLASSES, **settings), np.random.default_rng(0), dtype=dtype
    )


def train(form, optimizer, dtype=np.float64, n_steps=80, settings=None, rates=None, **additions):
    """Network, memory and losses after some steps over rows of this form, "dense" or "sparse"."""
    net = network(dtype, **(settings or {}))
    make = SparseStep if form == "sparse" else Step
    step = make(net, optimizer, SoftmaxCrossEntropy(), compiled=form == "sparse", **additions)
    memory, rng, losses = optimizer.init(net.params.flat.size, dtype), np.random.default_rng(1), []
    for t in range(n_steps):
        X, y = rows(6, t, dtype)
        batch = SparseRows.of_array(X) if form == "sparse" else X
        losses.append(step(batch, y, rates(t) if rates else 0.02, memory, rng))
    step.settle()
    return net, memory, losses, step


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda one: f"{type(one).__name__} {vars(one)}")
@pytest.mark.parametrize(
    "additions", [{}, {"weight_decay": 0.3}, {"clip_norm": 0.3, "clip_value": 0.1}, {"max_norm": 0.8}], ids=str
)
def test_rows_that_wait_arrive_where_they_would_have_gone(optimizer, additions):
    dense, memory, losses, plain = train("dense", optimizer, **additions)
    lazy, lazy_memory, lazy_losses, step = train("sparse", optimizer, **additions)
    np.testing.assert_allclose(lazy_losses, losses, rtol=1e-9)
    np.testing.assert_allclose(lazy.params.flat, dense.params.flat, rtol=0, atol=1e-11)
    for name in memory.keys() - {"t"} if optimizer != OPTIMIZERS[3] else ():  # without momentum nothing is remembered
        np.testing.assert_allclose(lazy_memory[name], memory[name], rtol=1e-9, atol=1e-15)
    assert step.n_clipped == plain.n_clipped


@pytest.mark.parametrize("settings", [{}, {"normalization": "batch"}, {"activation": "tanh"}], ids=str)
def test_a_rate_that_changes_and_any_first_activation_are_followed(settings):
    def rates(t):
        return 0.05 * (1 + np.cos(np.pi * t / 80)) / 2

    dense, *_ = train("dense", Adam(), settings=settings, rates=rates, weight_decay=0.1)
    lazy, *_ = train("sparse", Adam(), settings=settings, rates=rates, weight_decay=0.1)
    np.testing.assert_allclose(lazy.params.flat, dense.params.flat, rtol=0, atol=1e-8)


def test_the_series_of_float32_is_as_exact_as_float32():
    exact, *_ = train("dense", Adam(), np.float64, 300)
    plain, *_ = train("dense", Adam(), np.float32, 300)
    lazy, *_ = train("sparse", Adam(), np.float32, 300)
    error, unavoidable = (np.abs(net.params.flat - exact.params.flat).max() for net in (lazy, plain))
    assert error < 2 * unavoidable + 1e-6


@pytest.mark.parametrize("size", [1e-12, 1e-9, 1e-7, 1e-3])
@pytest.mark.parametrize("waited", [1, 3, 50, 400])
def test_the_series_is_the_sum_it_stands_for_whatever_eps_is_beside_the_gradients(size, waited):
    W, m = np.zeros((1, 16), np.float32), np.full((1, 16), size, np.float32)
    v = np.full((1, 16), size**2, np.float32)
    moves, memory = lazy_rows.AdamMoves(Adam(), 0.0, np.dtype(np.float32)), {"t": np.array(5)}
    total, optimizer = 0.0, Adam()
    for i in range(1, waited + 1):
        memory["t"] += 1
        moves.count(memory, 0.01)
        t = int(memory["t"])
        rate = 0.01 * np.sqrt(1 - optimizer.b2**t) / (1 - optimizer.b1**t)
        total += rate * 0.9**i * size / (np.sqrt(0.999**i * float(v[0, 0])) + 1e-8)
    zero = np.zeros(1, np.int32)
    moves.move(lazy_rows.Team(1), W, (m, v), zero, zero)
    np.testing.assert_allclose(-W, total, rtol=2e-6)


def test_waiting_longer_than_the_tables_reach_changes_nothing(monkeypatch):
    expected, *_ = train("sparse", Adam())
    monkeypatch.setattr(lazy_rows, "LONGEST", 7)
    lazy, *_ = train("sparse", Adam())
    np.testing.assert_allclose(lazy.params.flat, expected.params.flat, rtol=0, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_number_of_threads_changes_no_bit(monkeypatch, dtype):
    results = []
    for n in (1, 2, 3):
        monkeypatch.setattr(lazy_rows, "available", lambda n=n: n)
        net = Network(multilayer_perceptron(N_FEATURES, (70,), N_CLASSES), np.random.default_rng(0), dtype=dtype)
        step = SparseStep(net, Adam(), SoftmaxCrossEntropy(), compiled=True)
        memory = Adam().init(net.params.flat.size, dtype)
        for t in range(20):
            X, y = rows(6, t, dtype)
            step(SparseRows.of_array(X), y, 0.01, memory, None)
        step.settle()
        results.append(net.params.flat.tobytes())
    assert len(set(results)) == 1


def test_a_batch_that_diverges_leaves_weights_and_memory_as_they_were():
    net, optimizer = network(), Adam()
    step, memory = (
        SparseStep(net, optimizer, SoftmaxCrossEntropy(), compiled=True),
        optimizer.init(net.params.flat.size, np.float64),
    )
    for t in range(9):
        X, y = rows(6, t)
        step(SparseRows.of_array(X), y, 0.02, memory, None)
    X, y = rows(6, 9)
    X[2, 11] = np.nan
    with pytest.raises(DivergedError, match="column 11"):
        step(SparseRows.of_array(X), y, 0.02, memory, None)
    expected, expected_memory, *_ = train("sparse", Adam(), n_steps=9)
    np.testing.assert_allclose(net.params.flat, expected.params.flat, rtol=0, atol=1e-14)
    np.testing.assert_allclose(memory["m"], expected_memory["m"], rtol=1e-12)


def test_health_sees_of_sparse_steps_what_it_sees_of_dense_ones():
    records = []
    for form in ("dense", "sparse"):
        net, optimizer = network(), Adam()
        step = (SparseStep if form == "sparse" else Step)(
            net, optimizer, SoftmaxCrossEntropy(), compiled=form == "sparse"
        )
        memory, watch = optimizer.init(net.params.flat.size, np.float64), Watch(step)
        for t in range(12):
            X, y = rows(6, t)
            (watch if t in (3, 8) else step)(SparseRows.of_array(X) if form == "sparse" else X, y, 0.02, memory, None)
        step.settle()
        records.append(watch.record(SparseRows.of_array(X) if form == "sparse" else X))
    assert records[0] == records[1]


def test_what_gives_every_weight_a_gradient_is_left_to_the_dense_step():
    loss = SoftmaxCrossEntropy()
    assert type(step_for(True, network(), Adam(), loss, compiled=True)) is SparseStep
    for additions in ({"alpha": 0.1}, {"l1": 0.1}):
        assert type(step_for(True, network(), Adam(), loss, compiled=True, **additions)) is Step
    assert type(step_for(True, network(), Lion(), loss, compiled=True)) is Step
    assert type(step_for(True, network(), Adam(), loss, compiled=False)) is Step
    assert type(step_for(False, network(), Adam(), loss, compiled=True)) is Step


EVERYTHING = {
    "learning_rate": 0.02,
    "schedule": "cosine",
    "epochs": 4,
    "batch_size": 16,
    "weight_decay": 0.1,
    "clip_norm": 0.5,
}


def fit(form, compiled, settings=None, **more):
    trainer = Trainer(network(**(settings or {})), compiled=compiled, **(EVERYTHING | more))
    X, y = rows(150)
    X_valid, y_valid = rows(40, 1)
    if form is not np.asarray:
        X, X_valid = form(X), form(X_valid)
    state = trainer.start(np.random.default_rng(3))
    trainer.fit(X, y, X_valid, y_valid, state)
    entries = [{key: entry[key] for key in entry.keys() - {"seconds"}} for entry in state.history.entries]
    return trainer.network, entries, state


@pytest.mark.parametrize(
    "more",
    [{}, {"average": ExponentialAverage(0.9)}, {"health": Health()}, {"mixup": 0.3}],
    ids=lambda more: " ".join(more) or "plain",
)
@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("form", [sparse.csr_array, sparse.csr_matrix, sparse.csc_array, SparseRows.of_array])
def test_a_trainer_learns_from_sparse_rows_what_it_learns_from_dense_ones(form, compiled, more):
    dense, entries, _ = fit(np.asarray, False, **more)
    net, sparse_entries, _ = fit(form, compiled, **more)
    np.testing.assert_allclose(net.params.flat, dense.params.flat, rtol=0, atol=1e-9)
    for one, other in zip(entries, sparse_entries, strict=True):
        assert one["valid"] == pytest.approx(other["valid"], rel=1e-9)
        assert one.get("health") == other.get("health")


def test_a_sparse_training_repeats_itself_to_the_last_bit():
    first, second = (fit(sparse.csr_array, True, {"dropout": 0.2})[0].params.flat.tobytes() for _ in range(2))
    assert first == second


def test_input_dropout_leaves_sparse_rows_sparse_and_still_learns():
    layers = multilayer_perceptron(N_FEATURES, (7,), N_CLASSES, input_dropout=0.3)
    trainer = Trainer(Network(layers, np.random.default_rng(0), dtype=np.float64), compiled=True, **EVERYTHING)
    X, y = rows(150)
    state = trainer.start(np.random.default_rng(0))
    trainer.fit(sparse.csr_array(X), y, sparse.csr_array(X), y, state)
    losses = [entry["train"]["loss"] for entry in state.history.entries]
    assert losses[-1] < losses[0]


def test_ctrl_c_while_a_loop_is_shared_is_raised_when_all_parts_are_done(ctrl_c):
    done = []

    def loop(lo, hi):
        if lo == 0:
            signal.raise_signal(signal.SIGINT)
        else:
            time.sleep(0.05)
        done.append((lo, hi))

    with pytest.raises(KeyboardInterrupt):
        Team(2).share(loop, width=100)
    assert sorted(done) == [(0, 64), (64, 100)]
