"""Variation: the same word as another voice would say it, in another room, into another microphone.

Six people are not mankind. What a network should not care about is therefore varied while it learns: the length of the
vocal tract, the tempo, where exactly the word was cut out, the noise and the echo of the room, the tone of the
microphone. Each recording is varied several times before training; in each epoch the network hears one of these
variants, so that it never sees quite the same word twice.

All of it is drawn from ranges. A warp or a tempo of 1.2 is as far from 1 as one of 1 / 1.2, so these are drawn on a
logarithmic scale.
"""

import functools
import zlib
from dataclasses import asdict, dataclass
from itertools import pairwise

import numpy as np

from pipelines.features.speech.foreign import foreign_sound
from pipelines.features.speech.mfcc import mel_decibels, power_spectra
from pipelines.features.speech.noise import noise_of_power, quick_length
from pipelines.features.speech.vocal_tract import warped_mel

SHORTEST_SECONDS = 0.05  # what cutting leaves of a word at least
WARPS = 33  # how many different ones are drawn from: their mel filters are made once


@dataclass(frozen=True)
class Variation:
    """How far recordings are varied. Nothing is done where a range is (1, 1) or a share or an extent 0.

    Attributes
    ----------
    warp : float >= 1
        Largest factor by which the vocal tract is made shorter or longer (Jaitly and Hinton 2013, see `vocal_tract`).
    tempo : float >= 1
        Largest factor by which the word is made faster or slower, its pitch left alone.
    shift : float >= 0, in seconds
        How far beginning and end are moved, inwards or, as far as the recording reaches, outwards.
    silence, silence_share : float >= 0, in seconds; in [0, 1]
        Up to so much silence is put before and after the word, in this share of the variants.
    reverberation, reverberation_share : float >= 0, in seconds; in [0, 1]
        Longest time in which the echo of the room falls by 60 dB, in this share of the variants.
    noise, noise_share : (float, float), in decibels; in [0, 1]
        Range of the word's level above that of a noise, in this share of the variants. The colour of the noise varies
        from white to pink.
    tone : float >= 0, in decibels
        How much a microphone raises or lowers either end of the spectrum, and half as much a wave over it.
    mask : float in [0, 1)
        Largest share of the frames, and of the bands, that is blotted out (Park et al. 2019,
        https://arxiv.org/abs/1904.08779).
    """

    warp: float = 1.18
    tempo: float = 1.18
    shift: float = 0.04
    silence: float = 0.06
    silence_share: float = 0.3
    reverberation: float = 0.3
    reverberation_share: float = 0.0
    noise: tuple = (10.0, 40.0)
    noise_share: float = 0.5
    tone: float = 6.0
    mask: float = 0.0

    def scaled(self, strength):
        """Return a variation that goes `strength` times as far; with 0 nothing varies."""
        lowest, highest = self.noise
        return Variation(
            warp=self.warp**strength,
            tempo=self.tempo**strength,
            shift=self.shift * strength,
            silence=self.silence * strength,
            silence_share=self.silence_share,
            reverberation=self.reverberation * strength,
            reverberation_share=self.reverberation_share,
            noise=(lowest + 20 * (1 - strength), highest + 20 * (1 - strength)),
            noise_share=min(1.0, self.noise_share * strength),
            tone=self.tone * strength,
            mask=min(0.9, self.mask * strength),
        )

    def varied_word(self, word, sr, rng):
        """Return a word, float64 [shape=(n_samples,)], with other edges, echo and noise; as long or a little longer."""
        word = self._cut(word, sr, rng)
        if self.silence and rng.random() < self.silence_share:
            before, after = (round(seconds * sr) for seconds in rng.uniform(0, self.silence, 2))
            word = np.concatenate([np.zeros(before), word, np.zeros(after)])
        if self.reverberation and rng.random() < self.reverberation_share:
            word = reverberated(word, rng.uniform(0.3, 1) * self.reverberation * sr, rng)
        if rng.random() < self.noise_share:
            word = word + noise_like(word, rng.uniform(*self.noise), rng.uniform(0, 1), rng)
        return word

    def _cut(self, word, sr, rng):
        if not self.shift:
            return word
        first, last = (round(seconds * sr) for seconds in rng.uniform(0, self.shift, 2).tolist())
        if len(word) - first - last < round(SHORTEST_SECONDS * sr):
            return word
        return word[first : len(word) - last]

    def varied_decibels(self, decibels, bounds, rng):
        """Change the tone of each word, and blot parts of it out, in place."""
        if not self.mask:
            self._tone(decibels, bounds, rng)
            return
        for start, stop in pairwise(bounds):
            self._tone(decibels[start:stop], np.array([0, stop - start]), rng)
            self._blot(decibels[start:stop], rng)

    def _tone(self, decibels, bounds, rng):
        if not self.tone:
            return
        counts, position = np.diff(bounds), np.linspace(-1, 1, decibels.shape[1])
        drawn = rng.uniform([-1, -1, 0.5, 0], [1, 1, 1.5, 2], (len(counts), 4))
        tilt, depth, waves, phase = drawn.T[..., np.newaxis]
        tones = self.tone * (tilt * position + depth / 2 * np.cos(np.pi * (waves * position + phase)))
        decibels += np.repeat(tones, counts, axis=0)

    def _blot(self, decibels, rng):
        """Put the mean of each band in place of some frames, and of some bands, of one word."""
        mean = decibels.mean(axis=0)
        for axis, length in enumerate(decibels.shape):
            width = int(rng.uniform(0, self.mask) * length)
            first = rng.integers(0, length - width + 1)
            blotted = (slice(first, first + width), slice(None))[:: 1 if axis == 0 else -1]
            decibels[blotted] = np.broadcast_to(mean, decibels.shape)[blotted]


