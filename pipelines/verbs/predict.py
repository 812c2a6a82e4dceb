"""Prediction: what is in these files?

Files are read and classified a chunk at a time; a file that cannot be read gets an error, and the others get answers.
The model file contains the settings of the features.
"""

import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, BinaryIO

import numpy as np

from backprop_core.sparse import MANY
from backprop_core.threads import for_each
from pipelines.errors import InputFileError, UsageError
from pipelines.features.extraction import extract_noted
from pipelines.features.extractor import Reader
from pipelines.features.inputs import Sample, samples
from pipelines.learning.ranges import COUNT, FOLDER, SHARE, STRING, require
from pipelines.machine.cores import blas_threads, cores
from pipelines.machine.log import log
from pipelines.models.answer import Answer, guesses_of
from pipelines.models.bundle import Bundle
from pipelines.models.ensemble import Ensemble
from pipelines.models.opening import open_model
from pipelines.wording import article

Picture = Callable[[Sample, Answer], str | None]  # makes a picture of a sample and its answer, and returns its path


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
    texts: str | Iterable[str] = (),
    lines: bool = False,
    column: str | None = None,
    encoding: str | None = None,
) -> Iterator[Answer]:
    """Classify files; yield an answer to each, in order, also to files that cannot be read.

    Parameters
    ----------
    model : Model, or the path of a model file
    paths : path or iterable of paths
        Files, or folders, which mean the files in them.
    top : int > 0, how many labels to list
    threshold : float in [0, 1]
        If the best label is less probable than this, the answer is unknown.
    explain : path or None
        A folder for the evidence for each answer: a picture, or for a text a page with its words.
    show_input : path or None
        A folder for the network's input: a picture, or for a text the list of its n-grams.
    n_jobs : int > 0 or None
        Threads or processes that read files; None means one for each core. The answers do not depend on it.
    stdin : binary file object, or None
        The file for the path "-".
    texts : str or iterable of str, to classify before the files
    lines : bool
        Whether each line of a file is a text; it is answered at once.
    column : str or None
        Of CSV with headings or JSON lines, the column of the texts.
    encoding : str or None, of files of text that are not Unicode

    Raises
    ------
    UsageError, ModelFileError
        At the call, before the first answer.
    OSError
        A picture cannot be written.
    """
    top, threshold = require("top", top, COUNT), require("threshold", threshold, SHARE)
    n_jobs = require("jobs", n_jobs, COUNT, optional=True)
    for name, folder in (("explain", explain), ("show_input", show_input)):
        require(name, folder, FOLDER, optional=True)
    for name, text in (("column", column), ("encoding", encoding)):
        require(name, text, STRING, optional=True)
    chosen = [Sample(text, text) for text in _list_texts(texts)]
    opened = open_model(model)
    many = lines or column is not None
    chosen += samples(paths, stdin, opened.task.name, log.info, streams=many)
    batches = opened.task.batches(chosen, lines=lines, column=column, encoding=encoding)
    if explain is None and show_input is None:
        return _answers(opened, batches, top, threshold, {}, n_jobs)
    pictures = _pictures(opened, chosen, explain, show_input)  # the pictures must not replace a sample
    return _answers(opened, batches, top, threshold, pictures, n_jobs)


def _list_texts(texts: Any) -> list[str]:
    """Return the texts to classify as a list; a text alone is one of them. Raises UsageError."""
    if isinstance(texts, str):
        return [texts]
    if isinstance(texts, bytes | Mapping) or not isinstance(texts, Iterable):
        raise UsageError(f"texts: give a text or a list of texts, not {article(texts)}")
    listed = list(texts)
    for text in listed:
        if not isinstance(text, str):
            raise UsageError(f"texts: each text is a str, not {article(text)}")
    return listed


