"""The estimators as scikit-learn's tools use them, and their errors on bad input."""

import copy
import pickle
import re
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sklearn import neural_network
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks

from backprop_core import MLPClassifier, MLPRegressor
from backprop_core.errors import BackpropError, DivergedError
from backprop_core.estimator import descent

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

BOTH = pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4))
Y = (X[:, 0] + X[:, 1] > 0).astype(int)


@parametrize_with_checks([MLPClassifier(max_iter=100), MLPRegressor(max_iter=100)])
def test_every_check_of_scikit_learn_passes(estimator, check):
    check(estimator)


@BOTH
def test_scikit_learns_parameters_have_its_names_order_and_defaults(kind):
    theirs = getattr(neural_network, kind.__name__)
    assert theirs().get_params().items() <= kind().get_params().items()
    assert (
        list(theirs.__init__.__kwdefaults__)
        == list(kind.__init__.__kwdefaults__)[: len(theirs.__init__.__kwdefaults__)]
    )
    assert theirs.__init__.__defaults__ == kind.__init__.__defaults__


@BOTH
def test_the_tags_are_scikit_learns(kind):
    assert get_tags(kind()) == get_tags(getattr(neural_network, kind.__name__)())


@BOTH
def test_what_scikit_learn_sets_in_fit_is_set_here(kind):
    theirs = getattr(neural_network, kind.__name__)(max_iter=2).fit(X, Y)
    public = {name for name in vars(theirs) if name.endswith("_")}
    assert public <= set(vars(kind(max_iter=2).fit(X, Y)))


def test_pipelines_searches_and_cross_validation_work():
    pipeline = make_pipeline(StandardScaler(), MLPClassifier((8,), solver="lbfgs", max_iter=50, random_state=0))
    assert cross_val_score(pipeline, X, Y, cv=3).mean() > 0.8
    search = GridSearchCV(pipeline, {"mlpclassifier__alpha": [1e-3, 1e-1]}, cv=2).fit(X, Y)
    assert search.best_score_ > 0.8


@BOTH
@pytest.mark.parametrize("copied", [lambda e: pickle.loads(pickle.dumps(e)), copy.deepcopy])
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_copy_predicts_the_same_and_trains_on_by_itself(kind, copied, solver):
    estimator = kind(
        hidden_layer_sizes=(5,), solver=solver, max_iter=3, random_state=0, warm_start=True, normalization="layer"
    ).fit(X, Y)
    twin = copied(estimator)
    before = estimator.predict(X)
    np.testing.assert_array_equal(twin.predict(X), before)
    twin.fit(X, Y)
    np.testing.assert_array_equal(estimator.predict(X), before)
    estimator.fit(X, Y)
    for mine, other in zip(estimator.coefs_, twin.coefs_, strict=True):
        np.testing.assert_array_equal(mine, other)


def test_partial_fit_goes_on_after_pickling_as_if_nothing_had_happened():
    one = MLPClassifier((5,), random_state=0, dropout=0.5, ema_decay=0.9)
    one.partial_fit(X, Y, classes=[0, 1])
    other = pickle.loads(pickle.dumps(one))
    for estimator in (one, other):
        estimator.partial_fit(X, Y)
    np.testing.assert_array_equal(one.coefs_[0], other.coefs_[0])


def test_feature_names_are_asked_for_at_prediction():
    estimator = MLPClassifier(max_iter=1).fit(X, Y)
    estimator.feature_names_in_ = np.array(["a", "b", "c", "d"], object)
    with pytest.warns(UserWarning, match="valid feature names"):
        estimator.predict(X)


def test_a_clone_has_the_parameters_and_nothing_learned():
    twin = clone(MLPClassifier((3,), dropout=0.2, max_iter=2).fit(X, Y))
    assert twin.dropout == 0.2
    assert not hasattr(twin, "coefs_")


