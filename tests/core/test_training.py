"""Training takes the steps that its settings ask for, learns what can be learned, and the same seed gives the same."""

import itertools
import re
import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from backprop_core.architecture import multilayer_perceptron
from backprop_core.averaging import ExponentialAverage
from backprop_core.errors import BackpropError
from backprop_core.history import History, measure
from backprop_core.layers import Activate, Dense
from backprop_core.losses import SoftmaxCrossEntropy
from backprop_core.network import Network
from backprop_core.optimizers import SGD, Adam
from backprop_core.training import Trainer, check_rows, choose_measured_rows
from tests.core.small_training import clouds, fit, trainer_for


def without_seconds(history):
    return [{key: value for key, value in entry.items() if key != "seconds"} for entry in history.entries]


EVERYTHING = {
    "dropout": 0.3,
    "schedule": "cosine",
    "weight_decay": 0.01,
    "alpha": 1e-3,
    "clip_norm": 1.0,
    "mixup": 0.2,
    "normalization": "batch",
    "average": ExponentialAverage(0.9),
    "patience": 4,
    "loss": SoftmaxCrossEntropy(0.1),
}


def test_the_same_seed_gives_the_same_bytes():
    first, second = (trainer_for(**EVERYTHING) for _ in range(2))
    histories = [without_seconds(fit(trainer)[1].history) for trainer in (first, second)]
    assert histories[0] == histories[1]
    assert first.network.params.flat.tobytes() == second.network.params.flat.tobytes()


def test_another_seed_gives_other_weights():
    first, second = trainer_for(), trainer_for()
    fit(first, np.random.default_rng(1))
    fit(second, np.random.default_rng(2))
    assert (first.network.params.flat != second.network.params.flat).all()


def test_the_global_random_stream_is_neither_read_nor_moved():
    np.random.seed(0)  # noqa: NPY002 - this is the stream that must not move
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    fit(trainer_for(**EVERYTHING))
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


class InOrder:
    """A random stream that leaves rows in the order they are in, as scikit-learn's shuffle=False does."""

    def permutation(self, n):
        return np.arange(n)


