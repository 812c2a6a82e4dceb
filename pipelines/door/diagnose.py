"""Diagnosis for Python programs and the command line."""

import difflib
import os
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from pipelines.door.model import Model
from pipelines.door.progress import telling
from pipelines.door.train import make_recipe
from pipelines.errors import UsageError
from pipelines.learning import tasks
from pipelines.learning.ranges import COUNT, SEED, require
from pipelines.learning.task import Task

if TYPE_CHECKING:
    from pipelines.verbs.diagnose import Diagnosis

Path = str | os.PathLike[str]
ARGUMENTS = ("preset", "seed", "config", "epochs", "hidden")  # arguments that are also options of the command line


def diagnose(
    target: str | Task | Path | Model,
    dataset: Path | Sequence[Path] | None = None,
    *,
    preset: str | None = None,
    seed: int | None = None,
    config: Path | None = None,
    epochs: int | None = None,
    hidden: Collection[int] | None = None,
    dask: str | None = None,
    keep: bool = False,
    fresh: bool = False,
    jobs: int | None = None,
    progress: bool = False,
    **recipe: Any,
) -> "Diagnosis":
    """Say what went wrong with the learning, show the evidence, and name the next thing to try.

    Parameters
    ----------
    target : str, Model or path
        A task, for which a network is trained; or an existing model, or its file.
    dataset : str, Path or None
        As in `train`; for a model, the present place of its data set.
    preset, seed, config, epochs, hidden, **recipe
        As in `train`, with the preset "fast" and the seed 0 by default. A model has its own.
    dask : str or None, the address of a Dask cluster that trains
    keep : bool
        Whether finished trainings are stored in the cache folder, and stored trainings are not repeated.
    fresh : bool, whether stored trainings are deleted first
    jobs : int > 0 or None, how many networks are trained at a time; the result does not depend on it
    progress : bool, whether to show the progress

    Returns
    -------
    Diagnosis
        With `.verdict`, `.summary`, `.findings` and the `.next` thing to try; `.record()` is the output of `--json`,
        and `.write_report(folder)` writes a page that shows all of it.

    Raises
    ------
    UsageError, DataError, ClusterError, ModelFileError
    """
    from pipelines.runs import cluster
    from pipelines.verbs import diagnose as verb

    if dask:
        cluster.check(dask)
    seed, jobs = require("seed", seed, SEED, optional=True), require("jobs", jobs, COUNT, optional=True)
    chosen = {"epochs": epochs, "hidden": hidden, **recipe}
    with telling(progress) as told:
        if isinstance(target, Task) or target in tasks.NAMES:
            task, whole = make_recipe(target, preset or "fast", config, chosen, caller=diagnose)
            subject = verb.of_training(task, whole, dataset=dataset, seed=seed or 0, n_jobs=jobs)
            told.dataset(subject.prepared.dataset, subject.fallback, [])
        else:
            _check_no_misspelt_task(target)
            _check_nothing_given({"preset": preset, "seed": seed, "config": config, **chosen})
            subject = verb.of_model(target, dataset=dataset, n_jobs=jobs)
        return verb.diagnose(subject, n_jobs=jobs, dask=dask, keep=keep, fresh=fresh, on_training=told.trainings)


def _check_no_misspelt_task(target: Any) -> None:
    """Raise UsageError for a word that is no file, and similar to the name of a task."""
    is_word = isinstance(target, str) and target.isalpha() and not os.path.exists(target)  # noqa: PTH110
    if is_word and difflib.get_close_matches(target.lower(), tasks.NAMES):
        tasks.find(target)


def _check_nothing_given(chosen: dict[str, Any]) -> None:
    given = [name for name, value in chosen.items() if value is not None]
    if given:
        words = ", ".join(f"--{name}" if name in ARGUMENTS else "--set" for name in given)
        raise UsageError(
            f"{words}: a model file has its own recipe; leave this out, or name a task to train a new network"
        )
