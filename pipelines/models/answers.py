"""Review: the samples of an evaluation that the user should look at, of two kinds.

An error with a high probability may be a wrong label, a damaged file, or something that the training data lacks. For a
sample with a low probability, more data of its kind would help, even if the answer was right.
"""

from dataclasses import dataclass

import numpy as np

from pipelines.datasets import Dataset

MOST = 48


@dataclass(frozen=True)
class Answers:
    """What a model answered to samples whose classes are known.

    Attributes
    ----------
    dataset : Dataset
    rows : int ndarray [shape=(n,)], indices into `dataset`
    y : int ndarray [shape=(n,)], the true classes, as indices into `labels`
    probabilities : float ndarray [shape=(n, n_classes)]
    labels : tuple of str, the model's
    """

    dataset: Dataset
    rows: np.ndarray
    y: np.ndarray
    probabilities: np.ndarray
    labels: tuple[str, ...]

    def entry(self, i):
        """Return what there is to say of answer i: dict of JSON types.

        `path` is None if the data set has its pixels in memory; `index`, counted from 0 over all its splits, then
        tells which sample it is.
        """
        predicted = self.probabilities[i].argmax()
        return {
            "index": int(self.rows[i]),
            "path": self.dataset.path_of(self.rows[i]),
            "true": self.labels[self.y[i]],
            "predicted": self.labels[predicted],
            "probability": round(float(self.probabilities[i, predicted]), 6),
            "probability_of_true": round(float(self.probabilities[i, self.y[i]]), 6),
        }


def confident_errors(answers, most=MOST):
    """Return the entries of up to `most` wrong answers, the most probable first."""
    confidence = answers.probabilities.max(axis=1)
    wrong = np.flatnonzero(answers.probabilities.argmax(axis=1) != answers.y)
    return [answers.entry(i) for i in wrong[np.argsort(-confidence[wrong], kind="stable")][:most]]


def least_certain(answers, most=MOST):
    """Return the entries of up to `most` answers, right or wrong, the least probable first."""
    return [answers.entry(i) for i in np.argsort(answers.probabilities.max(axis=1), kind="stable")[:most]]


def review(answers, most=MOST):
    """Return the numbers of both lists: dict of JSON types."""
    n_errors = int((answers.probabilities.argmax(axis=1) != answers.y).sum())
    return {
        "n": len(answers.y),
        "n_errors": n_errors,
        "confident_errors": confident_errors(answers, most),
        "least_certain": least_certain(answers, most),
    }
