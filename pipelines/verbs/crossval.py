"""Cross-validation: the accuracy of a recipe on samples, or voices, that the network has not learned from.

The samples are divided into folds. For each fold a network is trained on all the others and tested on this one, so
every sample is tested exactly once. If the speakers are known, a speaker is a fold; then the accuracy is for new
voices. The split of a data set is not used. Features are extracted once. Everything that is learned from them, also the
scaling, is learned again for each fold.
"""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np

from backprop_core import metrics
from backprop_core.errors import DivergedError
from pipelines import datasets
from pipelines.datasets.folds import FOLD_SEED, Folding, folding
from pipelines.diagnosis.uncertainty import t_interval
from pipelines.learning.fitting import fit
from pipelines.learning.preparation import Prepared, augment_all, extract, load_dataset, name_dataset, with_kin
from pipelines.learning.recipe import Recipe
from pipelines.learning.task import Task
from pipelines.machine.cores import blas_threads
from pipelines.records import CrossvalRecord, FoldRecord
from pipelines.runs import cluster, trainings
from pipelines.runs.store import Store


@dataclass(frozen=True)
class Work:
    """The common part of all folds; every worker gets it, with its large arrays as one file that all of them map.

    Attributes
    ----------
    prepared : Prepared
    scaling : Standardizer or the like, before it has measured rows; see `Task.scaling`
    recipe : Recipe
    folding : Folding
    """

    prepared: Prepared
    scaling: Any
    recipe: Recipe
    folding: Folding

    def split(self, name, seed):
        """Return the Prepared whose test rows are those of one fold.

        A tenth of the others, drawn by class and by `seed`, become validation rows: whole groups if `folding` says so,
        else single rows, also of training speakers.
        """
        role = np.full(len(self.prepared.dataset), "train")
        role[self.folding.folds[name]] = "test"
        dataset = replace(self.prepared.dataset, role=role)
        free = dataset if self.folding.validation == "groups" else replace(dataset, group=None)
        split = datasets.with_split(free, np.random.default_rng(seed), test_fraction=0)
        prepared = replace(self.prepared, dataset=replace(split, group=dataset.group))
        augmentation = prepared.augmentation
        return replace(prepared, augmentation=augmentation.refit(prepared)) if augmentation else prepared

    def identity(self):
        """Return everything that decides a result except its key: dict of JSON types, for a `store.Store`."""
        return {
            "of": "crossval",
            **self.prepared.identity(),
            "scaling": self.scaling.settings(),
            "recipe": self.recipe.settings(),
            "folds": {name: rows.tolist() for name, rows in self.folding.folds.items()},
            "validation": self.folding.validation,
        }

    def result(self, key):
        """Return the result for `trainings.run`: {"predicted"} of a (fold, seed), see `predict`."""
        return {"predicted": self.predict(*key)}

    def predict(self, name, seed):
        """Train on the other folds; return the classes predicted for this one's rows: int64 [shape=(n,)].

        It uses one thread, so the result does not depend on the number of folds that are trained at a time.
        """
        prepared = self.split(name, seed)
        try:
            with blas_threads(1):
                fitted = fit(prepared, self.scaling, self.recipe, seed, 1, measured=("valid", "test"))
        except DivergedError as error:
            raise DivergedError(f"{self.folding.by} {name}: {error}") from None
        if fitted.stopped == "interrupted":
            raise KeyboardInterrupt
        return fitted.logits["test"].argmax(axis=1)


@dataclass(frozen=True)
class CrossValidation:
    """The result of a cross-validation.

    Attributes
    ----------
    found : dict of JSON types, the record
        If its "interrupted" is true, Ctrl-C came before all folds were finished, and it is about the finished ones.
    most_confused : list of (true label, predicted label, count)
        In the worst fold; of several seeds, counts are added up.
    """

    found: CrossvalRecord
    most_confused: list[tuple[str, str, int]]

    @property
    def folds(self) -> dict[str, FoldRecord]:
        """By name: "n", the number of samples, and "accuracy"."""
        return self.found["folds"]

    @property
    def mean(self) -> float:
        """The mean of the folds' accuracies."""
        return self.found["mean"]

    @property
    def worst(self) -> float:
        """The accuracy of the worst fold."""
        return self.found["worst"]

    def record(self) -> CrossvalRecord:
        """Return the record of the cross-validation, a dict of JSON types."""
        return self.found

    def _repr_html_(self) -> str:
        from pipelines.report.notebook import crossval_html

        return crossval_html(self.found)


