"""Training: from a data set's name to a model file.

Prepare, fit, save: each step is one call, and none of them knows whether it deals with speech or pictures.
"""

import os
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from backprop_core.health import Health
from backprop_core.whole_file import whole_file
from pipelines import datasets
from pipelines.diagnosis.data import soundness
from pipelines.errors import ModelFileError
from pipelines.learning.balance import prior_shift
from pipelines.learning.checkpoints import Checkpoints
from pipelines.learning.fitting import fit, threads_for
from pipelines.learning.preparation import augmented, load_dataset, prepare
from pipelines.learning.recipe import Recipe
from pipelines.learning.scoring import by_source
from pipelines.learning.task import Task
from pipelines.machine.versions import versions
from pipelines.models.bundle import Bundle


@dataclass(frozen=True)
class Trained:
    """What a training leaves.

    Attributes
    ----------
    bundle : Bundle
    stopped : str
        "epochs", "patience" or "interrupted".
    record : dict of JSON types, as the contract has it
    example : str
        A file to try the model on.
    resumable : bool
        Whether an interrupted training left a checkpoint to go on from.
    warnings : list of str
        What `on_dataset` could not be told yet.
    """

    bundle: Bundle
    stopped: str
    record: dict
    example: str
    resumable: bool
    warnings: list


def train(
    task: Task,
    recipe: Recipe,
    out,
    *,
    dataset_name=None,
    preset="fast",
    seed=0,
    resume=False,
    n_jobs=None,
    deterministic=False,
    on_dataset=None,
    on_epoch=None,
):
    """Train a model and save it, with the temperature that calibrates its probabilities on the validation rows.

    The losses of the record are those that training followed, before calibration.

    Parameters
    ----------
    task : Task
    recipe : Recipe
    out : Path
        Where the model file goes. Nothing is there before it is whole; what was there stays until then.
    dataset_name : str or None
        None means the task's default, or the bundled set where the default cannot be had.
    preset : str, the name that is recorded for the recipe
    seed : int >= 0
        Decides initial weights, order of rows and dropout.
    resume : bool
        Go on from the checkpoint beside `out`, if there is one.
    n_jobs : int > 0 or None
        Threads to use; None means one for each core, and one alone to train a small network.
    deterministic : bool
        Train on one thread whatever `n_jobs` and the number of cores: the sums of a matrix product, and so the last
        bits of the weights, depend on how many threads share it.
    on_dataset : function of (Dataset, fallback or not, list of str), called once the features are there
        The list has a sentence for each finding about a user's own data.
    on_epoch : function of (TrainingState, number of epochs), called after each epoch

    Returns
    -------
    Trained
    """
    began = time.perf_counter()
    out = Path(out)
    _check_writable(out)
    dataset, fallback = load_dataset(task, dataset_name)
    prepared = augmented(prepare(dataset, task.extractor_for(dataset), n_jobs), task, recipe, n_jobs)
    dataset, extractor = prepared.dataset, prepared.extractor
    recipe = recipe.for_rows(len(dataset.rows("train")))
    notes = _notes(task, prepared, recipe)
    findings = soundness.check(prepared, task) if dataset.is_own else []
    warnings = [{"name": each.name, "text": each.advice, "evidence": each.evidence} for each in findings]
    if on_dataset:
        on_dataset(replace(dataset, notes=notes), fallback, [warning["text"] for warning in warnings])

    n_threads = 1 if deterministic else n_jobs or threads_for(recipe, extractor.n_features, len(dataset.labels))
    checkpoints = Checkpoints(out, _identity(dataset, extractor, recipe, seed, n_threads))

    def on_start(state):
        if resume:
            checkpoints.load(state)

    def after_epoch(state):
        checkpoints.save(state)
        if on_epoch:
            on_epoch(state, recipe.epochs)

    fitted = fit(prepared, task.per_feature, recipe, seed, n_threads, on_start, after_epoch, Health())
    history = fitted.history
    n_train, n_valid, n_test = (len(dataset.rows(role)) for role in datasets.ROLES)

    record = {
        "model": str(out),
        "task": task.name,
        "dataset": dataset.name,
        "bundled_fallback": fallback,
        "preset": preset,
        "seed": seed,
        "threads": n_threads,
        "epochs": len(history.entries),
        "best_epoch": history.best()["epoch"],
        "threshold": round(fitted.threshold, 4),
        "stopped": fitted.stopped,
        "seconds": round(time.perf_counter() - began, 2),
        "n_train": n_train,
        "n_valid": n_valid,
        "n_test": n_test,
        **fitted.scores,
        **_apart(dataset, fitted),
        "extractor": extractor.settings(),
        "balance": None if fitted.shift is None else recipe.balance,
        "skipped": list(dataset.skipped),
        "notes": list(notes),
        "warnings": warnings,
    }
    bundle = Bundle(
        task=task,
        labels=dataset.labels,
        extractor=extractor,
        standardizer=fitted.standardizer,
        network=fitted.network,
        provenance=_provenance(record, prepared, recipe, history),
        golden_row=prepared.rows("train")[0][:1],
        temperature=fitted.temperature,
    )
    bundle.save(out)
    if fitted.stopped != "interrupted":
        checkpoints.remove()
    problems = [checkpoints.problem] if checkpoints.problem else []
    record["warnings"] += [{"name": "checkpoint", "text": problem, "evidence": {}} for problem in problems]
    return Trained(bundle, fitted.stopped, record, _example(dataset, out), checkpoints.there, problems)


