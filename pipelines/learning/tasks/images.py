"""The task of recognising what is in a picture.

Modules that only training or transcription need are imported there, so that a prediction need not wait for them.
"""

from dataclasses import replace

import numpy as np

from backprop_core.scaling import Standardizer
from pipelines.errors import UsageError
from pipelines.features import likeness
from pipelines.features.images.extractor import CHANNELS, ImageExtractor
from pipelines.features.images.gradient_extractor import KIND, GradientExtractor
from pipelines.features.images.readings import DrawingReader
from pipelines.learning.recipe import Recipe
from pipelines.learning.task import Task

FAST = Recipe(
    hidden=(512, 512),
    epochs=16,
    least_steps=400,
    activation="gelu",
    normalization="layer",
    label_smoothing=0.1,
    learning_rate=3e-3,
    batch_size=256,
    average=0.999,
    augmentation=1.0,
)

BEST = replace(FAST, hidden=(1024, 1024, 1024), residual=True, epochs=200, least_steps=1500, dropout=0.2, mixup=0.4)


PROBED = 2000  # training pictures that decide the choice of features
DRAWINGS_PROBED = 500  # training pictures, in which drawings are looked for
SMALLEST_PAGE = 16  # pixels of the shorter side of a picture in which a drawing is looked for


class Images(Task):
    """Pictures of one thing each."""

    name = "images"
    extractor = ImageExtractor
    transcribes = True
    presets = {"fast": FAST, "best": BEST}  # noqa: RUF012 - typed in Task

    def extractor_for(self, dataset, recipe=None):
        """Return the extractor whose size, colours and framing suit the training pictures.

        Where the recipe leaves the features to the data, the drawing in each picture is found if the training pictures
        are drawings and their place and size mean nothing. Other pictures in colour are described by gradients if these
        tell more of some training pictures than pixels do; see `picture_character`.
        """
        rows, asked = dataset.rows("train"), "pixels" if recipe is None else recipe.features
        if asked == KIND:
            return GradientExtractor.choose_for(dataset.items, rows)
        if asked == "drawing":
            return ImageExtractor.for_drawings()
        plain = ImageExtractor.choose_for(dataset.items, rows)
        if asked == "pixels" or plain.framing == "strokes":
            return plain
        if _are_drawings(dataset, rows, plain):
            return ImageExtractor.for_drawings()
        return plain if CHANNELS[plain.channels] == 1 else _more_telling(dataset, rows, plain)

    def restore(self, settings, matrices=None):
        """Return the extractor that a model file describes, of pixels or of gradients."""
        kind = GradientExtractor if settings.get("features") == KIND else ImageExtractor
        return kind.from_settings(settings, matrices)

    def reader(self, extractor):
        """Return what offers several readings of a picture where a drawing is to be found in it."""
        return DrawingReader(extractor) if extractor.framing == "strokes" else extractor

    def scaling(self):
        """Return what scales all pixels alike: they share a unit, and one that rarely lights up is not blown up."""
        return Standardizer(per_feature=False)

    def augmentation_for(self, prepared, recipe, n_jobs=None):
        """Return the variation that does not change what the training pictures show, as strong as the recipe says."""
        if not recipe.augmentation:
            return None
        from pipelines.features.images.augmentation import LONG, ImageAugmentation
        from pipelines.features.images.variants import number_of_variants

        extractor, n_rows, kept = prepared.extractor, len(prepared.dataset.rows("train")), 0
        epochs = recipe.for_rows(max(1, n_rows)).epochs
        if extractor.name == KIND:
            kept = number_of_variants(n_rows, extractor.n_features, epochs)
        return ImageAugmentation.choose_for(prepared, recipe.augmentation, kept, epochs >= LONG)

    def describe(self, extractor):
        """Return the size, the colours and the framing as a sentence."""
        drawing = ", and the drawing in each is found and centred" if extractor.framing == "strokes" else ""
        size = (
            f"Pictures are brought to {extractor.width} x {extractor.height} pixels, {extractor.channels}{drawing}; "
            "chosen from the data."
        )
        if extractor.name != KIND:
            return size
        because = f", because {extractor.because}" if extractor.because else ""
        return (
            f"{size} The network is given their {extractor.n_features} gradient features instead of pixels{because} "
            "(features in the recipe)."
        )

    def transcribe(self, model, sample, threshold=0.0, grammar=None):
        """Return the Page of one picture. Raises UsageError if the model is not about drawings."""
        if model.extractor.framing != "strokes" or model.extractor.is_filled:
            raise UsageError(
                "transcribe: this model reads a picture as a whole; give a model of drawings with room around them, "
                "such as MNIST's"
            )
        from pipelines.features.images.transcription import transcribe_picture

        return transcribe_picture(model, sample, threshold)

    def make_failed_transcript(self, sample, error):
        """Return a Page without lines, which says why."""
        from pipelines.features.images.transcription import Page

        return Page(sample.name, (), str(error))

    def likeness(self, extractor, stored):
        """Return the Likeness of pictures: their pixels, whatever their brightness and contrast."""
        return likeness.of_pictures(extractor, stored)

    def headers(self):
        """Return the module that reads the headers of pictures."""
        from pipelines.features.images import headers

        return headers


