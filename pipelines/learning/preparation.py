"""Preparation: from a data set's name to rows of features, each in its role.

The steps are load, extract, split; they work in the same way for speech and pictures.
"""

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from pipelines import datasets
from pipelines.datasets.groups import chains
from pipelines.errors import DataError, UsageError
from pipelines.features.cache import load_features
from pipelines.features.extraction import extract_all
from pipelines.features.extractor import Augmentation, Extractor, Reader
from pipelines.features.near_copies import copies_among
from pipelines.learning import tasks
from pipelines.learning.recipe import Recipe
from pipelines.wording import article

if TYPE_CHECKING:
    from pipelines.learning.task import Task

SPLIT_SEED = 0
UNUSED = "unused"  # the role of training rows that are not learned from


@dataclass(frozen=True)
class Prepared:
    """A data set whose every sample is a row of features.

    Attributes
    ----------
    dataset : Dataset
        Without the samples that could not be read; those are named in its `skipped`.
    extractor : Extractor, the one that made the rows; a Reader where they are to be answered and not learned from
    stored : ndarray of the extractor's stored dtype, or SparseRows [shape=(n_samples, n_stored)]
    augmentation : Augmentation or None
        What makes training rows vary from epoch to epoch.
    foreign : the same as `stored`, of the data set's foreign samples; None if it has none
    """

    dataset: datasets.Dataset
    extractor: Extractor
    stored: np.ndarray
    augmentation: Augmentation | None = None
    foreign: Any = None

    def foreign_rows(self, role: str) -> Any:
        """Return the stored rows of the foreign samples of one role; None if there are none."""
        if self.foreign is None or self.dataset.foreign is None:
            return None
        rows = self.dataset.foreign.rows(role)
        return self.foreign[rows] if len(rows) else None

    def rows(self, role: str) -> tuple[np.ndarray, np.ndarray]:
        """Return the stored rows of one role and their classes."""
        rows = self.dataset.rows(role)
        return self.stored[rows], self.dataset.y[rows]

    def identity(self) -> dict[str, Any]:
        """Return what decides every row and its role: dict of JSON types, for a `store.Store`."""
        dataset, extractor = self.dataset, self.extractor
        groups = [] if dataset.group is None else dataset.group.tolist()
        roles = json.dumps([dataset.y.tolist(), dataset.role.tolist(), groups])
        return {
            "fingerprint": dataset.fingerprint,
            "extractor": {"name": extractor.name, "version": extractor.version, **extractor.settings()},
            "augmentation": self.augmentation.settings() if self.augmentation else None,
            "roles": hashlib.sha256(roles.encode()).hexdigest(),
        }

    def without_items(self) -> Self:
        """Return the same without the files or pixels that the rows were made of, which training has no need of."""
        return replace(self, dataset=replace(self.dataset, items=()))


def name_dataset(dataset: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | None) -> str | None:
    """Return what a caller calls a data set, or several put together, as text; see `datasets.several`.

    Raises UsageError if it is neither a name nor a path.
    """
    if dataset is None:
        return None
    together: list[Any] = list(dataset) if isinstance(dataset, list | tuple) and dataset else [dataset]
    for name in together:
        if not isinstance(name, str | os.PathLike):
            raise UsageError(f"dataset: give a name, a folder or a CSV manifest, not {article(name)}")
    return " + ".join(os.fsdecode(name) for name in together)


def load_dataset(task: "Task", name: str | None) -> tuple[datasets.Dataset, bool]:
    """Return (Dataset, fallback or not): the one asked for, or the task's default.

    The bundled set is used only where no data set was named and the default cannot be downloaded.
    """
    if name is not None:
        return datasets.load(name, task.name), False
    try:
        return datasets.load(datasets.default_name(task.name), task.name), False
    except datasets.UnreachableError:
        return datasets.load(datasets.fallback_name(task.name), task.name), True


def extract(dataset: datasets.Dataset, extractor: Extractor | Reader, n_jobs: int | None = None) -> Prepared:
    """Extract features (from the cache where they are there) and drop what cannot be read; roles stay as they are.

    Raises DataError if nothing can be read.
    """
    stored, _, failures = load_features(dataset, extractor, n_jobs)
    if failures:
        dataset = dataset.without([index for index, _ in failures], [message for _, message in failures])
        if len(dataset) == 0:
            raise DataError(f"{dataset.name}: its files cannot be read; the first: {failures[0][1]}")
    return Prepared(*_with_foreign(dataset, extractor, stored, n_jobs))


def _with_foreign(dataset, extractor, stored, n_jobs):
    """Return the arguments of a Prepared, with the rows of the foreign samples that can be read."""
    if dataset.foreign is None:
        return dataset, extractor, stored
    rows, ok, _ = extract_all(extractor, dataset.foreign.items, n_jobs)
    items = tuple(item for item, is_good in zip(dataset.foreign.items, ok, strict=True) if is_good)
    foreign = replace(dataset.foreign, items=items, role=dataset.foreign.role[ok])
    return replace(dataset, foreign=foreign), extractor, stored, None, rows


