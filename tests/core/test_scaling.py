import tracemalloc

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from backprop_core.scaling import Standardizer


def features(seed=0, n=200):
    rng = np.random.default_rng(seed)
    return rng.normal([0, 5, -300, 0.01], [1, 20, 3, 0.002], (n, 4)).astype(np.float32)


def test_each_feature_ends_with_mean_0_and_spread_1():
    Z = Standardizer().fit(features()).transform(features())
    np.testing.assert_allclose(Z.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(Z.std(axis=0), 1, rtol=1e-4)
    assert Z.dtype == np.float32


def test_the_result_is_scikit_learns():
    X, new = features(0), features(1)
    expected = StandardScaler().fit(X.astype(float)).transform(new.astype(float))
    np.testing.assert_allclose(Standardizer().fit(X).transform(new), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("factors", [[8, 0.25, 2, 1024], [1e-3, 1e3, 7, 0.3]])
def test_multiplying_a_feature_by_a_positive_constant_changes_nothing(factors):
    factors = np.array(factors, np.float32)
    plain = Standardizer().fit(features(0)).transform(features(1))
    scaled = Standardizer().fit(features(0) * factors).transform(features(1) * factors)
    np.testing.assert_allclose(scaled, plain, rtol=1e-3, atol=2e-4)


def test_adding_a_constant_to_a_feature_changes_nothing():
    plain = Standardizer().fit(features(0)[:, :2]).transform(features(1)[:, :2])
    shifted = Standardizer().fit(features(0)[:, :2] + 100).transform(features(1)[:, :2] + 100)
    np.testing.assert_allclose(shifted, plain, atol=1e-3)


@pytest.mark.parametrize("constant", [0.0, 0.1, -7.3, 1e6, 1e-30])
@pytest.mark.parametrize("per_feature", [True, False])
def test_a_feature_that_never_varies_becomes_0_and_is_not_blown_up(constant, per_feature):
    X = np.full((1000, 3), constant, np.float32)
    scaler = Standardizer(per_feature).fit(X)
    np.testing.assert_array_equal(scaler.scale, 1)
    np.testing.assert_allclose(scaler.transform(X), 0, atol=1e-6 * max(1, abs(constant)))


@pytest.mark.parametrize("per_feature", [True, False])
def test_measuring_rows_takes_little_memory_beside_them(per_feature):
    X = np.ones((40_000, 50), np.float32)
    tracemalloc.start()
    Standardizer(per_feature).fit(X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < X.nbytes / 4


def test_pixels_share_one_mean_and_one_spread():
    X = features()
    scaler = Standardizer(per_feature=False).fit(X)
    np.testing.assert_allclose(scaler.mean, X.mean(dtype=float), rtol=1e-6)
    np.testing.assert_allclose(scaler.scale, X.std(dtype=float), rtol=1e-6)
    assert scaler.mean.shape == scaler.scale.shape == (4,)


@pytest.mark.parametrize("per_feature", [True, False])
def test_the_average_sample_is_known_whatever_is_subtracted(per_feature):
    scaler = Standardizer(per_feature).fit(features())
    np.testing.assert_allclose(scaler.feature_means, features().mean(axis=0, dtype=float), rtol=1e-6)


def test_the_rows_are_left_untouched_unless_they_are_to_be_overwritten():
    X = features()
    scaler = Standardizer().fit(X)
    Z = scaler.transform(X)
    np.testing.assert_array_equal(X, features())
    assert scaler.transform(X, out=X) is X
    np.testing.assert_array_equal(X, Z)


def test_later_samples_are_scaled_by_what_was_known_before():
    scaler = Standardizer().fit(features())
    mean, scale = scaler.mean.copy(), scaler.scale.copy()
    alone = scaler.transform(features(2)[:1])
    np.testing.assert_array_equal(alone, scaler.transform(features(2))[:1])
    np.testing.assert_array_equal(scaler.mean, mean)
    np.testing.assert_array_equal(scaler.scale, scale)
