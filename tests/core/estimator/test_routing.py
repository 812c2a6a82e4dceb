"""Metadata routing: what scikit-learn's tools hand through to an estimator's `fit`, where it asks for it."""

import numpy as np
import pytest
import sklearn
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from backprop_core import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

BOTH = pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4))
Y = (X[:, 0] > 0).astype(int)
WEIGHTS = RNG.uniform(0.1, 2, 60)


@pytest.fixture(autouse=True)
def routing():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


def new(kind):
    return kind(hidden_layer_sizes=(5,), max_iter=3, random_state=0)


@BOTH
def test_weights_go_through_a_pipeline_to_an_estimator_that_asks_for_them(kind):
    asking = new(kind).set_fit_request(sample_weight=True)
    pipeline = make_pipeline(StandardScaler().set_fit_request(sample_weight=False), asking)
    pipeline.fit(X, Y, sample_weight=WEIGHTS)
    alone = new(kind).fit(StandardScaler().fit_transform(X), Y, sample_weight=WEIGHTS)
    np.testing.assert_array_equal(pipeline[-1].coefs_[0], alone.coefs_[0])


@BOTH
def test_a_search_splits_the_weights_as_it_splits_the_rows(kind):
    asking = new(kind).set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
    search = GridSearchCV(asking, {"alpha": [1e-4, 1e-2]}, cv=3).fit(X, Y, sample_weight=WEIGHTS)
    assert np.isfinite(search.best_score_)
    scores = cross_validate(asking, X, Y, params={"sample_weight": WEIGHTS}, cv=3, error_score="raise")["test_score"]
    assert np.isfinite(scores).all()


@BOTH
def test_weights_that_no_estimator_asks_for_are_refused(kind):
    with pytest.raises(ValueError, match="sample_weight"):
        cross_validate(new(kind), X, Y, params={"sample_weight": WEIGHTS}, cv=3)


def test_classes_and_validation_rows_can_be_asked_for():
    asking = new(MLPClassifier).set_fit_request(classes=True, validation_data=True)
    pipeline = make_pipeline(StandardScaler(), asking).fit(X, Y, classes=[0, 1, 2], validation_data=(X, Y))
    assert list(pipeline[-1].classes_) == [0, 1, 2]
    assert "valid" in pipeline[-1].history_[0]
