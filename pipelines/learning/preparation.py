"""Preparation: from a data set's name to rows of features, each in its role.

Load, extract, split: none of these steps knows whether it deals with speech or pictures.
"""

import hashlib
import json
from dataclasses import dataclass, replace

import numpy as np

from pipelines import datasets
from pipelines.datasets.groups import chains
from pipelines.errors import DataError
from pipelines.features.cache import cached_features
from pipelines.features.near_copies import copies_among
from pipelines.learning import tasks

SPLIT_SEED = 0


@dataclass(frozen=True)
class Prepared:
    """A data set whose every sample is a row of features.

    Attributes
    ----------
    dataset : Dataset
        Without the samples that could not be read; those are named in its `skipped`.
    extractor : the extractor that made the rows
    stored : ndarray of the extractor's stored dtype [shape=(n_samples, n_stored)]
    augmentation : what makes training rows vary from epoch to epoch, or None
        Its `batches(prepared, features, batch_size, progress, rng)` yields (X_batch, y_batch) until each training row
        has been seen once; `features` turns stored rows into what the network is given. `refitted(prepared)` returns
        it as another split's training rows decide, `settings()` what was decided, as JSON types, and `note()` the same
        as a sentence.
    """

    dataset: datasets.Dataset
    extractor: object
    stored: np.ndarray
    augmentation: object = None

    def rows(self, role):
        """Return the stored rows of one role and their classes."""
        rows = self.dataset.rows(role)
        return self.stored[rows], self.dataset.y[rows]

    def identity(self):
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

    def without_items(self):
        """Return the same without the files or pixels that the rows were made of, which training has no need of."""
        return replace(self, dataset=replace(self.dataset, items=()))


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
    if not {"valid", "test"} <= set(extracted.dataset.role):
        extracted = with_kin(extracted)
    dataset = datasets.with_split(extracted.dataset, np.random.default_rng(SPLIT_SEED))
    empty = [label for k, label in enumerate(dataset.labels) if not (dataset.y[dataset.rows("train")] == k).any()]
    if empty:
        raise DataError(f"{dataset.name}: class {empty[0]} has no readable sample to train on; add some or remove it")
    return replace(extracted, dataset=dataset)


def with_kin(prepared):
    """Return a Prepared that knows which samples of a user's own data are near copies of each other.

    Where none are, or nearly all, nothing changes.
    """
    dataset = prepared.dataset
    if not dataset.is_own or len(dataset) < 2:
        return prepared
    likeness = tasks.find(dataset.task).likeness(prepared.extractor, prepared.stored)
    equal, near, _ = copies_among(prepared.stored, np.arange(len(dataset)), likeness)
    pairs = np.concatenate([equal, near])
    pairs = pairs[dataset.y[pairs[:, 0]] == dataset.y[pairs[:, 1]]]
    if dataset.source is not None:  # each set is split by itself; copies across sets are warned of
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


def augmented(prepared, task, recipe, n_jobs=None):
    """Return a Prepared with what makes its training rows vary, as the task and the recipe have it."""
    return replace(prepared, augmentation=task.augmentation_for(prepared, recipe, n_jobs))
