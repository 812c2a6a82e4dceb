"""Transcribing: what several things are in one file, each with its place."""

import os
from collections.abc import Iterator
from typing import Any, BinaryIO

from pipelines.errors import InputFileError
from pipelines.features.inputs import samples
from pipelines.learning.ranges import SHARE, Whole, require
from pipelines.machine.cores import blas_threads
from pipelines.machine.log import log
from pipelines.models.opening import open_model


def transcribe(
    model: Any,
    paths: Any,
    *,
    threshold: float = 0.0,
    words: int | None = None,
    grammar: str | os.PathLike[str] | None = None,
    stdin: BinaryIO | None = None,
) -> Iterator[Any]:
    """Find and recognise what is in each file; yield its transcript, which has an `.error` where it cannot be read.

    Parameters
    ----------
    model : Model, or the path of a model file
    paths : path or iterable of paths
        Files, or folders, which stand for the files in them.
    threshold : float in [0, 1]
        What is less probable than this is unknown.
    words : int > 0 or None
        How many words each recording has, where that is known.
    grammar : path or None
        A text file with a sequence of words in each line: each recording has one of these.
    stdin : binary file object, or None
        What the path "-" stands for.

    Raises
    ------
    UsageError
        The model's task is about one thing in each file, or a grammar is none.
    ModelFileError
    """
    require("threshold", threshold, SHARE)
    opened = open_model(model)
    opened.task.check_transcribes()
    if words is not None:
        require("words", words, Whole(1))
    known = opened.task.grammar(opened, words, grammar)
    return _transcripts(opened, samples(paths, stdin, opened.task.name, log.info), threshold, known)


def _transcripts(model: Any, chosen: Any, threshold: float, grammar: Any) -> Iterator[Any]:
    for sample in chosen:
        try:
            with blas_threads(1):
                transcript = model.task.transcribe(model, sample, threshold, grammar)
        except InputFileError as error:
            transcript = model.task.make_failed_transcript(sample, error)
        yield transcript
