"""Segmentation: finding words without pauses between them.

A network that has learned single words can classify any stretch of sound. So all stretches of a phrase that are long
enough for a word, and not too long, are described and classified together; and of all ways to lay words side by side
along the phrase, the one with the highest sum of scores is chosen. A stretch that ends in the middle of a word scores
low, since the network has learned halves of words and stretches across two words as foreign. So one good word beats
three bad ones. And each word should last about as long as the training words. But some people speak twice as fast as
others, and then all their words are short. So the words are laid anew for each of several tempos, and the best way of
all is chosen.

The best sum up to each place follows from the best sums up to earlier places, which is dynamic programming: Bridle and
Sedgwick 1977, https://doi.org/10.1109/ICASSP.1977.1170287, and Glass 2003, https://doi.org/10.1016/S0885-2308(03)00006-8,
for words and for segments that a network scores.
"""

import math
from dataclasses import dataclass

import numpy as np

from backprop_core.calibration import calibrated
from pipelines.features.speech.grammar import Grammar
from pipelines.features.speech.mfcc import mel_decibels, slopes
from pipelines.features.speech.time_normalisation import edges_of

PHRASE_SECONDS = 0.5  # a longer sound may be several words
STEP_SECONDS = 0.03  # seconds between the places where a word may begin or end
SILENT = 1e-3  # of the loudest sample; a stretch that is softer throughout is no word, even if one is asked for
_LEAST_PROBABILITY = 1e-6


@dataclass(frozen=True)
class Segmentation:
    """How words are laid side by side.

    Attributes
    ----------
    shortest, longest : float > 0, in seconds
        What a word may last; longer if the training words often do, see `longest_word`.
    worth : float
        What a word counts of which the network is certain, in nats. Any other counts less by the logarithm of its
        probability.
    tempos : tuple of float
        By how much the logarithm of all durations of a phrase may differ from that of the training words.
    tempo_spread : float > 0
        The standard deviation of that difference. With the tempo 0 alone, 25 % of a stranger's digits are wrong in
        strings of FSDD without any pause; with these tempos it is 15 %. In strings by other strangers, most of them
        with pauses, it is 16 and 17 % (each of the six speakers left out in turn).
    spread : float > 0
        Standard deviations of the training words' logarithm of duration that count as one.
    softness : float > 0
        What the model's temperature is multiplied by: stretches overlap, so one misleading sound speaks for many of
        them.
    gap : float >= 0
        What each second costs that is in no word, in nats, where it is as loud as the loudest; less where it is softer.
    """

    shortest: float = 0.12
    longest: float = 0.9
    worth: float = 0.2
    tempos: tuple = (-0.6, -0.45, -0.3, -0.15, 0.0, 0.15, 0.3)
    tempo_spread: float = 0.6
    spread: float = 1.7
    softness: float = 4.0
    gap: float = 20.0

    def words(self, model, waveform, grammar=None):
        """Find the words of a phrase.

        Parameters
        ----------
        model : Bundle of a speech task
        waveform : ndarray of float64 [shape=(n_samples,)], without drift
            At most some seconds; memory grows with its length.
        grammar : Grammar or None
            Which words it may have; None means any number of any.

        Returns
        -------
        list of (float, float, int)
            Beginning and end of each word in seconds, and which label it must be, or `grammar.ANY`; in order, without
            overlap.
        """
        if not np.any(waveform):
            return []
        phrase = _Phrase(model.extractor, model.extractor.normalise_level(waveform))
        starts, stops = self._stretches(phrase, self.longest_word(model))
        if not len(starts):
            return []
        scores, gap_costs = self._scores(model, phrase, starts, stops), self._gap_costs(phrase)
        costs, tempo_costs = self._duration_costs(model, starts, stops)
        grammar = grammar or Grammar.free()
        sums, paths = grammar.best_paths(phrase.places, starts, stops, scores, gap_costs, costs)
        path = paths[int((sums - tempo_costs).argmax())]
        hop = model.extractor.hop_length / model.extractor.sr
        return [(start * hop, stop * hop, word) for start, stop, word in path]

    def longest_word(self, model):
        """Return how long a word may be, in seconds: float. Hardly any training word was longer."""
        if not model.extractor.duration:
            return self.longest
        mean, scale = _usual_duration(model)
        return max(self.longest, math.exp(mean + 3 * scale) * model.extractor.hop_length / model.extractor.sr)

    def _stretches(self, phrase, longest):
        """Return the first frame of each stretch that may be a word, and the frame behind its last."""
        start, stop = (grid.ravel() for grid in np.meshgrid(phrase.places, phrase.places, indexing="ij"))
        seconds = (stop - start) * phrase.hop_seconds
        fits = (seconds >= self.shortest - 1e-9) & (seconds <= longest + 1e-9)
        start, stop = start[fits], stop[fits]
        heard = phrase.loudest(start, stop) > SILENT
        return start[heard], stop[heard]

    def _scores(self, model, phrase, starts, stops):
        """Return each word's score in each stretch, and the best score last: float [shape=(n, n_labels + 1)]."""
        logits = np.mean(
            [
                model.network.logits(model.standardizer.transform(view.astype(np.float32)))
                for view in phrase.rows(starts, stops)
            ],
            axis=0,
        )
        probabilities = calibrated(logits, self.softness * model.temperature)
        probabilities = np.hstack([probabilities, probabilities.max(axis=1, keepdims=True)])
        return np.log(np.maximum(probabilities, _LEAST_PROBABILITY)) + self.worth

    def _duration_costs(self, model, starts, stops):
        """Return what the duration of each stretch costs at each tempo, and what each tempo costs.

        Returns
        -------
        costs : ndarray of float64 [shape=(n_tempos, n)]
        tempo_costs : ndarray of float64 [shape=(n_tempos,)]
            A model that does not know how long words are has a single tempo, which costs nothing.
        """
        if not model.extractor.duration:
            return np.zeros((1, len(starts))), np.zeros(1)
        mean, scale = _usual_duration(model)
        tempos = np.array(self.tempos)
        away = (np.log(stops - starts) - mean - tempos[:, np.newaxis]) / (scale * self.spread)
        return np.square(away) / 2, np.square(tempos / self.tempo_spread) / 2

    def _gap_costs(self, phrase):
        """Return the cost of leaving out all frames before each one: float64 [shape=(n_frames + 1,)]."""
        level = np.clip(1 + (phrase.levels - phrase.levels.max()) / 30, 0, 1)
        return np.concatenate([[0], np.cumsum(self.gap * phrase.hop_seconds * level)])


