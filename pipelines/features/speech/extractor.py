"""Speech features: one spoken word as one row of numbers.

Two recordings of a word differ in loudness, in the silence around it and in how fast it was said. What stays is how the
shape of the spectrum moves from sound to sound. So the word is cut out, brought to full level and described by its
MFCCs and their slopes; their sequence is brought to a fixed number of frames, which keeps the order of the sounds, and
beside it stand its mean and its spread over time, which do not depend on where in the word a sound falls. The logarithm
of the duration comes last, since the sequence no longer tells it.

`settings` tells what decides all this, and `row` where each number stands.
"""

import functools
from dataclasses import fields
from typing import ClassVar

import numpy as np

from pipelines.errors import InputFileError, UsageError
from pipelines.features.speech import evidence
from pipelines.features.speech.absence import what_instead, words_apart
from pipelines.features.speech.audio_file import SILENCE_PEAK, read_waveform
from pipelines.features.speech.drift import without_drift
from pipelines.features.speech.endpoints import WordSearch
from pipelines.features.speech.mfcc import (
    clipwise_product,
    make_matrices,
    mask,
    mel_decibels,
    power_spectra,
    slopes,
)
from pipelines.features.speech.row import SpeechRow
from pipelines.features.speech.stages import stages_of
from pipelines.features.speech.time_normalisation import changes_of, mean_and_spread, normalise_time
from pipelines.features.stages import run

_BATCH_SAMPLES = 1 << 17
_SMALLEST_SPREAD = 1e-3