@BOTH
@pytest.mark.parametrize("settings", [{}, {"normalization": "batch", "residual": True}], ids=str)
def test_eight_threads_get_the_answers_that_one_thread_gets(kind, settings):
    estimator = kind(hidden_layer_sizes=(50, 50), max_iter=2, random_state=0, **settings).fit(X, Y)
    ask = estimator.predict_proba if kind is MLPClassifier else estimator.predict
    parts = [RNG.normal(size=(n, 4)) for n in (1, 300, 40, 1500) * 20]
    expected = [ask(part) for part in parts]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, parts))
    for one, other in zip(expected, found, strict=True):
        np.testing.assert_array_equal(one, other)


@BOTH
def test_eight_threads_may_be_the_first_to_ask_after_the_weights_were_changed_by_hand(kind):
    estimator = kind(hidden_layer_sizes=(50,), max_iter=2, random_state=0).fit(X, Y)
    estimator.coefs_ = [2 * W for W in estimator.coefs_]
    expected = copy.deepcopy(estimator).predict(X)
    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(estimator.predict, [X] * 80):
            np.testing.assert_array_equal(found, expected)


def test_many_rows_are_predicted_as_one_row_at_a_time():
    estimator = MLPClassifier((5,), max_iter=3, random_state=0).fit(X, Y)
    rows = np.tile(X, (10, 1))
    singly = np.concatenate([estimator.predict_proba(row[None]) for row in rows])
    np.testing.assert_allclose(estimator.predict_proba(rows), singly, rtol=1e-12)


