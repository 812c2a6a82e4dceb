"""Transcribing: what several things are in one file, each with its place."""

from collections.abc import Iterator

from pipelines.errors import InputFileError


def transcribe(model, chosen, threshold=0.0) -> Iterator[tuple]:
    """Find and recognise what is in each file; yield its name with the transcript, or with the InputFileError.

    Parameters
    ----------
    model : Bundle
    chosen : sequence of Sample
        As `inputs.samples` makes them.
    threshold : float in [0, 1]
        What is less probable than this is unknown.

    Raises
    ------
    UsageError
        The model's task is about one thing in each file.
    """
    model.task.check_transcribes()
    for sample in chosen:
        try:
            yield sample.name, model.task.transcribe(model, sample, threshold)
        except InputFileError as error:
            yield sample.name, error