def _apart(dataset, fitted):
    """Return the accuracy on the test rows of each of several data sets; empty where there is one."""
    if "test" not in fitted.logits:
        return {}
    return by_source(dataset, "test", fitted.logits["test"].argmax(axis=1), dataset.y[dataset.rows("test")])


def _notes(task, prepared, recipe):
    """Return what was decided from the data: tuple of sentences."""
    dataset, augmentation = prepared.dataset, prepared.augmentation
    notes = [task.describe(prepared.extractor), *dataset.notes]
    if augmentation:
        notes.append(augmentation.note())
    if prior_shift(dataset.y[dataset.rows("train")], len(dataset.labels), recipe.balance) is not None:
        notes.append(
            f"The classes are of very unequal size; of what this adds to the answers, {100 * recipe.balance:g} % is "
            "taken back (balance in the recipe)."
        )
    return tuple(notes)


def _provenance(record, prepared, recipe, history):
    """Return what the model file says of its origin: the record, without where the file lies, and what led to it."""
    dataset, augmentation = prepared.dataset, prepared.augmentation
    return {
        **{key: value for key, value in record.items() if key not in ("model", "extractor", "skipped")},
        "n_skipped": len(record["skipped"]),
        "warnings": [warning["text"] for warning in record["warnings"]],
        "fingerprint": dataset.fingerprint,
        "licence": dataset.licence,
        "citation": dataset.citation,
        "recipe": recipe.settings(),
        "augmentation": augmentation.settings() if augmentation else None,
        "versions": versions(),
        "history": history.entries,
    }


def _example(dataset, out):
    """Return a file of the data set to try the model on; where the data set has pixels, one is written as a picture."""
    rows = np.concatenate([dataset.rows(role) for role in ("test", "valid", "train")])
    if not isinstance(dataset.items, np.ndarray):
        paths = [str(dataset.items[row]) for row in rows]
        path = next(filter(str.isprintable, paths), paths[0])  # one that can be typed, if there is one
        path = min(path, os.path.relpath(path), key=len)
        return f"./{path}" if path.startswith("-") else path
    from PIL import Image

    path = out.with_name(f"{out.stem}-example.png")
    with whole_file(path) as temporary:
        Image.fromarray(dataset.items[rows[0]]).save(temporary, "PNG")
    return str(path)


def _identity(dataset, extractor, recipe, seed, n_threads):
    """What must be the same for a checkpoint to be continued, and to lead where an uninterrupted run leads."""
    return {
        "fingerprint": dataset.fingerprint,
        "extractor": {"version": extractor.version, **extractor.settings()},
        "recipe": recipe.settings(),
        "seed": seed,
        "threads": n_threads,
    }


def _check_writable(out):
    """Find out before the work, not after it, that the model cannot be written."""
    try:
        if out.is_dir():
            raise ModelFileError(
                f"{out}: is a folder; give --out the name of a file, such as {out / 'model.safetensors'}"
            )
        if out.exists() and not out.is_file():
            raise ModelFileError(f"{out}: is a device, not a file; choose another place with --out")
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(prefix=f".{out.name}.", suffix=".partial", dir=out.parent):
            pass
    except OSError as error:
        raise ModelFileError(f"{out}: cannot be written ({error.strerror}); choose another place with --out") from None
