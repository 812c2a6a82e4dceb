"""Transcription: which words are in this recording, and when?

The recording is gone through twice, a block at a time: once to measure where there is a word, once to cut the words
out. Each word then becomes a row of features just as a recording of a single word does, and all rows are classified
together. Memory grows with the number of words and, slowly, with the length; an hour is no trouble.
"""

from collections.abc import Iterator

import numpy as np

from pipelines.errors import InputFileError, UsageError
from pipelines.features.long_recording import LongRecording, stretches
from pipelines.features.word_finder import WordFinder, band_power
from pipelines.transcripts import Transcript, Word

WORDS_AT_ONCE = 64  # whose samples are in memory together


def transcribe(model, chosen, threshold=0.0) -> Iterator[tuple[str, Transcript | InputFileError]]:
    """Find and recognise the words of recordings; yield the name of each with its transcript, or why there is none.

    Parameters
    ----------
    model : Bundle
        Of speech.
    chosen : sequence of Sample
        As `predict.samples` makes them.
    threshold : float in [0, 1]
        A word whose likeliest label is less probable than this is unknown.

    Raises
    ------
    UsageError
        The model does not recognise sound.
    """
    if not hasattr(model.extractor, "sr"):
        raise UsageError(f"transcribe: this model recognises {model.task.name}; give one that was trained on speech")
    for sample in chosen:
        try:
            yield sample.name, transcript_of(model, sample, threshold)
        except InputFileError as error:
            yield sample.name, error


def transcript_of(model, sample, threshold=0.0):
    """Return the Transcript of one sample; InputFileError if it is no recording."""
    recording = LongRecording(sample.source, model.extractor.sr)
    found = WordFinder().find(band_power(recording.blocks(), recording.sr))
    probabilities = model.probabilities(_rows(model.extractor, recording, found))
    words = [
        _word(start, min(stop, recording.seconds), row, model.labels, threshold)
        for (start, stop), row in zip(found, probabilities, strict=True)
    ]
    return Transcript(sample.name, recording.seconds, tuple(words))


def _rows(extractor, recording, found):
    """Return the features of each word found: ndarray [shape=(n_words, n_stored)]."""
    bounds = [(round(start * recording.sr), round(stop * recording.sr)) for start, stop in found]
    words, rows = stretches(recording.blocks(), bounds), [np.empty((0, extractor.n_stored), extractor.stored_dtype)]
    for start in range(0, len(bounds), WORDS_AT_ONCE):
        together = [next(words) for _ in bounds[start : start + WORDS_AT_ONCE]]
        rows.append(extractor.stored_rows(together))
    return np.concatenate(rows)


def _word(start, end, probabilities, labels, threshold):
    best = int(probabilities.argmax())
    probability = float(probabilities[best])
    return Word(start, end, labels[best] if probability >= threshold else None, probability)
