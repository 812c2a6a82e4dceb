"""Duplicates: samples that are twice in a data set, exactly or nearly.

A test sample that is a copy of a training sample makes the score too good; a copy with another label makes it worse.
"""

from dataclasses import dataclass

import numpy as np

from pipelines.datasets import ROLES, Dataset
from pipelines.features.near_copies import copies_among

LONGEST = 200  # characters of a text


@dataclass(frozen=True)
class Duplicates:
    """Pairs of samples that are copies of each other.

    If a sample has many copies, each is paired with the first of them, and training samples come first; nearly equal
    samples are paired with at most three others.

    Attributes
    ----------
    dataset : Dataset
    pairs : ndarray of int64 [shape=(n, 2)]
        Indices of samples; where they play different roles, training before validation before test.
    likeness : ndarray of float32 [shape=(n,)], the cosine between the two
        1 for those whose rows are equal, number by number.
    exact : ndarray of bool [shape=(n,)], which are those
    """

    dataset: Dataset
    pairs: np.ndarray
    likeness: np.ndarray
    exact: np.ndarray

    def __len__(self):
        return len(self.pairs)

    def only(self, chosen):
        """Return the pairs for which `chosen`, bool [shape=(n,)], is true."""
        return Duplicates(self.dataset, self.pairs[chosen], self.likeness[chosen], self.exact[chosen])

    def find_leaking(self):
        """Return the pairs of a training sample and one that is not."""
        first, second = self.dataset.role[self.pairs].reshape(-1, 2).T
        return self.only((first == "train") & (second != "train"))

    def find_contradicting(self):
        """Return the pairs that have different labels."""
        first, second = self.dataset.y[self.pairs].reshape(-1, 2).T
        return self.only(first != second)

    def copies(self):
        """Return the number of samples of each role that are the second of a pair: dict of str to int."""
        second = self.dataset.role[np.unique(self.pairs[:, 1])]
        return {role: int((second == role).sum()) for role in ROLES if (second == role).any()}

    def evidence(self, most=100):
        """Return at most so many pairs, the most similar first, as dicts of JSON types.

        Each has "rows", "paths" (see `Dataset.path_of`), "labels" and "roles" of the two samples, "exact" and
        "likeness"; of texts in memory also "texts", their beginnings.
        """
        order = np.lexsort((self.pairs[:, 0], -self.likeness, ~self.exact))[:most]
        dataset = self.dataset
        return [
            {
                "rows": self.pairs[i].tolist(),
                "paths": [dataset.path_of(row) for row in self.pairs[i]],
                **_texts(dataset, self.pairs[i]),
                "labels": [dataset.labels[k] for k in dataset.y[self.pairs[i]]],
                "roles": dataset.role[self.pairs[i]].tolist(),
                "exact": bool(self.exact[i]),
                "likeness": round(float(self.likeness[i]), 4),
            }
            for i in order
        ]


def _texts(dataset, rows):
    texts = [dataset.text_of(row) for row in rows]
    return {} if None in texts else {"texts": [" ".join(text[:LONGEST].split()) for text in texts]}


def find_duplicates(prepared, likeness):
    """Return the Duplicates of a data set.

    Parameters
    ----------
    prepared : Prepared
    likeness : function of (extractor, stored rows)
        Returns their `features.likeness.Likeness`, as `Task.likeness` does.
    """
    dataset, stored = prepared.dataset, prepared.stored
    in_order = np.concatenate([dataset.rows(role) for role in ROLES])
    equal, near, cosines = copies_among(stored, in_order, likeness(prepared.extractor, stored))
    return Duplicates(
        dataset,
        np.concatenate([equal, near]),
        np.concatenate([np.ones(len(equal), np.float32), cosines]),
        np.arange(len(equal) + len(near)) < len(equal),
    )
