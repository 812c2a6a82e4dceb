"""Estimators on tables of pandas and polars, whose columns have names: as scikit-learn's own take them."""

import warnings

import numpy as np
import pytest
from sklearn import neural_network

import backprop_core

pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4))
Y = (X[:, 0] > 0).astype(int)
NAMES = ["a", "b", "c", "d"]
TABLES = {
    "pandas": (pandas.DataFrame(X, columns=NAMES), pandas.Series),
    "polars": (polars.DataFrame(X, schema=NAMES), polars.Series),
}
BOTH = pytest.mark.parametrize("kind", ["MLPClassifier", "MLPRegressor"])
EACH = pytest.mark.parametrize("library", TABLES)


def fit(package, kind, rows, targets, **given):
    return getattr(package, kind)(hidden_layer_sizes=(5,), max_iter=3, random_state=0).fit(rows, targets, **given)


def outcome(use):
    """Return what a use gives: its result, or the type and text of its error, and the warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = np.asarray(use())
        except Exception as error:
            result = type(error), str(error)
    return result, [str(warning.message) for warning in caught]


@EACH
@BOTH
def test_a_table_is_learned_as_the_array_that_it_holds(kind, library):
    table, series = TABLES[library]
    weights = np.linspace(0.5, 1.5, len(X))
    by_table = fit(backprop_core, kind, table, series(Y), sample_weight=series(weights))
    by_array = fit(backprop_core, kind, X, Y, sample_weight=weights)
    np.testing.assert_array_equal(by_table.predict(table), by_array.predict(X))
    assert by_table.score(table, series(Y)) == by_array.score(X, Y)
    assert list(by_table.feature_names_in_) == NAMES


@EACH
@BOTH
@pytest.mark.parametrize("columns", [["b", "a", "c", "d"], ["a", "b", "c"], None])
def test_other_columns_get_scikit_learns_answer(kind, library, columns):
    table, series = TABLES[library]
    other = X if columns is None else table[columns]
    mine, theirs = (fit(package, kind, table, series(Y)) for package in (backprop_core, neural_network))
    assert str(outcome(lambda: mine.predict(other).shape)) == str(outcome(lambda: theirs.predict(other).shape))


@EACH
@BOTH
def test_validation_rows_may_be_a_table(kind, library):
    table, series = TABLES[library]
    by_table = fit(backprop_core, kind, table, series(Y), validation_data=(table, series(Y)))
    by_array = fit(backprop_core, kind, X, Y, validation_data=(X, Y))
    assert [entry["valid"] for entry in by_table.history_] == [entry["valid"] for entry in by_array.history_]


@EACH
def test_classes_may_be_a_series_of_words(library):
    table, series = TABLES[library]
    words = series(np.where(Y, "yes", "no"))
    model = backprop_core.MLPClassifier((5,)).partial_fit(table, words, classes=series(["no", "yes"]))
    assert set(model.predict(table)) <= {"no", "yes"}
