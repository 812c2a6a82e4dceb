"""A row: one recording or picture with all that is known about it.

Readers of folders, lists and archives each turn what they find into rows; from there on the way to a `Dataset` is the
same for all of them. On it the fingerprint is taken, by which a cache or a model file recognises the very same data.
"""

import hashlib
import json
import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pipelines.datasets.dataset import FOREIGN, Dataset, Foreign
from pipelines.errors import DataError
from pipelines.machine.cores import cores
from pipelines.wording import list_some

MANY_NUMBERS = 20  # more different numbers than this, most of them once, are not names of classes
_NUMBER = re.compile(r"[-+]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][-+]?\d+)?")
_AT_A_TIME = 128
_QUICK = 5e-5  # seconds a file
_BLOCK_BYTES = 1 << 16


class Row(NamedTuple):
    """One file of a data set.

    `name` is its path relative to the data set's own folder, with `/`; `group` is who spoke or where it came from, None
    where this is not known.
    """

    name: str
    path: Path
    label: str
    role: str = "train"
    group: str | None = None


def dataset_from_rows(rows, name, task, contents=None, **about):
    """Put rows together as a Dataset.

    Parameters
    ----------
    rows : list of Row
        Not empty. Labels become classes in their sorted order.
    name, task : str
        As in Dataset.
    contents : list of str, optional
        Checksums that stand for the contents of the files, such as that of the archive they came from. Without it the
        files themselves are read.
    about : optional
        Further attributes of Dataset: licence, citation, skipped.

    A file that cannot be read is also a sample: the decoder will report it. Rows with the label `FOREIGN`
    are samples of no class.
    """
    own = fingerprint(rows, file_checksums(rows) if contents is None else contents)
    others = [row for row in rows if row.label == FOREIGN]
    rows = [row for row in rows if row.label != FOREIGN] if others else rows
    if others:
        about["foreign"] = Foreign(tuple(row.path for row in others), np.array([row.role for row in others]))
    return label_rows([row.path for row in rows], rows, name=name, task=task, fingerprint=own, **about)


def label_rows(items, rows, **about):
    """Return the Dataset of some items, of which each row has the `label`, the `role` and the `group`.

    Labels become classes in their sorted order; groups count where every row has one. `about` has what else a Dataset
    needs.
    """
    labels = tuple(sorted({row.label for row in rows}))
    index = {label: number for number, label in enumerate(labels)}
    groups = [row.group for row in rows]
    return Dataset(
        items=items,
        y=np.array([index[row.label] for row in rows], dtype=np.int64),
        labels=labels,
        role=np.array([row.role for row in rows]),
        group=None if None in groups else np.array(groups),
        **about,
    )


def numbers_in(labels):
    """Return the different numbers that labels are, sorted: list of float; None if any is none, such as 1001a."""
    different = set(labels)
    if not all(_NUMBER.fullmatch(label) for label in different):
        return None
    return sorted({float(label.replace(",", ".")) for label in different})


def regression(n_numbers, n_rows):
    """Return the rest of a sentence about labels that are amounts."""
    return (
        f"{n_numbers} different numbers in {n_rows} lines, so these are numbers to predict (regression), but this "
        "program predicts classes; write classes, such as 20-29 or high, or name another column label"
    )


def check_classes(rows, place):
    """Raise DataError, whose text begins with `place`, unless a classifier can be trained on the rows.

    There must be two classes or more; each needs something to learn from, and where the test rows are still to be
    chosen, something else to test on. Samples of no class do not count.
    """
    rows = [row for row in rows if row.label != FOREIGN]
    if not rows:
        raise DataError(f"{place}: has no sample of any class; a classifier needs at least two classes")
    classes = {row.label for row in rows}
    if len(classes) < 2:
        raise DataError(f"{place}: has only one class, {min(classes)}; a classifier needs at least two classes")
    counts = Counter(row.label for row in rows)
    single = sorted(label for label, count in counts.items() if count == 1)
    if len(classes) > MANY_NUMBERS and 2 * len(single) > len(classes) and numbers_in(classes) is not None:
        raise DataError(f"{place}: the labels are {regression(len(classes), len(rows))}")
    untaught = sorted(classes - {row.label for row in rows if row.role == "train"})
    if untaught:
        raise DataError(f"{place}: has no training sample of {list_some(untaught)}; add some, or take the class out")
    if single and all(row.role != "test" for row in rows):
        raise DataError(
            f"{place}: has only one sample of {list_some(single)}; a class needs one to learn from and one to test on"
        )


def fingerprint(rows, contents):
    """Return the SHA-256 (hex) over what the rows say, in their order, and the checksums of what they hold.

    The order counts, because caches store one result for each row. The place of the files does not count.
    """
    digest = hashlib.sha256()
    for row in rows:
        digest.update(json.dumps([row.name, row.label, row.role, row.group]).encode() + b"\n")
    digest.update(json.dumps(list(contents)).encode())
    return digest.hexdigest()


def file_checksums(rows):
    """Return the SHA-256 (hex) of each row's file, in order; several files are read at a time if the disk is slow.

    Threads wait for a disk together. Where nothing is to be waited for, they would only stand in each other's way. For
    a file that cannot be read the reason stands in, so that the data is another once it can be.
    """
    began = time.perf_counter()
    first = [_file_checksum(row.path) for row in rows[:_AT_A_TIME]]
    if time.perf_counter() - began < _QUICK * len(first):
        return first + [_file_checksum(row.path) for row in rows[_AT_A_TIME:]]
    starts = range(_AT_A_TIME, len(rows), _AT_A_TIME)
    with ThreadPoolExecutor(max_workers=min(32, 2 * cores())) as pool:
        parts = pool.map(lambda start: [_file_checksum(row.path) for row in rows[start : start + _AT_A_TIME]], starts)
        return [checksum for part in (first, *parts) for checksum in part]


def _file_checksum(path):
    try:
        # Path.open and hashlib.file_digest take longer than everything else here.
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123
            digest = hashlib.sha256()
            while block := file.read(_BLOCK_BYTES):
                digest.update(block)
            return digest.hexdigest()
    except OSError as error:
        return error.strerror
