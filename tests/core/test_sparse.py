import numpy as np
import pytest
from scipy import sparse

from backprop_core import network as network_module
from backprop_core.architecture import multilayer_perceptron
from backprop_core.errors import BackpropError, DivergedError
from backprop_core.losses import SoftmaxCrossEntropy
from backprop_core.network import Network
from backprop_core.scaling import Standardizer
from backprop_core.sparse import SparseRows, rows_of
from backprop_core.training import Trainer, check_rows

RNG = np.random.default_rng(0)
DENSE = np.where(RNG.random((20, 30)) < 0.1, RNG.normal(size=(20, 30)), 0)
DENSE[[3, 19]] = 0  # rows without any number


@pytest.mark.parametrize(
    "rows", [slice(None), slice(2, 9), slice(1, 20, 4), slice(5, 5), [4, 4, 3, 19, 0], np.arange(20) % 3 == 0], ids=str
)
def test_rows_are_taken_as_from_an_array(rows):
    X = rows_of(sparse.csr_array(DENSE))
    np.testing.assert_array_equal(X[rows].toarray(), DENSE[rows])
    assert len(X[rows]) == len(DENSE[rows])
    assert X[rows].shape == DENSE[rows].shape


@pytest.mark.parametrize("width", [1, 8])
def test_products_are_those_of_the_array(width):
    X, W, dy = rows_of(sparse.csr_array(DENSE)), RNG.normal(size=(30, width)), RNG.normal(size=(20, width))
    np.testing.assert_allclose(X.times(W, np.empty((20, width))), DENSE @ W, atol=1e-13)
    np.testing.assert_allclose(X.gradient(dy, np.empty((30, width))), DENSE.T @ dy, atol=1e-13)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_product_has_the_same_bits_with_scipy_and_without(monkeypatch, dtype):
    rows = np.where(RNG.random((40, 300)) < 0.4, RNG.normal(size=(40, 300)), 0).astype(dtype)
    X, W = SparseRows.of_array(rows), RNG.normal(size=(300, 17)).astype(dtype)
    with_scipy = X.times(W, np.empty((40, 17), dtype))
    monkeypatch.setattr("backprop_core.sparse._scipy_form", lambda n_rows: None)
    np.testing.assert_array_equal(X.times(W, np.empty((40, 17), dtype)), with_scipy)
    np.testing.assert_allclose(with_scipy, rows @ W, atol=1e-4 if dtype == np.float32 else 1e-12)


def untidy():
    """The same matrix with explicit zeros, entries in two parts, and columns in no order."""
    rows, columns = np.nonzero(DENSE)
    values = DENSE[rows, columns]
    rows, columns = np.concatenate([rows, rows, [0]]), np.concatenate([columns, columns, [0]])
    values = np.concatenate([0.25 * values, 0.75 * values, [0.0]])
    order = np.lexsort([RNG.random(len(rows)), rows])
    starts = np.searchsorted(rows[order], np.arange(21))
    return sparse.csr_array((values[order], columns[order].astype(np.int64), starts.astype(np.int64)), shape=(20, 30))


def test_untidy_matrices_are_the_matrices_they_mean_and_stay_as_they_are():
    matrix = untidy()
    before = matrix.data.copy(), matrix.indices.copy()
    X, y = rows_of(matrix), np.arange(20) % 3
    np.testing.assert_allclose(X.toarray(), DENSE, atol=1e-15)
    for one, other in zip(before, (matrix.data, matrix.indices), strict=True):
        np.testing.assert_array_equal(one, other)
    weights = []
    for rows in (DENSE, untidy()):
        trainer = Trainer(network(), epochs=3, batch_size=4, compiled=True)
        trainer.fit(rows, y, rows, y, trainer.start(np.random.default_rng(0)))
        weights.append(trainer.network.params.flat.copy())
    np.testing.assert_allclose(*weights, rtol=0, atol=1e-10)


def test_more_numbers_than_an_int32_counts_are_no_obstacle():
    n, per_row = 2**26, 48  # 3.2 thousand million numbers, which lie in no memory
    one = np.lib.stride_tricks.as_strided
    data, columns = one(np.ones(1, np.float32), (n * per_row,), (0,)), one(np.zeros(1, np.int64), (n * per_row,), (0,))
    X = SparseRows(data, columns, np.arange(0, n * per_row + 1, per_row), 5)
    few = X[np.array([n - 1, 0])]
    np.testing.assert_array_equal(few.toarray(), [[48, 0, 0, 0, 0]] * 2)
    assert len(X[n - 3 : n]) == 3


