"""All takes of FSDD, each tested once: the official split, rotated, with the preset `best`.

The official split tests takes 0 to 4, 300 recordings, and a network that is good at them is right on nearly all. So
five takes of each speaker at a time are tested by a network that has learned from the other forty-five, until all 3,000
have been tested. Each of the ten networks has a seed of its own.
"""

import numpy as np

from backprop_core.metrics import wilson_interval
from benchmarks import results_file
from pipelines import datasets
from pipelines.datasets.folds import Folding
from pipelines.datasets.fsdd import parse_name
from pipelines.learning.preparation import augment_all, extract
from pipelines.learning.tasks.speech import TASK as SPEECH
from pipelines.machine.cores import cores
from pipelines.verbs.crossval import Work

PRESET = "best"
AT_ONCE = 5


def run():
    """Measure, and write results/rotated_takes.json."""
    from joblib import Parallel, delayed

    dataset, recipe = datasets.load("fsdd", "speech"), SPEECH.presets[PRESET]
    prepared = augment_all(extract(dataset, SPEECH.extractor_for(dataset)), SPEECH, recipe)
    block = np.array([parse_name(path.name)[2] for path in dataset.items]) // AT_ONCE
    folds = {f"{AT_ONCE * k} to {AT_ONCE * (k + 1) - 1}": np.flatnonzero(block == k) for k in np.unique(block)}
    work = Work(prepared, SPEECH.scaling(), recipe, Folding("fold", folds, False, "rows"))
    predicted = Parallel(cores())(delayed(work.predict)(name, seed) for seed, name in enumerate(folds))
    right = {
        name: int((classes == dataset.y[folds[name]]).sum()) for name, classes in zip(folds, predicted, strict=True)
    }
    share = sum(right.values()) / len(dataset)
    results_file.write(
        "rotated_takes",
        {
            "preset": PRESET,
            "dataset": "fsdd",
            "n": len(dataset),
            "accuracy": share,
            "ci95": [round(end, 4) for end in wilson_interval(share, len(dataset))],
            "by_takes": {name: right[name] / len(rows) for name, rows in folds.items()},
        },
    )
