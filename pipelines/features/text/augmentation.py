"""Text augmentation: the variants that the network reads in each epoch instead of the training texts.

Each text is varied each time it is used, see `variation`. A batch may also contain foreign texts, which belong to no
class; their target is that all classes are equally probable.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

import numpy as np

from backprop_core.sparse import SparseRows
from pipelines.features.prefetching import prefetch
from pipelines.features.text.ngrams import normalise
from pipelines.features.text.variation import Variation


class TextAugmentation:
    """Varies texts.

    Parameters
    ----------
    extractor : TextExtractor
    texts : sequence of str
        Of every sample of a data set.
    variation : Variation
    foreign : sequence of str
        Foreign texts for training; may be empty.
    share : float >= 0
        How many foreign texts come with each batch, as a share of its size. They are in addition.
    """

    hesitation = 1.0

    def __init__(self, extractor, texts, variation: Variation, foreign=(), share: float = 0.0):
        self.extractor, self.variation = extractor, variation
        self.texts = [normalise(text) for text in texts]
        self.foreign = [normalise(text) for text in foreign]
        self.share = share if self.foreign else 0.0

    def settings(self) -> dict[str, Any]:
        """Return what was decided, as JSON types."""
        return {"variation": asdict(self.variation), "foreign": self.share, "n_foreign": len(self.foreign)}

    def note(self) -> str:
        """Return the same as a sentence."""
        beside = (
            f", and {len(self.foreign)} foreign texts take turns beside them, {100 * self.share:g} % of the texts"
            if self.share
            else ""
        )
        return f"In each epoch some words of the training texts are dropped, swapped or mistyped{beside}."

    def refit(self, prepared) -> "TextAugmentation":
        """Return the same: nothing was learned from the training rows."""
        return self

    def calibrating(self, prepared) -> None:
        """Return None: probabilities are fitted to the validation texts as they are."""
        return None

    def batches(
        self, prepared, features: Callable, batch_size: int, progress: float, rng: np.random.Generator
    ) -> Iterator[tuple[SparseRows, np.ndarray]]:
        """Yield (X_batch, y_batch) until each training text has been read, varied; see `Prepared.augmentation`.

        y_batch is int [shape=(n,)], or with foreign texts a distribution over the classes, float32
        [shape=(n, n_classes)].
        """
        y, n_classes = prepared.dataset.y, len(prepared.dataset.labels)
        order = rng.permutation(prepared.dataset.rows("train"))
        chunks = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
        seeds = rng.integers(1 << 62, size=len(chunks))  # one for each batch, so that the order of work does not matter

        def make(number):
            chosen, own = chunks[number], np.random.default_rng(seeds[number])
            texts, target = [self.texts[row] for row in chosen], y[chosen]
            if self.share:
                drawn = own.integers(len(self.foreign), size=max(1, round(self.share * len(chosen))))
                texts += [self.foreign[k] for k in drawn]
                known = np.eye(n_classes, dtype=np.float32)[target]
                target = np.concatenate([known, np.full((len(drawn), n_classes), 1 / n_classes, np.float32)])
            varied = [self.variation.vary(text, own) for text in texts]
            return features(self.extractor.extract_rows(varied)), target

        yield from prefetch(make, range(len(chunks)))