@pytest.mark.parametrize("solver", ["sgd", "nesterov", "adam"])
@pytest.mark.parametrize("alpha", [0.0, 0.5])
def test_training_takes_the_same_course_as_scikit_learns_classifier(solver, alpha):
    X, y = clouds(60, 0, np.float64)
    common = {"hidden_layer_sizes": (7, 5), "activation": "tanh", "batch_size": 20, "shuffle": False, "alpha": alpha}
    peer = MLPClassifier(
        **common,
        solver="adam" if solver == "adam" else "sgd",
        nesterovs_momentum=solver == "nesterov",
        learning_rate_init=1e-300,  # moves nothing: the first fit only draws the initial weights
        epsilon=1e-300,  # where eps enters differs, see test_optimizers
        tol=0,
        max_iter=1,
        warm_start=True,
        random_state=0,
    )
    optimizer = {"sgd": SGD(), "nesterov": SGD(nesterov=True), "adam": Adam(eps=1e-300)}[solver]
    # scikit-learn adds alpha / (2 n) |W|^2 to a batch of n rows.
    trainer = trainer_for(
        0, (7, 5), np.float64, optimizer, activation="tanh", alpha=alpha, batch_size=20, learning_rate=0.02
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        peer.fit(X, y)
        dense = [views for views in trainer.network.params.views if views]
        for views, W, b in zip(dense, peer.coefs_, peer.intercepts_, strict=True):
            views["W"][...], views["b"][...] = W, b
        last = {}
        fit(trainer, InOrder(), lambda state: last.update(params=state.params.copy()), (X, y))
        peer.set_params(learning_rate_init=0.02, max_iter=5).fit(X, y)
    expected = np.concatenate([array.ravel() for array in (*peer.coefs_, *peer.intercepts_)])
    np.testing.assert_allclose(last["params"], expected, rtol=1e-9, atol=1e-9)
    trainer.network.params.flat[...] = last["params"]
    np.testing.assert_allclose(trainer.network.probabilities(X), peer.predict_proba(X), rtol=1e-9, atol=1e-9)


def one_step(**settings):
    """Weights and biases before and after a single step of plain SGD over one batch."""
    trainer = trainer_for(dtype=np.float64, optimizer=SGD(0.0), epochs=1, batch_size=1000, **settings)
    before, after = trainer.network.params.flat.copy(), {}
    fit(trainer, on_epoch=lambda state: after.update(params=state.params.copy()))
    n = trainer.network.params.n_weights
    return before[:n], before[n:], after["params"][:n], after["params"][n:]


def test_weight_decay_shrinks_the_weights_by_its_share_and_never_the_biases():
    W, b, plain_W, plain_b = one_step(learning_rate=0.1)
    _, _, decayed_W, decayed_b = one_step(learning_rate=0.1, weight_decay=0.5)
    np.testing.assert_allclose(plain_W - decayed_W, 0.1 * 0.5 * W, rtol=1e-9, atol=1e-15)
    np.testing.assert_array_equal(decayed_b, plain_b)
    assert (plain_b != b).any()


def test_alpha_adds_its_share_of_the_weights_to_the_gradient_and_nothing_to_the_biases():
    W, _, plain_W, plain_b = one_step(learning_rate=0.1)
    _, _, shrunk_W, shrunk_b = one_step(learning_rate=0.1, alpha=0.5 * 150)  # of 150 rows, all in the one batch
    np.testing.assert_allclose(plain_W - shrunk_W, 0.1 * 0.5 * W, rtol=1e-9, atol=1e-15)
    np.testing.assert_array_equal(shrunk_b, plain_b)


def test_a_clipped_step_is_as_long_as_the_limit_allows():
    W, b, after_W, after_b = one_step(learning_rate=0.1, clip_norm=1e-3)
    assert np.hypot(np.linalg.norm(after_W - W), np.linalg.norm(after_b - b)) == pytest.approx(0.1 * 1e-3)


@pytest.mark.parametrize(("clip_norm", "clip_rate"), [(1e-9, 1.0), (1e9, 0.0), (None, 0.0)])
def test_the_history_tells_how_often_the_gradient_was_clipped(clip_norm, clip_rate):
    _, state = fit(trainer_for(clip_norm=clip_norm))
    assert {entry["clip_rate"] for entry in state.history.entries} == {clip_rate}


@pytest.mark.parametrize("optimizer", [Adam(), SGD()])
def test_twenty_rows_can_be_learned_by_heart_even_if_their_classes_are_noise(optimizer):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(20, 4)).astype(np.float32), rng.integers(0, 3, 20)
    trainer = trainer_for(hidden=(64, 64), optimizer=optimizer, epochs=300, batch_size=20, learning_rate=0.02)
    fit(trainer, rows=rows, valid=rows)
    assert measure(trainer.network, trainer.loss, *rows)["accuracy"] == 1
    assert measure(trainer.network, trainer.loss, *rows)["loss"] < 0.05


def test_real_classes_are_learned_and_permuted_ones_leave_validation_at_chance():
    X, y = clouds(900, 0, spread=0.5)
    X_valid, y_valid = clouds(900, 1, spread=0.5)

    def validation_accuracy(y):
        # The last epoch: the best one was chosen on these very rows, and stands well above chance for that alone.
        _, state = fit(trainer_for(hidden=(16,), epochs=8), rows=(X, y), valid=(X_valid, y_valid))
        return state.history.entries[-1]["valid"]["accuracy"]

    assert validation_accuracy(y) > 0.9
    # A shuffle agrees with whole clouds or with none, so one alone spreads by 0.13, and the mean of forty by 0.02.
    shuffled = [validation_accuracy(np.random.default_rng(seed).permutation(y)) for seed in range(40)]
    assert np.mean(shuffled) == pytest.approx(1 / 3, abs=0.08)


def test_training_and_validation_are_measured_by_the_same_rule():
    rows = clouds(80)
    _, state = fit(trainer_for(dropout=0.4), rows=rows, valid=rows)
    assert all(entry["train"] == entry["valid"] for entry in state.history.entries)


def test_the_data_are_left_untouched():
    rows, valid = clouds(50), clouds(20, 1)
    fit(trainer_for(), rows=rows, valid=valid)
    for before, after in zip((*clouds(50), *clouds(20, 1)), (*rows, *valid), strict=True):
        np.testing.assert_array_equal(before, after)


def test_the_last_batch_may_be_a_single_row():
    assert fit(trainer_for(batch_size=49), rows=clouds(50))[0] == "epochs"


