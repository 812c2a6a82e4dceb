import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from backprop_core.calibration import COLDEST, HOTTEST, calibrated, fit_temperature
from backprop_core.losses import SoftmaxCrossEntropy, softmax
from backprop_core.metrics import expected_calibration_error


def draw_sample(temperature, n=20_000, k=5, seed=0):
    """Logits, and classes drawn from softmax(logits / temperature)."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 3, (n, k))
    p = softmax(logits / temperature)
    return logits, (p.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1)


@pytest.mark.parametrize("temperature", [0.3, 0.8, 1.0, 1.7, 6.0])
def test_the_temperature_that_the_classes_were_drawn_with_is_found(temperature):
    assert fit_temperature(*draw_sample(temperature)) == pytest.approx(temperature, rel=0.05)


@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_it_is_the_minimum_of_the_negative_log_likelihood_that_scipy_finds(temperature):
    logits, y = draw_sample(temperature, n=300_000, k=3)
    loss = SoftmaxCrossEntropy()
    peer = minimize_scalar(lambda t: loss.loss(logits / np.exp(t), y), bounds=(-3, 3), options={"xatol": 1e-7})
    assert fit_temperature(logits, y) == pytest.approx(np.exp(peer.x), rel=1e-3)


@pytest.mark.parametrize("temperature", [0.4, 3.0])
def test_calibration_error_and_loss_fall_on_rows_that_it_was_not_fitted_to(temperature):
    fitted = fit_temperature(*draw_sample(temperature, seed=1))
    logits, y = draw_sample(temperature, seed=2)
    before, after = softmax(logits), calibrated(logits, fitted)
    assert expected_calibration_error(after, y) < 0.02 < expected_calibration_error(before, y) / 3
    loss = SoftmaxCrossEntropy()
    assert loss.loss(logits / fitted, y) < loss.loss(logits, y)


def test_multiplying_the_logits_multiplies_the_temperature():
    logits, y = draw_sample(1.5, n=500)
    assert fit_temperature(logits * 2.5, y) == pytest.approx(2.5 * fit_temperature(logits, y), rel=1e-6)


def test_what_is_added_to_a_row_and_the_order_of_the_rows_change_nothing():
    logits, y = draw_sample(1.5, n=500)
    added = logits + np.random.default_rng(0).normal(0, 50, (500, 1))
    assert fit_temperature(added[::-1], y[::-1]) == pytest.approx(fit_temperature(logits, y), rel=1e-6)


@pytest.mark.parametrize("temperature", [COLDEST, 0.5, 1, 3.0, HOTTEST])
def test_the_order_of_the_classes_never_changes(temperature):
    logits, _ = draw_sample(1.0, n=200)
    np.testing.assert_array_equal(calibrated(logits, temperature).argsort(axis=1), logits.argsort(axis=1))


def test_temperature_one_is_the_softmax_itself():
    logits, _ = draw_sample(1.0, n=50)
    np.testing.assert_array_equal(calibrated(logits, 1.0), softmax(logits))


@pytest.mark.parametrize("n", [1, 20, 1000])
def test_rows_that_are_all_right_do_not_buy_more_certainty_than_their_number_is_worth(n):
    y = np.arange(n) % 4
    temperature = fit_temperature(10.0 * np.eye(4)[y], y)
    assert calibrated(10.0 * np.eye(4)[y], temperature)[0].max() == pytest.approx((n + 1) / (n + 2), abs=1e-6)


def test_rows_that_are_all_right_by_any_margin_keep_within_the_bounds():
    y = np.arange(50) % 4
    assert fit_temperature(1e-6 * np.eye(4)[y], y) == pytest.approx(COLDEST, rel=1e-6)
    assert fit_temperature(1e6 * np.eye(4)[y], y) == pytest.approx(HOTTEST, rel=1e-6)


def test_rows_that_are_all_wrong_ask_for_the_least_certainty():
    y = np.arange(50) % 4
    assert fit_temperature(np.eye(4)[(y + 1) % 4], y) == pytest.approx(HOTTEST, rel=1e-6)


@pytest.mark.parametrize("shape", [(0, 3), (5, 1)])
def test_without_rows_or_with_one_class_nothing_changes(shape):
    assert fit_temperature(np.zeros(shape), np.zeros(shape[0], int)) == 1


def test_float32_stays_float32_and_the_result_may_overwrite_the_logits():
    logits, _ = draw_sample(1.0, n=50)
    logits = logits.astype(np.float32)
    expected = calibrated(logits, 2.0)
    assert expected.dtype == np.float32
    assert calibrated(logits, 2.0, out=logits) is logits
    np.testing.assert_array_equal(logits, expected)