@pytest.mark.parametrize("column", [-1, 30])
def test_a_column_outside_the_matrix_is_refused(column):
    matrix = sparse.csr_array(DENSE)
    matrix.indices[3] = column
    with pytest.raises(BackpropError, match="columns from"):
        rows_of(matrix)


def test_starts_that_do_not_fit_are_refused():
    matrix = sparse.csr_array(DENSE)
    matrix.indptr[4] = 10**6
    with pytest.raises(BackpropError, match="indptr"):
        rows_of(matrix)


def test_a_number_that_is_not_finite_is_named_by_its_column():
    matrix = sparse.csr_array(DENSE)
    matrix.data[5] = np.nan
    with pytest.raises(BackpropError, match=f"column {matrix.indices[5]} "):
        check_rows(rows_of(matrix), np.zeros(20, int), 30, 2)


def network(dtype=np.float64, **settings):
    return Network(multilayer_perceptron(30, (6,), 3, **settings), np.random.default_rng(0), dtype=dtype)


@pytest.mark.parametrize("settings", [{}, {"input_noise": 0.1}, {"input_dropout": 0.5}], ids=str)
@pytest.mark.parametrize("form", [sparse.csr_array, sparse.csc_matrix, SparseRows.of_array])
def test_a_network_takes_sparse_rows(form, settings):
    net = network(**settings)
    np.testing.assert_allclose(net.logits(form(DENSE)), net.logits(DENSE), atol=1e-12)
    np.testing.assert_allclose(net.forward(form(DENSE))[0].copy(), net.forward(DENSE)[0], atol=1e-12)
    logits, _ = net.forward(form(DENSE), training=True, rng=np.random.default_rng(0))
    assert np.isfinite(logits).all()


def test_many_sparse_rows_on_several_cores_have_the_logits_that_they_have_alone(monkeypatch):
    net, rng = network(), np.random.default_rng(3)
    X = SparseRows.of_array(rng.normal(size=(1003, 30)) * (rng.random((1003, 30)) < 0.2))
    expected, shared = net.logits(X), []
    monkeypatch.setattr(network_module, "WORTH_THREADS", 0)
    monkeypatch.setattr(network_module, "available", lambda: 3)
    for_each = network_module.for_each
    monkeypatch.setattr(network_module, "for_each", lambda *given: (shared.append(given[2]), for_each(*given)))
    np.testing.assert_allclose(net.logits(X, 100), expected, rtol=0, atol=1e-12)
    assert shared == [3]


def test_gradients_through_sparse_rows_are_those_that_differences_find():
    net, y = network(activation="tanh"), np.arange(20) % 3
    X, grads, loss = SparseRows.of_array(DENSE), network().zero_gradients(), SoftmaxCrossEntropy()
    logits, backward = net.forward(X, training=True)
    backward(loss.loss_and_gradient(logits, y)[1], grads)
    for i in np.random.default_rng(1).permutation(net.params.flat.size)[:40]:
        losses = []
        for move in (1e-5, -2e-5):
            net.params.flat[i] += move
            losses.append(loss.loss(net.forward(X)[0].copy(), y))
        net.params.flat[i] += 1e-5
        assert grads.flat[i] == pytest.approx((losses[0] - losses[1]) / 2e-5, rel=1e-5, abs=1e-9)


def test_a_diverged_batch_names_the_column():
    net = network(np.float32)
    X, y = SparseRows.of_array(np.where(DENSE, 3e20, 0).astype(np.float32)), np.arange(20) % 3
    trainer = Trainer(net, learning_rate=1e20)
    with pytest.raises(DivergedError, match="column"):
        trainer.fit(X, y, X, y, trainer.start(np.random.default_rng(0)))


@pytest.mark.parametrize("per_feature", [False, True])
def test_sparse_rows_are_scaled_and_not_centred(per_feature):
    dense, X = (Standardizer(per_feature).fit(form) for form in (DENSE, SparseRows.of_array(DENSE)))
    np.testing.assert_allclose(X.scale, dense.scale, rtol=1e-5)
    np.testing.assert_allclose(X.feature_means, dense.feature_means, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(
        X.transform(SparseRows.of_array(DENSE)).toarray(), DENSE / dense.scale, rtol=1e-5, atol=1e-7
    )
    assert not X.mean.any()
    with pytest.raises(BackpropError, match="centred"):
        dense.transform(SparseRows.of_array(DENSE))


def test_the_shares_of_a_mixture_add_up():
    partner = np.random.default_rng(0).permutation(20)
    mixed = SparseRows.of_array(DENSE).mix_with(partner, 0.3)
    np.testing.assert_allclose(mixed.toarray(), 0.7 * DENSE + 0.3 * DENSE[partner], atol=1e-15)
