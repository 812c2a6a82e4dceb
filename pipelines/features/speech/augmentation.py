"""Speech augmentation: the variants that the network hears in each epoch instead of the recordings.

Variants of all recordings are made once, before training, and kept on disk; an epoch then costs no more than one of
plain recordings. In each epoch one variant of each recording is drawn. Beside them may stand foreign sounds, for which
every class is equally right.
"""

import functools
from dataclasses import asdict

import numpy as np

from pipelines.features.cache import load_features
from pipelines.features.extraction import extract_all
from pipelines.features.speech.recorded_noise import of_files
from pipelines.features.speech.splices import splice
from pipelines.features.speech.variation import VariedWords
from pipelines.machine.log import log

MOST_BYTES = 1 << 30  # of variants in memory; with more recordings, each has fewer variants
MOST_MADE, LEAST_MADE = 80_000, 3  # of all recordings, because making them takes longer than learning; of each of them
CALIBRATING = 3  # variants of each validation row, without mild ones, to which the probabilities are fitted
HESITATION = 1.6  # see `SpeechAugmentation.hesitation`


class SpeechAugmentation:
    """Draws variants.

    Parameters
    ----------
    variants : ndarray of float32 [shape=(n_samples, n_variants, n_features)]
        Of the samples of a data set, as `variation.VariedWords` makes them.
    foreign : ndarray of float32 [shape=(n_samples, n_foreign, n_features)]
        Foreign sounds made of each sample; n_foreign may be 0.
    share : float >= 0
        How many foreign sounds come with each batch, as a share of its size. They are in addition.
    splice : function of (rows, rows, rng) that returns rows, or None
        Makes every other foreign sound of two words of different classes instead, see `splices.splice`.
    blend : function of (rows, alike, others, rng) that returns rows, or None
        Blends words with other takes of the same words, and with any others: see `blends.Blending`.
    touch : function of (rows, others, rng) that returns rows, or None
        Gives words something of others beside them: see `neighbours.Neighbours`.
    given : ndarray of float32 [shape=(n_given, n_variants, n_features)] or None
        Variants of foreign samples that came with the data, which are then every fourth foreign sound.
    decided : dict of JSON types
        What decided the variants, for `settings`.
    rows : ndarray of int [shape=(n_samples,)] or None
        Which rows of the data set the variants are of, in ascending order; None means of all.
    """

    def __init__(
        self,
        variants,
        foreign,
        share=0.0,
        decided=None,
        splice=None,
        given=None,
        blend=None,
        rows=None,
        touch=None,
    ):
        self.rows, self.touch = rows, touch
        self.given = given if given is not None and len(given) else None
        self.variants, self.foreign, self.splice, self.blend = variants, foreign, splice, blend
        self.share = share if foreign.shape[1] else 0.0
        self.decided = decided or {}

    def settings(self):
        """Return what was decided, as JSON types."""
        given = {} if self.given is None else {"n_foreign": len(self.given)}
        return {"variants": self.variants.shape[1], "foreign": self.share, **given, **self.decided}

    def note(self):
        """Return the same as a sentence."""
        given = "" if self.given is None else ", every fourth of them one that came with the data"
        beside = f", and foreign sounds beside them, {100 * self.share:g} % of the words{given}" if self.share else ""
        noise = ", some of them in the noise that came with the data" if "recorded_noise" in self.decided else ""
        blends = ", blended with other takes" if self.blend else ""
        touched = ", with a little of the words beside it" if self.touch else ""
        varied = f"one of {self.variants.shape[1]} variants of each training word"
        return f"Each epoch hears {varied}{blends}{touched}{noise}{beside}."

    def refit(self, prepared):
        """Return self: nothing was learned from the training rows, and a variant depends only on its own sample."""
        return self

    def batches(self, prepared, features, batch_size, progress, rng):
        """Yield (X_batch, y_batch) until a variant of each training row has been heard; see `Prepared.augmentation`.

        y_batch is int [shape=(n,)], or with foreign sounds a distribution over the classes, float32
        [shape=(n, n_classes)].
        """
        rows, y = self._places(prepared.dataset, "train")
        n_classes = len(prepared.dataset.labels)
        order, by_class = rng.permutation(rows), rows[np.argsort(y[rows], kind="stable")]
        bounds = np.searchsorted(y[by_class], np.arange(n_classes + 1))  # bounds of each class in `by_class`
        for start in range(0, len(order), batch_size):
            chosen = order[start : start + batch_size]
            X, target = self._draw(self.variants, chosen, rng), y[chosen]
            if self.blend:
                alike = by_class[rng.integers(bounds[target], bounds[target + 1])]
                partners = alike, rng.permutation(chosen)
                X = self.blend(X, *(self._draw(self.variants, of, rng) for of in partners), rng)
            if self.touch:
                X = self.touch(X, self._draw(self.variants, rng.permutation(chosen), rng), rng)
            if self.share:
                made_of = rng.choice(rows, max(1, round(self.share * len(chosen))))
                X = np.concatenate([X, self._foreign(made_of, rows, y, rng)])
                target = np.concatenate(
                    [np.eye(n_classes, dtype=np.float32)[target], np.full((len(made_of), n_classes), 1 / n_classes)],
                    dtype=np.float32,
                )
            yield features(X), target

    def calibrating(self, prepared):
        """Return variants of the validation rows, as hard as strangers' words, and their classes.

        Returns
        -------
        X : ndarray of float32 [shape=(n, n_features)]
        y : ndarray of int [shape=(n,)]
        """
        (rows, y), n = self._places(prepared.dataset, "valid"), min(CALIBRATING, self.variants.shape[1])
        return self.variants[rows, :n].reshape(len(rows) * n, -1), np.repeat(y[rows], n)

    def _places(self, dataset, role):
        """Return where the variants of a role's rows are, and the classes of all samples that have variants."""
        rows = dataset.rows(role)
        if self.rows is None:
            return rows, dataset.y
        if not np.isin(rows, self.rows, assume_unique=True).all():
            raise ValueError(f"some {role} rows have no variants: they played another role when these were made")
        return np.searchsorted(self.rows, rows), dataset.y[self.rows]

    @property
    def hesitation(self):
        """How many times too small the logits of strangers' words are: float >= 1.

        A network that hears foreign sounds beside the words is right about a stranger's word more often than it
        trusts itself to be, for the word sounds a little foreign. Of 906 digits by strangers, networks that heard 0.8
        foreign sounds for each word want 0.45 to 0.6 of the temperature of the validation rows' variants (seven
        trainings); with 0.4 for each they want 0.8 to 0.95 of it (four).
        """
        return 1 + HESITATION * self.share**2

    def _foreign(self, made_of, rows, y, rng):
        """Return a foreign sound for each of the rows in `made_of`; every other sound is spliced."""
        sounds = self._draw(self.foreign, made_of, rng)
        if self.given is not None:
            n = len(sounds[1::4])
            sounds[1::4] = self._draw(self.given, rng.integers(len(self.given), size=n), rng)
        if self.splice:
            firsts, seconds = made_of[::2], rng.choice(rows, len(made_of[::2]))
            differ = np.flatnonzero(y[firsts] != y[seconds])
            words = (self._draw(self.variants, of[differ], rng) for of in (firsts, seconds))
            sounds[2 * differ] = self.splice(*words, rng)
        return sounds

    @staticmethod
    def _draw(bank, rows, rng):
        return bank[rows, rng.integers(bank.shape[1], size=len(rows))]