class SpeechExtractor(SpeechRow):
    """Turns a recording of a word into features, as its settings say: see `SpeechSettings`."""

    name: ClassVar[str] = "speech"
    version: ClassVar[int] = 5
    stored_dtype: ClassVar[np.dtype] = np.dtype(np.float32)
    sparse: ClassVar[bool] = False
    together: ClassVar[bool] = True

    @classmethod
    def from_settings(cls, settings, matrices=None):
        """Return the extractor that `settings()` described.

        Parameters
        ----------
        settings : dict
            Every setting, by name.
        matrices : dict of str to ndarray, or None
            What `matrices()` returned; with them librosa is never imported.

        Raises
        ------
        UsageError
            If a setting is missing, unknown or out of range, or a matrix is missing or of another shape.
        """
        settings = {"maskings": (), "change_share": 0.0, **settings}  # models of before know neither
        expected = [setting.name for setting in fields(cls) if setting.name != "given_matrices"]
        if sorted(settings) != sorted(expected):
            odd = sorted(set(settings) ^ set(expected))
            raise UsageError(
                f"speech settings: {', '.join(odd)} missing or unknown; the names are {', '.join(expected)}"
            )
        extractor = cls(**settings, given_matrices=matrices or None)
        for name, shape in extractor._shapes().items() if matrices else ():
            if name not in matrices or matrices[name].shape != shape:
                raise UsageError(f"speech matrix {name}: must be there, with the shape {shape}")
        return extractor

    def matrices(self):
        """Return the fixed matrices that must travel with the settings.

        Returns
        -------
        matrices : dict
            `window` float64 [shape=(n_fft,)], `mel` float32 [shape=(n_warps, n_mels, 1 + n_fft // 2)] and `dct` float64
            [shape=(n_mfcc, n_mels)]; see `mfcc.make_matrices`.
        """
        return self._matrices

    @functools.cached_property
    def _matrices(self):
        return self.given_matrices or make_matrices(
            self.sr, self.n_fft, self.win_length, self.n_mels, self.fmin, self.fmax, self.n_mfcc, self.warps
        )

    def _shapes(self):
        return {
            "window": (self.n_fft,),
            "mel": (len(self.warps), self.n_mels, 1 + self.n_fft // 2),
            "dct": (self.n_mfcc, self.n_mels),
        }

    def read(self, source):
        """Decode a recording (Path) or its contents (bytes), and bring it to the rate of these settings.

        Returns
        -------
        waveform : ndarray of float32 [shape=(n_samples,)]
            One channel, `sr` samples a second, full scale [-1, 1].

        Raises
        ------
        InputFileError
            If it holds no usable sound, or no word; the message begins with the path, or with `<stdin>` for bytes.
        """
        waveform, sr = read_waveform(source)
        if sr != self.sr:
            import soxr

            waveform = soxr.resample(waveform, sr, self.sr)
            if np.ptp(waveform) < 2 * SILENCE_PEAK:
                raise InputFileError.about(
                    source, f"contains only silence below {self.sr // 2} Hz; record the word again"
                )
        instead = what_instead(without_drift(waveform, self.sr), self.sr)
        if instead:
            raise InputFileError.about(source, f"no word was found in it: {instead}; record the word again")
        return waveform

    def warnings_about(self, waveform):
        """Return what a user should know of a decoded waveform besides the answer: list of str, mostly empty."""
        n_words = words_apart(without_drift(waveform, self.sr), self.sr)
        if n_words < 2:
            return []
        return [f"there are {n_words} words in it, with pauses between them; transcribe answers each of them"]

    def extract_row(self, waveform):
        """Return what is stored of one waveform: float32 [shape=(n_stored,)]."""
        return self.extract_rows([waveform])[0]

    def extract_rows(self, waveforms):
        """Return what is stored of several waveforms; each row is what `extract_row` gives, bit by bit, but sooner.

        Parameters
        ----------
        waveforms : list of ndarray of float32 [shape=(n_samples,)]
            As `read` returns them: not silent, `sr` samples a second.

        Returns
        -------
        rows : ndarray of float32 [shape=(n, n_stored)]
            For each word and view the sequence, frame by frame; then means and standard deviations; then the duration.
        """
        rows = np.empty((len(waveforms), len(self.cuts), self.n_stored // len(self.cuts)), self.stored_dtype)
        cuts = [self.words(waveform, self.trims) for waveform in waveforms]
        for place, masking in enumerate(self.masked):
            words = [of_waveform[place] for of_waveform in cuts]
            for batch in batches_of(words):
                rows[batch, place] = self._describe(words[batch], masking)
        return rows.reshape(len(waveforms), self.n_stored)

    def to_features(self, stored):
        """Return the first view of stored rows: float32 [shape=(n, n_features)]."""
        return stored[:, : self.n_features]

    def views(self, stored):
        """Yield each view of stored rows: float32 [shape=(n, n_features)]."""
        for start in range(0, self.n_stored, self.n_features):
            yield stored[:, start : start + self.n_features]

    def extract(self, source):
        """Return the features of one recording (Path) or its contents (bytes): float32 [shape=(n_features,)]."""
        return self.to_features(self.extract_row(self.read(source))[np.newaxis])[0]

    def more_views(self, stored, mirror=False):
        """Yield the views of stored rows that there are anyway: a word has no mirror image."""
        return self.views(stored)

    def display(self, waveform):
        """Return what the network hears of one waveform: the Display of the word's spectrogram."""
        return evidence.spectrogram(self, self._decibels(waveform))

    def sound(self, waveform):
        """Return the sound of one decoded waveform, which is the waveform itself, and its rate in Hz."""
        return waveform, self.sr

    def evidence(self, waveform, gradient, typical):
        """Lay the evidence of one waveform's features over its display: see `evidence.spectral_evidence`."""
        return evidence.spectral_evidence(self, self._decibels(waveform), gradient, typical)

    def _decibels(self, waveform):
        """Return the first view's power in each mel band of each frame: float64 [shape=(n_frames, n_mels)]."""
        views, bounds = run(self.stages(), waveform, until="decibels")
        return views[0][: bounds[1]]

    def normalisation(self, mean, spread):
        """Return what is subtracted from each coefficient of a word's sequence, and what divides it then."""
        return (
            mean if self.normalise != "level" else np.zeros_like(mean),
            spread + _SMALLEST_SPREAD if self.normalise == "variance" else np.ones_like(spread),
        )

    def word(self, waveform):
        """Cut out the word, at full level, without drift of the direct current: float64 [shape=(n_samples,)]."""
        return self.words(waveform, [self.trim_db])[0]

    def words(self, waveform, trims):
        """Return what `word` does, cut out with each of some thresholds in place of `trim_db`: list of ndarray."""
        return self.cut(self._prepare(waveform), trims)

    def _prepare(self, waveform):
        """Remove the drift of a waveform and raise its high frequencies: float64 [shape=(n_samples,)]."""
        return self.emphasise(without_drift(waveform, self.sr))

    def emphasise(self, waveform):
        """Return a waveform with its high frequencies raised as `preemphasis` says: float64 [shape=(n_samples,)]."""
        if not self.preemphasis:
            return waveform
        return np.append(waveform[0], waveform[1:] - self.preemphasis * waveform[:-1])

    def cut(self, waveform, trims):
        """Cut out the word of a waveform, float64 [shape=(n_samples,)], as `words` does with one that has no drift."""
        return [self.normalise_level(waveform[start:stop]) for start, stop in self.ends(waveform, trims)]

    def ends(self, waveform, trims):
        """Return where the word of a waveform without drift is, for each of some thresholds in decibels.

        Returns
        -------
        list of (int, int), the first sample of the word and the one behind its last
        """
        search, pad = WordSearch(waveform, self.sr, self.n_fft, self.hop_length), round(self.trim_pad * self.sr)
        return [search.ends(trim_db, pad) for trim_db in trims]

    @staticmethod
    def normalise_level(word):
        """Return a word at full level: its loudest sample is 1 or -1."""
        return word / np.abs(word).max()

    def stages(self):
        """Return the way from a waveform to its stored row, step by step: tuple of `stages.Stage`."""
        return stages_of(self)

    def _describe(self, words, masking):
        """Return the views of some words that are cut out: float32 [shape=(n, n_warps * n_features)]."""
        power, bounds = self.power(words, maskings=masking)
        decibels = [mel_decibels(power, bounds, mel, self.top_db) for mel in self._matrices["mel"]]
        return np.hstack([self.rows_of(view, bounds) for view in decibels])

    def power(self, words, hop_lengths=None, maskings=None):
        """Return the power at each frequency of each frame of words, with the noise that masks them.

        Parameters
        ----------
        words : list of ndarray of float64 [shape=(n_samples,)]
        hop_lengths : int, list of int, or None
            Samples from one frame to the next, for each word; None is the setting.
        maskings : float, list of float, or None
            In decibels, for each word; None is that of the first cut.

        Returns
        -------
        power, bounds : as `mfcc.power_spectra` returns them
        """
        window = self._matrices["window"]
        power, bounds = power_spectra(words, window, self.hop_length if hop_lengths is None else hop_lengths)
        return mask(power, bounds, words, window, self.masked[0] if maskings is None else maskings), bounds

    def rows_of(self, decibels, bounds):
        """Return the features of words, computed from their power in each mel band.

        Parameters
        ----------
        decibels : ndarray of float64 [shape=(n_frames, n_mels)]
            The frames of all words, one word after the other, as `mfcc.mel_decibels` gives them.
        bounds : ndarray of int64 [shape=(n_words + 1,)]
            Word i has the rows bounds[i] to bounds[i + 1].

        Returns
        -------
        rows : ndarray of float32 [shape=(n_words, n_features)]
        """
        return self.row_of_cepstra(self.cepstra(decibels, bounds), bounds)

    def cepstra(self, decibels, bounds):
        """Return the cepstral coefficients of frames, as `rows_of` takes them: float64 [shape=(n_frames, n_mfcc)]."""
        return clipwise_product(decibels, self._matrices["dct"].T, bounds)

    def row_of_cepstra(self, cepstra, bounds):
        """Return the features of words, computed from their cepstral coefficients; see `rows_of`."""
        deltas = [slopes(cepstra, bounds, self.delta_width, order) for order in self.delta_orders]
        sequences = np.hstack([cepstra, *deltas])
        mean, spread = mean_and_spread(sequences, bounds)
        parts = [self._normalise(self.in_time(sequences, bounds), mean, spread)]
        if self.statistics:
            parts += [mean, spread]
        if self.duration:
            parts.append(np.log(np.diff(bounds))[:, np.newaxis])
        return np.hstack(parts).astype(self.stored_dtype)

    def in_time(self, sequences, bounds):
        """Return the sequences of words, each brought to `frames` frames: see `normalise_time`."""
        return normalise_time(sequences, bounds, self.frames, self.changes(sequences), self.change_share)

    def changes(self, sequences):
        """Return how fast the sound changes in each frame; without slopes 0: float64 [shape=(n_frames,)]."""
        return changes_of(sequences[:, self.n_mfcc : 2 * self.n_mfcc])

    def _normalise(self, sequences, mean, spread):
        """Flatten the wanted part of sequences [shape=(n, frames, n_coefficients)], normalised per utterance."""
        wanted = self.n_mfcc * (1 + self.deltas)
        shift, scale = self.normalisation(mean[:, np.newaxis, :wanted], spread[:, np.newaxis, :wanted])
        return ((sequences[..., :wanted] - shift) / scale).reshape(len(sequences), -1)


def batches_of(words):
    """Yield slices of consecutive words that stay within `_BATCH_SAMPLES` together, which bounds memory."""
    first, samples = 0, 0
    for i, word in enumerate(words):
        if i > first and samples + len(word) > _BATCH_SAMPLES:
            yield slice(first, i)
            first, samples = i, 0
        samples += len(word)
    if len(words):
        yield slice(first, len(words))
