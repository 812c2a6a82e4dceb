"""Scoring: how often answers are right, and how far their probabilities can be trusted."""

import numpy as np

from backprop_core import metrics
from backprop_core.losses import SoftmaxCrossEntropy


def score(logits, y):
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
