import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn import metrics as peer

from backprop_core.metrics import (
    accuracy,
    balanced_accuracy,
    confusion_matrix,
    expected_calibration_error,
    find_most_confused,
    precision_recall_f1,
    wilson_interval,
)


def predictions(seed, n=200, k=5):
    """True and predicted classes, where class k - 1 never occurs and class k - 2 is never predicted."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, k - 1, n)
    return y, np.where(rng.random(n) < 0.6, y, rng.integers(0, k, n)) % (k - 2 + (seed % 2))


@pytest.mark.parametrize("seed", range(4))
def test_accuracy_confusion_precision_recall_and_f1_are_scikit_learns(seed):
    y, predicted = predictions(seed)
    confusion = confusion_matrix(y, predicted, 5)
    assert accuracy(y, predicted) == pytest.approx(peer.accuracy_score(y, predicted))
    np.testing.assert_array_equal(confusion, peer.confusion_matrix(y, predicted, labels=range(5)))
    expected = peer.precision_recall_fscore_support(y, predicted, labels=range(5), zero_division=0)[:3]
    np.testing.assert_allclose(precision_recall_f1(confusion), expected, rtol=1e-12)


@pytest.mark.parametrize(("right", "n"), [(0, 10), (10, 10), (1, 3), (493, 500), (9811, 10000)])
def test_the_wilson_interval_is_scipys(right, n):
    expected = binomtest(right, n).proportion_ci(0.95, method="wilson")
    assert wilson_interval(right / n, n) == pytest.approx((expected.low, expected.high), abs=1e-7)


def test_nothing_measured_may_be_anything():
    assert wilson_interval(0.0, 0) == (0.0, 1.0)


def test_the_most_frequent_mistakes_come_first_and_right_answers_never():
    confusion = np.array([[90, 2, 0], [7, 80, 1], [0, 0, 99]])
    assert find_most_confused(confusion, ["a", "b", "c"]) == [("b", "a", 7), ("a", "b", 2), ("b", "c", 1)]
    assert find_most_confused(confusion, ["a", "b", "c"], most=1) == [("b", "a", 7)]
    assert find_most_confused(np.diag([5, 5]), ["a", "b"]) == []


def test_calibration_agrees_with_an_example_worked_by_hand():
    # Ten answers at confidence 0.8, six of them right: gap 0.2. Ten at 0.6, all right: gap 0.4. Mean: 0.3.
    p = np.array([[0.8, 0.2]] * 10 + [[0.6, 0.4]] * 10)
    y = np.array([0] * 6 + [1] * 4 + [0] * 10)
    assert expected_calibration_error(p, y) == pytest.approx(0.3)


def test_a_forecaster_who_is_as_right_as_confident_is_calibrated():
    rng = np.random.default_rng(0)
    p = rng.uniform(0.5, 1, 100_000)
    y = (rng.random(100_000) >= p).astype(int)
    assert expected_calibration_error(np.stack([p, 1 - p], axis=1), y) < 0.01


def test_certain_and_wrong_is_the_worst_calibration():
    assert expected_calibration_error(np.array([[1.0, 0.0]] * 5), np.ones(5, int)) == 1


def test_balanced_accuracy_agrees_with_scikit_learn_and_leaves_out_classes_without_samples():
    rng = np.random.default_rng(4)
    y = rng.choice([0, 1, 3], 200, p=[0.9, 0.07, 0.03])
    predicted = np.where(rng.random(200) < 0.7, y, rng.integers(0, 4, 200))
    expected = peer.recall_score(y, predicted, labels=[0, 1, 3], average="macro")
    assert balanced_accuracy(confusion_matrix(y, predicted, 4)) == pytest.approx(expected)
