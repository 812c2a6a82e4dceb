"""A data set: samples, what each one is, and which role each one plays.

Samples may come from an archive of the web, a folder of the user, or a table. All become this one record, and later
steps need not know their origin.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

ROLES = ("train", "valid", "test")
FOREIGN = "_foreign_"  # the label of samples of no class, in folders and tables


@dataclass(frozen=True)
class Foreign:
    """Samples of no class, which measure how well a model refuses them.

    Attributes
    ----------
    items : tuple, as in Dataset
    role : ndarray of str [shape=(n,)]
    """

    items: tuple
    role: np.ndarray

    def __len__(self):
        return len(self.items)

    def rows(self, role):
        """Return the indices of the samples that play `role`, in order: int64 [shape=(n_role,)]."""
        return np.flatnonzero(self.role == role)


@dataclass(frozen=True)
class Dataset:
    """Labelled samples of one task.

    Attributes
    ----------
    name : str
        The registered name, or the path that the user gave.
    task : str
        `"speech"`, `"images"` or `"text"`.
    items : sequence of Path, bytes or str, or ndarray of uint8 [shape=(n, height, width) or (n, height, width, 3)]
        Files to decode, or their contents, or texts, or pixels that are decoded already.
    y : ndarray of int64 [shape=(n,)]
        Index into `labels`.
    labels : tuple of str
        Names of the classes; their order is the order of the network's outputs.
    role : ndarray of str [shape=(n,)]
        `"train"`, `"valid"` or `"test"`. Without `"valid"` or `"test"` rows, the split is still to be made.
    group : ndarray of str [shape=(n,)] or None
        Who spoke, or where the sample came from; None if this is not known.
    fingerprint : str
        SHA-256 (hex) over everything that decides the samples: contents, names, labels.
    licence, citation : str
        Empty for a user's own data.
    registered : bool
        Whether it is a checked data set of the registry; else it is the user's own.
    skipped : tuple of str
        One sentence for each file that was left out, and why.
    notes : tuple of str
        One sentence for each thing about the data or its split that a reader of the results should know.
    noise : tuple of Path
        Recordings of noise in the data, to mix into training words; they are not samples.
    kin : ndarray of int64 [shape=(n,)] or None
        Samples of the same number must stay on one side of a split, because they are near copies of each other; None
        where that is not known. What `group` says holds beside it.
    source : ndarray of str [shape=(n,)] or None
        Of several data sets that were put together, the one that each sample is from.
    foreign : Foreign or None
        Samples of no class that came with the data.
    """

    name: str
    task: str
    items: Sequence[Path] | np.ndarray
    y: np.ndarray
    labels: tuple[str, ...]
    role: np.ndarray
    group: np.ndarray | None
    fingerprint: str
    licence: str = ""
    citation: str = ""
    skipped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    noise: tuple[Path, ...] = ()
    kin: np.ndarray | None = None
    source: np.ndarray | None = None
    registered: bool = False
    foreign: Foreign | None = None

    def __len__(self):
        return len(self.y)

    @property
    def is_own(self):
        """Whether it is a user's own data, or put together by one: only its user has looked at it."""
        return not self.registered or self.source is not None

    def rows(self, role):
        """Return the indices of the samples that play `role`, in order: int64 [shape=(n_role,)]."""
        return np.flatnonzero(self.role == role)

    def path_of(self, row):
        """Return the path of a sample's file as text; None if the data set has its pixels or its text in memory."""
        item = self.items[row]
        return None if isinstance(item, np.ndarray | bytes | str) else str(item)

    def text_of(self, row):
        """Return a sample that is a text in memory, str; None if it is something else."""
        item = self.items[row]
        return item if isinstance(item, str) else None

    def all_tests(self):
        """Return the data set with every sample in the role of the test, as it is to a model that never met it."""
        foreign = self.foreign and replace(self.foreign, role=np.full(len(self.foreign), "test"))
        return replace(self, role=np.full(len(self), "test"), foreign=foreign)

    def all_training(self):
        """Return the data set with every sample in the role of training, before folds give out the roles."""
        return replace(self, role=np.full(len(self), "train"))

    def without(self, rows, reasons):
        """Return the data set without the samples at these indices; `reasons` are added to `skipped`."""
        kept = np.delete(np.arange(len(self)), rows)
        return replace(self.only(kept), skipped=(*self.skipped, *reasons))

    def only(self, rows):
        """Return the data set with the samples at these indices and no others."""
        is_array = isinstance(self.items, np.ndarray)

        def of_rows(values):
            return None if values is None else values[rows]

        return replace(
            self,
            items=self.items[rows] if is_array else [self.items[row] for row in rows],
            y=self.y[rows],
            role=self.role[rows],
            group=of_rows(self.group),
            kin=of_rows(self.kin),
            source=of_rows(self.source),
        )
