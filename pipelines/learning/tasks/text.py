"""The task of classifying short texts: what a text asks for, its subject, or its language.

Modules that only training needs are imported there, so that a prediction need not wait for them.
"""

from dataclasses import replace

from backprop_core.term_weighting import TermWeighting
from pipelines.features import likeness
from pipelines.features.text.extractor import TextExtractor
from pipelines.features.text.stream import texts_in, whole
from pipelines.learning.recipe import Recipe
from pipelines.learning.task import BATCH, Task

FAST = Recipe(
    hidden=(256,),
    epochs=10,
    least_steps=200,
    dropout=0.7,
    label_smoothing=0.1,
    eps=1e-4,
    learning_rate=2e-2,
    batch_size=256,
    weight_decay=0.0,
    clip_norm=0.0,
    patience=20,
    augmentation=0.3,
    foreign=0.2,
    balance=0.0,
)

BEST = replace(FAST, epochs=15, members=3, augmentation=0.6)


class Text(Task):
    """Short texts of one kind each."""

    name = "text"
    extractor = TextExtractor  # type: ignore[assignment]  # its rows are sparse
    presets = {"fast": FAST, "best": BEST}  # noqa: RUF012 - typed in Task

    def scaling(self):
        """Return what weighs the columns of rows by how rare they are in training texts."""
        return TermWeighting()

    def augmentation_for(self, prepared, recipe, n_jobs=None):
        """Return the variation of each training text, and the foreign texts beside them, as the recipe has them."""
        dataset, extractor = prepared.dataset, prepared.extractor
        foreign = dataset.foreign
        learned = [foreign.items[row] for row in foreign.rows("train")] if foreign and recipe.foreign else []
        if not (recipe.augmentation or learned):
            return None
        from pipelines.features.text.augmentation import TextAugmentation
        from pipelines.features.text.variation import Variation

        texts = [extractor.read(item) for item in dataset.items]
        return TextAugmentation(extractor, texts, Variation().scale(recipe.augmentation), learned, recipe.foreign)

    def batches(self, samples, *, lines=False, column=None, encoding=None):
        """Yield the texts in files, a few at a time: each file is one, or each line, or each cell of a column."""
        if not (lines or column):
            if encoding is not None:
                samples = [sample if isinstance(sample.source, str) else whole(sample, encoding) for sample in samples]
            return (list(samples[start : start + BATCH]) for start in range(0, len(samples), BATCH))
        return (
            batch
            for sample in samples
            for batch in ([[sample]] if isinstance(sample.source, str) else texts_in(sample, column, encoding))
        )

    def describe(self, extractor):
        """Return what a row holds as a sentence."""
        return (
            f"Texts are divided into words, pairs of words and pieces of {extractor.letters[0]} to "
            f"{extractor.letters[-1]} letters, hashed into {extractor.columns:,} columns."
        )

    def likeness(self, extractor, stored):
        """Return the Likeness of texts: the pieces that they are made of."""
        return likeness.of_texts(extractor, stored)

    def telling_words(self, prepared, in_class, outside, few):
        """Return the words that alone tell a class from all others; see `Task.telling_words`."""
        from pipelines.features.text.words import telling_words

        dataset, rows = prepared.dataset, prepared.dataset.rows("train")
        texts = [prepared.extractor.read(dataset.items[row]) for row in rows]
        return telling_words(texts, dataset.y[rows], in_class, outside, few)

    def headers(self):
        """Return the module that looks at texts without learning from them."""
        from pipelines.features.text import headers

        return headers


TASK = Text()
