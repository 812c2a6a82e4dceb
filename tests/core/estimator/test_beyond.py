"""What the estimators can do that scikit-learn's cannot."""

import warnings

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn import neural_network
from sklearn.base import clone
from sklearn.datasets import make_classification, make_multilabel_classification
from sklearn.metrics import log_loss

from backprop_core import MLPClassifier, MLPRegressor
from backprop_core.activations import ACTIVATIONS, Activation
from backprop_core.optimizers import OPTIMIZERS
from backprop_core.regression_losses import OwnLoss, SquaredError
from backprop_core.schedules import SCHEDULES

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = make_classification(200, 8, n_informative=5, n_classes=3, n_clusters_per_class=1, random_state=0)
VALID = make_classification(80, 8, n_informative=5, n_classes=3, n_clusters_per_class=1, random_state=0)
FAST = {"hidden_layer_sizes": (16, 16), "learning_rate_init": 0.01, "max_iter": 40, "batch_size": 32, "random_state": 0}
# Lion takes whole steps, which are to be smaller.
RATES = {"lion": 0.002, "sgd": 0.05, "adagrad": 0.05}


def fit(**settings):
    return MLPClassifier(**(FAST | settings)).fit(X, Y)


def same_weights(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one.coefs_, other.coefs_, strict=True))


@pytest.mark.parametrize("solver", OPTIMIZERS)
def test_every_solver_learns(solver):
    assert fit(solver=solver, learning_rate_init=RATES.get(solver, 0.01)).score(X, Y) > 0.8


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("warm_up", [0, 0.2])
def test_every_schedule_learns_and_shows_in_the_history(name, warm_up):
    estimator = fit(learning_rate=name, warm_up=warm_up)
    rates = [entry["learning_rate"] for entry in estimator.history_]
    assert estimator.score(X, Y) > 0.8
    assert max(rates) <= 0.01
    assert (len(set(rates)) > 1) == (bool(warm_up) or name not in ("constant", "plateau"))


def test_a_schedule_of_ones_own_sets_the_rate():
    estimator = fit(learning_rate=lambda progress, entries: 1 / (1 + len(entries)), max_iter=3)
    assert [entry["learning_rate"] for entry in estimator.history_] == pytest.approx([0.01, 0.005, 0.01 / 3])


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_learns(activation):
    assert fit(activation=activation, learning_rate_init=0.03).score(X, Y) > 0.7


SOFTSIGN = Activation(
    "softsign",
    lambda z, out: np.divide(z, 1 + abs(z), out=out),
    lambda z, a, da, out: np.multiply(da, (1 - abs(a)) ** 2, out=out),
)


@pytest.mark.parametrize("activation", [["relu", "tanh"], ("gelu", SOFTSIGN), SOFTSIGN], ids=["names", "mixed", "own"])
def test_each_layer_may_have_its_own_activation(activation):
    assert fit(activation=activation, learning_rate_init=0.03).score(X, Y) > 0.8


def test_a_sequence_of_equal_activations_is_that_activation():
    assert same_weights(fit(activation=["logistic", "logistic"]), fit(activation="logistic"))


FURTHER = [
    *({"dropout": 0.2}, {"input_dropout": 0.1}, {"input_noise": 0.1}, {"normalization": "batch"}, {"mixup": 0.2}),
    *({"normalization": "layer"}, {"residual": True}, {"l1": 0.1}, {"weight_decay": 0.1}, {"max_norm": 1.5}),
    *({"clip_value": 0.01}, {"clip_norm": 0.5}, {"ema_decay": 0.9}, {"label_smoothing": 0.1}),
    {"class_weight": {0: 1, 1: 2, 2: 1}},
]


@pytest.mark.parametrize("settings", FURTHER, ids=str)
def test_every_further_parameter_changes_the_weights_and_still_learns(settings):
    estimator = fit(**settings)
    assert estimator.score(X, Y) > 0.8
    assert not same_weights(estimator, fit())
    assert same_weights(estimator, fit(**settings))


def test_all_of_it_goes_together_for_one_class_many_labels_and_amounts():
    together = {"dropout": 0.1, "normalization": "batch", "residual": True, "mixup": 0.2, "clip_norm": 1.0}
    together |= {"solver": "adamw", "learning_rate": "one_cycle", "ema_decay": 0.9, "input_noise": 0.05}
    labelled = make_multilabel_classification(200, 6, n_classes=3, random_state=0)
    assert fit(**together, early_stopping=True, label_smoothing=0.1).score(X, Y) > 0.8
    assert MLPClassifier(**FAST, **together).fit(*labelled).score(*labelled) > 0.5
    assert MLPRegressor(**FAST, **together).fit(X, X[:, 0]).score(X, X[:, 0]) > 0.6


