"""Soundness: whether a data set can teach the right thing, and whether its score can be trusted.

A network learns anything that tells the classes apart: the voice, the microphone, or a file that is tested again. The
checks here look for such errors; each returns findings.
"""

import numpy as np

from pipelines.diagnosis.data.advice import advise
from pipelines.diagnosis.data.duplicates import find_duplicates
from pipelines.diagnosis.finding import FINE, PROBLEM, UNCERTAIN, Finding, Kind
from pipelines.learning import balance

FEW = 10  # samples of a class to learn from
TOLD_APART = 0.5
IN_CLASS, OUTSIDE = 0.95, 0.01  # shares of texts that contain a word


def check(prepared, task):
    """Return the problems of a data set: list of Finding, the most serious first.

    Parameters
    ----------
    prepared : Prepared, with all its roles
    task : Task
        Says how samples are compared, and under which conditions each was taken.
    """
    return [
        *duplicate_findings(find_duplicates(prepared, task.likeness)),
        *check_classes(prepared.dataset, task),
        *one_word_alone(prepared, task),
    ]


def check_classes(dataset, task):
    """Compare the samples of each class with those of the others: list of Finding."""
    return [
        *few_samples(dataset),
        *one_group_alone(dataset),
        *mixed_conditions(dataset, task.conditions(dataset.items)),
        *unequal_classes(dataset),
    ]


def duplicate_findings(duplicates):
    """Report copies of training samples among the others, copies that have different labels, and other copies."""
    leaking, contradicting = duplicates.find_leaking(), duplicates.find_contradicting()
    parts = [(Kind.LEAKING_DUPLICATES, PROBLEM, leaking), (Kind.CONTRADICTING_DUPLICATES, PROBLEM, contradicting)]
    if not len(leaking):
        parts.append((Kind.DUPLICATES, FINE, duplicates))
    return [_report(kind, verdict, _describe(part)) for kind, verdict, part in parts if len(part)]


def _report(kind, verdict, evidence):
    """Return a Finding whose advice is made from its evidence."""
    return Finding(kind, verdict, evidence, advise(kind, evidence))


def _describe(duplicates):
    return {
        "copies": duplicates.copies(),
        "n_pairs": len(duplicates),
        "exact": int(duplicates.exact.sum()),
        "pairs": duplicates.evidence(),
    }


def few_samples(dataset):
    """Report classes that have fewer than `FEW` training samples."""
    counts = _count_samples(dataset)
    few = {label: int(count) for label, count in zip(dataset.labels, counts, strict=True) if count < FEW}
    return [_report(Kind.FEW_SAMPLES, UNCERTAIN, {"enough": FEW, "n_train": few})] if few else []


def unequal_classes(dataset):
    """Report if the largest class has at least `balance.UNEQUAL` times as many training samples as the smallest."""
    counts = _count_samples(dataset)
    ratio = balance.inequality(dataset.y[dataset.rows("train")], len(dataset.labels))
    if ratio < balance.UNEQUAL:
        return []
    large, small = counts.argmax(), counts.argmin()
    evidence = {
        "ratio": round(ratio, 2),
        "largest": {dataset.labels[large]: int(counts[large])},
        "smallest": {dataset.labels[small]: int(counts[small])},
    }
    return [_report(Kind.UNEQUAL_CLASSES, FINE, evidence)]


def one_group_alone(dataset):
    """Report classes whose samples all come from one group, such as a speaker, if other classes have several."""
    if dataset.group is None:
        return []
    pairs = np.unique(np.stack([dataset.y, np.unique(dataset.group, return_inverse=True)[1]], axis=1), axis=0)
    n_groups = np.bincount(pairs[:, 0], minlength=len(dataset.labels))
    if n_groups.max() < 2:
        return []
    alone = {dataset.labels[k]: str(dataset.group[dataset.y == k][0]) for k in np.flatnonzero(n_groups == 1)}
    return [_report(Kind.ONE_GROUP_ALONE, PROBLEM, {"groups": alone})] if alone else []


def mixed_conditions(dataset, conditions):
    """Report conditions, such as the sampling rate, that are not the same for all samples.

    A condition tells a class apart if its share of the class's samples is larger by `TOLD_APART` than its share of the
    others. These classes are named.

    Parameters
    ----------
    dataset : Dataset
    conditions : dict of str to ndarray of str [shape=(n,)]
    """
    findings = []
    for name, values in conditions.items():
        kinds, kind = np.unique(values, return_inverse=True)
        if len(kinds) < 2:
            continue
        table = np.zeros((len(dataset.labels), len(kinds)), dtype=np.int64)
        np.add.at(table, (dataset.y, kind), 1)
        counts = table.sum(axis=0)
        share = table / np.maximum(1, table.sum(axis=1, keepdims=True))
        share_of_others = (counts - table) / np.maximum(1, len(dataset) - table.sum(axis=1, keepdims=True))
        told = {dataset.labels[k]: str(kinds[j]) for k, j in np.argwhere(share - share_of_others > TOLD_APART)}
        by_count = {str(kinds[j]): int(counts[j]) for j in np.argsort(-counts, kind="stable")}
        evidence = {"condition": name, "counts": by_count, "told_apart": told}
        findings.append(_report(Kind.MIXED_CONDITIONS, PROBLEM if told else FINE, evidence))
    return findings


def one_word_alone(prepared, task):
    """Report classes that one word distinguishes, if samples contain words.

    A word tells a class apart if it is in a share of at least `IN_CLASS` of its training texts and at most `OUTSIDE` of
    the others. Classes of fewer than `FEW` training texts are left out.
    """
    dataset = prepared.dataset
    told = {
        dataset.labels[place]: {"word": word, "share": round(float(share), 4)}
        for place, word, share in task.telling_words(prepared, IN_CLASS, OUTSIDE, FEW)
    }
    limits = {"limit_in_class": IN_CLASS, "limit_outside": OUTSIDE}
    return [_report(Kind.ONE_WORD, UNCERTAIN, {**limits, "told_apart": told})] if told else []


def _count_samples(dataset):
    return np.bincount(dataset.y[dataset.rows("train")], minlength=len(dataset.labels))
