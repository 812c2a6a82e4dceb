"""Other speech features: ways to describe a word, and to answer one, that were tried and are not used.

Each is measured by `choose_for_voices`, and can be measured again when the project changes.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np

from backprop_core.calibration import calibrated
from backprop_core.scaling import Standardizer
from pipelines.features.speech.extractor import SpeechExtractor
from pipelines.features.speech.time_normalisation import area_weights

SHRINKAGE = 0.1  # share of the mean variance that is added to each variance within classes
SECOND = 100  # frames
POLE = 0.98


@dataclass(frozen=True)
class WholeSecond(SpeechExtractor):
    """Leaves a word as long as it is, in the middle of a second: nothing is stretched."""

    version: ClassVar[int] = 1002  # not to be taken for the cached features of another kind

    def in_time(self, sequences, bounds):
        """Return the sequences of words, each with stillness around it that is as soft as its softest frame."""
        placed = []
        for start, stop in pairwise(bounds):
            n = max(SECOND, stop - start)
            second = np.zeros((n, sequences.shape[1]))
            second[:, 0] = sequences[start:stop, 0].min()
            first = (n - (stop - start)) // 2
            second[first : first + stop - start] = sequences[start:stop]
            placed.append(area_weights(n, self.frames) @ second)
        return np.stack(placed)


@dataclass(frozen=True)
class Rasta(SpeechExtractor):
    """Takes out of the cepstra what changes too slowly or too quickly for speech; loudness stays.

    Hermansky and Morgan 1994, RASTA processing of speech, https://doi.org/10.1109/89.326616. Before the word, the
    filter has heard its first frame for ever.
    """

    version: ClassVar[int] = 1003  # not to be taken for the cached features of another kind

    def cepstra(self, decibels, bounds):
        """Return the filtered cepstral coefficients of frames."""
        from scipy.signal import lfilter

        found = super().cepstra(decibels, bounds)
        for start, stop in pairwise(bounds):
            word = found[start:stop, 1:]
            found[start:stop, 1:] = lfilter([0.2, 0.1, 0, -0.1, -0.2], [1, -POLE], word - word[0], axis=0)
        return found


class WithinClassWhitening(Standardizer):
    """Makes all directions in which takes of one word differ equally long, after scaling.

    So directions in which voices differ more than words become short. Hatch, Kajarekar and Stolcke 2006,
    Within-class covariance normalization, https://doi.org/10.21437/Interspeech.2006-183; up to a rotation it is what
    linear discriminant analysis does before it leaves directions out.

    Parameters
    ----------
    rows : ndarray of float32 [shape=(n, n_features)], variants of the training words
    y : ndarray of int [shape=(n,)], their classes
    """

    def __init__(self, rows, y):
        super().__init__()
        self._rows, self._y = rows, y

    def fit(self, X):
        """Measure the rows of X for the scale, and the variants for the covariance, and return self."""
        super().fit(X)
        scaled = super().transform(self._rows).astype(np.float64)
        within = scaled.copy()
        for k in np.unique(self._y):
            within[self._y == k] -= within[self._y == k].mean(axis=0)
        variances, directions = np.linalg.eigh(within.T @ within / len(within))
        shrunk = np.maximum(variances, 0) + SHRINKAGE * variances.mean()
        self._map = (directions / np.sqrt(shrunk)) @ directions.T
        self._map = (self._map / (scaled @ self._map).std()).astype(np.float32)
        return self

    def transform(self, X, out=None):
        """Return the whitened rows."""
        return super().transform(X) @ self._map


def throat_of_each_word(model, stored, speakers, learned):
    """Answer each word with the one length of the vocal tract that the network is surest with.

    Where `vocal_tract` tries several and averages the answers, this keeps the answers of one.

    Parameters
    ----------
    model : Bundle of a speech task
    stored : ndarray of float32 [shape=(n, n_stored)]
    speakers : ndarray [shape=(n,)], who said each word
    learned : ndarray of float32 [shape=(n_train, n_stored)], the words that the model has learned

    Returns
    -------
    predicted : ndarray of int [shape=(n,)]
    """
    return throat_of_each_speaker(model, stored, np.arange(len(stored)), learned)


def throat_of_each_speaker(model, stored, speakers, learned):
    """Answer each speaker's words with the one length of the vocal tract that the network is surest with in all.

    Lee and Rose 1996, Speaker normalization using efficient frequency warping procedures,
    https://doi.org/10.1109/ICASSP.1996.541105, with the network's own confidence for the likelihood. Parameters and
    result are those of `throat_of_each_word`.
    """
    n, n_throats, n_classes = len(stored), len(model.extractor.warps), len(model.labels)
    logits = np.stack([_logits(model, view) for view in model.extractor.views(stored)], axis=1)
    of_throats = logits.reshape(n, -1, n_throats, n_classes).mean(axis=1)
    sure = calibrated(of_throats.reshape(-1, n_classes), model.temperature).max(axis=1).reshape(n, n_throats)
    predicted = np.empty(n, int)
    for speaker in np.unique(speakers):
        own = speakers == speaker
        predicted[own] = of_throats[own, np.log(sure[own]).sum(axis=0).argmax()].argmax(axis=1)
    return predicted


def mean_of_each_speaker(model, stored, speakers, learned):
    """Move the words of each speaker together, so that their mean cepstrum is that of the learned words.

    It takes out the microphone, and some of the voice. Loudness stays. Parameters and result are those of
    `throat_of_each_word`.
    """
    extractor, n = model.extractor, model.extractor.n_mfcc
    logits = 0
    for view, of_learned in zip(extractor.views(stored), extractor.views(learned), strict=True):
        view = view.copy()
        parts, usual = extractor.parts(view), extractor.parts(of_learned)["mean"][:, :n].mean(axis=0)
        for speaker in np.unique(speakers):
            own = speakers == speaker
            by = usual - parts["mean"][own, :n].mean(axis=0)
            by[0] = 0
            parts["sequence"][own, :, :n] += by
            parts["mean"][own, :n] += by
        logits = logits + _logits(model, view)
    return logits.argmax(axis=1)


def _logits(model, view):
    return model.network.logits(model.standardizer.transform(view))
