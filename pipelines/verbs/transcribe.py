"""Transcribing: several words or drawings in one file, each with its place."""

import os
from collections.abc import Iterator
from typing import Any, BinaryIO

from pipelines.errors import InputFileError
from pipelines.features.inputs import samples
from pipelines.learning.ranges import FILE, SHARE, Whole, require
from pipelines.machine.cores import blas_threads
from pipelines.machine.log import log
from pipelines.models.opening import open_model

MOST_WORDS = 200  # that may be known to be in a recording


def transcribe(
    model: Any,
    paths: Any,
    *,
    threshold: float = 0.0,
    words: int | None = None,
    grammar: str | os.PathLike[str] | None = None,
    stdin: BinaryIO | None = None,
) -> Iterator[Any]:
    """Find and classify the words or drawings in each file; yield its transcript, with an `.error` if it cannot be
    read.

    Parameters
    ----------
    model : Model, or the path of a model file
    paths : path or iterable of paths
        Files, or folders, which mean the files in them.
    threshold : float in [0, 1]
        A less probable answer is unknown.
    words : int in [1, MOST_WORDS] or None
        The number of words in each recording, if it is known.
    grammar : path or None
        A text file with a sequence of words in each line; each recording is one of these lines.
    stdin : binary file object, or None
        The file for the path "-".

    Raises
    ------
    UsageError
        The model's task has only one thing in each file, or a grammar is invalid.
    ModelFileError
    """
    threshold, words = (
        require("threshold", threshold, SHARE),
        require("words", words, Whole(1, MOST_WORDS), optional=True),
    )
    require("grammar", grammar, FILE, optional=True)
    opened = open_model(model)
    opened.task.check_transcribes()
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
