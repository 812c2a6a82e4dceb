"""Parity: whether what was exported answers as the model does, sample by sample.

The samples are those of the data set's test split, and odd ones: silence, a buzz at full scale, a picture of one pixel.
All go through the tool's own decoding, and what comes out of it is given to both. Two answers agree where all
probabilities are within the exporter's tolerance, and where the labels are the same or the model itself could hardly
choose between them.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipelines import datasets
from pipelines.errors import BackpropError, InputFileError, NothingToSeeError
from pipelines.export.exporter import Exporter
from pipelines.export.odd_inputs import odd_inputs
from pipelines.export.subject import Subject
from pipelines.learning.preparation import SPLIT_SEED
from pipelines.machine.log import log

UNDECIDED = 1e-3  # difference of the best two probabilities, below which either label will do


@dataclass(frozen=True)
class Parity:
    """How answers compare.

    Attributes
    ----------
    dataset : str, whose test split was asked; empty where it cannot be had
    n : int, its samples that can be read
    n_odd : int, odd samples that can be read
    same_label : int, of all
    decided : int, of all: those whose best two probabilities differ by more than `UNDECIDED`
    same_label_decided : int, of the decided
    largest_difference : float, of a probability
    tolerance : float, what it may be
    seconds_model, seconds_export : float, for one sample
    """

    dataset: str
    n: int
    n_odd: int
    same_label: int
    decided: int
    same_label_decided: int
    largest_difference: float
    tolerance: float
    seconds_model: float
    seconds_export: float

    @property
    def holds(self) -> bool:
        """Whether the answers are the same."""
        return self.same_label_decided == self.decided and self.largest_difference <= self.tolerance

    def record(self) -> dict[str, Any]:
        """Return the comparison as a dict of JSON types."""
        return {**asdict(self), "holds": self.holds}


def parity(subject: Subject, exporter: Exporter, paths: Sequence[Path], n_jobs: int | None = None) -> Parity:
    """Compare what was exported with the model, on its test samples and on odd ones. Raises UsageError."""
    name, samples = samples_to_test(subject)
    return compare(subject, exporter, paths, samples, odd_inputs(subject), name)


def compare(
    subject: Subject,
    exporter: Exporter,
    paths: Sequence[Path],
    samples: Iterable[Any],
    odd: Iterable[Any],
    dataset: str = "",
) -> Parity:
    """Compare answers to what an extractor read: `samples`, and `odd` ones."""
    assert exporter.running is not None
    n, n_odd, expected, found, seconds = 0, 0, [], [], [0.0, 0.0]
    with exporter.running(subject, paths) as answer:
        for is_odd, decoded in [*((False, each) for each in samples), *((True, each) for each in odd)]:
            began = time.perf_counter()
            try:
                expected.append(subject.answer(decoded))
            except NothingToSeeError:
                continue
            between = time.perf_counter()
            found.append(answer(decoded))
            seconds = [seconds[0] + between - began, seconds[1] + time.perf_counter() - between]
            n, n_odd = n + (not is_odd), n_odd + is_odd
    ours, theirs = np.array(expected), np.array(found)
    best = np.sort(ours, axis=1)
    decided = best[:, -1] - best[:, -2] > UNDECIDED if ours.shape[1] > 1 else np.ones(len(ours), bool)
    same = ours.argmax(axis=1) == theirs.argmax(axis=1)
    return Parity(
        dataset=dataset,
        n=n,
        n_odd=n_odd,
        same_label=int(same.sum()),
        decided=int(decided.sum()),
        same_label_decided=int((same & decided).sum()),
        largest_difference=float(np.abs(ours - theirs).max()),
        tolerance=exporter.tolerance,
        seconds_model=seconds[0] / len(ours),
        seconds_export=seconds[1] / len(ours),
    )


def samples_to_test(subject: Subject) -> tuple[str, list[Any]]:
    """Return the name of the model's data set, and its test samples as the extractor reads them; none where it is gone.

    Samples that cannot be read are left out.
    """
    bundle = subject.bundle
    name = bundle.provenance.get("dataset", "")
    try:
        dataset = datasets.load(name, subject.task)
        dataset = datasets.with_split(dataset, np.random.default_rng(SPLIT_SEED))
    except BackpropError as error:
        log.warning(f"{name}: cannot be had, so that only odd samples are compared ({error})")
        return "", []
    return name, list(read_all(bundle.extractor, [dataset.items[row] for row in dataset.rows("test")]))


def read_all(extractor: Any, items: Iterable[Any]) -> Iterable[Any]:
    """Yield what an extractor reads of files; pixels in memory are what they are."""
    for item in items:
        if isinstance(item, np.ndarray):
            yield item
            continue
        try:
            yield extractor.read(item)
        except InputFileError:
            continue
