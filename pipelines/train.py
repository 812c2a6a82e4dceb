"""Training: from a data set's name to a model file.

Load, extract, split, standardise, train, measure, save: each step is one call, and none of them knows whether it deals
with speech or pictures.
"""

import os
import platform
import tempfile
import time
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from backprop_core.history import measure
from backprop_core.layers import multilayer_perceptron
from backprop_core.losses import SoftmaxCrossEntropy
from backprop_core.network import Network
from backprop_core.optimizers import Adam
from backprop_core.scaling import Standardizer
from backprop_core.training import Trainer
from backprop_core.whole_file import whole_file
from pipelines import datasets
from pipelines.bundle import Bundle
from pipelines.errors import DataError, ModelFileError
from pipelines.features.cache import cached_features
from pipelines.recipe import Recipe
from pipelines.resume import Checkpoints
from pipelines.tasks import Task

SPLIT_SEED = 0
SMALL_STEP = 200_000_000  # products of two numbers in one forward pass of a batch


@dataclass(frozen=True)
class Prepared:
    """A data set whose every sample is a row of features.

    Attributes
    ----------
    dataset : Dataset
        Without the samples that could not be read; those are named in its `skipped`.
    extractor : the extractor that made the rows
    stored : ndarray of the extractor's stored dtype [shape=(n_samples, n_features)]
    """

    dataset: datasets.Dataset
    extractor: object
    stored: np.ndarray

    def rows(self, role):
        """Return the stored rows of one role and their classes."""
        rows = self.dataset.rows(role)
        return self.stored[rows], self.dataset.y[rows]


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
    """

    bundle: Bundle
    stopped: str
    record: dict
    example: str
    resumable: bool
    warnings: list


def load_dataset(task, name):
    """Return (Dataset, fallback or not): the one asked for, or the task's default, or what is bundled if there is no
    way.

    Only where nobody asked for a data set by name, and the default can be had from no address, the bundled one stands
    in.
    """
    if name is not None:
        return datasets.load(name, task.name), False
    try:
        return datasets.load(datasets.default_name(task.name), task.name), False
    except datasets.UnreachableError:
        return datasets.load(datasets.fallback_name(task.name), task.name), True


def extract(dataset, extractor, n_jobs=None):
    """Extract features (from the cache where they are there) and drop what cannot be read; roles stay as they are.

    Raises DataError where nothing can be read.
    """
    stored, _, failures = cached_features(dataset, extractor, n_jobs)
    if failures:
        dataset = dataset.without([index for index, _ in failures], [message for _, message in failures])
        if len(dataset) == 0:
            raise DataError(f"{dataset.name}: none of its files can be read; the first: {failures[0][1]}")
    return Prepared(dataset, extractor, stored)


def prepare(dataset, extractor, n_jobs=None):
    """Do what `extract` does, and fill in the roles that are missing, the same way every time.

    Raises DataError where nothing can be read, or a class loses its last training sample.
    """
    extracted = extract(dataset, extractor, n_jobs)
    dataset = datasets.with_split(extracted.dataset, np.random.default_rng(SPLIT_SEED))
    empty = [label for k, label in enumerate(dataset.labels) if not (dataset.y[dataset.rows("train")] == k).any()]
    if empty:
        raise DataError(f"{dataset.name}: class {empty[0]} has no readable sample to train on; add some or remove it")
    return replace(extracted, dataset=dataset)


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
    on_dataset=None,
    on_epoch=None,
):
    """Train a model and save it.

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
    on_dataset : function of (Dataset, fallback or not), called once the features are there
    on_epoch : function of (TrainingState, number of epochs), called after each epoch

    Returns
    -------
    Trained
    """
    began = time.perf_counter()
    out = Path(out)
    _check_writable(out)
    dataset, fallback = load_dataset(task, dataset_name)
    prepared = prepare(dataset, task.extractor_for(dataset), n_jobs)
    dataset, extractor = prepared.dataset, prepared.extractor
    if on_dataset:
        on_dataset(dataset, fallback)

    stored, y = prepared.rows("train")
    standardizer = Standardizer(task.per_feature).fit(extractor.to_features(stored))

    def features(rows):
        X = extractor.to_features(rows)
        return standardizer.transform(X, out=None if X is rows else X)

    stored_valid, y_valid = prepared.rows("valid")
    X, X_valid = features(stored), features(stored_valid)
    trainer, rng = _trainer(recipe, extractor.n_features, len(dataset.labels), seed)
    state = trainer.start(rng)
    checkpoints = Checkpoints(out, _identity(dataset, extractor, recipe, seed))
    if resume:
        checkpoints.load(state)

    def after_epoch(state):
        checkpoints.save(state)
        if on_epoch:
            on_epoch(state, recipe.epochs)

    with threadpool_limits(n_jobs or _threads(recipe, trainer.network)):
        stopped = trainer.fit(X, y, X_valid, y_valid, state, after_epoch)
        if state.epoch == 0:
            raise KeyboardInterrupt
        loss = SoftmaxCrossEntropy()
        scores = {
            "train": measure(trainer.network, loss, X, y),
            "valid": measure(trainer.network, loss, X_valid, y_valid),
        }
        stored_test, y_test = prepared.rows("test")
        scores["test"] = measure(trainer.network, loss, features(stored_test), y_test) if len(y_test) else None

    record = {
        "model": str(out),
        "task": task.name,
        "dataset": dataset.name,
        "bundled_fallback": fallback,
        "preset": preset,
        "seed": seed,
        "epochs": state.epoch,
        "best_epoch": state.history.best()["epoch"],
        "stopped": stopped,
        "seconds": round(time.perf_counter() - began, 2),
        "n_train": len(y),
        "n_valid": len(y_valid),
        "n_test": len(y_test),
        **scores,
    }
    provenance = _provenance(record, dataset, recipe, state.history)
    bundle = Bundle(task, dataset.labels, extractor, standardizer, trainer.network, provenance, stored[:1])
    bundle.save(out)
    if stopped != "interrupted":
        checkpoints.remove()
    warnings = [checkpoints.problem] if checkpoints.problem else []
    return Trained(bundle, stopped, record, _example(dataset, out), checkpoints.there, warnings)


def _provenance(record, dataset, recipe, history):
    """Return what the model file says of its origin: the record, without where the file lies, and what led to it."""
    return {
        **{key: value for key, value in record.items() if key != "model"},
        "fingerprint": dataset.fingerprint,
        "licence": dataset.licence,
        "citation": dataset.citation,
        "recipe": recipe.settings(),
        "versions": versions(),
        "history": history.entries,
    }


def _threads(recipe, network):
    """Return how many threads the matrix products of a step are worth: 1 or, as None, one for each core.

    Two threads speed small products up by a quarter at best. But they wait for each other after each one, and where
    another program holds a core that wait costs far more than all the arithmetic: FSDD took 80 s instead of 4.
    """
    return 1 if recipe.batch_size * network.params.flat.size < SMALL_STEP else None


def _trainer(recipe, n_features, n_classes, seed):
    rng = np.random.default_rng(seed)
    layers = multilayer_perceptron(
        n_features, recipe.hidden, n_classes, recipe.activation, recipe.dropout, recipe.input_dropout
    )
    trainer = Trainer(
        Network(layers, np.float32, rng),
        Adam(),
        SoftmaxCrossEntropy(recipe.label_smoothing),
        learning_rate=recipe.learning_rate,
        schedule=recipe.schedule,
        epochs=recipe.epochs,
        batch_size=recipe.batch_size,
        weight_decay=recipe.weight_decay,
        l2=recipe.l2,
        clip_norm=recipe.clip_norm or None,
        patience=recipe.patience or None,
    )
    return trainer, rng


def _example(dataset, out):
    """Return a file of the data set to try the model on; where the data set has pixels, one is written as a picture."""
    rows = np.concatenate([dataset.rows(role) for role in ("test", "valid", "train")])
    item = dataset.items[rows[0]]
    if not isinstance(item, np.ndarray):
        return min(str(item), os.path.relpath(item), key=len)
    from PIL import Image

    path = out.with_name(f"{out.stem}-example.png")
    with whole_file(path) as temporary:
        Image.fromarray(item).save(temporary, "PNG")
    return str(path)


def _identity(dataset, extractor, recipe, seed):
    """What must be the same for a checkpoint to be continued."""
    return {
        "fingerprint": dataset.fingerprint,
        "extractor": {"version": extractor.version, **extractor.settings()},
        "recipe": recipe.settings(),
        "seed": seed,
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


def versions():
    """Return what this runs on, by name: dict of str to str."""
    try:
        own = version("backprop")
    except PackageNotFoundError:
        own = "not installed"
    return {
        "backprop": own,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "machine": platform.machine(),
    }
