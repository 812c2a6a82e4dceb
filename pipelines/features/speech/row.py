"""Row: what the numbers that describe a recorded word are, and where each of them stands.

A row begins with the sequence, frame by frame: in each frame the cepstral coefficients, then their slopes. Mean and
spread of each over time follow, and the logarithm of the duration. A word that is looked at in several ways has one
such row for each, and stored they stand one after the other.
"""

import numpy as np

from pipelines.features.speech import modulation
from pipelines.features.speech.settings import HIGHEST_DELTA_ORDER, SpeechSettings


class SpeechRow(SpeechSettings):
    """The row that settings lead to."""

    @property
    def n_features(self):
        """Length of a feature vector: sequence, statistics, duration."""
        sequence = self.frames * self.n_mfcc * (1 + self.deltas)
        statistics = 2 * self.n_mfcc * (1 + HIGHEST_DELTA_ORDER)
        return sequence + self.statistics * statistics + self.duration

    @property
    def n_stored(self):
        """Length of a stored row: the feature vectors of all views, one after the other."""
        return len(self.cuts) * len(self.warps) * self.n_features

    @property
    def grid(self):
        """The picture that the sequence makes, which a feature vector begins with: (coefficients, frames, 0)."""
        frames, columns = self._sequence_shape
        return columns, frames, 0

    @property
    def _sequence_shape(self):
        return self.frames, self.n_mfcc * (1 + self.deltas)

    def parts(self, rows):
        """Return the parts of feature vectors, or of what belongs to each of their numbers, by name.

        Parameters
        ----------
        rows : ndarray [shape=(..., n_features)]

        Returns
        -------
        parts : dict of str to ndarray, views of `rows`
            `sequence` [shape=(..., frames, n_mfcc * (1 + deltas))], and as far as there are any, `mean` and `spread`
            [shape=(..., 3 * n_mfcc)] and `duration` [shape=(..., 1)].
        """
        shape = self._sequence_shape
        sizes = {"sequence": shape[0] * shape[1]}
        if self.statistics:
            sizes |= dict.fromkeys(("mean", "spread"), self.n_mfcc * (1 + HIGHEST_DELTA_ORDER))
        if self.duration:
            sizes["duration"] = 1
        parts, start = {}, 0
        for name, size in sizes.items():
            parts[name] = rows[..., start : start + size]
            start += size
        return parts | {"sequence": parts["sequence"].reshape(*rows.shape[:-1], *shape)}

    def feature_name(self, index):
        """Return what one feature is, such as "coefficient 3 in frame 12", "mean of coefficient 3"; counted from 0."""
        parts = self.parts(np.arange(self.n_features))
        part, places = next((part, places) for part, places in parts.items() if index in places)
        if part == "duration":
            return "logarithm of the duration"
        frame, column = divmod(index - places.flat[0], places.shape[-1])
        order, coefficient = divmod(column, self.n_mfcc)
        what = f"{('', 'slope of ', 'second slope of ')[order]}coefficient {coefficient}"
        return f"{what} in frame {frame}" if part == "sequence" else f"{part} of {what}"

    @property
    def tells_manner(self):
        """Whether a row tells the means and spreads of its sequence, which has both in it: see `blends`."""
        return self.statistics and self.normalise == "level"

    def turn(self, rows):
        """Return rows of features whose sequence is a sum of cosines over the course of the word: see `modulation`."""
        turned = rows.copy()
        sequence = self.parts(turned)["sequence"]
        sequence[:] = modulation.cosines(self.frames).astype(rows.dtype) @ sequence
        return turned

    def weigh_directions(self):
        """Return how much each cosine counts, and 1 for what is no sequence: float32 [shape=(n_features,)]."""
        weights = np.ones(self.n_features, np.float32)
        self.parts(weights)["sequence"][:] = modulation.weights(self.frames)[:, np.newaxis]
        return weights