def test_a_network_may_end_in_an_activation():
    # tanh's derivative needs tanh's output, which must not have been overwritten by the loss's gradient by then.
    def last_params(batch):
        network = Network([Dense(4, 3), Activate("tanh")], np.random.default_rng(0), dtype=np.float64)
        return one_epoch(network, batch)

    def one_epoch(network, batch):
        params = network.params.flat.copy()
        logits, backward = network.forward(batch[0], training=True)
        grads = network.zero_gradients()
        backward(SoftmaxCrossEntropy().loss_and_gradient(logits.copy(), batch[1])[1], grads)
        trainer = Trainer(network, SGD(0.0), epochs=1, batch_size=100, learning_rate=0.1)
        trainer.fit(*batch, *batch, trainer.start(InOrder()))
        return network.params.flat, params - 0.1 * grads.flat

    after, expected = last_params(clouds(30, dtype=np.float64))
    np.testing.assert_allclose(after, expected, rtol=1e-12)


def test_the_best_entry_is_the_earliest_of_equals():
    entries = [{"epoch": i, "valid": {"loss": loss}} for i, loss in enumerate([3.0, 1.0, 2.0, 1.0])]
    assert History(entries).best()["epoch"] == 1
    assert History().best() is None


@pytest.mark.parametrize(("n_train", "n_valid"), [(10, 5), (4999, 10), (60000, 5000), (60000, 20000), (1, 0)])
def test_the_training_rows_that_are_measured_are_spread_over_all_and_no_fewer_than_promised(n_train, n_valid):
    rows = np.arange(n_train)[choose_measured_rows(n_train, n_valid)]
    assert len(rows) >= min(n_train, max(n_valid, 5000))
    assert len({b - a for a, b in itertools.pairwise(rows.tolist())}) <= 1


@pytest.mark.parametrize(
    ("X", "y", "says"),
    [
        (np.zeros((3, 5)), np.zeros(3, int), "expected .n_samples, 4"),
        (np.zeros(4), np.zeros(1, int), "expected .n_samples, 4"),
        (np.zeros((0, 4)), np.zeros(0, int), "0 rows of features and 0 classes"),
        (np.zeros((3, 4)), np.zeros(2, int), "3 rows of features and 2 classes"),
        (np.array([[0, 0, np.nan, 0]]), np.zeros(1, int), "column 2 carries NaN"),
        (np.array([[0, np.inf, 0, 0]]), np.zeros(1, int), "column 1 carries NaN or infinity"),
        (np.zeros((2, 4)), np.array([0, 3]), "0 to 3: expected 0 to 2"),
        (np.zeros((2, 4)), np.array([-1, 0]), "-1 to 0: expected 0 to 2"),
    ],
)
def test_rows_that_cannot_be_trained_on_are_refused_in_one_sentence(X, y, says):
    with pytest.raises(BackpropError, match=says):
        check_rows(X, y, 4, 3)


def test_good_rows_pass():
    assert check_rows(*clouds(10), 4, 3) is None


def test_what_is_measured_and_kept_is_the_average_of_the_weights():
    trainer = trainer_for(average=ExponentialAverage(0.95), epochs=1)
    latest, averaged = {}, {}

    def on_epoch(state):
        latest.update(params=state.params.copy())
        averaged.update(params=trainer.average.read_average(state.average).copy())

    _, state = fit(trainer, on_epoch=on_epoch)
    np.testing.assert_array_equal(trainer.network.params.flat, averaged["params"])
    assert (averaged["params"] != latest["params"]).any()
    measured = measure(trainer.network, trainer.loss, *clouds(60, 1))
    assert measured == state.history.entries[-1]["valid"]


def test_an_average_that_forgets_at_once_changes_nothing():
    plain, averaged = trainer_for(), trainer_for(average=ExponentialAverage(0.0))
    histories = [without_seconds(fit(trainer)[1].history) for trainer in (plain, averaged)]
    assert histories[0] == histories[1]


def test_the_running_statistics_kept_are_those_of_the_best_epoch():
    trainer = trainer_for(normalization="batch", learning_rate=0.3, epochs=8)
    seen = []
    _, state = fit(trainer, on_epoch=lambda state: seen.append(state.statistics.copy()))
    best = state.history.best()["epoch"] - 1
    np.testing.assert_array_equal(trainer.network.statistics.flat, seen[best])
    assert any((statistics != seen[best]).any() for statistics in seen)


def test_a_schedule_may_be_a_function_of_ones_own():
    _, state = fit(trainer_for(schedule=lambda progress, entries=(): 0.5, learning_rate=0.02))
    assert {entry["learning_rate"] for entry in state.history.entries} == {0.01}


