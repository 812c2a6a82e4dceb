"""The estimators against scikit-learn's own: with the same random state, the same numbers step for step."""

import contextlib
import io
import warnings

import numpy as np
import pytest
from scipy import sparse
from sklearn import neural_network
from sklearn.datasets import make_classification, make_multilabel_classification, make_regression
from sklearn.exceptions import ConvergenceWarning

import backprop_core

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

N = 90
WEIGHTS = np.random.default_rng(1).uniform(0.1, 3, N)


def task(name):
    """Return the estimator's name, X, y and further parameters."""
    X, amounts = make_regression(N, 8, n_targets=2, noise=1, random_state=0)
    if name == "binary":
        return "MLPClassifier", *make_classification(N, 8, n_informative=5, random_state=0), {}
    if name == "multiclass":
        X, y = make_classification(N, 8, n_informative=5, n_classes=3, random_state=0)
        return "MLPClassifier", X, np.array(["a", "b", "c"])[y], {}
    if name == "multilabel":
        return "MLPClassifier", *make_multilabel_classification(N, 8, n_classes=4, random_state=0), {}
    if name == "poisson":
        return "MLPRegressor", X, np.random.default_rng(0).poisson(np.exp(X[:, 0] / 2)), {"loss": "poisson"}
    return "MLPRegressor", X, amounts / 100 if name == "two amounts" else amounts[:, 0] / 100, {}


TASKS = ["binary", "multiclass", "multilabel", "poisson", "amount", "two amounts"]
ATTRIBUTES = [
    *("loss_curve_", "validation_scores_", "best_loss_", "best_validation_score_", "loss_", "n_iter_", "t_"),
    *("n_layers_", "n_outputs_", "out_activation_", "n_features_in_"),
]


def pair(name, **settings):
    """Return the data of a task, scikit-learn's estimator for it, and ours."""
    kind, X, y, more = task(name)
    settings = {"hidden_layer_sizes": (7, 5), "max_iter": 8, "batch_size": 32, "random_state": 3} | more | settings
    return X, y, getattr(neural_network, kind)(**settings), getattr(backprop_core, kind)(**settings)


def assert_same(theirs, ours, X, tolerance=1e-9):
    close = {"rtol": tolerance, "atol": tolerance}
    for attribute in ATTRIBUTES:
        expected, found = getattr(theirs, attribute, None), getattr(ours, attribute, None)
        if expected is None or isinstance(expected, str):
            assert found == expected, attribute
        else:
            np.testing.assert_allclose(found, expected, err_msg=attribute, **close)
    for expected, found in zip([*theirs.coefs_, *theirs.intercepts_], [*ours.coefs_, *ours.intercepts_], strict=True):
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(found, expected, **close)
    expected, found = theirs.predict(X), ours.predict(X)
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    if hasattr(theirs, "predict_proba"):
        np.testing.assert_array_equal(found, expected)
        np.testing.assert_array_equal(ours.classes_, theirs.classes_)
        np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), **close)
    else:
        np.testing.assert_allclose(found, expected, **close)


SETTINGS = {
    "adam": {},
    "adam's constants": {"beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-4, "learning_rate_init": 0.02},
    "nesterov": {"solver": "sgd"},
    "momentum": {"solver": "sgd", "nesterovs_momentum": False, "momentum": 0.5},
    "plain descent": {"solver": "sgd", "momentum": 0},
    "all momentum": {"solver": "sgd", "momentum": 1},
    "inverse scaling": {"solver": "sgd", "learning_rate": "invscaling", "learning_rate_init": 0.1, "power_t": 0.3},
    "adaptive": {
        **{"solver": "sgd", "learning_rate": "adaptive", "learning_rate_init": 0.05},
        **{"max_iter": 25, "n_iter_no_change": 2, "tol": 1e-2},
    },
    "adaptive is for sgd": {"learning_rate": "adaptive", "max_iter": 15, "n_iter_no_change": 2, "tol": 1e-1},
    "early stopping": {"early_stopping": True, "validation_fraction": 0.2, "max_iter": 25, "n_iter_no_change": 3},
    "stopping by the loss": {"tol": 0.05, "n_iter_no_change": 2, "max_iter": 40},
    "alpha": {"alpha": 0.5, "activation": "tanh"},
    "logistic": {"activation": "logistic", "learning_rate_init": 0.1},
    "no shuffling": {"activation": "identity", "hidden_layer_sizes": 6, "shuffle": False, "batch_size": "auto"},
    "no hidden layer": {"hidden_layer_sizes": ()},
}


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["", "weighted"])
@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("name", TASKS)
def test_fit_leads_to_the_same_weights_losses_and_predictions(name, setting, weights):
    X, y, theirs, ours = pair(name, **SETTINGS[setting])
    assert_same(theirs.fit(X, y, weights), ours.fit(X, y, weights), X)


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["", "weighted"])
@pytest.mark.parametrize("name", TASKS)
def test_lbfgs_takes_the_same_path(name, weights):
    X, y, theirs, ours = pair(name, solver="lbfgs", activation="tanh", max_iter=12, alpha=0.1)
    assert_same(theirs.fit(X, y, weights), ours.fit(X, y, weights), X, tolerance=1e-7)


