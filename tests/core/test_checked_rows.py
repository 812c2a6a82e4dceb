"""Checked rows are multiplied as the rows are; a number that is not finite is found, whatever weights it meets."""

import numpy as np
import pytest

from backprop_core import MLPClassifier
from backprop_core.checked_rows import CheckedRows


class FoundError(Exception):
    pass


def found():
    raise FoundError


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [1, 2, 300])
def test_the_product_is_that_of_the_rows(dtype, n):
    rng = np.random.default_rng(n)
    X, W = rng.normal(size=(n, 40)).astype(dtype), rng.normal(size=(40, 7)).astype(dtype)
    rows = CheckedRows(X, found)
    assert (len(rows), rows.shape, rows.dtype) == (n, X.shape, X.dtype)
    np.testing.assert_array_equal(rows.times(W, np.empty((n, 7), dtype)), X @ W)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("weights", ["random", "zeros", "negative"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_number_that_is_not_finite_is_found_wherever_it_is(number, weights, dtype):
    rng = np.random.default_rng(0)
    W = {"random": rng.normal(size=(40, 7)), "zeros": np.zeros((40, 7)), "negative": -rng.random((40, 7))}[weights]
    for row, column in ((0, 0), (0, 39), (150, 17), (299, 39)):
        X = rng.normal(size=(300, 40))
        X[row, column] = number
        with pytest.raises(FoundError):
            CheckedRows(X, found).astype(dtype).times(W.astype(dtype), np.empty((300, 7), dtype))
        with pytest.raises(FoundError):
            CheckedRows(X[row : row + 1], found).astype(dtype).times(W.astype(dtype), np.empty((1, 7), dtype))


@pytest.mark.parametrize("normalization", [None, "batch"])
@pytest.mark.parametrize("activation", ["relu", "tanh", "gelu"])
@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_an_estimator_refuses_rows_that_its_gates_would_hide(activation, normalization, number):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3000, 12)).astype(np.float32)
    network = MLPClassifier((9,), activation=activation, normalization=normalization, max_iter=1, random_state=0)
    network.fit(X, rng.integers(0, 3, 3000))
    for n in (1, 3000):
        rows = X[:n].copy()
        rows[n - 1, 5] = number
        for ask in (network.predict, network.predict_proba):
            with pytest.raises(ValueError, match=r"NaN|infinity"):
                ask(rows)


def test_large_numbers_that_are_finite_are_answered():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3000, 12)).astype(np.float32)
    network = MLPClassifier((9,), max_iter=1, random_state=0).fit(X, rng.integers(0, 3, 3000))
    X[7] = 3e38
    with np.errstate(all="ignore"):
        assert len(network.predict(X)) == 3000


def test_the_class_is_that_of_the_greatest_probability():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(3000, 12)), rng.choice(["a", "b", "c"], 3000)
    network = MLPClassifier((9,), max_iter=2, random_state=0).fit(X, y)
    expected = network.classes_[network.predict_proba(X).argmax(axis=1)]
    np.testing.assert_array_equal(network.predict(X), expected)
