"""Transcription: which words are in this recording, and when?

The recording is gone through twice, a block at a time: once to measure where there is a word, once to cut the words
out. Each word then becomes a row of features just as a recording of a single word does, and all rows are classified
together. Memory grows with the number of words and, slowly, with the length; an hour is no trouble.
"""

import numpy as np

from pipelines.features.speech.drift import blocks_without_drift
from pipelines.features.speech.long_recording import LongRecording, stretches
from pipelines.features.speech.transcript import Transcript, Word
from pipelines.features.speech.word_finder import WordFinder, band_power

WORDS_AT_ONCE = 64  # whose samples are in memory together


def transcribe_recording(model, sample, threshold=0.0):
    """Return the Transcript of one recording.

    Parameters
    ----------
    model : Bundle
        Its `extractor`, `labels` and `probabilities` are used.
    sample : pipelines.features.inputs.Sample
    threshold : float in [0, 1]
        A word whose likeliest label is less probable than this is unknown.

    Raises
    ------
    InputFileError
        The sample is no recording that can be read.
    """
    recording = LongRecording(sample.source, model.extractor.sr)
    found = WordFinder().find(band_power(blocks_without_drift(recording.blocks(), recording.sr), recording.sr))
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