def _are_drawings(dataset, rows, plain):
    """Tell whether the training pictures are drawings whose place and size mean nothing.

    Drawings stand on an even ground, one in each picture, and are made of strokes; at most 1 picture in 20 may be an
    exception.
    """
    from pipelines.features.extraction import extract_all
    from pipelines.features.images import picture_character, stroke_framing

    if min(plain.width, plain.height) < SMALLEST_PAGE:
        return False
    probe, pictures = _probe(plain, dataset, rows, DRAWINGS_PROBED)
    if picture_character.evenness_of_edges(pictures) < picture_character.EVEN_EDGES:
        return False
    framed, few = ImageExtractor.for_drawings(), DRAWINGS_PROBED // 10
    rows_read, is_read = [], []
    for part in (probe.items[:few], probe.items[few:]):  # most pictures that are no drawings are told by the first few
        stored, ok, _ = extract_all(DrawingReader(framed), part)
        rows_read.append(stored)
        is_read.append(ok)
        stored, ok = np.concatenate(rows_read), np.concatenate(is_read)
        drawings, n_drawings = stored[:, : framed.n_stored].reshape(-1, *framed.grid), stored[:, -1]
        if (n_drawings == 1).sum() < stroke_framing.OBEYED * len(ok):
            return False
        if not stroke_framing.are_strokes(drawings[..., 0], framed.drawing_side):
            return False
    return picture_character.drawings_tell_as_much(drawings, pictures[ok], probe.y[ok], np.random.default_rng(0))


def _more_telling(dataset, rows, plain):
    """Return the extractor of gradients if these tell more than the pixels of colour pictures, else `plain`."""
    from pipelines.features.images.picture_character import gradients_tell_more

    richer = GradientExtractor.choose_for(dataset.items, rows)
    probe, pictures = _probe(richer, dataset, rows, PROBED)
    more, by_pixels, by_gradients = gradients_tell_more(pictures, probe.y, np.random.default_rng(0))
    if not more:
        return plain
    return richer.add_reason(
        f"a linear classifier is right on {100 * by_gradients:.0f} % of some of them with gradients and on "
        f"{100 * by_pixels:.0f} % by pixels"
    )


def _probe(extractor, dataset, rows, most):
    """Return the Dataset of some training pictures that can be read, and these pictures in the extractor's size: uint8
    [shape=(n, height, width, n_channels)].
    """
    from pipelines.features.extraction import extract_all

    some = np.random.default_rng(0).permutation(rows if len(rows) else np.arange(len(dataset)))[:most]
    probe = dataset.only(some)
    stored, ok, _ = extract_all(extractor, probe.items)
    pictures = stored.reshape(-1, extractor.height, extractor.width, CHANNELS[extractor.channels])
    return probe.only(np.flatnonzero(ok)), pictures


TASK = Images()