def test_a_plateau_lowers_the_rate_where_validation_no_longer_improves():
    # Labels drawn by lot: after a few epochs nothing more can be learned from them.
    rng = np.random.default_rng(0)
    X, y = clouds(150, 0)
    _, state = fit(trainer_for(schedule="plateau", epochs=40), rows=(X, rng.permutation(y)))
    rates = [entry["learning_rate"] for entry in state.history.entries]
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] < rates[0]


class Recorded:
    """Batches in the order of the rows, each row shifted by the share of the training that is over."""

    def __init__(self, X, y):
        self.X, self.y, self.progress = X, y, []

    def __call__(self, batch_size, progress, rng):
        self.progress.append(progress)
        for start in range(0, len(self.X), batch_size):
            rows = slice(start, start + batch_size)
            yield self.X[rows] + np.float32(progress), self.y[rows]


def test_augmented_batches_are_what_the_network_learns_from_and_plain_rows_what_is_measured():
    (X, y), valid, junk = clouds(150, 0), clouds(60, 1), np.zeros((150, 4), np.float32)
    augmented, trainer = Recorded(X, y), trainer_for(epochs=4)
    trainer.fit(junk, y, *valid, state := trainer.start(np.random.default_rng(1)), augmented=augmented)
    assert augmented.progress == [0, 0.25, 0.5, 0.75]
    best = state.history.entries[-1]
    assert best["valid"]["accuracy"] > 0.8 > best["train"]["accuracy"]  # junk rows cannot have taught that
    assert best["train"] == measure(trainer.network, SoftmaxCrossEntropy(), junk, y)


def test_averaged_weights_are_measured_with_statistics_of_their_own():
    # Early in training the weights wander far: running means counted on the way do not fit their average.
    (X, y), valid = clouds(600, 0), clouds(300, 1)
    settings = {"epochs": 4, "learning_rate": 0.3, "batch_size": 100}
    trainer = trainer_for(normalization="batch", average=ExponentialAverage(0.99), **settings)
    fit(trainer, rows=(X, y), valid=valid)
    normal = next(layer for layer in trainer.network.layers if layer.kind == "batch_norm")
    place = trainer.network.layers.index(normal)
    counted = trainer.network.statistics.views[place]
    x = X @ trainer.network.params.views[0]["W"] + trainer.network.params.views[0]["b"]
    np.testing.assert_allclose(counted["running_mean"], x.mean(axis=0), atol=0.1 * x.std())
    np.testing.assert_allclose(counted["running_var"], x.var(axis=0), rtol=0.25)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"schedule": "cosin"}, "schedule 'cosin' is unknown; did you mean 'cosine'"),
        ({"learning_rate": 0}, "learning_rate is 0: choose a finite number above 0"),
        ({"learning_rate": float("nan")}, "learning_rate is nan"),
        ({"epochs": 0}, "epochs is 0: choose a whole number, 1 or more"),
        ({"epochs": 2.5}, "epochs is 2.5"),
        ({"batch_size": -1}, "batch_size is -1"),
        ({"patience": -2}, "patience is -2"),
        ({"alpha": -1}, "alpha is -1: choose a finite number from 0"),
        ({"clip_norm": 0}, "clip_norm is 0: choose a number above 0"),
        ({"mixup": "much"}, "mixup is 'much'"),
    ],
)
def test_impossible_settings_are_refused_before_training(settings, sentence):
    network = Network(multilayer_perceptron(2, [3], 2), np.random.default_rng(0))
    with pytest.raises(BackpropError, match=re.escape(sentence)):
        Trainer(network, **settings)


def test_a_misspelt_setting_is_refused_at_once():
    with pytest.raises(TypeError, match="droput"):
        Trainer(Network(multilayer_perceptron(2, [3], 2), np.random.default_rng(0)), droput=0.3)


def test_a_trainer_that_gets_a_random_stream_makes_its_own_state():
    first, second = trainer_for(), trainer_for()
    first.fit(*clouds(150, 0), *clouds(60, 1), rng=np.random.default_rng(3))
    second.fit(*clouds(150, 0), *clouds(60, 1), second.start(np.random.default_rng(3)))
    np.testing.assert_array_equal(first.network.params.flat, second.network.params.flat)
    with pytest.raises(BackpropError, match="random generator"):
        first.fit(*clouds(150, 0), *clouds(60, 1))
