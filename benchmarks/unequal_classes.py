"""Unequal classes: how balancing helps where the largest class is a hundred times as large as the smallest.

Of MNIST's and Fashion-MNIST's training rows, 3,000 of one class down to 30 of another are learned from, and 500 of each
class are held out. Balanced accuracy is measured on these; beside it, the accuracy where classes are as frequent as
among the rows that were learned from, which is what balancing costs. No test row is looked at.
"""

from dataclasses import replace

import numpy as np

from backprop_core.metrics import confusion_matrix
from benchmarks import results_file
from pipelines import datasets
from pipelines.learning.balance import prior_shift
from pipelines.learning.fitting import fit
from pipelines.learning.preparation import augment, extract
from pipelines.learning.tasks.images import TASK as IMAGES

LARGEST, RATIO, HELD_OUT = 3000, 100, 500
SEEDS = 3
STRENGTHS = (0.0, 0.5, 1.0)


def run():
    """Measure, and write results/unequal_classes.json."""
    measured = {}
    for name in ("mnist", "fashion-mnist"):
        dataset = unequal(datasets.load(name, "images"), np.random.default_rng(0))
        runs = [shares(dataset, seed) for seed in range(SEEDS)]
        measured[name] = {
            strength: {key: float(np.mean([of[strength][key] for of in runs])) for key in runs[0][strength]}
            for strength in STRENGTHS
        }
    results_file.write("unequal_classes", {"preset": "fast", "seeds": SEEDS, "ratio": RATIO, "by_balance": measured})


def unequal(dataset, rng):
    """Return the data set with geometrically shrinking classes, in an order drawn at random, and no test rows."""
    n_classes = len(dataset.labels)
    sizes = rng.permutation(np.round(LARGEST * RATIO ** -np.linspace(0, 1, n_classes)).astype(int))
    role = np.full(len(dataset), "none ")
    for k, size in enumerate(sizes):
        rows = rng.permutation(np.flatnonzero((dataset.y == k) & (dataset.role == "train")))
        role[rows[:size]], role[rows[size : size + HELD_OUT]] = "train", "valid"
    return replace(dataset, role=role).without(np.flatnonzero(role == "none "), [])


def shares(dataset, seed):
    """Return {"balanced_accuracy", "accuracy"} on the held-out rows by strength of the balance.

    Balancing changes nothing but the outputs of a network that was trained, so one training serves all strengths.
    """
    recipe = IMAGES.presets["fast"].replace({"balance": 0.0})
    prepared = augment(extract(dataset, IMAGES.extractor_for(dataset)), IMAGES, recipe)
    fitted = fit(prepared, IMAGES.scaling(), recipe, seed, n_threads=1)
    stored, y = prepared.rows("valid")
    logits = fitted.network.logits(fitted.standardizer.transform(prepared.extractor.to_features(stored)))
    y_train, n_classes = dataset.y[dataset.rows("train")], len(dataset.labels)
    frequency = np.bincount(y_train) / len(y_train)
    of = {}
    for strength in STRENGTHS:
        shift = prior_shift(y_train, n_classes, strength)
        predicted = (logits if shift is None else logits - shift).argmax(axis=1)
        confusion = confusion_matrix(y, predicted, n_classes)
        recall = np.diag(confusion) / confusion.sum(axis=1)
        of[strength] = {"balanced_accuracy": float(recall.mean()), "accuracy": float(recall @ frequency)}
    return of
