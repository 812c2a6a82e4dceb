"""The task of recognising spoken words."""

from dataclasses import replace

from pipelines.features import likeness
from pipelines.features.speech import augmentation
from pipelines.features.speech.audio_file import sampling_rates
from pipelines.features.speech.extractor import SpeechExtractor
from pipelines.features.speech.transcript import Transcript
from pipelines.features.speech.transcription import transcribe_recording
from pipelines.features.speech.variation import Variation
from pipelines.learning.recipe import Recipe
from pipelines.learning.task import Task

FAST = Recipe(
    hidden=(512, 256),
    epochs=40,
    dropout=0.5,
    input_dropout=0.2,
    label_smoothing=0.1,
    average=0.98,
    augmentation=1.0,
    foreign=0.2,
)

# In so many epochs the variations themselves keep the network from learning the recordings by heart.
BEST = replace(FAST, epochs=150, dropout=0.3, input_dropout=0.1, average=0.99)


class Speech(Task):
    """Recordings of one word each."""

    name = "speech"
    extractor = SpeechExtractor
    per_feature = True
    transcribes = True
    presets = {"fast": FAST, "best": BEST}  # noqa: RUF012 - typed in Task

    def augmentation_for(self, prepared, recipe, n_jobs=None):
        """Return the variants of each training word, and the foreign sounds beside them, as the recipe has them."""
        if not (recipe.augmentation or recipe.foreign):
            return None
        return augmentation.of_recordings(
            prepared.dataset,
            prepared.extractor,
            Variation().scaled(recipe.augmentation),
            augmentation.variants_for(recipe.epochs) if recipe.augmentation else 1,
            recipe.foreign,
            n_jobs,
        )

    def describe(self, extractor):
        """Return the sampling rate as a sentence."""
        return f"Recordings are brought to {extractor.sr / 1000:g} kHz."

    def transcribe(self, model, sample, threshold=0.0):
        """Return the Transcript of one recording."""
        return transcribe_recording(model, sample, threshold)

    def failed_transcript(self, sample, error):
        """Return a Transcript without words, which says why."""
        return Transcript(sample.name, 0.0, (), str(error))

    def likeness(self, extractor, stored):
        """Return the Likeness of recordings: their cepstra, whatever their loudness."""
        return likeness.of_recordings(extractor, stored)

    def conditions(self, items):
        """Return the sampling rates that the files have."""
        return {"sampling rate": sampling_rates(items)}

    def headers(self):
        """Return the module that reads the headers of recordings."""
        from pipelines.features.speech import headers

        return headers


TASK = Speech()
