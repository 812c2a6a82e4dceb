import numpy as np
import pytest

from pipelines.diagnosis.calibration import calibration


def test_each_bin_has_the_mean_confidence_and_the_share_of_right_answers_that_scikit_learn_finds():
    from sklearn.calibration import calibration_curve

    rng = np.random.default_rng(0)
    p = rng.uniform(0.5, 1, 2000)
    y = (rng.random(2000) > p).astype(int)
    record = calibration(np.stack([p, 1 - p], axis=1), y)
    share, confidence = calibration_curve(y == 0, p, n_bins=10)
    assert [b["accuracy"] for b in record["bins"]] == pytest.approx(share.tolist())
    assert [b["confidence"] for b in record["bins"]] == pytest.approx(confidence.tolist())
    assert sum(b["n"] for b in record["bins"]) == 2000
    assert record["ece"] < 0.05


def test_a_network_that_is_sure_and_wrong_is_not_calibrated():
    record = calibration(np.tile([1.0, 0.0], (50, 1)), np.ones(50, int))
    assert record["ece"] == pytest.approx(1)
    assert [(b["low"], b["high"], b["accuracy"]) for b in record["bins"]] == [(0.9, 1.0, 0.0)]
