"""Two jobs: how much sooner a list of trainings is done in two processes than in one.

Two lists, as users have them: the preset `fast` on each of FSDD's speakers in turn, and a learning curve, which trains
on more and more of MNIST's pictures, the largest first. One process is this one; two are started anew each time, which
is part of what is timed, as is sending them the data. Features are there before, and nothing is kept between the runs.

A training on pictures makes its varied batches in a thread beside it, so that one of them alone has use for a second
core too.
"""

import statistics
import time
from dataclasses import dataclass, replace

import numpy as np

from benchmarks import results_file
from benchmarks.spread import spread
from pipelines import datasets
from pipelines.datasets.folds import folding
from pipelines.learning.fitting import fit
from pipelines.learning.preparation import augment, augment_all, extract, prepare
from pipelines.learning.tasks.images import TASK as IMAGES
from pipelines.learning.tasks.speech import TASK as SPEECH
from pipelines.runs import trainings
from pipelines.verbs.crossval import Work

ROUNDS = 3
SIZES, SEEDS, EPOCHS = (16_000, 8_000, 4_000, 2_000), range(2), 6


@dataclass(frozen=True)
class LearningCurve:
    """Trains on the first so many training rows of a data set, whose order is random."""

    prepared: object
    recipe: object

    def result(self, key):
        """Return the accuracy on the test rows of (number of training rows, seed)."""
        n_rows, seed = key
        dataset = self.prepared.dataset
        role = dataset.role.copy()
        role[dataset.rows("train")[n_rows:]] = "unused"
        prepared = replace(self.prepared, dataset=replace(dataset, role=role))
        fitted = fit(prepared, IMAGES.scaling(), self.recipe, seed, n_threads=1)
        return {"accuracy": fitted.scores["test"]["accuracy"]}


def run():
    """Measure, and write results/two_jobs.json."""
    results_file.write(
        "two_jobs",
        {"rounds": ROUNDS, "lists": {name: _measure(*listed) for name, listed in (speakers(), learning_curve())}},
    )


def speakers():
    """Return (name, (Work, keys)) of leaving each speaker of FSDD out."""
    recipe, dataset = SPEECH.presets["fast"], datasets.load("fsdd", "speech")
    prepared = augment_all(extract(dataset, SPEECH.extractor_for(dataset)), SPEECH, recipe)
    shared = folding(dataset, "speaker")
    return "fsdd by speaker", (
        Work(prepared.without_items(), SPEECH.scaling(), recipe, shared),
        [(speaker, 0) for speaker in shared.folds],
    )


def learning_curve():
    """Return (name, (LearningCurve, keys)) of MNIST, a few epochs each."""
    recipe, dataset = IMAGES.presets["fast"].replace({"epochs": EPOCHS}), datasets.load("mnist", "images")
    prepared = augment(prepare(dataset, IMAGES.extractor_for(dataset)), IMAGES, recipe)
    return "mnist learning curve", (
        LearningCurve(prepared.without_items(), recipe),
        [(size, seed) for size in SIZES for seed in SEEDS],
    )


def _measure(work, keys):
    """Return the seconds of one job and of two, in turn, and the ratio of their medians."""
    seconds, found = {1: [], 2: []}, {}
    for _ in range(ROUNDS):
        for n_jobs, taken in seconds.items():
            _end_processes()
            began = time.perf_counter()
            found[n_jobs] = dict(trainings.run(work, keys, n_jobs=n_jobs))
            taken.append(time.perf_counter() - began)
    medians = {n_jobs: statistics.median(taken) for n_jobs, taken in seconds.items()}
    return {
        "trainings": len(keys),
        "seconds": {f"{n_jobs} job{'s' * (n_jobs > 1)}": spread(taken) for n_jobs, taken in seconds.items()},
        "two_jobs_speedup": medians[1] / medians[2],
        "same_results": all(
            np.array_equal(found[1][key][name], found[2][key][name]) for key in keys for name in found[1][key]
        ),
    }


def _end_processes():
    """End the processes that joblib keeps for the next time, so that each run starts its own."""
    from joblib.externals.loky import get_reusable_executor

    get_reusable_executor().shutdown()
