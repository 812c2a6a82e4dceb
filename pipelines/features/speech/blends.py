"""Blends: a mixture of two takes of a word, or a word of one speaker in the manner of another.

A data set has few speakers, and a new speaker is different from all of them. The common part of two speakers' takes
belongs to the word, and the difference belongs to the speakers. A network that hears many mixtures of the two learns
the common part. Two things are blended. Between two takes of the same word lie others, each feature between those of
the two (Zhang et al. 2018, https://arxiv.org/abs/1710.09412, here within a class, so that the class is certain). And
any word can be given something of the manner of any other recording, its mean tone and how far it moves around it,
which are the voice, the room and the microphone rather than the word (Zhou et al. 2021,
https://arxiv.org/abs/2104.02008).

Blends are made of features and not of sound, anew in each epoch: they cost hardly anything.
"""

from dataclasses import dataclass, replace

import numpy as np

_SMALLEST_SPREAD = 1e-3


@dataclass(frozen=True)
class Blending:
    """How far words are blended.

    Attributes
    ----------
    share : float in [0, 1]
        The share of words that are blended with another take of the same word.
    most : float in [0, 1]
        How much of the other take they get at most.
    manner_share, manner : float in [0, 1]
        The share of words that get something of another recording's manner, and how much of it at most.
    """

    share: float = 0.5
    most: float = 0.6
    manner_share: float = 0.5
    manner: float = 1.0

    @property
    def blends(self):
        """Whether anything is blended."""
        return self.share * self.most + self.manner_share * self.manner > 0

    def scale(self, strength):
        """Return a blending that goes `strength` times as far; with 0 nothing is blended."""
        return replace(self, most=min(1.0, self.most * strength), manner=min(1.0, self.manner * strength))

    def blend(self, extractor, rows, alike, others, rng):
        """Return words blended with other takes of the same words, and in the manner of any others.

        Parameters
        ----------
        extractor : SpeechExtractor
        rows, alike, others : ndarray of float32 [shape=(n, n_features)]
            Row i of `alike` is of the same class as row i of `rows`; row i of `others` may be of any.
        rng : numpy Generator

        Returns
        -------
        blended : ndarray of float32 [shape=(n, n_features)]
        """
        extent = rng.uniform(0, self.most, len(rows)) * (rng.random(len(rows)) < self.share)
        rows = rows + extent[:, np.newaxis].astype(np.float32) * (alike - rows)
        if not extractor.tells_manner:
            return rows
        extent = rng.uniform(0, self.manner, len(rows)) * (rng.random(len(rows)) < self.manner_share)
        return in_the_manner_of(extractor, rows, others, extent[:, np.newaxis].astype(np.float32))


def in_the_manner_of(extractor, rows, others, extent):
    """Return words whose means and spreads over time have come nearer to those of others.

    Each coefficient x of mean m and spread s becomes m + e (m' - m) + (x - m) (s' / s)^e, where m' and s' are those of
    the other and e is the extent. Slopes become (s' / s)^e times as steep.

    Parameters
    ----------
    extractor : SpeechExtractor that `tells_manner`
    rows, others : ndarray of float32 [shape=(n, n_features)]
    extent : ndarray of float32 [shape=(n, 1)]
        With 0 a word remains as it is; with 1 it has the other's means and spreads.

    Returns
    -------
    rows : ndarray of float32 [shape=(n, n_features)], new
    """
    rows = rows.copy()
    own, other, n = extractor.parts(rows), extractor.parts(others), extractor.n_mfcc
    spreads = (np.maximum(part["spread"], _SMALLEST_SPREAD) for part in (other, own))
    wider = np.divide(*spreads) ** extent
    mean, moved = own["mean"][:, :n].copy(), extent * (other["mean"] - own["mean"])[:, :n]
    sequence, width = own["sequence"], own["sequence"].shape[-1]
    sequence[..., :n] -= mean[:, np.newaxis]
    sequence *= wider[:, np.newaxis, :width]
    sequence[..., :n] += (mean + moved)[:, np.newaxis]
    own["mean"][:, n:] *= wider[:, n:]
    own["mean"][:, :n] += moved
    own["spread"] *= wider
    return rows
