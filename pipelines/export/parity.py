"""Parity: whether the exported model gives the same answers as the model, sample by sample.

The samples are those of the data set's test split, and unusual ones: silence, a buzz at full scale, a picture of one
pixel. Both models get the same decoded sample. Two answers agree if all probabilities are within the exporter's
tolerance, and if the labels are the same or the model's two best probabilities are nearly equal.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipelines import datasets
from pipelines.errors import BackpropError, InputFileError, NothingToSeeError, UsageError
from pipelines.export.exporter import Exporter, NotTakenError
from pipelines.export.odd_inputs import odd_inputs
from pipelines.export.subject import Subject
from pipelines.learning.preparation import SPLIT_SEED
from pipelines.machine.log import log

NEARLY_ALL = 0.99  # share of the labels that weights of eight bits must not change
UNDECIDED = 1e-3  # if the best two probabilities differ by less, either label counts as right


@dataclass(frozen=True)
class Parity:
    """The comparison of answers.

    Attributes
    ----------
    dataset : str, whose test split was used; empty if it cannot be read
    n : int, its samples that can be read
    n_odd : int, unusual samples that can be read
    refused : int, samples that the exported model refuses, such as sounds that are too long; they do not count
    same_label : int, of all
    decided : int, of all: those whose best two probabilities differ by more than `UNDECIDED`
    same_label_decided : int, of the decided
    largest_difference : float, of a probability
    tolerance : float or None, the largest allowed difference; None for weights of eight bits (only labels count)
    seconds_model, seconds_export : float, for one sample
    """

    dataset: str
    n: int
    n_odd: int
    refused: int
    same_label: int
    decided: int
    same_label_decided: int
    largest_difference: float
    tolerance: float | None
    seconds_model: float
    seconds_export: float

    @property
    def holds(self) -> bool:
        """Whether the answers are the same; with eight bits, whether `NEARLY_ALL` are."""
        if self.tolerance is None:
            return self.same_label_decided >= NEARLY_ALL * self.decided
        return self.same_label_decided == self.decided and self.largest_difference <= self.tolerance

    def record(self) -> dict[str, Any]:
        """Return the comparison as a dict of JSON types."""
        return {**asdict(self), "holds": self.holds}


def parity(subject: Subject, exporter: Exporter, paths: Sequence[Path], int8: bool = False) -> Parity:
    """Compare an exported model with the model, on its test samples and on unusual ones. Raises UsageError."""
    name, samples = samples_to_test(subject)
    return compare(subject, exporter, paths, samples, odd_inputs(subject), name, int8)


def compare(
    subject: Subject,
    exporter: Exporter,
    paths: Sequence[Path],
    samples: Iterable[Any],
    odd: Iterable[Any],
    dataset: str = "",
    int8: bool = False,
) -> Parity:
    """Compare answers to decoded samples: `samples`, and `odd` ones."""
    assert exporter.running is not None
    n, n_odd, refused, expected, found, seconds = 0, 0, 0, [], [], [0.0, 0.0]
    with exporter.running(subject, paths) as answer:
        for is_odd, decoded in [*((False, each) for each in samples), *((True, each) for each in odd)]:
            began = time.perf_counter()
            try:
                ours = subject.answer(decoded, exporter.all_readings)
                between = time.perf_counter()
                theirs = answer(decoded)
            except NothingToSeeError:
                continue
            except NotTakenError:
                refused += 1
                continue
            expected.append(ours)
            found.append(theirs)
            seconds = [seconds[0] + between - began, seconds[1] + time.perf_counter() - between]
            n, n_odd = n + (not is_odd), n_odd + is_odd
    if not expected:
        raise UsageError("export --check: there is no sample that both can answer")
    model, export = np.array(expected), np.array(found)
    best = np.sort(model, axis=1)
    decided = best[:, -1] - best[:, -2] > UNDECIDED if model.shape[1] > 1 else np.ones(len(model), bool)
    same = model.argmax(axis=1) == export.argmax(axis=1)
    return Parity(
        dataset=dataset,
        n=n,
        n_odd=n_odd,
        refused=refused,
        same_label=int(same.sum()),
        decided=int(decided.sum()),
        same_label_decided=int((same & decided).sum()),
        largest_difference=float(np.abs(model - export).max()),
        tolerance=None if int8 else exporter.tolerance,
        seconds_model=seconds[0] / len(model),
        seconds_export=seconds[1] / len(model),
    )


def samples_to_test(subject: Subject) -> tuple[str, list[Any]]:
    """Return the name of the model's data set, and its decoded test samples; no samples if the data set is missing.

    Samples that cannot be read are left out.
    """
    bundle = subject.bundle
    name = bundle.provenance.get("dataset", "")
    try:
        dataset = datasets.load(name, subject.task)
        dataset = datasets.with_split(dataset, np.random.default_rng(SPLIT_SEED))
    except BackpropError as error:
        log.warning(f"{name}: cannot be read, so only unusual samples are compared ({error})")
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
