"""The speed benchmarks are fair: everybody trains the same network on the same rows, and is timed by the same clock."""

import os
import warnings

import numpy as np
import pytest

from backprop_core.architecture import multilayer_perceptron
from backprop_core.losses import SoftmaxCrossEntropy
from backprop_core.network import Network
from backprop_core.optimizers import SGD
from backprop_core.scaling import Standardizer
from backprop_core.step import Step
from benchmarks import (
    choose_for_voices,
    choose_speech_features,
    jax_training,
    memory,
    prediction_speed,
    sparse_rows,
    time_to_accuracy,
    torch_training,
    training_speed,
    waiting_time,
)
from benchmarks.other_speech_features import SHRINKAGE, Rasta, WholeSecond, WithinClassWhitening
from benchmarks.roofline import Products, epoch_of_products
from benchmarks.spread import spread
from benchmarks.workers import Worker
from pipelines.learning.tasks.speech import NARROW

WIDTHS = (12, 9, 7, 4)


@pytest.fixture
def products_taken(monkeypatch):
    """The shapes of the products of two matrices that numpy is asked for, in turn."""
    shapes = []
    matmul = np.matmul

    def recorded(a, b, out):
        if a.ndim == b.ndim == 2:
            shapes.append((a.shape, b.shape))
        return matmul(a, b, out=out)

    monkeypatch.setattr(np, "matmul", recorded)
    return shapes


@pytest.fixture
def few_rows(monkeypatch):
    """Thirty rows of chance in the place of Fashion-MNIST's."""
    rng = np.random.default_rng(0)
    X, y = rng.random((30, 784), np.float32), np.arange(30) % 10
    monkeypatch.setattr(training_speed, "image_rows", lambda name, role: (X, y))
    return X, y


def test_the_roofline_has_the_products_of_a_training_step(products_taken):
    rng = np.random.default_rng(0)
    network = Network(multilayer_perceptron(WIDTHS[0], WIDTHS[1:-1], WIDTHS[-1]), rng)
    step = Step(network, SGD(), SoftmaxCrossEntropy())
    X, y = rng.random((16, WIDTHS[0]), np.float32), rng.integers(0, WIDTHS[-1], 16)
    step(X, y, 0.1, SGD().init(network.params.flat.size, np.float32), rng)
    of_step = products_taken.copy()
    products_taken.clear()
    products = Products(16, WIDTHS)
    products.forward()
    products.backward()
    assert products_taken == of_step


def test_the_roofline_visits_every_row_once_an_epoch(products_taken):
    for products in epoch_of_products(100, 32, WIDTHS):
        products.forward()
    into_the_first_layer = [n_rows for (n_rows, fan_in), _W in products_taken if fan_in == WIDTHS[0]]
    assert into_the_first_layer == [32, 32, 32, 4]
    assert len(epoch_of_products(96, 32, WIDTHS)) == 3


def test_the_rooflines_numbers_stay_finite_however_often_it_is_computed():
    products = Products(8, WIDTHS)
    for _ in range(50):
        products.forward()
        products.backward()
    assert np.isfinite(products._x[-1]).all()


@pytest.mark.parametrize("training", training_speed.TRAININGS[:3], ids=lambda training: training.name)
def test_both_classifiers_get_the_same_network_batches_and_rows(training, few_rows, monkeypatch):
    import sklearn.neural_network

    import backprop_core.estimator

    seen = []
    for module in (backprop_core.estimator, sklearn.neural_network):

        class Watched(module.MLPClassifier):
            def fit(self, X, y):
                super().fit(X, y)
                seen.append((X, y, [W.shape for W in self.coefs_], self.get_params(), self.n_iter_))

        monkeypatch.setattr(module, "MLPClassifier", Watched)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        losses = training_speed.fit_backprop(training)[1], training_speed.fit_sklearn(training)[1]
    ours, theirs = seen
    assert ours[0] is theirs[0] is few_rows[0]
    assert ours[1] is theirs[1] is few_rows[1]
    assert ours[2] == theirs[2] == [*zip(training.widths, training.widths[1:], strict=False)]
    assert {name: ours[3][name] for name in theirs[3]} == theirs[3]
    assert ours[4] == theirs[4] == training.epochs
    # The same random state starts both from the same weights and shuffles both alike.
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