def _pictures(model: Bundle | Ensemble, chosen: Sequence[Sample], explain: Any, show_input: Any) -> dict[str, Picture]:
    """Return the functions that make the requested pictures, by name."""
    pictures: dict[str, Picture] = {}
    if explain is not None:
        if isinstance(model, Ensemble) or model.views is not None:
            raise UsageError("predict: --explain is for one model and one view; leave out --with and --average")
        from pipelines.report.explanations import Explanations

        pictures["explanation"] = Explanations(model, explain, chosen).write
    if show_input is not None:
        from pipelines.report.shown_inputs import ShownInputs

        pictures["input"] = ShownInputs(model, show_input, chosen).write
    return pictures


def _answers(
    model: Bundle | Ensemble,
    batches: Iterable[list[Sample]],
    top: int,
    threshold: float,
    pictures: dict[str, Picture],
    n_jobs: int | None,
) -> Iterator[Answer]:
    for batch in batches:
        chunk = [sample for sample in batch if sample.problem is None]
        with blas_threads(1):  # even if other threads predict at the same time
            probabilities, warned, ok, failures = _work_out(model, [each.source for each in chunk], n_jobs)
        guesses, warnings = guesses_of(probabilities, model.labels, top, threshold), iter(warned)
        reasons = dict(failures)
        places = iter(range(len(chunk)))
        for sample in batch:
            if sample.problem is not None:
                yield Answer(sample.name, error=sample.problem)
                continue
            text = sample.source if isinstance(sample.source, str) else None
            if ok[i := next(places)]:
                answer = Answer.make(sample.name, *next(guesses), text)
                if told := (*next(warnings), *_doubts_about(model, sample, answer)):
                    answer = replace(answer, warnings=told)
                made = {name: make(sample, answer) for name, make in pictures.items()}
                yield replace(answer, pictures=made) if made else answer
            else:
                reason = reasons[i] if text is None else f"{sample.name}: {reasons[i].partition(': ')[2]}"
                yield Answer(sample.name, error=reason, text=text)


def _work_out(model: Bundle | Ensemble, sources: Sequence[Any], n_jobs: int | None) -> tuple:
    """Return (class probabilities and warnings of readable samples, ok, failures); the last two as in `extract_all`.

    If there are many texts, each core computes a share of them.
    """
    warnings_of = model.reader.warnings_of if isinstance(model.reader, Reader) else None  # warnings of a row
    note = model.extractor.warnings_about  # warnings of a whole sample

    def work_out(share: Sequence[Any]) -> tuple:
        stored, ok, failures, notes = extract_noted(model.reader, share, note, n_jobs)
        by_row = map(warnings_of, stored) if warnings_of else [()] * len(stored)
        warned = [(*told, *(noted or ())) for told, noted in zip(by_row, notes, strict=True)]
        return model.probabilities(stored), warned, ok, failures

    n = min(n_jobs or cores(), len(sources) // MANY) if model.reader.sparse else 1
    if n < 2:
        return work_out(sources)
    shares, starts = [()] * n, [len(sources) * k // n for k in range(n + 1)]

    def work_out_share(k: int) -> None:
        shares[k] = work_out(sources[starts[k] : starts[k + 1]])

    for_each(work_out_share, [(k,) for k in range(n)], n)
    probabilities, warned, ok, failures = zip(*shares, strict=True)
    moved = [(starts[k] + index, why) for k in range(n) for index, why in failures[k]]
    return np.concatenate(probabilities), list(itertools.chain(*warned)), np.concatenate(ok), moved


def _doubts_about(model: Bundle | Ensemble, sample: Sample, answer: Answer) -> list[str]:
    """Return how a sample differs from the training samples, if its answer is in doubt.

    An answer is in doubt if it is less probable than the threshold that the training advises. This reads the sample
    again, and returns an empty list if that is impossible.
    """
    limits = model.provenance.get("usual")
    if not limits or not (answer.unknown or (answer.probability or 0) < model.provenance.get("threshold", 0)):
        return []
    try:
        decoded = model.extractor.read(sample.source)
    except InputFileError:
        return []
    unlike = model.task.unlike(model.extractor, decoded, limits)
    return [
        f"the answer is uncertain, and the recording differs from the training recordings: {each}" for each in unlike
    ]