def prepare(dataset: datasets.Dataset, extractor: Extractor | Reader, n_jobs: int | None = None) -> Prepared:
    """Extract as `extract` does, and draw the missing roles, the same way every time.

    Raises DataError if nothing can be read, or a class loses its last training sample.
    """
    extracted = extract(dataset, extractor, n_jobs)
    if not {"valid", "test"} <= set(extracted.dataset.role):
        extracted = with_kin(extracted)
    return replace(extracted, dataset=split_readable(extracted.dataset))


def split_readable(dataset: datasets.Dataset) -> datasets.Dataset:
    """Return a Dataset of samples that can be read, with the roles that it lacks drawn the same way every time.

    Raises DataError if there are too few of them, or if a class has no training sample.
    """
    dataset = datasets.with_split(dataset, np.random.default_rng(SPLIT_SEED))
    empty = [label for k, label in enumerate(dataset.labels) if not (dataset.y[dataset.rows("train")] == k).any()]
    if empty:
        raise DataError(f"{dataset.name}: class {empty[0]} has no readable sample to train on; add some or remove it")
    return dataset


def with_kin(prepared: Prepared) -> Prepared:
    """Return a Prepared that knows which samples of a user's own data are near copies of each other.

    If there are no near copies, or if nearly all samples are, nothing changes.
    """
    dataset = prepared.dataset
    if not dataset.is_own or len(dataset) < 2:
        return prepared
    likeness = tasks.find(dataset.task).likeness(prepared.extractor, prepared.stored)
    equal, near, _ = copies_among(prepared.stored, np.arange(len(dataset)), likeness)
    pairs = np.concatenate([equal, near])
    pairs = pairs[dataset.y[pairs[:, 0]] == dataset.y[pairs[:, 1]]]
    if dataset.source is not None:  # each set is split by itself; copies in two sets give a warning
        pairs = pairs[dataset.source[pairs[:, 0]] == dataset.source[pairs[:, 1]]]
    if len(pairs) == 0:
        return prepared
    kin = chains(len(dataset), pairs)
    sizes = np.bincount(kin)
    n_copied, n_chains = int(sizes[sizes > 1].sum()), int((sizes > 1).sum())
    if sizes.max() > len(dataset) / 2:
        return prepared
    note = (
        f"{n_copied} samples are near copies of others, in {n_chains} {'chain' if n_chains == 1 else 'chains'} of up "
        f"to {sizes.max()}; each chain is kept on one side of the split."
    )
    return replace(prepared, dataset=replace(dataset, kin=kin, notes=(*dataset.notes, note)))


def in_shares(y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return an order of rows of which each beginning has its share of each class, drawn at random: int ndarray.

    `y` are the classes of the rows, int ndarray [shape=(n,)].
    """
    place = np.empty(len(y))
    for k in np.unique(y):
        of_class = rng.permutation(np.flatnonzero(y == k))
        place[of_class] = (np.arange(len(of_class)) + rng.random()) / len(of_class)
    return np.argsort(place, kind="stable")


def with_fewer(prepared: Prepared, n_rows: int, seed: int) -> Prepared:
    """Return a Prepared that learns from so many of its training rows, drawn so that each class keeps its share.

    The others play no role. Raises DataError if a class would have none left.
    """
    dataset = prepared.dataset
    rows = dataset.rows("train")
    if n_rows >= len(rows):
        return prepared
    kept = rows[in_shares(dataset.y[rows], np.random.default_rng([seed, 0]))][:n_rows]
    empty = set(range(len(dataset.labels))) - set(dataset.y[kept].tolist())
    if empty:
        raise DataError(
            f"{dataset.name}: of {n_rows} training rows, class {dataset.labels[min(empty)]} would get none; take more"
        )
    role = dataset.role.astype("<U8")
    role[rows] = UNUSED
    role[kept] = "train"
    note = f"Learns from {n_rows:,} of {len(rows):,} training samples (--rows)."
    return replace(prepared, dataset=replace(dataset, role=role, notes=(*dataset.notes, note)))


def augment(prepared: Prepared, task: "Task", recipe: Recipe, n_jobs: int | None = None) -> Prepared:
    """Return a Prepared with the augmentation of its training rows that the task and the recipe define."""
    return replace(prepared, augmentation=task.augmentation_for(prepared, recipe, n_jobs))


def augment_all(prepared: Prepared, task: "Task", recipe: Recipe, n_jobs: int | None = None) -> Prepared:
    """Do what `augment` does for all rows, because their roles change later, as in folds."""
    everything = replace(prepared, dataset=prepared.dataset.all_training())
    return replace(augment(everything, task, recipe, n_jobs), dataset=prepared.dataset)
