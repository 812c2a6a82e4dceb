"""Checking a data set without training: how it is read, what is in it, and what is wrong with it.

Files are not decoded: only the header of each file is read, in one process for each core if there are many files. So
the problems are known before a training of an hour. Where the headers leave nearly nothing of a class, its files are
decoded, because some can be read in spite of their headers.
"""

import hashlib
import time
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np

from pipelines import datasets
from pipelines.datasets import own, rows
from pipelines.datasets.texts import dataset_from_texts
from pipelines.diagnosis.data import soundness
from pipelines.errors import BackpropError, DataError, InputFileError
from pipelines.learning import tasks
from pipelines.learning.preparation import SPLIT_SEED, split_readable
from pipelines.learning.ranges import COUNT, require
from pipelines.machine import processes
from pipelines.machine.cores import cores

MANY = 4000  # from this number of files on, several processes are faster
PART = 1000
SHOWN = 10
SOUND = 3  # samples of a class with a sound header that are enough for each part of the split
_END = 1 << 12  # bytes at the end of a file that are compared to find copies


def check(path, task_name=None, n_jobs=None):
    """Check a data set.

    Parameters
    ----------
    path : str
        A folder, a table, an archive, or a registered name.
    task_name : str or None
        The task; None means that of most files.
    n_jobs : int > 0 or None
        Processes; None means one for each core.

    Returns
    -------
    dict of JSON types
        "problems" is a list of {"name", "text", "grave"}; a grave one makes a training impossible.

    Raises
    ------
    DataError, UsageError
        The path cannot be read as a data set.
    """
    began = time.perf_counter()
    n_jobs = require("jobs", n_jobs, COUNT, optional=True)
    task, guessed = tasks.find(task_name or own.guess_task(path, tasks.NAMES)), task_name is None
    dataset, layout, grave = _read(path, task.name)
    given = set(dataset.role.tolist()) - {"train"}
    problems = [{"name": "not fit to train on", "text": text, "grave": True} for text in grave]
    measured = {}
    if dataset.text_of(0) is not None:
        measured = task.headers().summary([(len(text), len(text.split())) for text in dataset.items])
    elif not isinstance(dataset.items, np.ndarray):
        measured, found = _measure(dataset, task, n_jobs)
        problems += found
    else:
        measured = {"sizes": {f"{dataset.items.shape[2]}x{dataset.items.shape[1]}": len(dataset)}}
    split = dataset
    if not grave:
        try:
            split = datasets.with_split(dataset, np.random.default_rng(SPLIT_SEED))
        except DataError as error:
            problems.append({"name": "not fit to train on", "text": str(error), "grave": True})
        else:
            problems += [_problem(f) for f in (*soundness.few_samples(split), *soundness.unequal_classes(split))]
    return {
        "path": path,
        "task": task.name,
        "task_guessed": guessed,
        "layout": layout,
        "n": len(dataset),
        "n_classes": len(dataset.labels),
        "classes": {label: int((dataset.y == k).sum()) for k, label in enumerate(dataset.labels)},
        "split": {
            "given": sorted(given, key=datasets.ROLES.index),
            **{role: len(split.rows(role)) for role in datasets.ROLES},
        },
        "groups": _groups(dataset),
        "noise": len(dataset.noise),
        "measured": measured,
        "passed_over": _count_passed_over(dataset.skipped),
        "notes": list(split.notes),
        "problems": problems,
        "seconds": round(time.perf_counter() - began, 2),
    }


def _read(path, task):
    """Return the Dataset, its layout, and sentences that say why it cannot be trained on."""
    if path in datasets.names():
        dataset = datasets.load(path, task)
        return dataset, "a registered data set", []
    found = own.read(path, task, to_train=False)
    if not found.rows:
        raise DataError(f"{path}: contains no files that {task} can use")
    about = {"skipped": tuple(found.skipped), "notes": tuple(found.notes), "noise": found.noise}
    if found.are_texts:
        dataset = dataset_from_texts(found.rows, [], path, task, **about)
    else:
        dataset = rows.dataset_from_rows(found.rows, path, task, contents=[], **about)
    try:
        rows.check_classes(found.rows, path)
    except BackpropError as error:
        return dataset, found.layout, [str(error)]
    return dataset, found.layout, []


def _groups(dataset):
    if dataset.group is None:
        return None
    names, counts = np.unique(dataset.group, return_counts=True)
    largest = {str(names[i]): int(counts[i]) for i in np.argsort(-counts, kind="stable")[:SHOWN]}
    return {"n": len(names), "largest": largest}


def _count_passed_over(skipped):
    """Count the files that were left out for each reason; add the first sentences."""
    reasons = Counter(sentence.rpartition(": left out, ")[2] or sentence for sentence in skipped)
    suffixes = Counter(
        Path(sentence.partition(": left out, ")[0]).suffix.lower() or "none"
        for sentence in skipped
        if "not a file of a kind" in sentence
    )
    return {
        "n": len(skipped),
        "reasons": dict(reasons.most_common()),
        "suffixes": dict(suffixes.most_common()),
        "first": list(skipped[:SHOWN]),
    }