def test_max_norm_holds():
    estimator = fit(max_norm=0.5)
    assert max(np.linalg.norm(W, axis=0).max() for W in estimator.coefs_) <= 0.5 + 1e-9


def test_adamw_is_adam_with_decay():
    assert same_weights(fit(solver="adamw"), fit(weight_decay=0.01))
    assert same_weights(fit(solver="adamw", weight_decay=0.0), fit())


def test_class_weight_is_a_weight_of_each_row():
    balanced = fit(class_weight="balanced")
    weights = len(Y) / (3 * np.bincount(Y))[Y]
    assert same_weights(balanced, MLPClassifier(**FAST).fit(X, Y, weights))
    doubled = MLPClassifier(**FAST, class_weight={1: 3}).fit(X, Y, np.full(200, 2.0))
    assert same_weights(doubled, MLPClassifier(**FAST).fit(X, Y, np.where(Y == 1, 6.0, 2.0)))


def test_a_balanced_class_weight_is_refused_where_only_a_part_is_seen():
    with pytest.raises(ValueError, match="balanced"):
        MLPClassifier(class_weight="balanced").partial_fit(X, Y, classes=[0, 1, 2])


def test_a_loss_of_ones_own_is_what_is_minimised():
    own = OwnLoss(lambda z, y: 0.5 * ((z - y) ** 2).sum(axis=1), lambda z, y: z - y)
    theirs = neural_network.MLPRegressor(**FAST).fit(X, X[:, 0])
    ours = MLPRegressor(own, **FAST).fit(X, X[:, 0])
    np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=1e-9)
    assert MLPRegressor(SquaredError(), **FAST).fit(X, X[:, :2]).score(X, X[:, :2]) > 0.8


def test_the_average_is_what_predicts_and_the_weights_themselves_go_on():
    averaged, plain = MLPClassifier(**FAST, ema_decay=0.99), MLPClassifier(**FAST)
    for _ in range(3):
        averaged.partial_fit(X, Y, classes=[0, 1, 2])
        plain.partial_fit(X, Y, classes=[0, 1, 2])
    np.testing.assert_allclose(averaged.loss_curve_, plain.loss_curve_, rtol=1e-12)
    assert not same_weights(averaged, plain)


@pytest.mark.parametrize(
    ("in_batches", "settings"), [(False, {}), (False, {"early_stopping": True}), (True, {})], ids=str
)
def test_averaged_weights_predict_with_statistics_of_their_own(in_batches, settings):
    # Early in training the weights wander far: running means counted on the way do not fit their average.
    estimator = MLPClassifier(**(FAST | {"max_iter": 3}), normalization="batch", ema_decay=0.99, **settings)
    if in_batches:
        estimator.fit([(X[start : start + 50], Y[start : start + 50]) for start in range(0, 200, 50)])
    else:
        estimator.fit(X, Y)
    network = estimator._network
    place = next(i for i, layer in enumerate(network.layers) if layer.kind == "batch_norm")
    counted, before = network.statistics.views[place], network.params.views[0]
    x = X @ before["W"] + before["b"]
    np.testing.assert_allclose(counted["running_mean"], x.mean(axis=0), atol=0.15 * x.std())
    np.testing.assert_allclose(counted["running_var"], x.var(axis=0), rtol=0.25)


# ---- history, validation, callbacks, progress


def test_the_history_has_an_entry_an_epoch():
    estimator = fit(max_iter=5)
    assert [entry["epoch"] for entry in estimator.history_] == [1, 2, 3, 4, 5]
    assert [entry["train"]["loss"] for entry in estimator.history_] == estimator.loss_curve_
    assert all(entry["seconds"] > 0 and entry["clip_rate"] == 0 for entry in estimator.history_)
    assert "valid" not in estimator.history_[0]


def test_the_clip_rate_is_recorded():
    assert [entry["clip_rate"] for entry in fit(clip_norm=1e-6, max_iter=3).history_] == [1, 1, 1]
    assert [entry["clip_rate"] for entry in fit(clip_value=1e6, max_iter=3).history_] == [0, 0, 0]


