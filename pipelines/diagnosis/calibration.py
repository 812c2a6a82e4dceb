"""Calibration: whether a network that says 80 % is right in 80 of 100 cases."""

import numpy as np

from backprop_core.metrics import expected_calibration_error, wilson_interval

BINS = 10


def calibration(probabilities, y):
    """Return confidence and accuracy, bin by bin.

    Parameters
    ----------
    probabilities : float ndarray [shape=(n, n_classes)]
    y : int ndarray [shape=(n,)], the true classes

    Returns
    -------
    record : dict of JSON types
        {"ece", "bins": [{"low", "high", "n", "confidence", "accuracy", "ci95"}, …]}; bins of equal width, without empty
        ones.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == y
    place = np.minimum((confidence * BINS).astype(int), BINS - 1)
    bins = []
    for k in np.unique(place):
        inside = place == k
        share = float(right[inside].mean())
        bins.append(
            {
                "low": k / BINS,
                "high": (k + 1) / BINS,
                "n": int(inside.sum()),
                "confidence": float(confidence[inside].mean(dtype=np.float64)),
                "accuracy": share,
                "ci95": list(wilson_interval(share, int(inside.sum()))),
            }
        )
    return {"ece": expected_calibration_error(probabilities, y), "bins": bins}
