"""Training: from a data set's name to a model.

The steps are: prepare, fit, record. Each step is one call, and works in the same way for speech and pictures.
"""

import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from backprop_core.health import Health
from backprop_core.history import History
from backprop_core.whole_file import whole_file
from pipelines import datasets
from pipelines.diagnosis.data import soundness
from pipelines.errors import ModelFileError, UsageError
from pipelines.learning.balance import prior_shift
from pipelines.learning.beginning import Beginning
from pipelines.learning.checkpoints import Checkpoints
from pipelines.learning.fitting import Fitted, fit, follow, threads_for
from pipelines.learning.preparation import Prepared, augment, load_dataset, name_dataset, prepare, with_fewer
from pipelines.learning.recipe import Recipe
from pipelines.learning.scoring import by_group, by_source
from pipelines.learning.task import Task
from pipelines.machine.versions import versions
from pipelines.models.bundle import Bundle
from pipelines.models.opening import open_bundle
from pipelines.records import TrainRecord, WarningRecord
from pipelines.wording import article


@dataclass(frozen=True)
class Ready:
    """Everything that a training needs.

    Attributes
    ----------
    task : Task
    recipe : Recipe, for so many rows
    seed : int >= 0
    prepared : Prepared, with its augmentation
    fallback : bool, whether bundled data replace the default
    notes : tuple of str, the choices that were made from the data
    warnings : list of WarningRecord, the problems of a user's own data
    n_threads : int > 0
    beginning : Beginning or None, the model from which the training continues
    """

    task: Task
    recipe: Recipe
    seed: int
    prepared: Prepared
    fallback: bool
    notes: tuple[str, ...]
    warnings: list[WarningRecord]
    n_threads: int
    beginning: Beginning | None = None

    def identity(self) -> dict[str, Any]:
        """Return everything that must be the same if a checkpoint shall lead to the result of an uninterrupted
        training.
        """
        dataset, extractor = self.prepared.dataset, self.prepared.extractor
        return {
            "fingerprint": dataset.fingerprint,
            "extractor": {"version": extractor.version, **extractor.settings()},
            "recipe": self.recipe.settings(),
            "seed": self.seed,
            "threads": self.n_threads,
            **({"from": self.beginning.digest} if self.beginning else {}),
            "rows": len(dataset.rows("train")),
        }


@dataclass(frozen=True)
class Trained:
    """The result of a training.

    Attributes
    ----------
    bundle : Bundle
    ready : Ready, the input of the training
    fitted : Fitted, its output
    seconds : float
    example : str
        A file to try the model on, or a text if the samples are not files; "" if there is none.
    resumable : bool
        Whether an interrupted training can be continued from a checkpoint.
    late_warnings : list of WarningRecord
        Warnings that came after `on_dataset`.
    """

    bundle: Bundle
    ready: Ready
    fitted: Fitted
    seconds: float
    example: str
    resumable: bool = False
    late_warnings: list[WarningRecord] = field(default_factory=list)

    @property
    def example_is_text(self) -> bool:
        """Whether the example is a text rather than the path of one."""
        return isinstance(next(iter(self.ready.prepared.dataset.items), None), str)

    @property
    def stopped(self) -> str:
        """Why the training ended: "epochs", "patience" or "interrupted"."""
        return self.fitted.stopped

    def record(self) -> TrainRecord:
        """Return the record of the training, a dict of JSON types; losses are those before calibration."""
        record = _record(self.ready, self.fitted, self.bundle.path, self.seconds)
        return {**record, "warnings": [*record["warnings"], *self.late_warnings]}