def cross_validate(
    task: Task,
    recipe: Recipe,
    *,
    dataset: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | None = None,
    by: str | None = None,
    n_folds: int | None = None,
    seed: int = 0,
    n_seeds: int = 1,
    n_jobs: int | None = None,
    dask: str | None = None,
    keep: bool = False,
    fresh: bool = False,
    fold_seed: int = FOLD_SEED,
    on_dataset: Callable | None = None,
    on_known: Callable | None = None,
    on_fold: Callable | None = None,
) -> CrossValidation:
    """Train and test once for each fold and seed, several at a time.

    Parameters
    ----------
    task : Task
    recipe : Recipe
    dataset : str, Path or None
        None means the task's default, or the bundled set if the default cannot be downloaded.
    by, n_folds
        See `folding`.
    seed, n_seeds : int
        Each fold is trained with the seeds from `seed` to `seed + n_seeds - 1`, which decide the validation rows,
        initial weights, order of rows and dropout. The folds do not depend on it.
    n_jobs : int > 0 or None
        Processes, of one thread each; None means one for each core. The result does not depend on it.
    dask : str or None
        The address of a Dask cluster that trains instead, see `trainings.run`.
    keep : bool
        Whether finished trainings are stored, and stored trainings are not repeated.
    fresh : bool, whether stored trainings are deleted first
    fold_seed : int
        Decides the folds, if they are drawn at random.
    on_dataset : function of (Dataset, fallback or not, Folding), called when the features are ready
    on_known : function of (number kept before, number of all), called before the first training if `keep` is true
    on_fold : function of (name, seed, n, accuracy, number done, number of all), called after each training

    Returns
    -------
    CrossValidation

    Raises
    ------
    UsageError, DataError, ClusterError, DivergedError
    KeyboardInterrupt
        Ctrl-C came before the first fold was finished.
    """
    began = time.perf_counter()
    if dask:
        cluster.check(dask)
    loaded, fallback = load_dataset(task, name_dataset(dataset))
    prepared = augment_all(with_kin(extract(loaded, task.extractor_for(loaded, recipe), n_jobs)), task, recipe, n_jobs)
    loaded = prepared.dataset
    work = Work(prepared.without_items(), task.scaling(), recipe, folding(loaded, by, n_folds, fold_seed))
    folds = work.folding.folds
    if on_dataset:
        on_dataset(loaded, fallback, work.folding)

    ahead = [(name, seed + number) for number in range(n_seeds) for name in folds]
    store = Store(work.identity()) if keep else None
    if store and fresh:
        store.forget(ahead)
    if store and on_known:
        on_known(len(store.find_known(ahead)), len(ahead))
    done, interrupted = {}, False
    try:
        for (name, of_seed), result in trainings.run(work, ahead, n_jobs=n_jobs, dask=dask, store=store):
            done[name, of_seed] = predicted = result["predicted"]
            if on_fold:
                share = metrics.accuracy(loaded.y[folds[name]], predicted)
                on_fold(name, of_seed, len(predicted), share, len(done), len(ahead))
    except KeyboardInterrupt:
        interrupted = True
        if not done:
            raise
    done = {key: done[key] for key in ahead if key in done}
    measured, most_confused = _measure(loaded, folds, done)
    record = {
        "task": task.name,
        "dataset": loaded.name,
        "bundled_fallback": fallback,
        "preset": recipe.preset,
        "by": work.folding.by,
        "grouped": work.folding.grouped,
        "validation": work.folding.validation,
        "interrupted": interrupted,
        "seconds": round(time.perf_counter() - began, 2),
        **measured,
    }
    return CrossValidation(cast(CrossvalRecord, record), most_confused)


def _measure(dataset, folds, done):
    """Return the part of the record about the predictions, and the most confused pairs of the worst fold."""
    shares: dict[str, dict[int, float]] = {}
    confusion: dict[str, Any] = {}
    for (name, seed), predicted in done.items():
        y = dataset.y[folds[name]]
        shares.setdefault(name, {})[seed] = metrics.accuracy(y, predicted)
        counted = metrics.confusion_matrix(y, predicted, len(dataset.labels))
        confusion[name] = confusion.get(name, 0) + counted
    mean_of = {name: float(np.mean(list(of_seed.values()))) for name, of_seed in shares.items()}
    n_of = {name: len(folds[name]) for name in mean_of}
    worst = min(mean_of, key=lambda name: mean_of[name])
    seeds = _by_seed(shares, len(folds))
    means = [entry["mean"] for entry in seeds]
    measured = {
        "folds": {name: {"n": n_of[name], "accuracy": share} for name, share in mean_of.items()},
        "mean": float(np.mean(list(mean_of.values()))),
        "worst": mean_of[worst],
        "worst_fold": worst,
        "ci95": t_interval(list(mean_of.values())),
        "pooled": sum(n_of[name] * share for name, share in mean_of.items()) / sum(n_of.values()),
        "seeds": seeds,
        "sd": float(np.std(means, ddof=1)) if len(means) > 1 else None,
        "labels": list(dataset.labels),
        "confusion": sum(confusion.values()).tolist(),
    }
    return measured, metrics.find_most_confused(confusion[worst], dataset.labels)


def _by_seed(shares, n_folds):
    """Return {"seed", "mean", "worst"} of each seed whose folds are all done."""
    seeds = sorted({seed for of_seed in shares.values() for seed in of_seed})
    columns = {seed: [of_seed[seed] for of_seed in shares.values() if seed in of_seed] for seed in seeds}
    return [
        {"seed": seed, "mean": float(np.mean(column)), "worst": min(column)}
        for seed, column in columns.items()
        if len(column) == n_folds
    ]
