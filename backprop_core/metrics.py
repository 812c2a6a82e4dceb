"""Metrics: how good the predictions are, as numbers that a person can read.

All functions take class indices, int [shape=(n_samples,)], unless they say otherwise.
"""

import math

import numpy as np


def accuracy(y, predicted):
    """Return the share of predictions that are right, a float in [0, 1]."""
    return float(np.mean(np.asarray(y) == predicted))


def wilson_interval(share, n, z=1.959964):
    """Return (low, high): where the true share lies with 95 % confidence when `n` samples gave `share`.

    Wilson 1927; unlike share ± z sqrt(share (1 - share) / n) it stays within [0, 1] and is right near the ends.
    """
    if n == 0:
        return 0.0, 1.0
    centre = share + z * z / (2 * n)
    reach = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return max(0.0, (centre - reach) / scale), min(1.0, (centre + reach) / scale)


def confusion_matrix(y, predicted, n_classes):
    """Return int [shape=(n_classes, n_classes)]: row = true class, column = predicted class."""
    return np.bincount(np.asarray(y) * n_classes + predicted, minlength=n_classes**2).reshape(n_classes, n_classes)


def precision_recall_f1(confusion):
    """Return precision, recall and F1 of each class, each float [shape=(n_classes,)]; 0 where nothing was counted.

    Precision: of what was called k, how much is k. Recall: of what is k, how much was called k. F1: harmonic mean.
    """
    hits = np.diag(confusion).astype(float)
    called, true = confusion.sum(axis=0), confusion.sum(axis=1)
    precision = np.divide(hits, called, out=np.zeros_like(hits), where=called > 0)
    recall = np.divide(hits, true, out=np.zeros_like(hits), where=true > 0)
    both = precision + recall
    f1 = np.divide(2 * precision * recall, both, out=np.zeros_like(hits), where=both > 0)
    return precision, recall, f1


def balanced_accuracy(confusion):
    """Return the mean over the classes of the share of their samples that are recognised: float in [0, 1].

    Unlike the accuracy, it does not rise with a network that only knows the large classes. Classes without samples do
    not count. Brodersen et al. 2010, https://doi.org/10.1109/ICPR.2010.764
    """
    support = confusion.sum(axis=1)
    there = support > 0
    return float(np.mean(np.diag(confusion)[there] / support[there]))


def find_most_confused(confusion, labels, most=5):
    """Return up to `most` tuples (true label, predicted label, count), the most frequent mistakes first."""
    mistakes = confusion - np.diag(np.diag(confusion))
    order = np.argsort(-mistakes, axis=None, kind="stable")[:most]
    pairs = (np.unravel_index(i, mistakes.shape) for i in order if mistakes.flat[i] > 0)
    return [(labels[i], labels[j], int(mistakes[i, j])) for i, j in pairs]


def expected_calibration_error(probabilities, y, bins=15):
    """Return the mean gap between confidence and accuracy, a float in [0, 1], over bins of equal width.

    Of the predictions made with confidence near 0.8, about 80 % should be right. Guo et al. 2017,
    https://arxiv.org/abs/1706.04599. `probabilities`: float [shape=(n_samples, n_classes)].
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == y
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    gap = np.bincount(bin_of, weights=right - confidence.astype(float), minlength=bins)
    return float(np.abs(gap).sum() / len(confidence))