@pytest.mark.parametrize("solver", ["sgd", "adam"])
@pytest.mark.parametrize("name", TASKS)
def test_partial_fit_goes_on_where_it_stopped(name, solver):
    X, y, theirs, ours = pair(name, solver=solver, learning_rate="invscaling", random_state=np.random.RandomState(5))
    ours.set_params(random_state=np.random.RandomState(5))
    for rows in (slice(0, 60), slice(30, N), slice(0, N)):
        classes = {"classes": np.unique(y)} if name in ("binary", "multiclass") else {}
        classes = {"classes": np.arange(4)} if name == "multilabel" else classes
        for estimator in (theirs, ours):
            estimator.partial_fit(X[rows], y[rows], WEIGHTS[rows], **classes)
        assert_same(theirs, ours, X)


@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
@pytest.mark.parametrize("stopping", [False, True])
@pytest.mark.parametrize("name", ["multiclass", "amount"])
def test_a_warm_start_goes_on_from_the_last_weights(name, solver, stopping):
    X, y, theirs, ours = pair(name, solver=solver, warm_start=True, early_stopping=stopping, max_iter=4)
    for _ in range(3):
        theirs.fit(X, y)
        ours.fit(X, y)
    assert_same(theirs, ours, X, tolerance=1e-7 if solver == "lbfgs" else 1e-9)


def test_fitting_again_without_warm_start_starts_anew():
    X, y, theirs, ours = pair("multiclass", random_state=np.random.RandomState(0))
    ours.set_params(random_state=np.random.RandomState(0))
    for rows in (slice(0, 50), slice(0, N)):
        theirs.fit(X[rows], y[rows])
        ours.fit(X[rows], y[rows])
    assert_same(theirs, ours, X)


@pytest.mark.parametrize("form", [sparse.csr_array, sparse.csc_matrix])
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_sparse_rows_mean_what_dense_rows_mean(form, solver):
    X, y, theirs, ours = pair("multiclass", solver=solver, early_stopping=True)
    X = np.where(np.abs(X) > 1, X, 0)
    assert_same(theirs.fit(form(X), y), ours.fit(form(X), y), form(X), tolerance=1e-7)
    np.testing.assert_allclose(ours.predict_proba(form(X)), ours.predict_proba(X), rtol=1e-12)


@pytest.mark.parametrize("name", TASKS)
def test_float32_stays_float32_and_is_as_close_as_it_can_be(name):
    X, y, theirs, ours = pair(name)
    assert_same(theirs.fit(X.astype(np.float32), y), ours.fit(X.astype(np.float32), y), X.astype(np.float32), 1e-3)
    assert ours.coefs_[0].dtype == np.float32


@pytest.mark.parametrize("dtype", [np.int64, np.uint8, bool])
def test_whole_numbers_are_computed_with_as_float64(dtype):
    X, y, theirs, ours = pair("multiclass")
    X = (np.abs(X) * 3).astype(dtype)
    assert_same(theirs.fit(X, y), ours.fit(X, y), X)


@pytest.mark.parametrize("arrange", [np.asfortranarray, lambda X: np.repeat(X, 2, axis=1)[:, ::2], lambda X: X[::-1]])
def test_how_rows_lie_in_memory_makes_no_difference(arrange):
    X, y, theirs, ours = pair("multiclass")
    assert_same(theirs.fit(arrange(X), y), ours.fit(arrange(X), y), arrange(X))


def test_verbose_prints_what_scikit_learn_prints():
    printed = []
    X, y, theirs, ours = pair("amount", **SETTINGS["adaptive"], early_stopping=True, verbose=True)
    for estimator in (theirs, ours):
        with contextlib.redirect_stdout(io.StringIO()) as out:
            estimator.fit(X, y)
        printed.append(out.getvalue())
    assert printed[0] == printed[1] != ""


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_the_warning_at_the_last_iteration_is_scikit_learns(solver):
    said = []
    X, y, theirs, ours = pair("multiclass", solver=solver, max_iter=3)
    for estimator in (theirs, ours):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            estimator.fit(X, y)
        said.append([(one.category, str(one.message)) for one in caught])
    assert said[0] == said[1]
    assert said[0][0][0] is ConvergenceWarning


def test_weights_set_by_hand_are_used():
    X, y, theirs, ours = pair("multiclass", warm_start=True)
    theirs.fit(X, y)
    ours.fit(X, y)
    for estimator in (theirs, ours):
        estimator.coefs_ = [W * 0.5 for W in estimator.coefs_]
        estimator.intercepts_[0] = estimator.intercepts_[0] + 1
    assert_same(theirs, ours, X)
    assert_same(theirs.fit(X, y), ours.fit(X, y), X)
