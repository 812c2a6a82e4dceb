"""Prediction: what is in these files?

Files are read and classified a chunk at a time; one that cannot be read gets its reason and the others their answers.
Nothing about features is asked: the model file knows.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, BinaryIO

from pipelines.errors import InputFileError, UsageError
from pipelines.features.extraction import extract_all
from pipelines.features.inputs import Sample, samples
from pipelines.learning.ranges import SHARE, Whole, require
from pipelines.machine.cores import blas_threads
from pipelines.machine.log import log
from pipelines.models.answer import Answer
from pipelines.models.bundle import Bundle
from pipelines.models.ensemble import Ensemble
from pipelines.models.opening import open_model

CHUNK = 256

Picture = Callable[[Sample, Answer], str | None]  # makes a picture of a sample and its answer, and returns where it is


def predict(
    model: Any,
    paths: Any,
    *,
    top: int = 3,
    threshold: float = 0.0,
    explain: str | os.PathLike[str] | None = None,
    show_input: str | os.PathLike[str] | None = None,
    n_jobs: int | None = None,
    stdin: BinaryIO | None = None,
) -> Iterator[Answer]:
    """Classify files; yield the answer to each, in order, also to those that cannot be read.

    Parameters
    ----------
    model : Model, or the path of a model file
    paths : path or iterable of paths
        Files, or folders, which stand for the files in them.
    top : int > 0, how many labels to list
    threshold : float in [0, 1]
        A best label less probable than this is answered as unknown.
    explain : path or None, a folder for pictures of what led to each answer
    show_input : path or None, a folder for pictures of what the network was given
    n_jobs : int > 0 or None
        Threads or processes that read files; None means one for each core. The answers do not depend on it.
    stdin : binary file object, or None
        What the path "-" stands for.

    Raises
    ------
    UsageError, ModelFileError
        At the call, before the first answer.
    OSError
        A picture cannot be written.
    """
    require("top", top, Whole(1))
    require("threshold", threshold, SHARE)
    opened = open_model(model)
    chosen = samples(paths, stdin, opened.task.name, log.info)
    return _answers(opened, chosen, top, threshold, _pictures(opened, chosen, explain, show_input), n_jobs)


def _pictures(model: Bundle | Ensemble, chosen: Sequence[Sample], explain: Any, show_input: Any) -> dict[str, Picture]:
    """Return what makes the pictures that are asked for, by name."""
    pictures: dict[str, Picture] = {}
    if explain is not None:
        if isinstance(model, Ensemble) or model.views is not None:
            raise UsageError("predict: --explain tells of one model and one view; leave out --with and --average")
        from pipelines.report.explanations import Explanations

        pictures["explanation"] = Explanations(model, explain, chosen).write
    if show_input is not None:
        from pipelines.report.shown_inputs import ShownInputs

        pictures["input"] = ShownInputs(model, show_input, chosen).write
    return pictures


def _answers(
    model: Bundle | Ensemble,
    chosen: Sequence[Sample],
    top: int,
    threshold: float,
    pictures: dict[str, Picture],
    n_jobs: int | None,
) -> Iterator[Answer]:
    warnings_of = getattr(model.reader, "warnings_of", None)  # what a row has to say beside its answer
    for start in range(0, len(chosen), CHUNK):
        chunk = chosen[start : start + CHUNK]
        with blas_threads(1):  # whatever other threads ask for meanwhile
            stored, ok, failures = extract_all(model.reader, [sample.source for sample in chunk], n_jobs)
            probabilities = iter(model.probabilities(stored))
        warnings = iter([tuple(warnings_of(row)) for row in stored] if warnings_of else [()] * len(stored))
        reasons = dict(failures)
        for i, sample in enumerate(chunk):
            if ok[i]:
                answer = Answer.of(sample.name, next(probabilities), model.labels, top, threshold)
                answer = replace(answer, warnings=(*next(warnings), *_warnings_about(model, sample)))
                made = {name: make(sample, answer) for name, make in pictures.items()}
                yield replace(answer, pictures=made) if made else answer
            else:
                yield Answer(sample.name, error=reasons[i])


def _warnings_about(model: Bundle | Ensemble, sample: Sample) -> list[str]:
    """Return what the extractor has to say of a whole sample, which is read once more; nothing where it cannot be."""
    warnings_about = getattr(model.extractor, "warnings_about", None)
    try:
        return warnings_about(model.extractor.read(sample.source)) if warnings_about else []
    except InputFileError:
        return []
