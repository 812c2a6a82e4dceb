"""Held-out speakers: a recipe tried on FSDD's speakers in turn, without a look at any test take.

What is chosen here is chosen for voices that a network has not heard. So each speaker's takes 5 to 49 are recognised
by a network that has learned from the other five speakers' takes 5 to 49; takes 0 to 4 stay out of it. There are only
six speakers, and the choices were made on all of them, so what they score in the end is a little flattered. What they
score on takes 0 to 4 alone, which benchmarks/word_error_rate.py reports beside it, is so in their voices only.
"""

from dataclasses import replace

import numpy as np

from pipelines import datasets
from pipelines.datasets.folds import folding
from pipelines.learning.preparation import extract
from pipelines.learning.tasks.speech import TASK as SPEECH
from pipelines.verbs.crossval import Work


def work_without_test_takes(recipe, extractor=None, augment=None):
    """Return the Work of leaving one speaker out.

    Parameters
    ----------
    recipe : Recipe
    extractor : SpeechExtractor or None
    augment : function of (Prepared, Recipe, number of threads or None) or None
        As `Task.augmentation_for`; None means the task's own.
    """
    dataset = datasets.load("fsdd", "speech")
    takes = dataset.rows("train"), dataset.rows("valid")
    kept = np.isin(np.arange(len(dataset)), np.concatenate(takes))
    dataset = dataset.without(np.flatnonzero(~kept), ["a test take"] * int((~kept).sum()))
    prepared = extract(dataset, extractor or SPEECH.extractor_for(dataset))
    augmentation = (augment or SPEECH.augmentation_for)(prepared, recipe, None)
    return Work(
        replace(prepared, augmentation=augmentation),
        SPEECH.scaling(),
        recipe,
        folding(dataset, "speaker"),
    )


def accuracies(work, seeds, n_jobs):
    """Return the accuracy of each speaker and seed: dict of speaker to list of float."""
    from joblib import Parallel, delayed

    folds = work.folding.folds
    ahead = [(speaker, seed) for speaker in folds for seed in seeds]
    predicted = Parallel(n_jobs)(delayed(work.predict)(*key) for key in ahead)
    y, found = work.prepared.dataset.y, {}
    for (speaker, _), classes in zip(ahead, predicted, strict=True):
        found.setdefault(speaker, []).append(float((classes == y[folds[speaker]]).mean()))
    return found