def test_validation_rows_are_measured_and_not_trained_on():
    estimator = MLPClassifier(**FAST).fit(X, Y, validation_data=VALID)
    assert same_weights(estimator, fit())
    assert estimator.validation_scores_ is None
    last = estimator.history_[-1]
    assert last["valid"]["score"] == pytest.approx(estimator.score(*VALID))
    assert last["train"]["score"] == pytest.approx(estimator.score(X, Y))
    assert last["valid"]["loss"] == pytest.approx(log_loss(VALID[1], estimator.predict_proba(VALID[0])))


def test_early_stopping_looks_at_the_given_validation_rows_and_keeps_the_best_weights():
    estimator = MLPClassifier(**FAST, early_stopping=True, n_iter_no_change=3).fit(X, Y, validation_data=VALID)
    assert estimator.validation_scores_ == [entry["valid"]["score"] for entry in estimator.history_]
    assert estimator.best_validation_score_ == max(estimator.validation_scores_)
    assert estimator.score(*VALID) == pytest.approx(estimator.best_validation_score_)
    assert estimator.t_ == 200 * estimator.n_iter_


def test_weighted_validation_rows_score_by_their_weights():
    weights = np.random.default_rng(0).uniform(0, 1, 80)
    estimator = MLPRegressor(**FAST).fit(X, X[:, 0], validation_data=(VALID[0], VALID[0][:, 0], weights))
    score = estimator.score(VALID[0], VALID[0][:, 0], weights)
    assert estimator.history_[-1]["valid"]["score"] == pytest.approx(score)


def test_lbfgs_measures_validation_rows_at_its_end():
    estimator = MLPClassifier(solver="lbfgs", max_iter=20).fit(X, Y, validation_data=VALID)
    assert estimator.history_[0]["valid"]["score"] == pytest.approx(estimator.score(*VALID))


def test_unknown_classes_in_validation_rows_are_refused():
    with pytest.raises(ValueError, match="classes not in"):
        MLPClassifier(max_iter=1).fit(X, Y, validation_data=(X, Y + 1))


def test_callbacks_see_every_epoch_and_can_end_the_training():
    seen = []

    def watch(estimator):
        seen.append((estimator.n_iter_, estimator.history_[-1]["epoch"], estimator.predict(X[:1]).shape))

    estimator = fit(callbacks=[watch, lambda estimator: estimator.n_iter_ == 3])
    assert seen == [(1, 1, (1,)), (2, 2, (1,)), (3, 3, (1,))]
    assert estimator.n_iter_ == 3
    assert fit(callbacks=lambda estimator: True).n_iter_ == 1


def test_progress_is_one_line_on_the_error_stream(capsys):
    fit(progress=True, max_iter=3, early_stopping=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.count("\r") == 3
    assert "epoch 3/3" in err


def test_the_thread_limit_holds_while_fitting_and_not_after():
    from threadpoolctl import threadpool_info

    def blas_threads():
        return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]

    before, during = blas_threads(), []
    fit(n_threads=1, max_iter=1, callbacks=lambda estimator: during.append(blas_threads()))
    assert during == [[1] * len(before)]
    assert blas_threads() == before


# ---- calibration


@pytest.mark.parametrize("n_classes", [2, 3])
def test_calibration_improves_the_likelihood_of_held_out_rows_and_no_answer(n_classes):
    rows, labels = make_classification(600, 8, n_informative=5, n_classes=n_classes, flip_y=0.3, random_state=1)
    held_out = rows[300:], labels[300:]
    sure = MLPClassifier((64, 64), max_iter=150, random_state=0).fit(rows[:300], labels[:300])
    calibrated = MLPClassifier((64, 64), max_iter=150, random_state=0, calibrate=True)
    calibrated.fit(rows[:300], labels[:300], validation_data=held_out)
    assert calibrated.temperature_ > 1
    np.testing.assert_array_equal(calibrated.predict(rows), sure.predict(rows))
    before, after = (log_loss(held_out[1], one.predict_proba(held_out[0])) for one in (sure, calibrated))
    assert after < before


def test_calibration_without_held_out_rows_is_refused():
    with pytest.raises(ValueError, match="validation_data"):
        MLPClassifier(calibrate=True).fit(X, Y)


def test_labels_are_calibrated_too():
    labelled = make_multilabel_classification(200, 6, n_classes=3, random_state=0)
    estimator = MLPClassifier(**FAST, calibrate=True, early_stopping=True).fit(*labelled)
    assert 0.05 < estimator.temperature_ < 20