def train(
    task: Task,
    recipe: Recipe,
    out: str | os.PathLike[str] | None = None,
    *,
    dataset: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | None = None,
    seed: int = 0,
    resume: bool = False,
    n_jobs: int | None = None,
    deterministic: bool = False,
    origin: Any = None,
    rows: int | None = None,
    on_dataset: Callable[[datasets.Dataset, bool, list[str]], object] | None = None,
    on_ready: Callable[[Ready], object] | None = None,
    on_epoch: Callable[[Any, int], object] | None = None,
    before_step: Callable[[], object] | None = None,
) -> Trained:
    """Train a model, with the temperature that calibrates its probabilities on the validation rows.

    Parameters
    ----------
    task : Task
    recipe : Recipe
    out : path or None
        The path of the model file. It is written completely or not at all; an old file stays until then. None keeps the
        model in memory.
    dataset : str, Path or None
        None means the task's default, or the bundled set if the default cannot be downloaded.
    seed : int >= 0
        Decides initial weights, order of rows and dropout.
    resume : bool
        Continue from the checkpoint beside `out`, if there is one.
    n_jobs : int > 0 or None
        Threads to use; None means one for each core, and only one to train a small network.
    deterministic : bool
        Train on one thread for any `n_jobs` and any number of cores, because the sums of a matrix product, and so the
        last bits of the weights, depend on the number of threads.
    origin : Model, path of a model file, or None
        The model from which the training continues; it is not changed. The new model has its features and its
        architecture, see `Beginning`; the classes are those of the data.
    rows : int > 0 or None
        The number of training rows to use, each class in proportion; None means all.
    on_ready : function of the Ready, called when everything that the training needs is ready
    on_dataset : function of (Dataset, fallback or not, list of str), called when the features are ready
        The list has a sentence for each finding about a user's own data.
    on_epoch : function of (TrainingState, number of epochs), called after each epoch
    before_step : function, called before each step
        It may wait; KeyboardInterrupt from it works like Ctrl-C.

    Raises
    ------
    UsageError, DataError, DivergedError
    ModelFileError
        The model file cannot be written.
    KeyboardInterrupt
        Ctrl-C came before the first epoch ended; later it ends the training, and the best model is kept.
    """
    began = time.perf_counter()
    place = _check_place(out, resume)
    ready = _make_ready(task, recipe, dataset, seed, n_jobs, deterministic, rows, _open(task, origin))
    if on_dataset:
        told = replace(ready.prepared.dataset, notes=ready.notes)
        on_dataset(told, ready.fallback, [warning["text"] for warning in ready.warnings])
    if on_ready:
        on_ready(ready)
    checkpoints = Checkpoints(place, ready.identity(), ready.recipe.members) if place else None
    fitted = _fit(ready, checkpoints, resume, on_epoch, before_step)
    seconds = round(time.perf_counter() - began, 2)
    bundle = _bundle(ready, fitted, seconds)
    bundle.remember_golden()
    if place:
        bundle.save(place)
    trained = _with_example(Trained(bundle, ready, fitted, seconds, example=""), place)
    return _with_checkpoints(trained, checkpoints) if checkpoints else trained


def _open(task: Task, origin: Any) -> Bundle | None:
    """Return the model that a training continues from; raise UsageError if it has another task."""
    if origin is None:
        return None
    model = open_bundle(origin, "train")
    if model.task.name != task.name:
        raise UsageError(f"from: {model.path or 'the model'} recognises {model.task.name}, not {task.name}")
    return model


def _make_ready(
    task: Task,
    recipe: Recipe,
    dataset: Any,
    seed: int,
    n_jobs: int | None,
    deterministic: bool,
    rows: int | None,
    origin: Bundle | None,
) -> Ready:
    beginning = None if origin is None else origin.beginning()
    recipe = recipe if beginning is None else beginning.apply_to(recipe)
    found, fallback = load_dataset(task, name_dataset(dataset))
    extractor = task.extractor_for(found, recipe) if origin is None else origin.extractor
    prepared = prepare(found, extractor, n_jobs)
    prepared = augment(prepared if rows is None else with_fewer(prepared, rows, seed), task, recipe, n_jobs)
    found, n_features = prepared.dataset, prepared.extractor.n_features
    recipe = recipe.for_rows(len(found.rows("train")))
    findings = soundness.check(prepared, task) if found.is_own else []
    warnings: list[WarningRecord] = [
        {"name": each.name, "text": each.advice, "evidence": each.evidence} for each in findings
    ]
    n_threads = 1 if deterministic else n_jobs or threads_for(recipe, n_features, len(found.labels))
    notes = _notes(task, prepared, recipe, beginning)
    return Ready(task, recipe, seed, prepared, fallback, notes, warnings, n_threads, beginning)


