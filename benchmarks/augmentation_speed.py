"""Augmentation's speed: how many pictures of MNIST are varied in a second, and how many the `best` network learns from.

Three kinds of epochs take turns, in one process: varied batches are made and thrown away; the network learns from plain
rows; the network learns from varied rows, which are made in a thread beside it. The first must be quicker than the
second, and then the third costs little more than the second where a core is free.
"""

import time
from contextlib import closing

import numpy as np
from threadpoolctl import threadpool_limits

from backprop_core.averaging import ExponentialAverage
from backprop_core.batching import batches
from backprop_core.scratch import Scratch
from backprop_core.step import Step
from benchmarks import results_file
from benchmarks.spread import spread
from pipelines import datasets
from pipelines.learning.fitting import threads_for, trainer_for
from pipelines.learning.preparation import prepare
from pipelines.learning.tasks.images import TASK as IMAGES

ROUNDS = 5


def run():
    """Measure, and write results/augmentation_speed.json."""
    recipe = IMAGES.presets["best"]
    datasets.fetch("mnist")
    dataset = datasets.load("mnist", "images")
    prepared = prepare(dataset, IMAGES.extractor_for(dataset))
    stored, y = prepared.rows("train")
    augmentation = IMAGES.augmentation_for(prepared, recipe, None)
    n_threads = threads_for(recipe, stored.shape[1], len(dataset.labels))
    trainer, rng = trainer_for(recipe, stored.shape[1], len(dataset.labels), 0)
    memory = trainer.start(rng).memory
    average = ExponentialAverage(recipe.average)
    averages = average.init(trainer.network.params.flat)
    step = Step(trainer.network, trainer.optimizer, trainer.loss, compiled=True, **trainer.additions)
    X, scratch = prepared.extractor.to_features(stored), Scratch(np.float32)

    def vary():
        return augmentation.batches(prepared, prepared.extractor.to_features, recipe.batch_size, 0.0, rng)

    def plain():
        return batches(X, y, recipe.batch_size, rng, scratch)

    def learn(X_batch, y_batch):
        step(X_batch, y_batch, recipe.learning_rate / 10, memory, rng)
        average.update(trainer.network.params.flat, averages)

    kinds = {
        "varied, nothing learned": lambda: _seconds(vary(), lambda X_batch, y_batch: None),
        "learned, nothing varied": lambda: _seconds(plain(), learn),
        "learned from varied": lambda: _seconds(vary(), learn),
    }
    with threadpool_limits(n_threads):
        for take in kinds.values():
            take()  # whatever is compiled or allocated first
        rounds = [{name: take() for name, take in kinds.items()} for _ in range(ROUNDS)]
    seconds = {name: spread([taken[name] for taken in rounds]) for name in kinds}
    medians = {name: of["median"] for name, of in seconds.items()}
    measured = {
        "network": "-".join(map(str, (stored.shape[1], *recipe.hidden, len(dataset.labels)))),
        "threads": n_threads,
        "rows": len(stored),
        "rows_per_second": {name: round(len(stored) / median) for name, median in medians.items()},
        "delivered_over_consumed": medians["learned, nothing varied"] / medians["varied, nothing learned"],
        "seconds": seconds,
    }
    results_file.write("augmentation_speed", measured)


def _seconds(epoch, use):
    began = time.perf_counter()
    with closing(epoch):
        for X_batch, y_batch in epoch:
            use(X_batch, y_batch)
    return time.perf_counter() - began