def _measure(dataset, task, n_jobs):
    """Return a summary of all headers, and the problems of files and of classes."""
    looked = _look_at_all(task.name, dataset.items, n_jobs or cores())
    headers = [header for header, _ in looked]
    reader = task.headers()
    good = [row for row, header in enumerate(headers) if isinstance(header, tuple)]
    told = {row: text for row, text in enumerate(headers) if isinstance(text, str) and text}
    told |= {row: text for row in good if (text := reader.doubts(headers[row])) is not None}
    problems = []
    if told:
        by_reason = defaultdict(list)
        for row, text in told.items():
            by_reason[text if ")" not in text else text.split(" (")[0]].append(row)
        for of_reason in by_reason.values():
            row = of_reason[0]
            more = f" (so it is with {len(of_reason)} files)" if len(of_reason) > 1 else ""
            problems.append(
                {"name": "unusable files", "text": f"{dataset.items[row]}: {told[row]}{more}", "grave": False}
            )
    problems += _untaught(dataset, task, told) + _copies(dataset, looked)
    problems += [_problem(finding) for finding in soundness.one_group_alone(dataset)]
    if not good:
        return {"n_unknown": len(headers)}, problems
    known = dataset.only(np.array(good))
    conditions = {name: np.array(values) for name, values in reader.conditions([headers[row] for row in good]).items()}
    mixed = soundness.mixed_conditions(known, conditions)
    problems += [_problem(finding) for finding in mixed if finding.evidence["told_apart"]]
    summary = reader.summary([headers[row] for row in good])
    return {**summary, "n_unknown": len(headers) - len(good)}, problems


def _untaught(dataset, task, told):
    """Return the grave problem of files that cannot be read, if a training without them could not begin."""
    sound = np.ones(len(dataset), bool)
    sound[list(told)] = False
    all_files = np.ones(len(dataset), bool)
    in_doubt = _count_training(dataset, sound) < np.minimum(SOUND, _count_training(dataset, all_files))
    rows = [row for row in sorted(told) if in_doubt[dataset.y[row]]]
    try:
        extractor = task.extractor_for(dataset) if rows else None
        unreadable = [row for row in rows if not _is_readable(extractor, dataset.items[row])]
        if unreadable and len(unreadable) == len(dataset):
            raise DataError(f"{dataset.name}: none of its files can be read, so there is nothing to train on")
        if unreadable:
            split_readable(dataset.without(unreadable, []))
    except DataError as error:
        return [{"name": "not fit to train on", "text": str(error), "grave": True}]
    return []


def _count_training(dataset, chosen):
    """Return the number of chosen training samples of each class."""
    return np.bincount(dataset.y[chosen & (dataset.role == "train")], minlength=len(dataset.labels))


def _is_readable(extractor, item):
    try:
        extractor.read(item)
    except InputFileError:
        return False
    return True


def _problem(finding):
    return {"name": str(finding.name), "text": finding.advice, "grave": False}


def _look_at_all(task_name, items, n_jobs):
    """Return the header and a key of each file, in order; see `_look`."""
    parts = [[str(item) for item in items[start : start + PART]] for start in range(0, len(items), PART)]
    if len(items) < MANY or n_jobs == 1:
        found = [_look(task_name, part) for part in parts]
    else:
        calls = [(task_name, part) for part in parts]
        found = processes.results(_look, calls, n_jobs, ordered=True, advice="use fewer --jobs")
    return [each for part in found for each in part]


def _look(task_name, paths):
    """Return (header or sentence, key of the contents or None) of each file."""
    header = tasks.find(task_name).headers().header
    return [(header(path), _key(path)) for path in paths]


def _key(path):
    """Return a key that is equal for copies of a file: its size and a hash of its end; None if it cannot be read."""
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - Path.open takes longer than all else here
            size = file.seek(0, 2)
            file.seek(max(0, size - _END))
            ends = file.read(_END)
            return size, hashlib.blake2b(ends, digest_size=12).digest()
    except OSError:
        return None


def _copies(dataset, looked):
    """Return the gravest problem of copies of files: two labels, both sides of a split, or only copies; [] if none."""
    first, pairs = {}, []
    for row, (_, key) in enumerate(looked):
        if key is not None and (original := first.setdefault(key, row)) != row:
            pairs.append((original, row))
    if not pairs:
        return []
    sums = {row: _sum(dataset.items[row]) for row in {row for pair in pairs for row in pair}}
    pairs = [(a, b) for a, b in pairs if sums[a] == sums[b]]
    kinds = {
        "contradicting duplicates": [pair for pair in pairs if dataset.y[pair[0]] != dataset.y[pair[1]]],
        "leaking duplicates": [pair for pair in pairs if dataset.role[pair[0]] != dataset.role[pair[1]]],
        "duplicates": pairs,
    }
    told = {
        "contradicting duplicates": "are the same, and have different labels; keep the right one",
        "leaking duplicates": "are the same, in two parts of the split, so the score is too good",
        "duplicates": "are the same; copies teach nothing new, and training keeps them on one side of its own split",
    }
    name = next((name for name, found in kinds.items() if found), None)
    if name is None:
        return []
    a, b = kinds[name][0]
    more = f" ({len(kinds[name])} such pairs)" if len(kinds[name]) > 1 else ""
    return [{"name": name, "text": f"{dataset.items[a]} and {dataset.items[b]} {told[name]}{more}", "grave": False}]


def _sum(path):
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return object()