def test_a_summary_divides_whole_fits_by_their_epochs_and_takes_the_best_peer():
    training = training_speed.Training((5,), 10, epochs=2, peers=1, sklearn=2, roofline=0.5)
    names = ("backprop", "sklearn", "torch", "torch_fused", "jax")
    first = dict.fromkeys(names, (1.5, 1.0))
    later = dict(zip(names, [(2.0, 0.5), (8.0, 0.5), (6.0, 0.5), (4.0, 0.5), (3.0, 0.5)], strict=True))
    turns = [{**turn, "roofline": (1.0, None)} for turn in (first, later, later, later)]
    summary = training_speed.summary(training, turns)
    assert {name: of["over_backprop"] for name, of in summary["ratios"].items()} == {
        "torch": 2.0,
        "best_peer": 1.5,
        "sklearn": 4.0,
        "roofline": 0.5,
    }
    assert summary["torch_mode"] == "torch_fused"
    assert summary["contestants"]["backprop"]["median"] == 1.0
    assert summary["contestants"]["backprop"]["epochs_alone"] == 0.5
    assert summary["best_peer"] == "jax"


def test_waiting_times_are_compared_by_their_medians():
    summary = waiting_time.summary({"backprop": [1.0, 2.0, 9.0], "torch": [5.0, 4.0, 3.0]})
    assert summary["seconds"] == {"backprop": 2.0, "torch": 4.0}
    assert summary["over_backprop"] == {"torch": 2.0}


def test_every_contestant_learns_in_a_process_of_its_own(tmp_path):
    rng = np.random.default_rng(0)
    np.save(tmp_path / "X.npy", rng.random((64, 784), np.float32))
    np.save(tmp_path / "y.npy", np.arange(64) % 10)
    for contestant in ("backprop", "sklearn"):
        assert waiting_time.seconds_of(contestant, (5,), 16, 1, tmp_path, 1) > 0


def test_jax_learns_the_same_task(few_rows):
    pytest.importorskip("optax")
    X, y = few_rows
    losses = [jax_training.train(X, y, (784, 64, 10), 8, 0.001, epochs) for epochs in (1, 60)]
    assert losses[1] < 0.8 * losses[0]


def test_the_sparse_rows_are_what_they_say_and_can_be_learned():
    X, _y = sparse_rows.texts(200)
    assert X.shape == (200, 65_536)
    assert set(np.diff(X.starts)) == {60}
    measured = sparse_rows.fit(8, 200, 6)
    assert measured["valid_loss"][-1] < measured["valid_loss"][0]


def test_without_pytorch_one_sentence_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(torch_training.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match=r"pip install -e '\.\[bench\]'"):
        training_speed.run()


def test_the_clock_stands_still_while_the_accuracy_is_measured(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(time_to_accuracy.time, "perf_counter", lambda: now[0])

    def measure():
        now[0] += 100
        return accuracies.pop(0)

    accuracies = [0.9, 0.979, 0.98]
    clock = time_to_accuracy.Clock(limit=10)
    clock.start()
    over = []
    for _ in range(3):
        now[0] += 2
        over.append(clock.epoch_is_over(measure))
    assert over == [False, False, True]
    assert clock.seconds == 6


def test_the_clock_stops_whoever_is_too_slow(monkeypatch):
    now = iter([0.0, 5.0, 5.0, 10.0, 10.0])
    monkeypatch.setattr(time_to_accuracy.time, "perf_counter", lambda: next(now))
    clock = time_to_accuracy.Clock(limit=10)
    clock.start()
    assert [clock.epoch_is_over(lambda: 0.5) for _ in range(2)] == [False, True]
    assert not clock.reached


def test_a_run_that_misses_the_goal_counts_as_the_slowest():
    runs = [{"reached": reached, "seconds": seconds} for reached, seconds in ((True, 1.0), (False, 0.1), (True, 3.0))]
    assert time_to_accuracy.summary(runs)["median_seconds"] == 3.0
    assert time_to_accuracy.summary(runs[1:2] * 3)["median_seconds"] is None


def test_settings_are_chosen_without_test_rows(monkeypatch):
    rows = {role: (np.arange(n), np.arange(n)) for role, n in (("train", 60_000), ("test", 10_000))}
    monkeypatch.setattr(time_to_accuracy, "image_rows", lambda name, role: rows[role])
    training, held_out = time_to_accuracy._rows(choosing=True)
    assert np.array_equal(np.concatenate([training[0], held_out[0]]), rows["train"][0])
    assert len(held_out[0]) == 10_000
    assert time_to_accuracy._rows(choosing=False) == (rows["train"], rows["test"])


def test_the_twins_of_the_prediction_benchmark_give_the_same_probabilities(few_rows):
    X, y = few_rows
    ours, theirs = prediction_speed.twins(X, y, (5,))
    assert theirs.predict_proba(X).dtype == ours.predict_proba(X).dtype == np.float32
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-6)


