"""The task of recognising what is in a picture."""

from dataclasses import replace

from pipelines.errors import UsageError
from pipelines.features import likeness
from pipelines.features.images.augmentation import ImageAugmentation
from pipelines.features.images.extractor import ImageExtractor
from pipelines.features.images.readings import DrawingReader
from pipelines.features.images.transcription import Page, transcribe_picture
from pipelines.learning.recipe import Recipe
from pipelines.learning.task import Task

FAST = Recipe(
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

BEST = replace(FAST, hidden=(1024, 1024, 1024), residual=True, epochs=100, dropout=0.15, mixup=0.2)


class Images(Task):
    """Pictures of one thing each."""

    name = "images"
    extractor = ImageExtractor
    per_feature = False
    transcribes = True
    presets = {"fast": FAST, "best": BEST}  # noqa: RUF012 - typed in Task

    def extractor_for(self, dataset):
        """Return the extractor whose size, colours and framing suit the training pictures."""
        return ImageExtractor.suited_to(dataset.items, dataset.rows("train"))

    def reader(self, extractor):
        """Return what offers several readings of a picture where a drawing is to be found in it."""
        return DrawingReader(extractor) if extractor.framing == "strokes" else extractor

    def augmentation_for(self, prepared, recipe, n_jobs=None):
        """Return the variation that leaves what the training pictures show, as strong as the recipe has it."""
        return ImageAugmentation.suited_to(prepared, recipe.augmentation) if recipe.augmentation else None

    def describe(self, extractor):
        """Return the size, the colours and the framing as a sentence."""
        drawing = ", and the drawing in each is found and centred" if extractor.framing == "strokes" else ""
        return (
            f"Pictures are brought to {extractor.width} x {extractor.height} pixels, {extractor.channels}{drawing}; "
            "chosen from the data."
        )

    def transcribe(self, model, sample, threshold=0.0):
        """Return the Page of one picture. Raises UsageError where the model is not about drawings."""
        if model.extractor.framing != "strokes":
            raise UsageError("transcribe: this model looks at images as a whole; give one of drawings, as MNIST's are")
        return transcribe_picture(model, sample, threshold)

    def failed_transcript(self, sample, error):
        """Return a Page without lines, which says why."""
        return Page(sample.name, (), str(error))

    def likeness(self, extractor, stored):
        """Return the Likeness of pictures: their pixels, whatever their brightness and contrast."""
        return likeness.of_pictures(extractor, stored)

    def headers(self):
        """Return the module that reads the headers of pictures."""
        from pipelines.features.images import headers

        return headers


TASK = Images()