class _Phrase:
    """The frames of a phrase, which give the features of any stretch without another transform.

    Means, spreads and averages over parts of a stretch are differences of running sums. They equal those that
    `SpeechExtractor` gives for the stretch alone, except in the frames at its ends, which contain the neighbours here.
    The phrase is at full level. In a soft phrase, the least power that counts would hide the softest sounds.
    """

    def __init__(self, extractor, waveform):
        self.extractor, self.hop_seconds = extractor, extractor.hop_length / extractor.sr
        power, bounds = extractor.power([waveform])
        self._sums, self._squares, self._changes = [], [], []
        for mel in extractor.matrices()["mel"]:
            decibels = mel_decibels(power, bounds, mel, extractor.top_db)
            cepstra = decibels @ extractor.matrices()["dct"].T
            orders = [slopes(cepstra, bounds, extractor.delta_width, order) for order in extractor.delta_orders]
            sequence = np.hstack([cepstra, *orders])
            self._sums.append(_running(sequence))
            self._squares.append(_running(np.square(sequence)))
            self._changes.append(_running(extractor.changes(sequence)))
            if len(self._sums) == 1:
                self.levels = decibels.max(axis=1)
        peaks = np.abs(waveform)
        hops = np.arange(0, len(power)) * extractor.hop_length
        self._peaks = np.maximum.reduceat(np.append(peaks, 0), np.minimum(hops, len(peaks)))
        step = max(1, round(STEP_SECONDS / self.hop_seconds))
        self.places = np.append(np.arange(0, len(power) - step // 2, step), len(power))

    def rows(self, starts, stops):
        """Yield the features of stretches in each warp's view: float64 [shape=(n, n_features)]."""
        extractor, lengths = self.extractor, (stops - starts)[:, np.newaxis]
        shift = -20 * np.log10(np.maximum(self.loudest(starts, stops), 1e-9)) * np.sqrt(extractor.n_mels)
        wanted = extractor.n_mfcc * (1 + extractor.deltas)
        for sums, squares, changes in zip(self._sums, self._squares, self._changes, strict=True):
            edges = edges_of(changes, starts, stops, extractor.frames, extractor.change_share)
            whole = np.minimum(edges.astype(int), stops[:, np.newaxis])
            part = (edges - whole)[..., np.newaxis]
            after = np.minimum(whole + 1, stops[:, np.newaxis])
            mean = (sums[stops] - sums[starts]) / lengths
            spread = np.sqrt(np.maximum((squares[stops] - squares[starts]) / lengths - np.square(mean), 0))
            until = sums[:, :wanted][whole] * (1 - part) + sums[:, :wanted][after] * part
            sequence = np.diff(until, axis=1) / np.diff(edges)[..., np.newaxis]
            sequence[..., 0] += shift[:, np.newaxis]
            mean[:, 0] += shift
            out, scale = extractor.normalisation(mean[:, np.newaxis, :wanted], spread[:, np.newaxis, :wanted])
            parts = [((sequence - out) / scale).reshape(len(starts), -1)]
            parts += [mean, spread] if extractor.statistics else []
            parts += [np.log(lengths)] if extractor.duration else []
            yield np.hstack(parts)

    def loudest(self, starts, stops):
        """Return the peak of each stretch, from the peaks of runs of frames whose length doubles."""
        levels, peaks = [self._peaks], self._peaks
        while len(peaks) > 1 << len(levels):
            half = 1 << (len(levels) - 1)
            levels.append(np.maximum(levels[-1][:-half], levels[-1][half:]))
        power = np.minimum(np.log2(stops - starts).astype(int), len(levels) - 1)
        found = np.empty(len(starts))
        for k in np.unique(power):
            these = power == k
            found[these] = np.maximum(levels[k][starts[these]], levels[k][stops[these] - (1 << k)])
        return found


def _usual_duration(model):
    """Return mean and standard deviation of the logarithm of the training words' number of frames: float, float."""
    return float(model.standardizer.mean[-1]), float(model.standardizer.scale[-1])


def _running(rows):
    return np.concatenate([np.zeros((1, *rows.shape[1:])), np.cumsum(rows, axis=0)])
