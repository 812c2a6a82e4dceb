"""Estimators that come out of pickles: of other versions, and in memory that cannot be written to."""

import copy
import pickle
import warnings

import joblib
import numpy as np
import pytest
from sklearn import exceptions
from sklearn.base import clone

import backprop_core
from backprop_core import MLPClassifier, MLPRegressor
from backprop_core.estimator.pickling import InconsistentVersionWarning

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

BOTH = pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(60, 4)), np.repeat([0, 1, 2], 20)
SETTINGS = [
    {},
    {"ema_decay": 0.5, "normalization": "batch"},
    {"solver": "sgd", "dropout": 0.2},
    {"solver": "lion", "residual": True, "learning_rate": "cosine"},
]


def fit(kind, **settings):
    return kind(hidden_layer_sizes=(5, 5), max_iter=3, random_state=0, **settings).fit(X, Y)


def from_state(kind, state):
    estimator = kind.__new__(kind)
    estimator.__setstate__(state)
    return estimator


@BOTH
def test_a_pickle_that_lacks_a_parameter_gets_its_default(kind):
    state = fit(kind).__getstate__()
    for name, default in kind().get_params().items():
        lacking = {key: value for key, value in state.items() if key != name}
        estimator = from_state(kind, lacking)
        assert estimator.get_params()[name] == default
        clone(estimator)
        estimator.predict(X)


@BOTH
def test_a_pickle_that_lacks_learned_attributes_goes_on_learning(kind):
    state = fit(kind).__getstate__()
    for name in ("history_", "t_", "temperature_", "_no_improvement_count", "_descent"):
        state.pop(name, None)
    estimator = from_state(kind, state)
    estimator.predict(X)
    estimator.partial_fit(X, Y)
    pickle.loads(pickle.dumps(estimator)).predict(X)


@BOTH
def test_a_pickle_of_this_version_is_read_without_a_warning(kind):
    estimator = fit(kind)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pickle.loads(pickle.dumps(estimator))
        copy.deepcopy(estimator)
        clone(pickle.loads(pickle.dumps(kind())))


@BOTH
def test_a_pickle_of_another_version_is_read_with_scikit_learns_warning(kind, monkeypatch):
    estimator = fit(kind)
    pickled = pickle.dumps(estimator)
    monkeypatch.setattr(backprop_core, "__version__", "9.1")
    with pytest.warns(exceptions.InconsistentVersionWarning, match=rf"{kind.__name__} was pickled by .* 0\..* by 9\.1"):
        again = pickle.loads(pickled)
    np.testing.assert_array_equal(again.predict(X), estimator.predict(X))


@BOTH
@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_a_pickle_of_the_first_version_names_modules_that_have_moved(kind, settings):
    estimator = fit(kind, **settings)
    estimator.partial_fit(X, Y)
    pickled = pickle.dumps(estimator, protocol=0)
    for now, then in (
        (b"backprop_core.estimator.classifier", b"backprop_core.estimator_classifier"),
        (b"backprop_core.estimator.regressor", b"backprop_core.estimator_regressor"),
        (b"backprop_core.estimator.descent", b"backprop_core.estimator_descent"),
        (b"V_descent\n", b"V_optimizer\n"),
        (b"V_backprop_version\n", b"V_something_else\n"),
    ):
        pickled = pickled.replace(now, then)
    assert b"backprop_core.estimator." not in pickled
    with pytest.warns(InconsistentVersionWarning, match=r"0\.1\.0 or earlier"):
        again = pickle.loads(pickled)
    assert type(again) is kind
    estimator.partial_fit(X, Y)
    np.testing.assert_array_equal(again.partial_fit(X, Y).predict(X), estimator.predict(X))


@BOTH
@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_an_estimator_in_read_only_memory_learns_on_as_in_any_other(kind, settings, tmp_path):
    estimator = fit(kind, **settings)
    joblib.dump(estimator, tmp_path / "model.joblib")
    mapped = joblib.load(tmp_path / "model.joblib", mmap_mode="r")
    np.testing.assert_array_equal(mapped.predict(X), estimator.predict(X))
    np.save(tmp_path / "X.npy", X)
    np.save(tmp_path / "Y.npy", Y)
    rows, targets = (np.load(tmp_path / name, mmap_mode="r") for name in ("X.npy", "Y.npy"))
    for each in (mapped, estimator):
        each.partial_fit(rows, targets)
    np.testing.assert_array_equal(mapped.coefs_[0], estimator.coefs_[0])
    mapped.coefs_[0][0, 0] = 1.0
    clone(mapped).fit(rows, targets, sample_weight=np.broadcast_to(1.0, len(X)))
