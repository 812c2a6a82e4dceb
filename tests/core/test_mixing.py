import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_core.errors import BackpropError
from backprop_core.losses import softmax
from backprop_core.mixing import mixup
from backprop_core.scratch import Scratch

N, FEATURES, CLASSES = 12, 5, 4


def batch(dtype=np.float64, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(N, FEATURES)).astype(dtype), rng.integers(0, CLASSES, N)


def mix(X, target, seed=1, alpha=1.0, **settings):
    return mixup(X, target, np.random.default_rng(seed), alpha, Scratch(X.dtype), **settings)


def draw(seed=1, alpha=1.0):
    """The partners and the share that `mix` draws."""
    rng = np.random.default_rng(seed)
    return rng.permutation(N), rng.beta(alpha, alpha)


def one_hot(y):
    return np.eye(CLASSES)[y]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("alpha", [0.1, 1.0, 8.0])
def test_rows_and_labels_are_mixed_with_the_same_partner_by_the_same_share(dtype, alpha):
    X, y = batch(dtype)
    X_mixed, target, weights = mix(X, y, alpha=alpha, n_classes=CLASSES)
    partner, share = draw(alpha=alpha)
    assert X_mixed.dtype == target.dtype == dtype
    assert weights is None
    np.testing.assert_allclose(X_mixed, share * X + (1 - share) * X[partner], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(target, share * one_hot(y) + (1 - share) * one_hot(y[partner]), atol=1e-6)


@given(st.integers(0, 2**32 - 1), st.floats(1e-3, 100))
def test_label_rows_are_probabilities(seed, alpha):
    target = mix(*batch(np.float32), seed, alpha, n_classes=CLASSES)[1]
    np.testing.assert_allclose(target.sum(axis=1), 1, atol=1e-6)
    assert target.min() >= 0


def test_classes_and_their_label_rows_give_the_same_mixture():
    X, y = batch()
    np.testing.assert_allclose(mix(X, y, n_classes=CLASSES)[1], mix(X, one_hot(y))[1], atol=1e-15)


@pytest.mark.parametrize("shape", [(N,), (N, 1), (N, 3)])
@pytest.mark.parametrize("weighted", [False, True])
def test_numbers_to_predict_are_mixed_as_the_rows_are(shape, weighted):
    X, _ = batch()
    target = np.random.default_rng(5).normal(size=shape)
    mixed = mix(X, target, weights=np.full(N, 2.0) if weighted else None)[1]
    partner, share = draw()
    np.testing.assert_allclose(mixed, share * target + (1 - share) * target[partner], rtol=1e-12)


def test_a_table_of_zeros_and_ones_is_mixed_as_numbers():
    X, _ = batch()
    labels = np.random.default_rng(5).integers(0, 2, (N, 3))
    partner, share = draw()
    np.testing.assert_allclose(mix(X, labels)[1], share * labels + (1 - share) * labels[partner], atol=1e-15)


def test_the_mean_of_a_batch_stays_what_it_was():
    X, y = batch()
    X_mixed, target, _ = mix(X, y, n_classes=CLASSES)
    np.testing.assert_allclose(X_mixed.mean(axis=0), X.mean(axis=0), rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(target.mean(axis=0), one_hot(y).mean(axis=0), atol=1e-14)


def test_a_relation_that_is_linear_holds_for_the_mixtures_too():
    X, _ = batch()
    W = np.random.default_rng(5).normal(size=(FEATURES, 2))
    X_mixed, target, _ = mix(X, X @ W)
    np.testing.assert_allclose(X_mixed @ W, target, rtol=1e-10, atol=1e-13)


def test_with_weights_every_label_counts_by_the_weight_of_its_row():
    # Loss of the mixtures = share * (weighted loss of the own labels) + (1 - share) * (weighted loss of the partners').
    X, y = batch()
    w = np.random.default_rng(5).uniform(0, 3, N)
    w[:4] = 0
    _, target, mixed = mix(X, y, n_classes=CLASSES, weights=w)
    partner, share = draw()
    surprise = -np.log(softmax(np.random.default_rng(6).normal(size=(N, CLASSES))))
    rows = np.arange(N)
    expected = share * w * surprise[rows, y] + (1 - share) * w[partner] * surprise[rows, y[partner]]
    np.testing.assert_allclose(mixed * (target * surprise).sum(axis=1), expected, rtol=1e-10)
    np.testing.assert_allclose(mixed.sum(), w.sum())
    np.testing.assert_allclose(target.sum(axis=1), 1)


def test_equal_weights_change_nothing():
    X, y = batch()
    X_mixed, target, weights = mix(X, y, n_classes=CLASSES, weights=np.full(N, 0.7))
    np.testing.assert_array_equal(X_mixed, mix(X, y, n_classes=CLASSES)[0])
    np.testing.assert_allclose(target, mix(X, y, n_classes=CLASSES)[1], rtol=1e-12)
    np.testing.assert_allclose(weights, 0.7, rtol=1e-12)


def test_the_given_rows_targets_and_weights_are_left_untouched():
    X, y = batch()
    w = np.arange(float(N))
    before = X.copy(), y.copy(), w.copy()
    mix(X, y, n_classes=CLASSES, weights=w)
    for array, copy in zip((X, y, w), before, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_the_results_are_written_to_the_scratch_memory_each_time():
    X, y = batch()
    scratch, rng = Scratch(np.float64), np.random.default_rng(0)
    first = mixup(X, y, rng, 1.0, scratch, n_classes=CLASSES)
    second = mixup(X, y, rng, 1.0, scratch, n_classes=CLASSES)
    assert all(np.shares_memory(a, b) for a, b in zip(first[:2], second[:2], strict=True))


def test_the_same_seed_gives_the_same_bytes():
    X, y = batch(np.float32)
    assert mix(X, y, n_classes=CLASSES)[0].tobytes() == mix(X, y, n_classes=CLASSES)[0].tobytes()


def test_a_small_alpha_leaves_most_batches_nearly_pure():
    shares = [mix(np.arange(2.0)[:, None], np.arange(2.0), seed, 0.05)[0].max() for seed in range(200)]
    assert np.mean(np.abs(np.array(shares) - 0.5) > 0.49) > 0.7


def test_a_single_row_is_its_own_partner():
    X = np.array([[1.0, 2.0]])
    X_mixed, target, _ = mix(X, np.array([1]), n_classes=2)
    np.testing.assert_allclose(X_mixed, X)
    np.testing.assert_allclose(target, [[0, 1]])


@pytest.mark.parametrize("alpha", [0, -1, float("nan")])
def test_an_impossible_alpha_is_refused(alpha):
    with pytest.raises(BackpropError, match="mixup is"):
        mix(*batch(), alpha=alpha, n_classes=CLASSES)


def test_classes_of_unknown_number_are_refused():
    with pytest.raises(BackpropError, match="n_classes"):
        mix(*batch())
