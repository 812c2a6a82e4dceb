"""Mislabelled samples: samples whose label is most likely wrong.

Each training sample is judged by a network that has not learned from it: the training rows are divided into a few
parts, and each part is tested by a network trained on the others. If that network is nearly certain of another class,
and its probabilities are calibrated, either the label or the network is wrong. Networks are rarely so wrong on clean
labels. The samples with the largest difference come first.

Northcutt, Jiang and Chuang 2021, Confident Learning, https://arxiv.org/abs/1911.00068
"""

import numpy as np

from pipelines.diagnosis.finding import FINE, PROBLEM, UNCERTAIN, Finding, Kind
from pipelines.diagnosis.thresholds import DATA_THRESHOLDS
from pipelines.models.answers import Answers

LIMITS = {name: threshold.value for name, threshold in DATA_THRESHOLDS.items()}
MOST = 100  # suspects in a list


def out_of_fold(probes, results):
    """Return (rows, probabilities) of all training rows, from the folds that held them out; None if one is missing.

    Returns
    -------
    rows : int ndarray [shape=(n,)]
    probabilities : float32 ndarray [shape=(n, n_classes)]
    """
    folds = [result for (name, _), result in results.items() if name == "fold" and not result.diverged]
    if sum(len(fold.asked) for fold in folds) < probes.n_train:
        return None
    return np.concatenate([fold.asked for fold in folds]), np.concatenate([fold.probabilities for fold in folds])


def margins(y, probabilities):
    """Return p(given label) - p(most probable other); a lower value is more suspect: float ndarray [shape=(n,)]."""
    rows = np.arange(len(y))
    others = probabilities.copy()
    others[rows, y] = -1
    return probabilities[rows, y] - others.max(axis=1)


def look_for_wrong_labels(probes, results, dataset):
    """Return (record, findings) of likely mislabelled training samples; `dataset` names them.

    Returns
    -------
    record : list of dict of JSON types
        Of at most `MOST` samples, the most suspect first; see `review.Answers.entry`.
    findings : list of Finding, one, or none if the folds were not trained
    """
    found = out_of_fold(probes, results)
    if found is None:
        return [], []
    rows, probabilities = found
    y = dataset.y[rows]
    accuracy = float((probabilities.argmax(axis=1) == y).mean())
    margin = margins(y, probabilities)
    order = np.argsort(margin, kind="stable")
    order = order[margin[order] < -LIMITS["sure"]]
    answers = Answers(dataset, rows, y, probabilities, dataset.labels)
    record = [answers.entry(i) for i in order[:MOST]]
    share = len(order) / len(y)
    evidence = {
        "suspects": len(order),
        "share": share,
        "limit": LIMITS["wrong_labels"],
        "limit_margin": LIMITS["sure"],
        "out_of_fold_accuracy": accuracy,
        "limit_accuracy": LIMITS["judge"],
    }
    name = Kind.MISLABELLED
    suspects = (
        f"Networks that did not learn from them are nearly certain of another label for {len(order):,} of {len(y):,} "
        f"training rows ({100 * share:.1f} %)"
    )
    if accuracy < LIMITS["judge"]:
        advice = (
            f"{suspects}. But only {100 * accuracy:.0f} % of their answers are right, which is too few to judge labels."
        )
        return record, [Finding(name, UNCERTAIN, evidence, advice)]
    if share > LIMITS["wrong_labels"]:
        return record, [Finding(name, PROBLEM, evidence, f"{suspects}. Check their labels, in the order of the list.")]
    return record, [Finding(name, FINE, evidence, f"{suspects}. Hard samples can explain so many.")]
