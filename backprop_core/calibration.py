"""Calibration: probabilities that are true.

Of the answers with 80 % confidence, 80 % should be right. This is seldom so for a trained network: usually its
probabilities are too high, or too low after training with smoothed labels. The cure is a single number, the temperature
T, by which all logits are divided before the softmax: a value above 1 makes every answer less sure, a value below 1
more sure. The order of the classes, and so every answer, does not change.

T is fitted after training, to rows that the network has not learned from, by maximum likelihood. Guo, Pleiss, Sun and
Weinberger 2017, On Calibration of Modern Neural Networks, https://arxiv.org/abs/1706.04599
"""

import math

import numpy as np

from backprop_core.losses import softmax

COLDEST, HOTTEST = 0.05, 20.0
HALVINGS = 30  # halvings of the range of log T, which give T to 1e-8 of itself


def calibrated(logits, temperature, out=None):
    """Return softmax(logits / temperature): float [shape=(n_samples, n_classes)], rows sum to 1."""
    return softmax(np.multiply(logits, 1 / temperature, out=out), out=out)


def fit_temperature(logits, y):
    """Return the temperature T under which the true classes of held-out rows are most likely.

    The negative log-likelihood is a convex function of b = 1 / T, with the slope mean(sum_k p_k z_k - z_true) where p =
    softmax(b z): there is one lowest point, and halving the range of log T finds it.

    If a few rows are all right, the fit would demand certainty, which a few rows do not prove. So the true class of n
    rows counts as right in n + 1 of n + 2 cases, Laplace's rule of succession: with n right answers, an error is still
    as likely as 1 in n + 2. Platt 1999 does the same. With many rows it makes no difference.

    Parameters
    ----------
    logits : float ndarray [shape=(n_samples, n_classes)]
        Of rows that were not trained on.
    y : int ndarray [shape=(n_samples,)], their true classes

    Returns
    -------
    temperature : float in [COLDEST, HOTTEST]
        1 if there are no rows, or only one class.
    """
    n, k = logits.shape
    if n == 0 or k < 2:
        return 1.0
    z = np.asarray(logits, np.float64)
    z = z - z.max(axis=1, keepdims=True)
    z_true, doubt = z[np.arange(n), y], 1 / (n + 2)
    wanted = np.mean((1 - doubt) * z_true + doubt * (z.sum(axis=1) - z_true) / (k - 1))

    def slope(temperature):
        """Return dNLL/db at b = 1 / temperature; it is > 0 if the network is too sure."""
        return np.einsum("ij,ij->", calibrated(z, temperature), z) / n - wanted

    low, high = math.log(COLDEST), math.log(HOTTEST)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if slope(math.exp(middle)) > 0:
            low = middle
        else:
            high = middle
    return math.exp((low + high) / 2)