def variants_for(epochs):
    """Return how many variants of each recording a training is worth, from 1 to 16.

    Up to three there is one for every eight epochs; where there are more, they are as the square of the epochs.
    Of 906 digits by strangers, trainings of 40 epochs on FSDD get 81.0 % right with 3 variants, 80.2 % with 4 and
    80.3 % with 6 (three seeds each). Trainings of 120 epochs get 85.3 % with 8 and 85.0 % with 16 (two seeds), but with
    8 they are surer than they should be: their calibration error is 16 % instead of 12.
    """
    return max(min(epochs // 8 + 1, 3), min(epochs * epochs // 800 + 1, 16))


def foreign_for(n_variants):
    """Return how many foreign sounds are made of each recording: one for every four variants, begun or whole."""
    return -(-n_variants // 4)


def of_recordings(
    dataset,
    extractor,
    variation,
    n_variants,
    foreign_share=0.0,
    n_jobs=None,
    blending=None,
    neighbours=None,
):
    """Return the SpeechAugmentation of a data set, its variants from the cache where they are there.

    The training and validation rows are varied, and of foreign samples that came with the data those in the role of
    training.

    Parameters
    ----------
    dataset : Dataset, all of whose files can be read
    extractor : SpeechExtractor
    variation : Variation
    n_variants : int > 0
        Of each recording; fewer where so many would be more than `MOST_MADE`, or take more than `MOST_BYTES` of memory.
    foreign_share : float >= 0
    n_jobs : int > 0 or None
    blending : Blending or None
    neighbours : Neighbours or None
    """
    rows = np.sort(np.concatenate([dataset.rows("train"), dataset.rows("valid")]))
    varied = dataset if len(rows) == len(dataset) else dataset.only(rows)
    n_recordings = max(1, len(rows))
    made, fitting = max(LEAST_MADE, MOST_MADE // n_recordings), MOST_BYTES // (4 * n_recordings * extractor.n_features)
    fitting = max(1, min(made, fitting))
    n_foreign = foreign_for(min(n_variants, fitting)) if foreign_share else 0
    n_variants = max(1, min(n_variants, fitting - n_foreign))
    recorded, problems = of_files(dataset.noise, extractor.sr)
    for problem in problems:
        log.warning(problem)
    words = VariedWords(extractor, variation, n_variants, n_foreign, recorded=recorded)
    stored, _, _ = load_features(varied, words, n_jobs, f"making {n_variants} variants")
    made = stored.reshape(len(rows), -1, extractor.n_features)
    return SpeechAugmentation(
        made[:, :n_variants],
        made[:, n_variants:],
        foreign_share,
        asdict(variation)
        | ({"blending": asdict(blending)} if blending else {})
        | ({"neighbours": asdict(neighbours)} if neighbours else {})
        | ({"recorded_noise": recorded.digest()} if recorded else {}),
        functools.partial(neighbours.splice if neighbours else splice, extractor),
        _vary_foreign(dataset, words, n_jobs) if foreign_share else None,
        functools.partial(blending.blend, extractor) if blending and blending.blends else None,
        rows,
        functools.partial(neighbours.touch, extractor) if neighbours else None,
    )


def _vary_foreign(dataset, words, n_jobs):
    """Return variants of a data set's foreign training samples [shape=(n, n_variants, n_features)], or None.

    It leaves out samples that cannot be read, as `preparation` does.
    """
    if dataset.foreign is None:
        return None
    items = [dataset.foreign.items[row] for row in dataset.foreign.rows("train")]
    stored, _, _ = extract_all(words, items, n_jobs)
    return stored.reshape(len(stored), -1, words.extractor.n_features)[:, : words.n_variants]
