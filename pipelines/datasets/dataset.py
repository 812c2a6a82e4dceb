"""A data set: samples, what each one is, and which role each one plays.

Wherever samples come from (an archive of the web, a folder of the user's, a table), they end up as this one record, and
nothing after it needs to know where they came from.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

ROLES = ("train", "valid", "test")


@dataclass(frozen=True)
class Dataset:
    """Labelled samples of one task.

    Attributes
    ----------
    name : str
        The registered name, or the path that the user gave.
    task : str
        `"speech"` or `"images"`.
    items : sequence of Path, or ndarray of uint8 [shape=(n, height, width) or (n, height, width, 3)]
        Files to decode, or pixels that are decoded already.
    y : ndarray of int64 [shape=(n,)]
        Index into `labels`.
    labels : tuple of str
        Names of the classes; their order is the order of the network's outputs.
    role : ndarray of str [shape=(n,)]
        `"train"`, `"valid"` or `"test"`. Without `"valid"` or `"test"` rows, the split is still to be made.
    group : ndarray of str [shape=(n,)] or None
        Who spoke, or where the sample came from; None where nobody recorded it.
    fingerprint : str
        SHA-256 (hex) over everything that decides the samples: contents, names, labels.
    licence, citation : str
        Empty for a user's own data.
    skipped : tuple of str
        One sentence for each file that was left out, and why.
    notes : tuple of str
        One sentence for each thing about the split that a reader of the results should know.
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

    def __len__(self):
        return len(self.y)

    @property
    def is_own(self):
        """Whether it is a user's own data, about which nobody else has made sure of anything."""
        return not self.licence

    def rows(self, role):
        """Return the indices of the samples that play `role`, in order: int64 [shape=(n_role,)]."""
        return np.flatnonzero(self.role == role)

    def path_of(self, row):
        """Return the path of a sample's file as text; None where the data set has its pixels in memory."""
        item = self.items[row]
        return None if isinstance(item, np.ndarray) else str(item)

    def all_tests(self):
        """Return the data set with every sample in the role of the test, as it is to a model that never met it."""
        return replace(self, role=np.full(len(self), "test"))

    def without(self, rows, reasons):
        """Return the data set without the samples at these indices; `reasons` are added to `skipped`."""
        kept = np.delete(np.arange(len(self)), rows)
        is_array = isinstance(self.items, np.ndarray)
        return replace(
            self,
            items=self.items[kept] if is_array else [self.items[row] for row in kept],
            y=self.y[kept],
            role=self.role[kept],
            group=None if self.group is None else self.group[kept],
            skipped=(*self.skipped, *reasons),
        )
