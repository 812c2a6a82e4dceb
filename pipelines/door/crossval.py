"""Cross-validation for Python programs and the command line."""

import os
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from pipelines.door.progress import telling
from pipelines.door.train import make_recipe
from pipelines.errors import UsageError
from pipelines.learning.ranges import COUNT, SEED, Whole, require
from pipelines.learning.task import Task

if TYPE_CHECKING:
    from pipelines.verbs.crossval import CrossValidation

Path = str | os.PathLike[str]


def crossval(
    task: str | Task,
    dataset: Path | Sequence[Path] | None = None,
    *,
    preset: str = "fast",
    seed: int = 0,
    config: Path | None = None,
    epochs: int | None = None,
    hidden: Collection[int] | None = None,
    group: str | None = None,
    folds: int | None = None,
    seeds: int = 1,
    dask: str | None = None,
    keep: bool = False,
    fresh: bool = False,
    jobs: int | None = None,
    progress: bool = False,
    **recipe: Any,
) -> "CrossValidation":
    """Cross-validate: every sample is tested by a network that has not learned from it.

    Parameters
    ----------
    task, dataset, preset, config, epochs, hidden, **recipe
        As in `train`.
    seed, seeds : int
        Each fold is trained with the seeds from `seed` to `seed + seeds - 1`.
    group : "speaker" or None
        Test each speaker by a network trained on the others.
    folds : int >= 2 or None
        The number of folds. Without this and `group`, the folds are the speakers if the data names fewer than 20, else
        there are 5 folds.
    dask : str or None, the address of a Dask cluster that trains
    keep : bool
        Whether finished trainings are stored in the cache folder, and stored trainings are not repeated.
    fresh : bool, whether stored trainings are deleted first
    jobs : int > 0 or None, how many folds are trained at a time; the result does not depend on it
    progress : bool, whether to show the progress

    Returns
    -------
    CrossValidation
        With `.mean`, `.worst`, `.folds` and `.record()`.

    Raises
    ------
    UsageError, DataError, ClusterError, DivergedError
    """
    from pipelines.verbs.crossval import cross_validate

    entries = {"epochs": epochs, "hidden": hidden, **recipe}
    found, chosen = make_recipe(task, preset, config, entries, caller=crossval)
    seed, jobs = require("seed", seed, SEED), require("jobs", jobs, COUNT, optional=True)
    seeds, folds = require("seeds", seeds, COUNT), require("folds", folds, Whole(2), optional=True)
    if group not in (None, "speaker"):
        raise UsageError(f"group is {group!r}: give 'speaker', or None")
    if group and folds:
        raise UsageError("crossval: --group and --folds exclude each other; give one of them")
    with telling(progress) as told:
        return cross_validate(
            found,
            chosen,
            dataset=dataset,
            by=group or ("fold" if folds else None),
            n_folds=folds,
            seed=seed,
            n_seeds=seeds,
            n_jobs=jobs,
            dask=dask,
            keep=keep,
            fresh=fresh,
            on_dataset=told.folding,
            on_known=told.known,
            on_fold=told.fold,
        )
