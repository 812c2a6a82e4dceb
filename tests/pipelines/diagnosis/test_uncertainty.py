import numpy as np
import pytest

from pipelines.diagnosis.uncertainty import count_samples_needed, gap_error, measure_paired_gain, standard_error


@pytest.mark.parametrize(("share", "n"), [(0.5, 100), (0.9, 400), (0.98, 200)])
def test_two_standard_errors_hold_the_true_share_19_times_in_20(share, n):
    measured = np.random.default_rng(0).binomial(n, share, 4000) / n
    held = [abs(one - share) <= 2 * standard_error(one, n) for one in measured]
    assert np.mean(held) == pytest.approx(0.95, abs=0.035)


def test_a_share_of_all_is_not_taken_for_certain():
    assert standard_error(1.0, 10) > 0.05
    assert standard_error(0.0, 10) == pytest.approx(standard_error(1.0, 10))


def test_the_error_of_a_gap_is_at_least_that_of_either_side():
    assert gap_error(0.9, 1000, 0.8, 50) > standard_error(0.8, 50) > standard_error(0.9, 1000)


def test_a_paired_gain_is_that_of_the_accuracies_and_its_error_that_of_resampling():
    rng = np.random.default_rng(1)
    before = rng.random(500) < 0.8
    after = before ^ (rng.random(500) < 0.1)
    gain, error = measure_paired_gain(after, before)
    assert gain == pytest.approx(after.mean() - before.mean())
    again = rng.integers(500, size=(4000, 500))
    assert error == pytest.approx((after[again].mean(axis=1) - before[again].mean(axis=1)).std(), rel=0.05)


def test_equal_answers_gain_nothing_and_that_is_not_certain():
    same = np.ones(50, bool)
    gain, error = measure_paired_gain(same, same)
    assert gain == 0
    assert error > 0


@pytest.mark.parametrize("share", [0.5, 0.9, 0.97])
def test_as_many_samples_as_are_needed_suffice(share):
    n = count_samples_needed(share, 0.02)
    assert 2 * standard_error(share, n) <= 0.02
    assert 2 * standard_error(share, n * 9 // 10) > 0.02
