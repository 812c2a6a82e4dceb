"""Tasks: what differs between recognising words and recognising pictures, and nothing else.

A task names its data sets, how a file becomes a row of numbers, how rows are scaled, and good recipes. The verbs
(train, evaluate, predict) are written once, over a task.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from pipelines.errors import UsageError
from pipelines.features import likeness, speech_augmentation
from pipelines.features.audio_file import sampling_rates
from pipelines.features.image import ImageExtractor
from pipelines.features.image_augmentation import ImageAugmentation
from pipelines.features.speech import SpeechExtractor
from pipelines.features.variation import Variation
from pipelines.recipe import Recipe


@dataclass(frozen=True)
class Task:
    """A kind of thing to recognise.

    Attributes
    ----------
    name : str
        As on the command line, and in the registry of data sets.
    extractor : type
        Its extractor's class; `from_settings` restores one from a model file.
    extractor_for : function of a Dataset
        Returns the extractor that suits the data.
    augmentation_for : function of (Prepared, Recipe, number of threads or None)
        Returns what makes the training rows vary, see `Prepared`; None where the recipe asks for nothing of the kind.
    told : function of an extractor
        Returns what it brings samples to, as a sentence.
    likeness : function of (extractor, stored rows)
        Returns the `features.likeness.Likeness` by which copies are found.
    conditions : function of the items of a Dataset
        Returns under what conditions each was taken, where files say so: dict of str to ndarray of str [shape=(n,)].
    per_feature : bool
        What `Standardizer` needs to know of the features.
    presets : dict of str to Recipe
        `"fast"`, for a first result in seconds, and `"best"`, for the best score in minutes.
    """

    name: str
    extractor: type
    extractor_for: Callable
    augmentation_for: Callable
    told: Callable
    likeness: Callable
    conditions: Callable
    per_feature: bool
    presets: dict[str, Recipe]


def _varied_speech(prepared, recipe, n_jobs):
    if not (recipe.augmentation or recipe.foreign):
        return None
    return speech_augmentation.of_recordings(
        prepared.dataset,
        prepared.extractor,
        Variation().scaled(recipe.augmentation),
        speech_augmentation.variants_for(recipe.epochs) if recipe.augmentation else 1,
        recipe.foreign,
        n_jobs,
    )


FAST_SPEECH = Recipe(
    hidden=(512, 256),
    epochs=40,
    dropout=0.5,
    input_dropout=0.2,
    label_smoothing=0.1,
    average=0.98,
    augmentation=1.0,
    foreign=0.2,
)

SPEECH = Task(
    name="speech",
    extractor=SpeechExtractor,
    extractor_for=lambda dataset: SpeechExtractor(),
    augmentation_for=_varied_speech,
    told=lambda extractor: f"Recordings are brought to {extractor.sr / 1000:g} kHz.",
    likeness=likeness.of_recordings,
    conditions=lambda items: {"sampling rate": sampling_rates(items)},
    per_feature=True,
    presets={
        "fast": FAST_SPEECH,
        # In so many epochs the variations themselves keep the network from learning the recordings by heart.
        "best": replace(FAST_SPEECH, epochs=150, dropout=0.3, input_dropout=0.1, average=0.99),
    },
)

FAST_IMAGES = Recipe(
    hidden=(512, 512),
    epochs=16,
    least_steps=1500,
    activation="gelu",
    normalization="layer",
    label_smoothing=0.1,
    learning_rate=3e-3,
    batch_size=256,
    average=0.999,
    augmentation=1.0,
)

BEST_IMAGES = replace(FAST_IMAGES, hidden=(1024, 1024, 1024), residual=True, epochs=100, dropout=0.15, mixup=0.2)


def _told_of_pictures(extractor):
    drawing = ", and the drawing in each is found and centred" if extractor.framing == "strokes" else ""
    return (
        f"Pictures are brought to {extractor.width} x {extractor.height} pixels, {extractor.channels}{drawing}; chosen "
        "from the data."
    )


IMAGES = Task(
    name="images",
    extractor=ImageExtractor,
    extractor_for=lambda dataset: ImageExtractor.suited_to(dataset.items, dataset.rows("train")),
    augmentation_for=lambda prepared, recipe, n_jobs: (
        ImageAugmentation.suited_to(prepared, recipe.augmentation) if recipe.augmentation else None
    ),
    told=_told_of_pictures,
    likeness=likeness.of_pictures,
    conditions=lambda items: {},
    per_feature=False,
    presets={
        "fast": FAST_IMAGES,
        "best": BEST_IMAGES,
    },
)

TASKS = {task.name: task for task in (SPEECH, IMAGES)}


def find(name):
    """Return the task of this name, or raise UsageError."""
    if name not in TASKS:
        raise UsageError(f"{name}: no such task; choose {' or '.join(TASKS)}")
    return TASKS[name]
