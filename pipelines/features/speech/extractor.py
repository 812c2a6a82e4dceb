"""Speech features: one spoken word as one row of numbers.

Two recordings of a word differ in loudness, in the silence around it and in how fast it was said. What stays is how the
shape of the spectrum moves from sound to sound. So the word is cut out, brought to full level and described by its
MFCCs and their slopes; their sequence is brought to a fixed number of frames, which keeps the order of the sounds, and
beside it stand its mean and its spread over time, which do not depend on where in the word a sound falls. The logarithm
of the duration comes last, since the sequence no longer tells it.

The defaults suit words recorded at 8 kHz or more; benchmarks/choose_speech_features.py is the measurement behind them.
Settings are chosen once, from training data, and travel in the model file together with the matrices.
"""

import functools
from dataclasses import dataclass, field, fields
from typing import ClassVar

import numpy as np

from pipelines.errors import InputFileError, UsageError
from pipelines.features.speech import evidence, modulation
from pipelines.features.speech.absence import what_instead, words_apart
from pipelines.features.speech.audio_file import SILENCE_PEAK, read_waveform
from pipelines.features.speech.drift import without_drift
from pipelines.features.speech.endpoints import WordSearch
from pipelines.features.speech.mfcc import (
    NO_MASKING,
    clipwise_product,
    make_matrices,
    mask,
    mel_decibels,
    power_spectra,
    slopes,
)
from pipelines.features.speech.settings import HIGHEST_DELTA_ORDER, check_settings
from pipelines.features.speech.stages import stages_of
from pipelines.features.speech.time_normalisation import changes_of, mean_and_spread, normalise_time
from pipelines.features.stages import run

_BATCH_SAMPLES = 1 << 17
_SMALLEST_SPREAD = 1e-3


@dataclass(frozen=True)
class SpeechExtractor:
    """Settings that turn a recording of a word into features.

    Attributes
    ----------
    sr : int > 0, in Hz
        Sampling rate that every recording is brought to.
    preemphasis : float in [0, 1)
        x[t] - preemphasis * x[t - 1] raises the high frequencies; 0 leaves them.
    trim_db : float > 0, in decibels
        A frame this far below the loudest one is not part of the word, unless there is a louder one on either side.
    trim_pad : float >= 0, in seconds
        Kept before and after the word.
    n_fft, win_length, hop_length : int > 0, in samples
        Length of the Fourier transform (even), of the Hann window inside it, and of the step between frames;
        the last two are at most n_fft.
    n_mels : int > 0
        Number of mel bands.
    fmin, fmax : float, in Hz
        Lower edge of the lowest and upper edge of the highest band, 0 <= fmin < fmax <= sr / 2.
    top_db : float > 0, in decibels
        Dynamic range kept below the loudest band of the word.
    n_mfcc : int > 0
        Number of cepstral coefficients, from 0 on; at most n_mels.
    delta_width : int, odd, >= 3, in frames
        Stretch of time over which slopes are taken.
    normalise : str
        What is taken out of each utterance besides its level: `"level"` (nothing else), `"mean"` (the mean of each
        coefficient in the sequence) or `"variance"` (the mean, and the spread scaled to 1).
    frames : int > 0
        Number of frames that the sequence of every word is brought to.
    change_share : float in [0, 1)
        How far these frames are equal in change rather than in time, see `time_normalisation.coverage`. More
        than 0 needs slopes in the sequence, or statistics.
    deltas : int, 0, 1 or 2
        Orders of slopes in the sequence, beside the coefficients themselves.
    statistics : bool
        Whether mean and standard deviation over time of coefficients, deltas and delta-deltas are added.
    duration : bool
        Whether the logarithm of the number of frames is added.
    warps : tuple of float in (0.5, 2), the first of them 1
        Lengths of the vocal tract that are tried, see `vocal_tract`: each gives a view of the word. The network learns
        from the first; the answers to all of them are averaged.
    cuts : tuple of float in (-trim_db, 100], in decibels, the first of them 0
        How far `trim_db` is moved: each gives a further view of the word, at each warp. Echo and noise want the word to
        be cut sooner, the soft sounds at its ends later, and this is not known beforehand.
    maskings : tuple of float in (0, 200], in decibels, one for each of the cuts, or none at all
        In the views of each cut, white noise that is so much softer than the word hides what is softer still, see
        `mfcc.mask`; 200 adds none. Without any, no view is masked.
    given_matrices : dict or None
        What `matrices()` returned when the settings were stored; None lets librosa make them, at their first use.
    """

    sr: int = 8000
    preemphasis: float = 0.0
    trim_db: float = 25.0
    trim_pad: float = 0.04
    n_fft: int = 256
    win_length: int = 200
    hop_length: int = 80
    n_mels: int = 32
    fmin: float = 60.0
    fmax: float = 3800.0
    top_db: float = 80.0
    n_mfcc: int = 13
    delta_width: int = 9
    normalise: str = "level"
    frames: int = 20
    change_share: float = 0.0
    deltas: int = 1
    statistics: bool = True
    duration: bool = True
    warps: tuple = (1.0, 0.92, 1.08)
    cuts: tuple = (0.0, -9.0, 12.0)
    maskings: tuple = ()
    given_matrices: dict | None = field(default=None, compare=False, repr=False)

    name: ClassVar[str] = "speech"
    version: ClassVar[int] = 5
    stored_dtype: ClassVar[np.dtype] = np.dtype(np.float32)
    sparse: ClassVar[bool] = False
    together: ClassVar[bool] = True

    def __post_init__(self):
        for name in ("warps", "cuts", "maskings"):
            if isinstance(getattr(self, name), list):  # JSON has no tuples
                object.__setattr__(self, name, tuple(getattr(self, name)))
        check_settings(self)

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

    def settings(self):
        """Return the settings as a dictionary of JSON types."""
        return {
            setting.name: getattr(self, setting.name) for setting in fields(self) if setting.name != "given_matrices"
        }

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

    @property
    def n_features(self):
        """Length of a feature vector: sequence, statistics, duration."""
        sequence = self.frames * self.n_mfcc * (1 + self.deltas)
        statistics = 2 * self.n_mfcc * (1 + HIGHEST_DELTA_ORDER)
        return sequence + self.statistics * statistics + self.duration

    @property
    def grid(self):
        """The picture that the sequence makes, which a feature vector begins with: (coefficients, frames, 0)."""
        frames, columns = self._sequence_shape
        return columns, frames, 0

    @property
    def _sequence_shape(self):
        return self.frames, self.n_mfcc * (1 + self.deltas)

    @property
    def n_stored(self):
        """Length of a stored row: the feature vectors of all views, one after the other."""
        return len(self.cuts) * len(self.warps) * self.n_features

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
        pieces = np.split(rows, np.cumsum(list(sizes.values()))[:-1], axis=-1)
        return dict(zip(sizes, pieces, strict=True)) | {"sequence": pieces[0].reshape(*rows.shape[:-1], *shape)}

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
    def delta_orders(self):
        """The orders of slopes that are taken, whether for the sequence or for the statistics."""
        return range(1, (HIGHEST_DELTA_ORDER if self.statistics else self.deltas) + 1)

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

    @property
    def trims(self):
        """What `trim_db` is for each cut, in decibels: tuple of float."""
        return tuple(self.trim_db + moved for moved in self.cuts)

    @property
    def masked(self):
        """How much softer than the word the noise is that masks the views of each cut, in decibels: tuple of float."""
        return self.maskings or (NO_MASKING,) * len(self.cuts)

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