def test_the_file_of_the_memory_benchmark_repeats_the_rows(tmp_path):
    X = np.arange(15, dtype=np.float32).reshape(5, 3)
    memory.write_repeated(X, 13, tmp_path / "X.raw")
    written = np.fromfile(tmp_path / "X.raw", np.float32).reshape(-1, 3)
    assert np.array_equal(written, np.resize(X, (13, 3)))


def test_the_spread_of_times_is_ordered():
    of = spread([3.0, 1.0, 2.0, 5.0, 4.0])
    assert of["quartiles"][0] < of["median"] == 3.0 < of["quartiles"][1]


def test_a_worker_is_one_other_process():
    with Worker() as worker:
        first, second = worker(os.getpid), worker(os.getpid)
    assert first == second != os.getpid()


@pytest.mark.parametrize("name", choose_for_voices.CANDIDATES)
def test_every_candidate_for_voices_can_describe_a_word(name):
    candidate = choose_for_voices.CANDIDATES[name]
    extractor = candidate.extractor(**NARROW.settings() | candidate.features)
    word = (np.hanning(4000) * np.sin(np.arange(4000) / 5)).astype(np.float32)
    assert extractor.extract_rows([word]).shape == (1, extractor.n_stored)


def test_takes_of_a_word_differ_equally_in_all_directions_once_they_are_whitened():
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(6, 6)) * [3, 2, 1, 1, 0.5, 0.3]
    y = np.repeat(np.arange(4), 500)
    rows = (4 * rng.normal(size=(4, 6))[y] + rng.normal(size=(2000, 6)) @ mixing).astype(np.float32)
    whitened = WithinClassWhitening(rows, y).fit(rows).transform(rows)
    plain = Standardizer().fit(rows).transform(rows)

    def variances(of):
        within = of - np.stack([of[y == k].mean(axis=0) for k in range(4)])[y]
        return np.linalg.eigvalsh(within.T.astype(float) @ within / len(within))

    before, after = variances(plain), variances(whitened)
    expected = before / (before + SHRINKAGE * before.mean())
    assert np.allclose(after / after.max(), expected / expected.max(), rtol=1e-3)
    assert after.max() / after.min() < before.max() / before.min() / 10


def test_rasta_takes_out_what_a_microphone_adds_to_every_frame():
    rng = np.random.default_rng(0)
    decibels, bounds = rng.normal(size=(60, NARROW.n_mels)), np.array([0, 25, 60])
    tone = rng.normal(size=NARROW.n_mels)
    plain, rasta = NARROW, Rasta(**NARROW.settings())
    assert not np.allclose(plain.cepstra(decibels + tone, bounds)[:, 1:], plain.cepstra(decibels, bounds)[:, 1:])
    assert np.allclose(rasta.cepstra(decibels + tone, bounds)[:, 1:], rasta.cepstra(decibels, bounds)[:, 1:])


def test_a_word_keeps_its_length_in_a_whole_second():
    second = WholeSecond(**NARROW.settings())
    sequences = np.ones((40, 3))
    placed = second.in_time(sequences, np.array([0, 40]))[0]
    assert placed.shape == (NARROW.frames, 3)
    assert np.allclose(placed[:, 1], np.r_[np.zeros(6), np.ones(8), np.zeros(6)])


@pytest.mark.parametrize("name", choose_speech_features.WAYS)
def test_every_way_to_one_length_can_describe_a_word(name):
    extractor, _ = choose_speech_features.WAYS[name]
    word = (np.hanning(4000) * np.sin(np.arange(4000) / 5)).astype(np.float32)
    assert extractor.extract_rows([word]).shape == (1, extractor.n_stored)
