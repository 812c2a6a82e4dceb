"""Prediction: what is in these files?

Files are read and classified a chunk at a time; one that cannot be read gets its reason and the others their answers.
Nothing about features is asked: the model file knows.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipelines.bundle import Bundle
from pipelines.errors import UsageError
from pipelines.features.extraction import extract_all

CHUNK = 256


@dataclass(frozen=True)
class Sample:
    """A file to classify: the path as the user gave it, and what to read (a Path, or the bytes that a pipe gave)."""

    name: str
    source: Path | bytes


def samples(names, stdin=None):
    """Turn the words of the user into samples: files stay, folders give their files in order, "-" and pipes are read.

    Parameters
    ----------
    names : sequence of str
    stdin : binary file object, read when "-" is among the names

    Raises
    ------
    UsageError
        A name holds a zero byte.
    """
    found = []
    for name in names:
        if "\0" in name:
            raise UsageError(f"{name!r}: no file's name holds a zero byte; list one name a line")
        inside = _files_in(name) if os.path.isdir(name) else []  # noqa: PTH112 - Path's raises on odd names
        if name == "-":
            found.append(Sample("-", stdin.read()))
        elif _is_pipe(name):  # which gives its contents once, and recordings are read twice
            found.append(Sample(name, Path(name).read_bytes()))
        elif inside:
            found += [Sample(str(path), path) for path in inside]
        else:
            found.append(Sample(name, Path(name)))
    return found


def _files_in(folder):
    return sorted(path for path in Path(folder).rglob("*") if path.is_file() and not path.name.startswith("."))


def _is_pipe(name):
    try:
        return stat.S_ISFIFO(os.stat(name).st_mode)  # noqa: PTH116 - as above
    except OSError:
        return False


def predict(model: Bundle, chosen, top=3, threshold=0.0, n_jobs=None, explain=None, show=None) -> Iterator[dict]:
    """Classify samples; yield the contract's record of each, in order.

    Parameters
    ----------
    top : int > 0, how many labels to list
    threshold : float in [0, 1]
        A best label less probable than this is answered as unknown.
    explain : function of (Sample, record), or None
        Explains an answer and returns where; the record then has this as its "explanation".
    show : function of (Sample, record), or None
        Shows what the network was given and returns where; the record then has this as its "input".
    """
    for start in range(0, len(chosen), CHUNK):
        chunk = chosen[start : start + CHUNK]
        stored, ok, failures = extract_all(model.extractor, [sample.source for sample in chunk], n_jobs)
        reasons = dict(failures)
        probabilities = iter(model.probabilities(stored))
        for i, sample in enumerate(chunk):
            if ok[i]:
                answer = record(sample.name, next(probabilities), model.labels, top, threshold)
                beside = {"explanation": explain, "input": show}
                yield answer | {name: write(sample, answer) for name, write in beside.items() if write}
            else:
                yield {"path": sample.name, "error": reasons[i]}


def record(name, probabilities, labels, top, threshold):
    """Return the contract's record of one answer; `probabilities`: float [shape=(n_classes,)]."""
    order = np.argsort(-probabilities, kind="stable")[:top]
    listed = [{"label": labels[k], "probability": round(float(probabilities[k]), 6)} for k in order]
    best = {"path": name, "label": listed[0]["label"], "probability": listed[0]["probability"], "top": listed}
    if probabilities[order[0]] < threshold:
        best |= {"label": None, "unknown": True}
    return best
