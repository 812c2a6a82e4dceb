"""Splits: samples for training, samples for validation, and samples for the test.

Many data sets have a test part, some have a validation part; missing parts are taken from their training rows here. If
the speakers are known, whole speakers are moved together; otherwise the test would use voices from training.
"""

from dataclasses import replace

import numpy as np

from pipelines.datasets.groups import units
from pipelines.errors import DataError
from pipelines.wording import list_some


def with_split(dataset, rng, valid_fraction=0.1, test_fraction=0.2):
    """Fill in the roles that a data set lacks.

    Test rows are chosen only if it has none, then validation rows only if it has none, both among its training rows.
    Where nothing is known of what belongs together, rows are drawn from each class in proportion; else whole groups and
    whole chains of near copies are drawn such that the classes come near their proportion, unless there are too few to
    spare one, as with a single speaker: then rows are drawn after all. Every class keeps a training row. Of several
    data sets that were put together, each is split by itself.

    Parameters
    ----------
    dataset : Dataset
        Every class has a training row.
    rng : numpy.random.Generator
        Two generators of the same seed make the same split.
    valid_fraction, test_fraction : float in [0, 1)
        Of the rows that are training rows at first. With 0, the role is not filled in.

    Returns
    -------
    Dataset
        With other `role`, and with `notes` on classes too small for a role, and on rows drawn in spite of groups. The
        fingerprint stays: the samples are the same.

    Raises
    ------
    DataError
        If there are too few samples.
    """
    fractions = {"test": test_fraction, "valid": valid_fraction}
    if dataset.source is None:
        return _with_foreign_roles(_fill_in(dataset, rng, fractions), rng, fractions)
    role, notes = dataset.role.astype("<U5"), list(dataset.notes)
    for name in dict.fromkeys(dataset.source.tolist()):
        rows = np.flatnonzero(dataset.source == name)
        part = replace(dataset.only(rows), name=name, notes=(), source=None)
        if (part.role == "train").any():
            filled = _fill_in(part, rng, fractions)
            role[rows] = filled.role
            notes += [f"{name}: {note}" for note in filled.notes]
    return _with_foreign_roles(replace(dataset, role=role, notes=tuple(notes)), rng, fractions)


def _with_foreign_roles(dataset, rng, fractions):
    """Draw the missing roles of a data set's foreign samples, one sample at a time."""
    if dataset.foreign is None:
        return dataset
    role = dataset.foreign.role.astype("<U5")
    for name, fraction in fractions.items():
        free = np.flatnonzero(role == "train")
        if fraction and not (role == name).any() and len(free) > 1:
            role[rng.permutation(free)[: max(1, round(fraction * len(dataset.foreign)))]] = name
    return replace(dataset, foreign=replace(dataset.foreign, role=role))


def _fill_in(dataset, rng, fractions):
    """Draw the missing roles of one data set, see `with_split`."""
    role = dataset.role.astype("<U5")
    notes = list(dataset.notes)
    class_sizes = _class_sizes(dataset, dataset.rows("train"))
    together = units(dataset)
    for name, fraction in fractions.items():
        if fraction == 0 or (role == name).any():
            continue
        free, wanted = np.flatnonzero(role == "train"), fraction * class_sizes
        drawn = [] if together is None else _draw_units(dataset, together, free, wanted, rng)
        if len(drawn) == 0:
            drawn = _draw_rows(dataset, free, wanted, rng)
            if dataset.group is not None:
                notes.append(
                    f"There are too few groups (such as speakers) to use one for {name} rows, so these rows come from "
                    "the training groups, and say little about new groups."
                )
        if len(drawn) == 0:
            raise DataError(
                f"{dataset.name}: has too few samples of each class for {name} rows; add some, or give a split"
            )
        role[drawn] = name
        absent = np.flatnonzero((_class_sizes(dataset, drawn) == 0) & (class_sizes > 0))
        if len(absent):
            notes.append(
                f"There is no {name} sample of {list_some([dataset.labels[index] for index in absent])}: these classes "
                "have too few samples."
            )
    return replace(dataset, role=role, notes=tuple(notes))


def _draw_rows(dataset, free, wanted, rng):
    """Draw from each class the wanted number of rows, rounded: at least one, and never the last one."""
    drawn = []
    for index, n_wanted in enumerate(wanted):
        rows = free[dataset.y[free] == index]
        count = min(max(1, round(n_wanted)), len(rows) - 1)
        drawn.append(rng.permutation(rows)[: max(0, count)])
    return np.sort(np.concatenate(drawn))


def _draw_units(dataset, together, free, wanted, rng):
    """Draw units, such as groups, in random order; keep each one that brings the classes nearer to the wanted sizes.

    If no unit does so, because they are few and large, draw the unit that exceeds the wanted sizes least. A unit with
    the last training rows of a class is never drawn.
    """
    groups, member = np.unique(together[free], return_inverse=True)
    sizes = np.zeros((len(groups), len(wanted)), dtype=np.int64)
    np.add.at(sizes, (member, dataset.y[free]), 1)
    total = sizes.sum(axis=0)
    if dataset.group is None:  # units are near copies, nearly all of one row, so each class can have one
        wanted = np.where(total > 1, np.maximum(1, wanted), 0)
    taken = np.zeros(len(wanted), dtype=np.int64)

    def is_spared(group):
        return not ((total > 0) & (taken + sizes[group] >= total)).any()

    def distance(n_rows):
        return np.abs(n_rows - wanted).sum()

    order = rng.permutation(len(groups))
    drawn = []
    for group in order:
        if is_spared(group) and distance(taken + sizes[group]) < distance(taken):
            drawn.append(group)
            taken += sizes[group]
    if not drawn:
        drawn = sorted(filter(is_spared, order), key=lambda group: distance(sizes[group]))[:1]
    return free[np.isin(member, drawn)]


def _class_sizes(dataset, rows):
    return np.bincount(dataset.y[rows], minlength=len(dataset.labels))
