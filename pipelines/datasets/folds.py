"""Folds: the samples of a data set, divided so that each is tested once by a network that has not seen it.

If there are few speakers, each is a fold. If there are many, several make a fold together. If the speakers are not
known, or a number of folds is given and there are few speakers, samples are drawn from each class in proportion.
"""

from dataclasses import dataclass

import numpy as np

from pipelines.datasets.groups import units
from pipelines.errors import DataError, UsageError

FOLD_SEED = 0
N_FOLDS = 5
MANY_GROUPS = 20


@dataclass(frozen=True)
class Folding:
    """How the samples of a data set are shared out.

    Attributes
    ----------
    by : str
        "speaker" where each group of the data set is a fold, else "fold".
    folds : dict of str to ndarray of int64
        The samples that each fold tests, by the fold's name. Every sample is in one fold and no other.
    grouped : bool
        Whether no group is both learned from and tested.
    validation : str
        "groups" where whole groups are set aside as validation rows, else "rows".
    """

    by: str
    folds: dict
    grouped: bool
    validation: str

    def find_untaught(self, dataset):
        """Return where a fold tests a class of which the other folds have no sample: list of (fold, label)."""
        n_classes = len(dataset.labels)
        total = np.bincount(dataset.y, minlength=n_classes)
        counts = {name: np.bincount(dataset.y[rows], minlength=n_classes) for name, rows in self.folds.items()}
        return [
            (name, dataset.labels[k])
            for name, count in counts.items()
            for k in np.flatnonzero((count == total) & (count > 0))
        ]


def folding(dataset, by=None, n_folds=None, seed=FOLD_SEED):
    """Share the samples out among folds, the same way every time.

    Parameters
    ----------
    dataset : Dataset
        Its roles are not looked at.
    by : str or None
        "speaker": each group is a fold. "fold": `n_folds` folds with nearly the same number of samples of each class;
        of 20 groups or more, none is torn apart. None: by speaker where there are 2 to 19 groups, else by fold.
    n_folds : int > 1 or None
        None means 5.
    seed : int
        Which samples are drawn together.

    Raises
    ------
    UsageError
        The data set has too few groups, or a class has fewer samples than there are folds.
    DataError
        A class has no sample.
    """
    sizes = np.bincount(dataset.y, minlength=len(dataset.labels))
    if sizes.min() == 0:
        empty = dataset.labels[sizes.argmin()]
        raise DataError(f"{dataset.name}: class {empty} has no readable sample; add some or remove it")
    n_groups = 0 if dataset.group is None else len(np.unique(dataset.group))
    if by == "speaker" or (by is None and 2 <= n_groups < MANY_GROUPS):
        by, grouped, folds = "speaker", True, _one_for_each_speaker(dataset, n_groups)
    else:
        by, grouped = "fold", n_groups >= MANY_GROUPS
        folds = _draw(dataset, n_folds or N_FOLDS, n_groups if grouped else None, seed)
    return Folding(by, folds, grouped, _validation(dataset, folds, grouped))


def _one_for_each_speaker(dataset, n_groups):
    if n_groups < 2:
        known = "has only one speaker" if n_groups else "does not name the speakers"
        raise UsageError(
            f"{dataset.name}: {known}; name the speakers in the group column of a CSV manifest, or use --folds"
        )
    return {str(group): np.flatnonzero(dataset.group == group) for group in np.unique(dataset.group)}


def _draw(dataset, n_folds, n_groups, seed):
    """Draw folds class by class. They keep groups whole unless `n_groups` is None, and always chains of near copies."""
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    sizes = np.bincount(dataset.y)
    if sizes.min() < n_folds:
        advice = f"use --folds {sizes.min()}, or add some" if sizes.min() > 1 else "add some, or remove the class"
        raise UsageError(
            f"{dataset.name}: class {dataset.labels[sizes.argmin()]} has {sizes.min()} samples, too few for {n_folds} "
            f"folds; {advice}"
        )
    if n_groups is not None and n_groups < n_folds:
        raise UsageError(f"{dataset.name}: has {n_groups} speakers, too few for {n_folds} folds; use fewer --folds")
    groups = dataset.kin if n_groups is None else units(dataset)
    kind = StratifiedKFold if groups is None else StratifiedGroupKFold
    splitter = kind(n_folds, shuffle=True, random_state=seed)
    folds = {str(k): rows for k, (_, rows) in enumerate(splitter.split(dataset.y, dataset.y, groups), 1)}
    if not all(map(len, folds.values())):
        raise UsageError(f"{dataset.name}: its speakers cannot fill {n_folds} folds; use fewer --folds")
    return folds


def _validation(dataset, folds, grouped):
    """Say whether validation rows are drawn by groups or by rows: by groups only if many remain.

    Validation on new voices tells more about new voices. But of five speakers, one speaker for validation is a fifth
    of all the voices to learn from.
    """
    if not grouped:
        return "rows"
    n_groups = len(np.unique(dataset.group))
    remaining = min(n_groups - len(np.unique(dataset.group[rows])) for rows in folds.values())
    return "groups" if remaining >= MANY_GROUPS else "rows"
