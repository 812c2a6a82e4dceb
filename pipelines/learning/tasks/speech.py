"""The task of recognising spoken words.

Modules that only training or transcription need are imported there, so that a prediction need not wait for them.
"""

from dataclasses import replace

import numpy as np

from pipelines.errors import InputFileError, UsageError
from pipelines.features import likeness
from pipelines.features.speech.audio_file import sampling_rates
from pipelines.features.speech.extractor import SpeechExtractor
from pipelines.features.speech.mfcc import NO_MASKING
from pipelines.learning.recipe import Recipe
from pipelines.learning.task import Task

FAST = Recipe(
    hidden=(512, 256),
    epochs=40,
    dropout=0.5,
    input_dropout=0.2,
    label_smoothing=0.1,
    average=0.98,
    augmentation=0.4,  # so few epochs are not enough for more variation
    foreign=0.4,
    least_steps=700,
)

# In so many steps the variations alone prevent the network from memorising the recordings.
BEST = replace(
    FAST,
    hidden=(1024, 512),
    augmentation=1.0,
    foreign=0.8,
    epochs=120,
    dropout=0.3,
    input_dropout=0.1,
    average=0.995,
    least_steps=5600,
    directions=True,  # in the few steps of `fast`, frames are learned better
)

# One of the views at prediction is heard through noise 25 dB below the word: strangers' rooms are stiller, or noisier,
# than those of the training recordings, and behind noise they are alike. `benchmarks/choose_for_voices.py` measures it.
# The frames of a word go partly by its changes, since strangers hold their vowels for longer, or not so long. With
# shares of 0, 0.3 and 0.5, networks of 512 and 256 units that learned FSDD get 86.1, 88.3 and 88.8 % of 906 digits by
# strangers right, and 22, 22 and 25 % of the words in their strings of digits wrong. Spanish networks get 83, 84 and
# 86 % of the digits of a new voice right (four seeds, of the strings two).
NARROW = SpeechExtractor(maskings=(NO_MASKING, 25.0, NO_MASKING), change_share=0.3)
# Recordings of 16 kHz and more contain sound above 4 kHz: the hiss of s and f, which distinguishes many words.
WIDE = replace(NARROW, sr=16000, n_fft=512, win_length=400, hop_length=160, n_mels=40, fmax=7600.0)
WIDE_SHARE = 0.9  # share of the recordings that must have this rate
SAMPLED = 200  # recordings that are examined


def _rate(path):
    """Return the sampling rate of a recording in Hz, or None if it cannot be read."""
    try:
        return 1000 * float(sampling_rates([path])[0].split()[0])
    except InputFileError:
        return None


class Speech(Task):
    """Recordings of one word each."""

    name = "speech"
    extractor = SpeechExtractor
    transcribes = True
    presets = {"fast": FAST, "best": BEST}  # noqa: RUF012 - typed in Task

    def extractor_for(self, dataset, recipe=None):
        """Return the extractor for the band that the recordings have: up to 7.6 kHz where nearly all have so much."""
        if isinstance(dataset.items, np.ndarray) or not len(dataset):
            return NARROW
        some = dataset.items[:: max(1, len(dataset) // SAMPLED)]
        wide = sum(rate is not None and rate >= WIDE.sr for rate in map(_rate, some))
        return WIDE if wide >= WIDE_SHARE * len(some) else NARROW

    def augmentation_for(self, prepared, recipe, n_jobs=None):
        """Return the variants of each training word, and the foreign sounds beside them, as the recipe says."""
        if not (recipe.augmentation or recipe.foreign):
            return None
        from pipelines.features.speech import augmentation
        from pipelines.features.speech.blends import Blending
        from pipelines.features.speech.neighbours import Neighbours
        from pipelines.features.speech.variation import Variation

        epochs = recipe.for_rows(max(1, len(prepared.dataset.rows("train")))).epochs
        return augmentation.of_recordings(
            prepared.dataset,
            prepared.extractor,
            Variation().scale(recipe.augmentation),
            augmentation.variants_for(epochs) if recipe.augmentation else 1,
            recipe.foreign,
            n_jobs,
            Blending().scale(recipe.augmentation),
            Neighbours() if recipe.augmentation else None,
        )

    def describe(self, extractor):
        """Return the sampling rate as a sentence."""
        return f"Recordings are resampled to {extractor.sr / 1000:g} kHz."

    def transcribe(self, model, sample, threshold=0.0, grammar=None):
        """Return the Transcript of one recording."""
        from pipelines.features.speech.transcription import transcribe_recording

        return transcribe_recording(model, sample, threshold, grammar)

    def grammar(self, model, words=None, path=None):
        """Return the Grammar of so many words, or of the sequences in a file; None if neither is given."""
        if words is not None and path is not None:
            raise UsageError("transcribe: give --words or --grammar, not both; a grammar says how many words there are")
        from pipelines.features.speech.grammar import Grammar

        if path is not None:
            return Grammar.read(path, model.labels)
        return None if words is None else Grammar.of_count(words)

    def make_failed_transcript(self, sample, error):
        """Return a Transcript without words, which says why."""
        from pipelines.features.speech.transcript import Transcript

        return Transcript(sample.name, 0.0, (), str(error))

    def likeness(self, extractor, stored):
        """Return the Likeness of recordings: their cepstra, whatever their loudness."""
        return likeness.of_recordings(extractor, stored)

    def conditions(self, items):
        """Return the sampling rates that the files have."""
        return {"sampling rate": sampling_rates(items)}

    def usual(self, extractor, items):
        """Return the conditions of some of the training recordings: see `conditions`."""
        from pipelines.features.speech import conditions

        some = items[:: max(1, -(-len(items) // conditions.SAMPLED))]
        decoded = [extractor.read(item) for item in some if not isinstance(item, np.ndarray)]
        return conditions.usual([conditions.measure(waveform, extractor) for waveform in decoded])

    def unlike(self, extractor, decoded, limits):
        """Return the differences between a recording and the training recordings."""
        from pipelines.features.speech import conditions

        return conditions.differences(conditions.measure(decoded, extractor), limits)

    def headers(self):
        """Return the module that reads the headers of recordings."""
        from pipelines.features.speech import headers

        return headers


TASK = Speech()
