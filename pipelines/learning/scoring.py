"""Scoring: how often answers are right, and how far their probabilities can be trusted."""

import numpy as np

from backprop_core import metrics
from backprop_core.losses import SoftmaxCrossEntropy
from pipelines.records import ScoreRecord


def score(logits: np.ndarray, y: np.ndarray) -> ScoreRecord:
    """Return {"loss", "accuracy", "balanced_accuracy"} of logits where y are the true classes."""
    predicted = logits.argmax(axis=1)
    return {
        "loss": SoftmaxCrossEntropy().loss(logits, y),
        "accuracy": metrics.accuracy(y, predicted),
        "balanced_accuracy": metrics.balanced_accuracy(metrics.confusion_matrix(y, predicted, logits.shape[1])),
    }


def scores(probabilities, y, labels):
    """Return n, accuracy, its 95 % interval, loss, calibration error, and the tables by class: dict of JSON types."""
    predicted = probabilities.argmax(axis=1)
    confusion = metrics.confusion_matrix(y, predicted, len(labels))
    precision, recall, f1 = metrics.precision_recall_f1(confusion)
    share = metrics.accuracy(y, predicted)
    of_true_class = probabilities[np.arange(len(y)), y].astype(float)
    return {
        "n": len(y),
        "accuracy": share,
        "balanced_accuracy": metrics.balanced_accuracy(confusion),
        "ci95": list(metrics.wilson_interval(share, len(y))),
        "loss": float(-np.log(np.maximum(of_true_class, np.finfo(np.float32).tiny)).mean()),
        "ece": metrics.expected_calibration_error(probabilities, y),
        "labels": list(labels),
        "per_class": {
            label: {
                "precision": float(precision[k]),
                "recall": float(recall[k]),
                "f1": float(f1[k]),
                "support": int(confusion[k].sum()),
            }
            for k, label in enumerate(labels)
        },
        "confusion": confusion.tolist(),
    }


def refusals(probabilities, y, foreign, threshold):
    """Return what a threshold does to samples of the classes and to foreign ones, which it should refuse.

    Parameters
    ----------
    probabilities : ndarray [shape=(n, n_classes)], of samples whose classes are y
    y : ndarray of int [shape=(n,)]
    foreign : ndarray [shape=(n_foreign, n_classes)], those of samples of no class
    threshold : float in [0, 1]

    Returns
    -------
    dict of JSON types
        "threshold"; "n", the foreign samples; "recall", the share of them that is refused; "precision", the share of
        foreign ones among all that is refused, None if nothing is; "accuracy", of the samples of the classes, where
        a refused one counts as wrong.
    """
    believed = probabilities.max(axis=1) >= threshold
    n_refused = int((foreign.max(axis=1) < threshold).sum())
    n_all = n_refused + int((~believed).sum())
    return {
        "threshold": threshold,
        "n": len(foreign),
        "recall": n_refused / len(foreign),
        "precision": n_refused / n_all if n_all else None,
        "accuracy": float(((probabilities.argmax(axis=1) == y) & believed).mean()),
    }


def by_group(dataset, role, predicted, y, heard=None):
    """Return how often answers are right for speakers or sources that were learned from, and for others.

    Parameters
    ----------
    dataset : Dataset
    role : str, whose rows were answered
    predicted, y : ndarray of int [shape=(n_role,)], in the order of the rows
    heard : collection of str or None
        The groups that were learned from; None means those of the training rows.

    Returns
    -------
    dict
        {"by_group": {"known" and "new": {"groups", "n", "accuracy", "worst", "worst_accuracy"}, or None}}, accuracies
        means over groups; empty if groups are not known, or there is no row.
    """
    if dataset.group is None or len(y) == 0:
        return {}
    group, right = dataset.group[dataset.rows(role)], np.asarray(predicted) == y
    heard = np.unique(dataset.group[dataset.rows("train")]) if heard is None else list(heard)
    is_heard = np.isin(group, heard)
    return {"by_group": {"known": _over_groups(group[is_heard], right[is_heard]),
                         "new": _over_groups(group[~is_heard], right[~is_heard])}}  # fmt: skip


def _over_groups(group, right):
    if not len(group):
        return None
    shares = {str(name): float(right[group == name].mean()) for name in np.unique(group)}
    worst = min(shares, key=lambda name: shares[name])
    mean = float(np.mean(list(shares.values())))
    return {"groups": len(shares), "n": len(group), "accuracy": mean, "worst": worst, "worst_accuracy": shares[worst]}


def by_source(dataset, role, predicted, y):
    """Return how often answers are right in each of several data sets that were put together.

    Parameters
    ----------
    dataset : Dataset
    role : str, whose rows were answered
    predicted, y : ndarray of int [shape=(n_role,)], in the order of the rows

    Returns
    -------
    dict
        {"by_dataset": {name: {"n", "accuracy"}}}; empty if there is one data set, or no row.
    """
    if dataset.source is None or len(y) == 0:
        return {}
    source = dataset.source[dataset.rows(role)]
    names = [str(name) for name in dict.fromkeys(source.tolist())]
    right = np.asarray(predicted) == y
    return {
        "by_dataset": {
            name: {"n": int((source == name).sum()), "accuracy": float(right[source == name].mean())} for name in names
        }
    }
