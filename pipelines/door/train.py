"""Training for Python programs and the command line."""

import os
from collections.abc import Collection, Sequence
from typing import Any

from pipelines.door.model import Model
from pipelines.door.progress import telling
from pipelines.errors import UsageError
from pipelines.learning import tasks
from pipelines.learning.ranges import COUNT, SEED, require
from pipelines.learning.recipe import Recipe
from pipelines.learning.task import Task
from pipelines.machine.log import log
from pipelines.wording import article, suggest

Path = str | os.PathLike[str]


def train(
    task: str | Task,
    dataset: Path | Sequence[Path] | None = None,
    *,
    preset: str = "fast",
    out: Path | None = None,
    seed: int = 0,
    config: Path | None = None,
    epochs: int | None = None,
    hidden: Collection[int] | None = None,
    origin: Path | Model | None = None,
    resume: bool = False,
    deterministic: bool = False,
    rows: int | None = None,
    jobs: int | None = None,
    progress: bool = False,
    **recipe: Any,
) -> Model:
    """Train a model.

    Parameters
    ----------
    task : str, "speech", "images" or "text"
    dataset : str, Path, list of these, or None
        A registered name, a folder of class folders, or a CSV manifest; or several that are combined. None means the
        task's default, or the bundled set if the default cannot be downloaded.
    preset : str
        "fast" for a first result in seconds, "best" for the best score in minutes.
    out : path or None
        The model file to write; None keeps the model in memory.
    seed : int >= 0
        Decides initial weights, order of samples and dropout. The same seed, data, recipe, versions, processor type
        and number of threads give the same weights, bit for bit.
    config : path or None, a TOML file of recipe entries; they replace the preset's
    epochs : int > 0 or None, the number of passes over the training samples
    hidden : collection of int or None, widths of the hidden layers
    origin : path of a model file, Model or None
        The model from which the training continues; it may have other or more classes, and is not changed. The new
        model has its features and its architecture.
    resume : bool
        Continue an interrupted training of the same kind; its checkpoint is beside `out`.
    deterministic : bool
        Train on one thread, so that the weights do not depend on the number of cores.
    rows : int > 0 or None, the number of training samples to use; None means all
    jobs : int > 0 or None, threads to use
    progress : bool
        Whether to show the progress, as lines on standard error, or in a notebook as a bar.
    **recipe
        Further entries of the recipe, such as `dropout=0.3`. `backprop recipe` lists them all.

    Returns
    -------
    Model
        After Ctrl-C the best model so far; its `training.stopped` is "interrupted".

    Raises
    ------
    UsageError
        A name, a value or a type is wrong.
    DataError
        The data set is missing or cannot be used.
    DivergedError
        The weights overflowed.
    ModelFileError
        The model cannot be written to `out`.
    """
    from pipelines.verbs.train import train as run

    found, chosen = make_recipe(task, preset, config, {"epochs": epochs, "hidden": hidden, **recipe}, caller=train)
    seed, jobs = require("seed", seed, SEED), require("jobs", jobs, COUNT, optional=True)
    rows = require("rows", rows, COUNT, optional=True)
    with telling(progress) as told:
        trained = run(
            found,
            chosen,
            out,
            dataset=dataset,
            seed=seed,
            resume=resume,
            n_jobs=jobs,
            deterministic=deterministic,
            origin=origin,
            rows=rows,
            on_dataset=told.dataset,
            on_epoch=told.epoch,
        )
    for warning in trained.late_warnings:
        log.warning(warning["text"])
    if trained.stopped == "interrupted":
        goes_on = "; --resume continues from the last checkpoint" if trained.resumable else ""
        log.info(f"interrupted: the best model so far is kept{goes_on}")
    return Model(trained.bundle, trained)


def make_recipe(
    task: str | Task, preset: str, config: Path | None, entries: dict[str, Any], caller: Any
) -> tuple[Task, Recipe]:
    """Return the Task, and its preset's recipe with the changes of the file and of the entries that are not None.

    Raises UsageError, which for an unknown entry names the most similar argument of `caller` or entry.
    """
    found = tasks.find(task)
    if not isinstance(preset, str):
        raise UsageError(f"preset: give the name of a preset, not {article(preset)}")
    if config is not None and not isinstance(config, str | os.PathLike):
        raise UsageError(f"config: give the path of a TOML file, not {article(config)}")
    known = Recipe.names()
    for name in entries:
        if name not in known:
            arguments = [argument for argument in caller.__kwdefaults__ if argument not in known]
            raise UsageError(f"{caller.__name__}: there is no argument {name}; {suggest(name, [*known, *arguments])}")
    return found, found.recipe(preset, config, {name: value for name, value in entries.items() if value is not None})
