"""Prediction speed: `predict_proba` of one row and of 10,000, beside scikit-learn's and the bare matrix products.

The networks are those of the training benchmark, in float32, trained for an epoch on Fashion-MNIST and given to
scikit-learn's estimator weight by weight; the two must give the same probabilities for the 10,000 test rows. All use
one library for products, so they take turns in this process, with two threads.
"""

import time
import warnings

import numpy as np

from benchmarks import results_file
from benchmarks.image_rows import image_rows
from benchmarks.roofline import Products
from benchmarks.spread import spread
from benchmarks.workers import THREADS

DATASET = "fashion-mnist"
HIDDEN = ((64,), (100,), (256, 128), (1024, 1024))
ROUNDS = 9
SINGLE_ROWS = 300  # a round
LARGEST_DIFFERENCE = 1e-5
TARGETS = {"one_row": 5.0, "all_rows": 0.8}


def run():
    """Measure, and write results/prediction_speed.json."""
    by_name = {"-".join(map(str, (784, *hidden, 10))): hidden for hidden in HIDDEN}
    results_file.write(
        "prediction_speed",
        {
            "dataset": DATASET,
            "threads": THREADS,
            "rounds": ROUNDS,
            "networks": {name: _measure(by_name[name]) for name in results_file.choose(by_name)},
        },
        growing="networks",
    )


def _measure(hidden):
    """Let both predict, by turns, one row and all; return their times and ratios."""
    from threadpoolctl import threadpool_limits

    X = image_rows(DATASET, "test")[0]
    with threadpool_limits(THREADS):
        backprop, sklearn = twins(*image_rows(DATASET, "train"), hidden)
        difference = float(np.abs(backprop.predict_proba(X) - sklearn.predict_proba(X)).max())
        assert difference < LARGEST_DIFFERENCE, f"the two models' probabilities differ by {difference}"
        products = Products(len(X), (784, *hidden, 10))
        predictions = {"backprop": backprop.predict_proba, "sklearn": sklearn.predict_proba}
        one_row = _take_turns({name: _one_by_one(predict, X) for name, predict in predictions.items()})
        whole = {name: _at_once(predict, X) for name, predict in predictions.items()}
        all_rows = _take_turns({**whole, "roofline": _at_once(lambda _: products.forward(), X)})
    return {
        "largest_difference": difference,
        "one_row": {"calls_a_round": SINGLE_ROWS, **_record(one_row, "sklearn", TARGETS["one_row"])},
        "all_rows": {"rows": len(X), **_record(all_rows, "roofline", TARGETS["all_rows"])},
    }


def twins(X, y, hidden):
    """Return this core's classifier, trained for an epoch on X and y, and scikit-learn's with the same weights."""
    from sklearn.neural_network import MLPClassifier as SklearnMLPClassifier

    from backprop_core import MLPClassifier

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that training ended after `max_iter` epochs
        ours = MLPClassifier(hidden, max_iter=1, random_state=0).fit(X, y)
    theirs = SklearnMLPClassifier(hidden).partial_fit(X[:200], y[:200], classes=ours.classes_)
    theirs.coefs_ = [W.copy() for W in ours.coefs_]
    theirs.intercepts_ = [b.copy() for b in ours.intercepts_]
    return ours, theirs


def _one_by_one(predict, X):
    """Return a function that predicts single rows and returns the median seconds of a call."""

    def seconds_of_a_call():
        taken = []
        for i in range(SINGLE_ROWS):
            row = X[i : i + 1]
            began = time.perf_counter()
            predict(row)
            taken.append(time.perf_counter() - began)
        return float(np.median(taken))

    return seconds_of_a_call


def _at_once(predict, X):
    """Return a function that predicts all rows in one call and returns its seconds."""

    def seconds_of_the_call():
        began = time.perf_counter()
        predict(X)
        return time.perf_counter() - began

    return seconds_of_the_call


def _take_turns(contestants):
    """Return each one's seconds in every round but the first, which does not count."""
    rounds = [{name: measure() for name, measure in contestants.items()} for _ in range(ROUNDS + 1)]
    return {name: [each[name] for each in rounds[1:]] for name in contestants}


def _record(seconds, peer, target):
    contestants = {name: spread(taken) for name, taken in seconds.items()}
    ratio = contestants[peer]["median"] / contestants["backprop"]["median"]
    return {"contestants": contestants, "ratios": {peer: {"over_backprop": ratio, "at_least": target}}}
