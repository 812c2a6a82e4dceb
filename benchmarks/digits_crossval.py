"""The small digits of scikit-learn, 10 times in 5 folds: how well the preset `fast` does where there is little to learn
from.

Ten times the 1,797 pictures are shared out anew, and each is tested by a network that has learned from the other four
folds. Choices of the recipe were made on validation rows.
"""

import statistics

from benchmarks import results_file
from pipelines.learning.tasks.images import TASK as IMAGES
from pipelines.verbs.crossval import cross_validate

PRESET, REPEATS, FOLDS = "fast", 10, 5


def run():
    """Measure, and write results/digits_crossval.json."""
    records = [
        cross_validate(
            IMAGES,
            IMAGES.presets[PRESET],
            dataset="digits",
            by="fold",
            n_folds=FOLDS,
            seed=k,
            fold_seed=k,
        ).record()
        for k in range(REPEATS)
    ]
    means = [record["pooled"] for record in records]
    measured = {
        "preset": PRESET,
        "repeats": REPEATS,
        "folds": FOLDS,
        "accuracy": {
            "mean": statistics.mean(means),
            "sd": statistics.stdev(means),
            "lowest": min(means),
            "repeats": means,
            "worst_fold": min(record["worst"] for record in records),
        },
        "seconds": sum(record["seconds"] for record in records),
    }
    results_file.write("digits_crossval", measured)