def test_the_core_does_not_load_scikit_learn_until_an_estimator_is_asked_for():
    program = (
        "import sys, backprop_core, backprop_core.network; print('sklearn' in sys.modules);"
        "from backprop_core import MLPClassifier, MLPRegressor; print('sklearn' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["False", "True"]


@BOTH
def test_every_parameter_has_its_meaning_in_the_docstring(kind):
    section = kind.__doc__.partition("Parameters\n")[2].partition("Attributes\n")[0]
    heads = re.findall(r"^    (\w[\w, ]*) : (.*)\n        +\S", section, flags=re.MULTILINE)
    documented = [name for names, _ in heads for name in names.split(", ")]
    assert sorted(documented) == sorted(kind().get_params())
    assert "as in scikit-learn" not in kind.__doc__.lower()


# ---- bad input: what scikit-learn says, we say


def describe_error(estimator, *arguments, method="fit"):
    """Return the type and the text of what an estimator raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(Exception) as caught:
            getattr(estimator, method)(*arguments)
    return caught.type, str(caught.value)


def spoil(value, dtype=None):
    rows = X.astype(dtype) if dtype else X.copy()
    rows[3, 2] = value
    return rows


BAD_ROWS = {
    "nan": spoil(np.nan),
    "infinite": spoil(np.inf),
    "minus infinite, float32": spoil(-np.inf, np.float32),
    "text": spoil("a", object),
    "complex": X + 1j,
    "no rows": X[:0],
    "no columns": X[:, :0],
    "flat": X[0],
    "three dimensions": X[None],
    "fewer rows than labels": X[:10],
}
BAD_LABELS = {
    "nan": np.where(Y, np.nan, 0.0),
    "continuous": X[:, 0],
    "missing": np.array([None, *Y[1:]], object),
    "two columns of classes": np.stack([Y, Y + 1], axis=1),
    "none": None,
}
BAD_PARAMETERS = [
    *({"alpha": -1}, {"batch_size": 0}, {"hidden_layer_sizes": -1}, {"hidden_layer_sizes": (3, 0)}, {"solver": "x"}),
    *({"learning_rate_init": 0}, {"max_iter": 0}, {"momentum": 2}, {"beta_1": 1}, {"epsilon": 0}, {"tol": -1}),
    *({"shuffle": "yes"}, {"validation_fraction": 1}, {"n_iter_no_change": 0}, {"max_fun": 0}, {"random_state": "x"}),
]


@BOTH
@pytest.mark.parametrize("name", BAD_ROWS)
def test_bad_rows_get_scikit_learns_error(kind, name):
    expected = describe_error(getattr(neural_network, kind.__name__)(), BAD_ROWS[name], Y)
    assert describe_error(kind(), BAD_ROWS[name], Y) == expected


@pytest.mark.parametrize("name", BAD_LABELS)
def test_bad_labels_get_scikit_learns_error(name):
    assert describe_error(MLPClassifier(), X, BAD_LABELS[name]) == describe_error(
        neural_network.MLPClassifier(), X, BAD_LABELS[name]
    )


@BOTH
@pytest.mark.parametrize("settings", BAD_PARAMETERS, ids=str)
def test_bad_parameters_are_named_as_scikit_learn_names_them(kind, settings):
    expected_type, expected = describe_error(getattr(neural_network, kind.__name__)(**settings), X, Y)
    found_type, found = describe_error(kind(**settings), X, Y)
    # Where names are allowed, there are more of them here.
    names = re.compile(r"( or)? a str among \{[^}]*\}")
    assert found_type is expected_type
    assert names.sub("", found.partition("Got")[0]) == names.sub("", expected.partition("Got")[0])


@BOTH
@pytest.mark.parametrize("rows", [X[:, :3], np.full((1, 4), np.nan), np.full((400, 4), -np.inf), X[:0], X[0]])
def test_bad_rows_at_prediction_get_scikit_learns_error(kind, rows):
    theirs = getattr(neural_network, kind.__name__)(max_iter=1).fit(X, Y)
    assert describe_error(kind(max_iter=1).fit(X, Y), rows, method="predict") == describe_error(
        theirs, rows, method="predict"
    )


@BOTH
@pytest.mark.parametrize("weights", [np.ones(3), np.full(60, np.nan), np.zeros(60), np.ones((60, 2)), "x"], ids=str)
def test_bad_sample_weights_get_scikit_learns_error(kind, weights):
    assert describe_error(kind(), X, Y, weights) == describe_error(
        getattr(neural_network, kind.__name__)(), X, Y, weights
    )


@BOTH
def test_prediction_before_fit_says_so(kind):
    with pytest.raises(NotFittedError):
        kind().predict(X)


@pytest.mark.parametrize("labels", [np.array(["no", "yes"])[Y], Y.astype(float), Y.astype(bool), list(Y)])
def test_labels_come_back_as_they_were_given(labels):
    predicted = MLPClassifier((8,), solver="lbfgs", random_state=0).fit(X, labels).predict(X)
    assert predicted.dtype == np.asarray(labels).dtype
    assert (predicted == labels).mean() > 0.9


@BOTH
def test_one_row_and_one_class_are_enough(kind):
    estimator = kind(hidden_layer_sizes=(3,), max_iter=2).fit(X[:1], Y[:1])
    assert estimator.predict(X).shape == (60,)
    assert np.isfinite(kind(hidden_layer_sizes=(3,), max_iter=2).fit(X, np.ones(60, int)).predict(X)).all()


def test_huge_rows_raise_scikit_learns_error_with_its_cause_and_keep_finite_weights():
    estimator = MLPRegressor(random_state=0)
    with pytest.raises(ValueError, match="Solver produced non-finite parameter weights") as caught:
        estimator.fit(1e300 * X, Y)
    assert isinstance(caught.value, DivergedError)
    assert isinstance(caught.value, BackpropError)
    assert all(np.isfinite(W).all() for W in estimator.coefs_)


SPRINGY = {
    **{"hidden_layer_sizes": (30, 30), "activation": "identity", "solver": "sgd"},
    **{"learning_rate_init": 0.3, "random_state": 0},
}


def test_a_rate_that_is_too_high_leaves_the_weights_of_the_best_epoch():
    estimator = MLPRegressor(**SPRINGY)
    with pytest.raises(DivergedError, match="diverged in epoch"):
        estimator.fit(X, 5 * X[:, 0])
    assert all(np.isfinite(W).all() for W in estimator.coefs_)
    assert np.isfinite(estimator.predict(X)).all()
    assert len(estimator.loss_curve_) == len(estimator.history_) == estimator.n_iter_
    assert np.isfinite(estimator.loss_curve_).all()


def test_divergence_while_stopping_early_is_a_warning_and_the_best_weights_stay():
    estimator = MLPRegressor(**SPRINGY, early_stopping=True)
    with pytest.warns(ConvergenceWarning, match="diverged in epoch"):
        estimator.fit(X, 5 * X[:, 0])
    assert np.isnan(estimator.validation_scores_[-1])
    assert np.isfinite(estimator.predict(X)).all()


def test_after_a_divergence_training_goes_on_from_the_good_weights_with_a_new_memory():
    estimator = MLPRegressor(**SPRINGY, ema_decay=0.5)
    with pytest.raises(DivergedError):
        estimator.fit(X, 5 * X[:, 0])
    assert np.isfinite(estimator.predict(X)).all()
    estimator.set_params(learning_rate_init=1e-300).partial_fit(X, X[:, 0])
    assert np.isfinite(estimator.predict(X)).all()


def test_an_interrupted_training_keeps_what_it_has_learned():
    def interrupt(estimator):
        raise KeyboardInterrupt

    estimator = MLPClassifier(callbacks=[interrupt])
    with pytest.warns(UserWarning, match="Training interrupted by user"):
        estimator.fit(X, Y)
    assert estimator.n_iter_ == 1
    assert estimator.predict(X).shape == (60,)


@BOTH
def test_compiled_loops_lead_to_the_same_weights_and_can_be_pickled(kind, monkeypatch):
    settings = {"hidden_layer_sizes": (8, 6), "max_iter": 5, "random_state": 0, "batch_size": 16}
    plain = kind(**settings).fit(X, Y)
    monkeypatch.setattr(descent, "worth_compiling", lambda *sizes, **more: True)
    compiled = pickle.loads(pickle.dumps(kind(**settings).fit(X, Y)))
    for one, other in zip(plain.coefs_, compiled.coefs_, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(plain.predict(X), compiled.predict(X), rtol=1e-9)


def test_partial_fit_is_hidden_where_the_solver_cannot_do_it():
    assert not hasattr(MLPClassifier(solver="lbfgs"), "partial_fit")
    assert hasattr(MLPClassifier(solver="lion"), "partial_fit")


@pytest.mark.parametrize("warm", [False, True])
def test_other_classes_than_before_get_scikit_learns_error(warm):
    texts = []
    for kind in (neural_network.MLPClassifier, MLPClassifier):
        estimator = kind(max_iter=1, warm_start=warm).partial_fit(X, Y, classes=[0, 1])
        texts.append(describe_error(estimator, X, Y + 1, method="fit" if warm else "partial_fit"))
    assert texts[0] == texts[1]


@BOTH
def test_a_width_that_is_no_whole_number_gets_scikit_learns_error(kind):
    theirs = getattr(neural_network, kind.__name__)(hidden_layer_sizes=(3.5,))
    assert describe_error(kind(hidden_layer_sizes=(3.5,)), X, Y) == describe_error(theirs, X, Y)


@pytest.mark.parametrize("first", [{"solver": "lbfgs"}, {"early_stopping": True}, {}], ids=str)
@pytest.mark.parametrize("then", [{"solver": "lbfgs"}, {"early_stopping": True}, {"solver": "sgd"}], ids=str)
def test_a_warm_start_may_follow_a_fit_by_other_rules(first, then):
    estimator = MLPClassifier((5,), max_iter=3, warm_start=True, random_state=0, **first).fit(X, Y)
    before = estimator.score(X, Y)
    estimator.set_params(**({"solver": "adam", "early_stopping": False} | then)).fit(X, Y)
    assert estimator.score(X, Y) >= before - 0.2


def test_a_warm_start_with_other_outputs_is_refused():
    estimator = MLPRegressor(max_iter=1, warm_start=True).fit(X, Y)
    with pytest.raises(ValueError, match="2 outputs"):
        estimator.fit(X, X[:, :2])


def test_negative_counts_are_refused_by_poisson():
    with pytest.raises(ValueError, match="y >= 0"):
        MLPRegressor(loss="poisson").fit(X, X[:, 0])
