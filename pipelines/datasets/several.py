"""Several data sets as one: classes of the same name are one class.

Most recognisers need more voices and more pens, and another data set has them. Each sample keeps the name of its set.
Each set is split separately and has its own score, because a common score hides the weaker set.
"""

import hashlib
import json

import numpy as np

from pipelines.datasets.dataset import Dataset, Foreign
from pipelines.datasets.tree import compose
from pipelines.errors import DataError, UsageError
from pipelines.wording import list_some

SEPARATOR = " + "


def names_in(name):
    """Return the names of the data sets that a joint name such as "fsdd + my-words" stands for: list of str."""
    return [part.strip() for part in name.split(SEPARATOR) if part.strip()]


def join(parts):
    """Put data sets together.

    Parameters
    ----------
    parts : list of Dataset, all of one task

    Returns
    -------
    Dataset
        Its `source` says of each sample which set it is from; a group is known by its set and its own name.

    Raises
    ------
    UsageError
        A data set is there twice.
    DataError
        Names of classes clash, or the sets together have fewer than two classes, or no training sample of one.
    """
    names = [part.name for part in parts]
    if len(set(names)) < len(names):
        raise UsageError(f"{list_some(names)}: name each data set once")
    labels = _labels(parts)
    index = {label: number for number, label in enumerate(labels)}
    y = np.concatenate([np.array([index[compose(label)] for label in part.labels])[part.y] for part in parts])
    role = np.concatenate([part.role for part in parts])
    untaught = [label for k, label in enumerate(labels) if not (y[role == "train"] == k).any()]
    if untaught:
        raise DataError(f"{SEPARATOR.join(names)}: has no training sample of {list_some(untaught)}; add some")
    licences = [part.licence for part in parts if part.licence]
    return Dataset(
        name=SEPARATOR.join(names),
        task=parts[0].task,
        items=_items(parts),
        y=y.astype(np.int64),
        labels=labels,
        role=role,
        group=_groups(parts),
        fingerprint=hashlib.sha256(json.dumps([part.fingerprint for part in parts]).encode()).hexdigest(),
        licence="; ".join(dict.fromkeys(licences)),
        citation="; ".join(dict.fromkeys(part.citation for part in parts if part.citation)),
        skipped=tuple(sentence for part in parts for sentence in part.skipped),
        notes=(*(f"{part.name}: {note}" for part in parts for note in part.notes), *_missing(parts, labels)),
        noise=tuple(path for part in parts for path in part.noise),
        source=np.repeat(names, [len(part) for part in parts]),
        foreign=_foreign(parts),
    )


def _labels(parts):
    """Return all classes, sorted; refuse those that differ only in capitals or blanks."""
    by_letters = {}
    for part in parts:
        for label in map(compose, part.labels):
            other, name = by_letters.setdefault("".join(label.casefold().split()), (label, part.name))
            if other != label:
                raise DataError(
                    f"{name} calls a class {other!r} and {part.name} calls one {label!r}; if they are the same, give "
                    "them the same name, and if not, names that differ by more"
                )
    if len(by_letters) < 2:
        raise DataError(f"{SEPARATOR.join(part.name for part in parts)}: has only one class; at least two are needed")
    return tuple(sorted({compose(label) for part in parts for label in part.labels}))


def _missing(parts, labels):
    """Return a sentence for each set that lacks classes of the others."""
    notes = []
    for part in parts:
        known = set(map(compose, part.labels))
        if lacking := [label for label in labels if label not in known]:
            notes.append(
                f"{part.name} has no sample of {list_some(lacking, 5)}: the network may learn how the sets were made, "
                "instead of these classes."
            )
    return tuple(notes)


def _foreign(parts):
    having = [part.foreign for part in parts if part.foreign is not None]
    if not having:
        return None
    items = tuple(item for foreign in having for item in foreign.items)
    return Foreign(items, np.concatenate([foreign.role for foreign in having]))


def _items(parts):
    arrays = [part.items for part in parts if isinstance(part.items, np.ndarray)]
    if len(arrays) == len(parts) and len({array.shape[1:] for array in arrays}) == 1:
        return np.concatenate(arrays)
    return [item for part in parts for item in _as_files(part.items)]


def _as_files(items):
    """Return items as files; turn pixels into the contents of files in the simplest format (PNM)."""
    if not isinstance(items, np.ndarray):
        return list(items)
    kind = b"P5" if items.ndim == 3 else b"P6"
    head = b"%s %d %d 255\n" % (kind, items.shape[2], items.shape[1])
    return [head + picture.tobytes() for picture in items]


def _groups(parts):
    """Return each sample's group; in a set without groups each sample is a group. None if no set has groups."""
    if all(part.group is None for part in parts):
        return None
    return np.concatenate(
        [
            [f"{part.name}: {name}" for name in (range(len(part)) if part.group is None else part.group)]
            for part in parts
        ]
    )
