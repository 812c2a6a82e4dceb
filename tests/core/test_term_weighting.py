"""Term weighting is scikit-learn's, for the same counts."""

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfTransformer

from backprop_core.sparse import SparseRows
from backprop_core.term_weighting import TermWeighting


@pytest.fixture
def counts():
    """Rows of which most numbers are zero, some negative, one row and one column empty."""
    rng = np.random.default_rng(0)
    dense = rng.integers(-2, 4, (30, 12)) * (rng.random((30, 12)) < 0.3)
    dense[4], dense[:, 7] = 0, 0
    return dense.astype(np.float32)


def test_weights_and_rows_are_scikit_learns(counts):
    oracle = TfidfTransformer().fit(np.abs(counts))
    X = SparseRows.of_array(counts)
    weighting = TermWeighting().fit(X)
    np.testing.assert_allclose(weighting.idf, oracle.idf_, rtol=1e-6)
    np.testing.assert_allclose(weighting.transform(X).toarray(), oracle.transform(counts).toarray(), atol=1e-6)


def test_a_column_that_is_twice_in_a_row_is_in_one_row():
    X = SparseRows(np.ones(3, np.float32), np.array([1, 1, 0], np.int32), np.array([0, 2, 3]), 2)
    assert TermWeighting().fit(X).idf[1] == pytest.approx(np.log(3 / 2) + 1)


def test_a_row_of_zeros_stays_one(counts):
    X = SparseRows.of_array(counts)
    assert not TermWeighting().fit(X).transform(X).toarray()[4].any()
