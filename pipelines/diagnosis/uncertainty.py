"""Uncertainty: the error of a measured share, because only some samples were tested.

Another 100 samples would give another accuracy. The true accuracy is within two standard errors 19 times in 20. If two
networks are tested on the same samples, only samples on which they differ count, so their difference is known far
better than either accuracy.
"""

import math


def standard_error(share, n):
    """Return the standard error of a share in [0, 1] measured on n > 0 samples: float.

    sqrt(p (1 - p) / n), with p moved a little towards one half, so that a share of 0 or 1 does not look certain:
    p = (n share + 2) / (n + 4). Agresti and Coull 1998, https://doi.org/10.1080/00031305.1998.10480550
    """
    p = (n * share + 2) / (n + 4)
    return math.sqrt(p * (1 - p) / (n + 4))


def gap_error(share, n, other, n_other):
    """Return the standard error of the difference of two shares measured on different samples: float."""
    return math.hypot(standard_error(share, n), standard_error(other, n_other))


def measure_paired_gain(right, right_before):
    """Return the difference of the accuracies of two networks on the same samples, and its standard error.

    With b samples that only the first gets right and c that only the second does, of n,

        gain = (b - c) / n        error = sqrt(b + c - (b - c)^2 / n) / n

    as in McNemar 1947, https://doi.org/10.1007/BF02295996; two are added to b + c, so that no error is 0.

    Parameters
    ----------
    right, right_before : bool ndarray [shape=(n,)], n > 0

    Returns
    -------
    gain, error : float
    """
    n = len(right)
    b, c = int((right & ~right_before).sum()), int((right_before & ~right).sum())
    return (b - c) / n, math.sqrt(b + c + 2 - (b - c) ** 2 / n) / n


def count_samples_needed(share, distance, other_error=0.0):
    """Return the number of samples for which two standard errors of a share near this one are as small as a distance:
    int.

    Parameters
    ----------
    share : float in [0, 1]
    distance : float > 0
    other_error : float >= 0 and below half the distance, a standard error that adds to it
    """
    n = 1
    while 2 * math.hypot(standard_error(share, n), other_error) > distance:
        n += max(1, n // 50)
    return n


def t_interval(shares):
    """Return [low, high]: the 95 % confidence interval of the mean over other folds or speakers like these.

    The unit is the fold: mean ± t sd / sqrt(n), with Student's t of n - 1 degrees of freedom, cut off at 0 and 1. None
    if there are fewer than two.
    """
    from scipy.special import stdtrit

    n = len(shares)
    if n < 2:
        return None
    mean = sum(shares) / n
    deviation = math.sqrt(sum((share - mean) ** 2 for share in shares) / (n - 1))
    reach = float(stdtrit(n - 1, 0.975)) * deviation / math.sqrt(n)
    return [max(0.0, mean - reach), min(1.0, mean + reach)]


def in_points(gain, error):
    """Return a difference of shares and twice its standard error as text, such as "1.2 ± 0.8 points"."""
    return f"{100 * gain:.1f} ± {200 * error:.1f} points"
