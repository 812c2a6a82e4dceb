"""Transcription: the words of a recording and their times.

The recording is read one block at a time: once to measure where there is sound, once to take phrases apart into
words where there is no pause between them, and once to cut the words out. Each word is then classified as a recording
of a single word is, but several times, since its ends are uncertain. Memory grows with the number of words and, slowly,
with the length; an hour is no trouble.
"""

import itertools
import math

from pipelines.errors import InputFileError
from pipelines.features.speech import conditions
from pipelines.features.speech.drift import blocks_without_drift
from pipelines.features.speech.grammar import ANY
from pipelines.features.speech.long_recording import LongRecording, stretches
from pipelines.features.speech.segmentation import PHRASE_SECONDS, Segmentation
from pipelines.features.speech.transcript import Transcript, Word
from pipelines.features.speech.uncertain_ends import FARTHEST, answer_together, cut_with_other_ends
from pipelines.features.speech.word_finder import WordFinder, band_power

WORDS_AT_ONCE = 64  # words whose samples are in memory together
LONGEST_SECONDS = 30.0  # of a recording that are processed in one piece


def transcribe_recording(model, sample, threshold=0.0, grammar=None):
    """Return the Transcript of one recording.

    Parameters
    ----------
    model : Bundle
        Its `extractor`, `labels`, `probabilities` and `provenance` are used.
    sample : pipelines.features.inputs.Sample
    threshold : float in [0, 1]
        A word whose likeliest label is less probable than this is unknown.
    grammar : Grammar or None
        Which words there may be, where that is known; then the whole recording is one phrase.

    Raises
    ------
    InputFileError
        The sample is not a recording that can be read, or is too long for a grammar.
    """
    recording = LongRecording(sample.source, model.extractor.sr)
    # The segmentation parts phrases at the borders of words; the finder need not part them where they are softest.
    phrases = WordFinder(dip=math.inf).find(
        band_power(blocks_without_drift(recording.blocks(), recording.sr), recording.sr)
    )
    found = _words_of(phrases, model, recording, grammar)
    words = [
        _word(start, min(stop, recording.seconds), probabilities, model.labels, threshold, must)
        for (start, stop, must), probabilities in _answers(model, recording, found)
    ]
    warnings = (*_missing(grammar, len(words)), *_doubts(model, recording, words))
    return Transcript(sample.name, recording.seconds, tuple(words), warnings=warnings)


def _missing(grammar, n_words):
    """Return a sentence if a recording has no room for the words that a grammar asks for: tuple of str."""
    lengths = [n_words] if grammar is None else grammar.lengths
    if n_words in lengths:
        return ()
    wanted = next((length for length in lengths if length > n_words), lengths[-1])
    return (f"{n_words} of {wanted} words were found; there is no sound for more",)


def _doubts(model, recording, words):
    """Return how a recording differs from the training recordings, if some of its words are in doubt: tuple of str.

    A word is in doubt if it is less probable than the threshold that the training advises. Only the beginning of a
    long recording is examined.
    """
    doubtful = sum(word.probability < model.provenance.get("threshold", 0) for word in words)
    if not doubtful:
        return ()
    [beginning] = stretches(recording.blocks(), [(0, round(LONGEST_SECONDS * recording.sr))])
    unlike = conditions.differences_of_speech(beginning, model.extractor, model.provenance.get("usual", {}))
    in_doubt = f"{doubtful} of {len(words)} words {'is' if doubtful == 1 else 'are'} uncertain"
    return tuple(
        f"{in_doubt}, and the recording differs from the training recordings: {each}" for each in unlike.values()
    )


def _words_of(phrases, model, recording, grammar):
    """Return where the words of phrases are: list of (start, stop, required word or ANY), times in seconds."""
    if grammar is not None and phrases:
        phrases = [(phrases[0][0], phrases[-1][1])]
        if phrases[0][1] - phrases[0][0] > LONGEST_SECONDS:
            raise InputFileError(
                f"{recording.name}: its words are spread over more than {LONGEST_SECONDS:g} s, too long to say which "
                "there are; cut it, or leave out --words and --grammar"
            )
    long = [phrase for phrase in phrases if grammar is not None or phrase[1] - phrase[0] > PHRASE_SECONDS]
    bounds = [(round(start * recording.sr), round(stop * recording.sr)) for start, stop in long]
    sounds = dict(zip(long, stretches(blocks_without_drift(recording.blocks(), recording.sr), bounds), strict=True))
    words = []
    for phrase in phrases:
        parts = Segmentation().words(model, sounds[phrase], grammar) if phrase in sounds else []
        words += [(phrase[0] + start, min(phrase[0] + stop, phrase[1]), must) for start, stop, must in parts] or [
            (*phrase, ANY)
        ]
    return words


def _answers(model, recording, found):
    """Yield each word that has a sound, as it was found, and the probabilities of the labels.

    A grammar may ask for so many words that some of them lie in the silence of a recording without any noise.
    """
    bounds = [(round(start * recording.sr), round(stop * recording.sr)) for start, stop, _ in found]
    farthest = round(FARTHEST * recording.sr)
    spans = [(max(0, start - farthest), stop + farthest) for start, stop in bounds]
    sounds = zip(found, bounds, spans, stretches(recording.blocks(), spans), strict=True)
    while batch := list(itertools.islice(sounds, WORDS_AT_ONCE)):
        cuts = [
            cut_with_other_ends(sound, start - first, stop - first, recording.sr)
            for _, (start, stop), (first, _), sound in batch
        ]
        for (word, *_), probabilities in zip(batch, answer_together(model, cuts), strict=True):
            if probabilities is not None:
                yield word, probabilities


def _word(start, end, probabilities, labels, threshold, must=ANY):
    best = int(probabilities.argmax()) if must == ANY else must
    probability = float(probabilities[best])
    return Word(start, end, labels[best] if probability >= threshold else None, probability)