def reverberated(word, decay, rng):
    """Return a word with the echo of a room: float64 [shape=(n_samples,)], the tail beyond its end left out.

    The room answers a click with noise that dies away exponentially (Moorer 1979, https://doi.org/10.2307/3680280).

    Parameters
    ----------
    decay : float > 0, in samples
        Time in which the echo falls by 60 dB.
    """
    time = np.arange(1, max(2, int(decay)))
    echo = rng.standard_normal(len(time)) * 10 ** (-3 * time / decay)
    echo *= rng.uniform(0.2, 0.8) / np.sqrt(np.square(echo).sum())
    response = np.concatenate([[1], echo])
    n = quick_length(len(word) + len(response))
    return np.fft.irfft(np.fft.rfft(word, n) * np.fft.rfft(response, n), n)[: len(word)]


def noise_like(word, level, colour, rng):
    """Return noise as long as a word, `level` decibels below it: float64 [shape=(n_samples,)].

    Parameters
    ----------
    level : float, in decibels
        Mean power of the word over that of the noise.
    colour : float from 0 (white) to 1 (pink: the power falls as 1 / frequency)
    """
    return noise_of_power(len(word), np.square(word).mean() / 10 ** (level / 10), colour, rng)


class VariedWords:
    """An extractor that stores, for each recording, the features of several variants instead of the recording's own.

    What is drawn for a recording depends on the seed and on its samples, not on its neighbours.

    Parameters
    ----------
    extractor : SpeechExtractor
    variation : Variation
    n_variants : int > 0
    n_foreign : int >= 0
        How many foreign sounds are made of each recording and stored behind its variants.
    seed : int >= 0
    """

    name = "speech-variants"
    version = 2

    def __init__(self, extractor, variation, n_variants, n_foreign=0, seed=0):
        self.extractor, self.variation, self.seed = extractor, variation, seed
        self.n_variants, self.n_foreign = n_variants, n_foreign
        self.stored_dtype = extractor.stored_dtype
        self.read = extractor.read

    def matrices(self):
        """Make what all rows need, at the first call: the extractor's matrices, which are returned, and warped ones."""
        _ = self._mels
        return self.extractor.matrices()

    @functools.cached_property
    def _mels(self):
        reach, given = np.log(self.variation.warp), self.extractor.settings()
        axis = {name: given[name] for name in ("sr", "n_fft", "n_mels", "fmin", "fmax")}
        warps = np.exp(np.linspace(-reach, reach, WARPS)) if reach else [1.0]
        # In double precision and column by column, as `mel_decibels` multiplies with them: then nothing is converted.
        return [np.asfortranarray(warped_mel(float(warp), **axis), np.float64) for warp in warps]

    def settings(self):
        """Return what decides the rows, as JSON types."""
        counts = {"n_variants": self.n_variants, "n_foreign": self.n_foreign, "seed": self.seed}
        of_words = {"version": self.extractor.version, **self.extractor.settings()}
        return {**counts, "variation": asdict(self.variation), **of_words}

    @property
    def n_stored(self):
        """Length of a stored row: the features of all variants, one after the other."""
        return (self.n_variants + self.n_foreign) * self.extractor.n_features

    def stored_rows(self, waveforms):
        """Return the variants' features: float32 [shape=(n, n_stored)]."""
        rows = [self._variants(waveform) for waveform in waveforms]
        return np.concatenate([np.empty((0, self.n_stored), self.stored_dtype), *rows])

    def _variants(self, waveform):
        """Return the row of one recording: float32 [shape=(1, n_stored)]."""
        rng, extractor = self.rng_for(waveform), self.extractor
        words, hops, mels = self.drawn(extractor.word(waveform), rng)
        power, bounds = power_spectra(words, extractor.matrices()["window"], hops)
        decibels = mel_decibels(power, bounds, mels, extractor.top_db)
        self.variation.varied_decibels(decibels, bounds, rng)
        return extractor.rows_of(decibels, bounds).reshape(1, -1)

    def rng_for(self, waveform):
        """Return the numpy Generator that a recording is varied with: the same for the same samples."""
        return np.random.default_rng([self.seed, zlib.crc32(waveform)])

    def drawn(self, word, rng):
        """Draw the variants of a word, and behind them the foreign sounds that are made of it.

        Parameters
        ----------
        word : ndarray of float64 [shape=(n_samples,)]
            As `SpeechExtractor.word` cuts it out.
        rng : numpy Generator

        Returns
        -------
        words : list of ndarray of float64 [shape=(n_samples,)]
        hops : ndarray of int64 [shape=(n_words,)]
            Samples from one frame to the next: more of them make a word faster.
        mels : list of ndarray of float64 [shape=(n_mels, 1 + n_fft // 2)]
            The mel filters of each one's vocal tract.
        """
        variation, sr = self.variation, self.extractor.sr
        words = [variation.varied_word(word, sr, rng) for _ in range(self.n_variants)]
        words += [variation.varied_word(foreign_sound(word, sr, rng), sr, rng) for _ in range(self.n_foreign)]
        reach = np.log(variation.tempo)
        hops = np.round(self.extractor.hop_length * np.exp(rng.uniform(-reach, reach, len(words)))).astype(int)
        return words, hops, [self._mels[i] for i in rng.integers(len(self._mels), size=len(words))]