def _fit(
    ready: Ready,
    checkpoints: Checkpoints | None,
    resume: bool,
    on_epoch: Callable[[Any, int], object] | None,
    before_step: Callable[[], object] | None,
) -> Fitted:
    recipe = ready.recipe

    def on_start(state: Any, member: int) -> None:
        if checkpoints and resume:
            checkpoints.load(state, member)

    def after_epoch(state: Any, member: int, before: History) -> None:
        if checkpoints:
            checkpoints.save(state, member)
        if on_epoch:
            history = follow(before, state.history)
            n_before = len(history.entries) - state.epoch
            in_all = n_before + (recipe.members - member) * recipe.epochs
            on_epoch(replace(state, epoch=len(history.entries), history=history), in_all)

    return fit(
        ready.prepared,
        ready.task.scaling(),
        recipe,
        ready.seed,
        ready.n_threads,
        on_start=on_start,
        on_epoch=after_epoch,
        before_step=before_step,
        health=Health(),
        beginning=ready.beginning,
    )


def _record(ready: Ready, fitted: Fitted, path: str | None, seconds: float) -> TrainRecord:
    """Return the record of a training, as far as it is known before the model is saved."""
    dataset, recipe, history = ready.prepared.dataset, ready.recipe, fitted.history
    n_train, n_valid, n_test = (len(dataset.rows(role)) for role in datasets.ROLES)
    return {
        "model": path,
        "task": ready.task.name,
        "dataset": dataset.name,
        "bundled_fallback": ready.fallback,
        "preset": recipe.preset,
        "seed": ready.seed,
        "threads": ready.n_threads,
        "epochs": len(history.entries),
        "best_epoch": history.best()["epoch"],  # type: ignore[index]
        "threshold": round(fitted.threshold, 4),
        **_n_foreign(dataset),
        "stopped": fitted.stopped,
        "seconds": seconds,
        "n_train": n_train,
        "n_valid": n_valid,
        "n_test": n_test,
        "train": fitted.scores["train"],
        "valid": fitted.scores["valid"],
        "test": fitted.scores["test"],
        **_apart(dataset, fitted),
        "extractor": ready.prepared.extractor.settings(),
        "balance": None if fitted.shift is None else recipe.balance,
        "skipped": list(dataset.skipped),
        "notes": list(ready.notes),
        "warnings": ready.warnings,
    }


def _bundle(ready: Ready, fitted: Fitted, seconds: float) -> Bundle:
    """Return the model. Its provenance is the record without the file's place, and the settings of the training."""
    dataset, augmentation = ready.prepared.dataset, ready.prepared.augmentation
    record = _record(ready, fitted, None, seconds)
    provenance = {
        **{key: value for key, value in record.items() if key not in ("model", "extractor", "skipped")},
        "n_skipped": len(record["skipped"]),
        "warnings": [warning["text"] for warning in record["warnings"]],
        "fingerprint": dataset.fingerprint,
        "licence": dataset.licence,
        "citation": dataset.citation,
        "recipe": {**ready.recipe.settings(), "members": fitted.members},
        "augmentation": augmentation.settings() if augmentation else None,
        "versions": versions(),
        "history": fitted.history.entries,
        "usual": ready.task.usual(ready.prepared.extractor, [dataset.items[row] for row in dataset.rows("train")]),
        **({"from": ready.beginning.settings()} if ready.beginning else {}),
    }
    return Bundle(
        task=ready.task,
        labels=dataset.labels,
        extractor=ready.prepared.extractor,
        standardizer=fitted.standardizer,
        network=fitted.network,
        provenance=provenance,
        golden_row=ready.prepared.rows("train")[0][:1],
        temperature=fitted.temperature,
    )


def _with_checkpoints(trained: Trained, checkpoints: Checkpoints) -> Trained:
    """Remove the checkpoints of a complete training, and add a warning about problems with checkpoints."""
    if trained.stopped != "interrupted":
        checkpoints.remove()
    problem = checkpoints.problem
    late: list[WarningRecord] = [{"name": "checkpoint", "text": problem, "evidence": {}}] if problem else []
    return replace(trained, resumable=checkpoints.there, late_warnings=[*trained.late_warnings, *late])