# ---- what does not go together


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"activation": ["relu"]}, "2 hidden layers"),
        ({"activation": ["relu", "sinus"]}, "sinus"),
        ({"activation": "sinus"}, "activation"),
        ({"solver": "lbfgs", "dropout": 0.5}, "dropout"),
        ({"solver": "lbfgs", "normalization": "batch"}, "normalization"),
        ({"solver": "lbfgs", "ema_decay": 0.5}, "ema_decay"),
        ({"solver": "sgd", "learning_rate": "adaptive", "warm_up": 0.1}, "warm_up"),
        ({"dropout": 1.0}, "dropout"),
        ({"dropout": -0.1}, "dropout"),
        ({"l1": -1}, "l1"),
        ({"clip_norm": 0}, "clip_norm"),
        ({"max_norm": -1}, "max_norm"),
        ({"ema_decay": 1}, "ema_decay"),
        ({"label_smoothing": 1}, "label_smoothing"),
        ({"normalization": "group"}, "normalization"),
        ({"mixup": -1}, "mixup"),
        ({"weight_decay": "much"}, "weight_decay"),
        ({"n_threads": 0}, "n_threads"),
        ({"callbacks": 3}, "callbacks"),
        ({"learning_rate": "falling"}, "learning_rate"),
        ({"loss": "hinge"}, "loss"),
        ({"class_weight": "heavy"}, "class_weight"),
    ],
    ids=str,
)
def test_parameters_that_cannot_be_are_named(settings, named):
    with pytest.raises(ValueError, match=named):
        fit(**settings)


@pytest.mark.parametrize(("learning_rate", "warned"), [("constant", 1), ("one_cycle", 0), ("cosine", 0)])
def test_a_schedule_that_has_come_to_its_end_is_no_reason_for_a_warning(learning_rate, warned):
    X, y = np.random.default_rng(0).normal(size=(30, 3)), np.arange(30) % 2
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        MLPClassifier((4,), max_iter=3, learning_rate=learning_rate, random_state=0).fit(X, y)
    assert len(caught) == warned


@pytest.mark.parametrize("solver", ["adam", "sgd", "lion", "rmsprop"])
def test_a_learning_rate_can_be_found_and_learns_well(solver):
    settings = {"solver": solver, "learning_rate_init": "find", "max_iter": 40}
    model = fit(**settings)
    assert model.score(X, Y) > 0.8
    assert 1e-6 < model.learning_rate_init_ < 10
    assert model.history_[0]["learning_rate"] == model.learning_rate_init_
    assert model.learning_rate_init == "find"
    assert same_weights(fit(**settings), model)


def test_a_rate_is_found_for_weighted_sparse_and_batched_rows_and_before_a_schedule():
    settings = {"learning_rate_init": "find", "max_iter": 3, "random_state": 0, "learning_rate": "cosine"}
    for model in (
        MLPRegressor(**settings).fit(X, X[:, 0], sample_weight=np.linspace(0.1, 1, len(X))),
        MLPClassifier(**settings).fit(csr_matrix(X), Y),
        MLPClassifier(**settings).fit([(X[:100], Y[:100]), (X[100:], Y[100:])]),
        MLPClassifier(**settings).partial_fit(X, Y, classes=[0, 1, 2]),
    ):
        assert 1e-6 < model.learning_rate_init_ < 10


def test_a_rate_that_cannot_be_found_is_said():
    with pytest.raises(ValueError, match="batch by batch"):
        MLPClassifier(solver="lbfgs", learning_rate_init="find").fit(X, Y)
    with pytest.raises(ValueError, match="learning_rate_init"):
        MLPClassifier(learning_rate_init="seek").fit(X, Y)
    with pytest.raises(ValueError, match="find"):
        MLPRegressor(learning_rate_init="find").fit(1e200 * X, X[:, 0])


@pytest.mark.parametrize("sizes", [5, (5,), [5, 4], np.array([5])])
def test_widths_given_first_as_before_scikit_learn_1_7_are_widths(sizes):
    model = MLPRegressor(sizes, "tanh", max_iter=2)
    assert model.hidden_layer_sizes is sizes
    assert (model.loss, model.activation) == ("squared_error", "tanh")
    assert MLPRegressor(sizes).get_params()["hidden_layer_sizes"] is sizes
    assert clone(model).get_params() == model.get_params()
    assert MLPRegressor("poisson", (5,), "tanh").get_params()["loss"] == "poisson"
