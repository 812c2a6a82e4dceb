"""Texts: a data set whose samples are sentences, in one file together.

A data set may also contain foreign sentences, which belong to no class. They are not samples, because there is no right
answer to them; a good model refuses them.
"""

import hashlib
import json
from typing import NamedTuple

import numpy as np

from pipelines.datasets.dataset import Foreign
from pipelines.datasets.rows import label_rows


class TextRow(NamedTuple):
    """One text with all that is known about it; `group` is who wrote it or where it is from, None if unknown."""

    text: str
    label: str
    role: str = "train"
    group: str | None = None


class TextReading(NamedTuple):
    """What a reader of texts found: list of TextRow, and of (text, role) for those of no class."""

    rows: list[TextRow]
    foreign: list[tuple[str, str]]


def dataset_from_texts(rows, foreign, name, task, **about):
    """Put texts together as a Dataset.

    Parameters
    ----------
    rows : list of TextRow
        Not empty. Labels become classes in their sorted order.
    foreign : list of (text, role)
    name, task : str
        As in Dataset.
    about : optional
        Further attributes of Dataset: licence, citation, skipped.
    """
    digest = hashlib.sha256()
    for row in (*rows, *foreign):
        digest.update(json.dumps(row).encode() + b"\n")
    others = Foreign(tuple(text for text, _ in foreign), np.array([role for _, role in foreign])) if foreign else None
    texts = [row.text for row in rows]
    return label_rows(texts, rows, name=name, task=task, fingerprint=digest.hexdigest(), foreign=others, **about)