def _with_example(trained: Trained, place: Path | None) -> Trained:
    """Add a sample to try the model on, or a warning if its picture cannot be written; the model is there already."""
    try:
        return replace(trained, example=_example(trained.ready.prepared.dataset, place))
    except OSError as error:
        where = _place_of_example(place) if place else "example"
        text = f"{where}: the picture to try the model on cannot be written ({error.strerror or error})"
        late: WarningRecord = {"name": "example", "text": text, "evidence": {}}
        return replace(trained, late_warnings=[*trained.late_warnings, late])


def _n_foreign(dataset):
    """Return how many foreign samples there are in each role; empty if there are none."""
    if dataset.foreign is None:
        return {}
    return {"n_foreign": {role: len(dataset.foreign.rows(role)) for role in datasets.ROLES}}


def _apart(dataset, fitted):
    """Return the accuracy on the test rows by data set, and by known and new speakers or sources."""
    if "test" not in fitted.logits:
        return {}
    answers = "test", fitted.logits["test"].argmax(axis=1), dataset.y[dataset.rows("test")]
    return {**by_source(dataset, *answers), **by_group(dataset, *answers)}


def _notes(task: Task, prepared: Prepared, recipe: Recipe, beginning: Beginning | None) -> tuple[str, ...]:
    """Return the decisions that depend on the data: tuple of sentences."""
    dataset, augmentation = prepared.dataset, prepared.augmentation
    notes = [task.describe(prepared.extractor), *dataset.notes]
    if beginning:
        notes.append(beginning.note(dataset.labels))
    if augmentation:
        notes.append(augmentation.note())
    if recipe.members > 1:
        notes.append(
            f"{recipe.members} networks, {recipe.epochs} epochs each, are trained one by one and joined into one."
        )
    if prior_shift(dataset.y[dataset.rows("train")], len(dataset.labels), recipe.balance) is not None:
        notes.append(
            f"The classes have very different sizes; of the effect of this on the answers, {100 * recipe.balance:g} % "
            "is removed (balance in the recipe)."
        )
    return tuple(notes)


def _example(dataset: datasets.Dataset, place: Path | None) -> str:
    """Return a file of the data set to try the model on. If the data set has pixels, write a picture.

    Without a place for the model, write no picture; then there may be no example: "".
    """
    rows = np.concatenate([dataset.rows(role) for role in ("test", "valid", "train")])
    if isinstance(dataset.items[rows[0]], str):
        texts = [dataset.items[row] for row in rows[:100]]
        return next(filter(str.isprintable, texts), texts[0])
    if not isinstance(dataset.items, np.ndarray):
        paths = [str(dataset.items[row]) for row in rows]
        path = next(filter(str.isprintable, paths), paths[0])  # a path that can be typed, if there is one
        path = min(path, os.path.relpath(path), key=len)
        return f"./{path}" if path.startswith("-") else path
    if place is None:
        return ""
    from PIL import Image

    picture = _place_of_example(place)
    with whole_file(picture) as temporary:
        Image.fromarray(dataset.items[rows[0]]).save(temporary, "PNG")
    return str(picture)


def _place_of_example(place: Path) -> Path:
    return place.with_name(f"{place.stem}-example.png")


def _check_place(out: Any, resume: bool) -> Path | None:
    """Return the place of the model file; check before the work that it can be written."""
    if out is None:
        if resume:
            raise UsageError("resume: the checkpoint is beside the model file; give the model file with out")
        return None
    if not isinstance(out, str | os.PathLike):
        raise UsageError(f"out: give the path of the model file, not {article(out)}")
    place = Path(out)
    if str(place) == "-":
        raise UsageError("-: a model is not written to standard output; give --out the name of a file")
    try:
        if place.is_dir():
            example = place / "model.safetensors"
            raise ModelFileError(f"{place}: is a folder; give --out the name of a file, such as {example}")
        if place.exists() and not place.is_file():
            raise ModelFileError(f"{place}: is a device, not a file; choose another place with --out")
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(prefix=f".{place.name}.", suffix=".partial", dir=place.parent):
            pass
    except OSError as error:
        raise ModelFileError(
            f"{place}: cannot be written ({error.strerror}); choose another place with --out"
        ) from None
    return place
