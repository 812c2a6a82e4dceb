"""Variation: the same word in another voice, in another room, with another microphone.

Six speakers are too few. So things that a network should ignore are varied while it learns: the length of the vocal
tract, the tempo, the noise and the echo of the room, the tone, the band, the overdrive and the level control of the
microphone. The word is then cut out of what has become of it, as a stranger's recording will be: with the ends that
noise and echo leave to be found. Each recording is varied several times before training; in each epoch the network
hears one of these variants, so that it never sees quite the same word twice.

All of it is drawn from ranges. A warp or a tempo of 1.2 is as far from 1 as one of 1 / 1.2, so these are drawn on a
logarithmic scale.
"""

import functools
import zlib
from dataclasses import asdict, dataclass, replace

import numpy as np

from pipelines.features.speech.foreign import foreign_sound
from pipelines.features.speech.level_control import compress, gate
from pipelines.features.speech.mfcc import NO_MASKING, mel_decibels
from pipelines.features.speech.noise import noise_of_power
from pipelines.features.speech.room import through_microphone, through_room
from pipelines.features.speech.vocal_tract import warp_mel

SHORTEST_SECONDS = 0.05  # cutting leaves at least this much of a word
RECORDED_SHARE = 0.5  # share of recorded noise in the words' noise, if recordings of noise came with them
WARPS = 33  # number of different warps to draw from; their mel filters are made once
LOOSE_DB = 45.0  # decibels below the loudest frame where a varied sound is cut; a word is cut closer
SLOPES = (0.5, 3.0)  # decibels that a gate takes away for each decibel below its threshold
LOUD_SHARE = 1e-3  # of the loudest sample's power; softer samples are pauses, and do not count in the word's level


@dataclass(frozen=True)
class Variation:
    """How far recordings are varied. Nothing is done where a range is (1, 1) or a share or an extent 0.

    Attributes
    ----------
    warp : float >= 1
        Largest factor by which the vocal tract is made shorter or longer (Jaitly and Hinton 2013, see `vocal_tract`).
    tempo : float >= 1
        Largest factor by which the word is made faster or slower, its pitch left alone.
    silence, silence_share : float >= 0, in seconds; in [0, 1]
        Up to so much silence is put before the word, and after it, each in this share of the variants.
    tone : float >= 0, in decibels
        How much a microphone raises or lowers either end of the spectrum, and half as much places between.
    band_share : float in [0, 1]
        The share of variants from which low and high frequencies are taken, as small microphones do.
    reverberation, reverberation_share : float >= 0, in seconds; in [0, 1]
        Longest time in which the echo of the room falls by 60 dB, in this share of the variants.
    overdrive, overdrive_share : float >= 0, in decibels; in [0, 1]
        How far above full scale the word reaches, at most, in this share of the variants.
    gate, gate_share : (float, float), in decibels; in [0, 1]
        Range of the level, relative to the loudest, below which soft sounds are made softer, in this share of the
        variants; see `level_control`.
    gain, gain_share : float in [0, 1]; in [0, 1]
        The largest share of its distance from the loudest that a soft sound loses, in this share of the variants.
    noise, noise_share : (float, float), in decibels; in [0, 1]
        Range of the word's level above that of a noise, in this share of the variants. The colour of the noise varies
        from white to between pink and brown.
    trim : float >= 0, in decibels
        How far the threshold at which the word ends is moved, at most: upward so far, downward two thirds of it.
    shift : float >= 0, in seconds
        How far beginning and end are moved inwards then.
    masking, masking_share : (float, float), in decibels; in [0, 1]
        Range of the word's level above that of the noise that masks it, see `mfcc.mask`, in this share of the variants,
        whatever the strength is; only if a view at prediction is masked.
    mild_share : float in [0, 1]
        The share of variants, rounded down, in a quiet room with a good microphone, see `mild`: a network that hears
        only the worst learns to do without sounds that are there, and confuses words said close to each other.
    """

    warp: float = 1.3
    tempo: float = 1.35
    silence: float = 0.3
    silence_share: float = 0.7
    tone: float = 8.0
    band_share: float = 0.3
    reverberation: float = 0.4
    reverberation_share: float = 0.3
    overdrive: float = 20.0
    overdrive_share: float = 0.2
    gate: tuple = (-40.0, -12.0)
    gate_share: float = 0.25
    gain: float = 0.5
    gain_share: float = 0.15
    noise: tuple = (5.0, 45.0)
    noise_share: float = 0.7
    trim: float = 18.0
    shift: float = 0.07
    masking: tuple = (15.0, 40.0)
    masking_share: float = 0.3
    mild_share: float = 0.5

    def scale(self, strength):
        """Return a variation that goes `strength` times as far; with 0 nothing varies."""
        lowest, highest = self.noise
        return Variation(
            warp=self.warp**strength,
            tempo=self.tempo**strength,
            silence=self.silence * strength,
            silence_share=self.silence_share,
            tone=self.tone * strength,
            band_share=min(1.0, self.band_share * strength),
            reverberation=self.reverberation * strength,
            reverberation_share=self.reverberation_share,
            overdrive=self.overdrive * strength,
            overdrive_share=min(1.0, self.overdrive_share * strength),
            gate=self.gate,
            gate_share=min(1.0, self.gate_share * strength),
            gain=min(1.0, self.gain * strength),
            gain_share=min(1.0, self.gain_share * strength),
            noise=(lowest + 20 * (1 - strength), highest + 20 * (1 - strength)),
            noise_share=min(1.0, self.noise_share * strength),
            trim=min(30.0, self.trim * strength),
            shift=self.shift * strength,
            masking=self.masking,
            masking_share=self.masking_share if strength else 0.0,
            mild_share=self.mild_share,
        )

    def mild(self):
        """Return the variation of a good recording: no echo, overdrive or narrow band, hardly any pause, less noise."""
        lowest, highest = self.noise
        return replace(
            self,
            silence=self.silence / 5,
            tone=0.75 * self.tone,
            band_share=0.0,
            reverberation_share=0.0,
            overdrive_share=0.0,
            gate_share=self.gate_share / 2,
            gain_share=0.0,
            noise=(lowest + 5, highest),
            noise_share=0.7 * self.noise_share,
            trim=0.0,
            shift=self.shift / 2,
            mild_share=0.0,
        )

    def vary_word(self, sound, extractor, rng, recorded=None):
        """Return the word that is cut out of a sound once that has been varied: float64 [shape=(n_samples,)].

        Parameters
        ----------
        sound : ndarray of float64 [shape=(n_samples,)], not silent
        extractor : SpeechExtractor
            Whose rate the sound has, and which cuts.
        rng : numpy Generator
        recorded : RecordedNoise or None
            `RECORDED_SHARE` of the noise is from it.
        """
        sr = extractor.sr
        before, after = (
            round(rng.uniform(0, self.silence) * sr) if rng.random() < self.silence_share else 0 for _ in range(2)
        )
        sound = np.concatenate([np.zeros(before), sound, np.zeros(after)])
        if self.tone or self.band_share:
            sound = through_microphone(sound, sr, self.tone, rng.random() < self.band_share, rng)
        if self.reverberation and rng.random() < self.reverberation_share:
            sound = through_room(sound, rng.uniform(0.3, 1) * self.reverberation * sr, rng, sr)
        if self.overdrive and rng.random() < self.overdrive_share:
            sound = overdrive(sound, rng.uniform(0.15, 1) * self.overdrive, soft=rng.random() < 0.5)
        if rng.random() < self.noise_share:
            level = rng.uniform(*self.noise)
            if recorded is not None and rng.random() < RECORDED_SHARE:
                sound = sound + recorded.of_power(len(sound), power_below(sound, level), rng)
            else:
                sound = sound + noise_like(sound, level, rng.uniform(0, 1.5), rng)
        sound = self._control_level(sound, sr, rng)
        moved = rng.uniform(-self.trim * 2 / 3, self.trim)
        return self._narrow(extractor.cut(sound, [extractor.trim_db + moved])[0], sr, rng)

    def _control_level(self, sound, sr, rng):
        drawn = rng.random()
        if drawn < self.gate_share:
            return gate(sound, sr, rng.uniform(*self.gate), rng.uniform(*SLOPES))
        if drawn < self.gate_share + self.gain_share:
            return compress(sound, sr, rng.uniform(0, self.gain))
        return sound

    def _narrow(self, word, sr, rng):
        first, last = (round(seconds * sr) for seconds in rng.uniform(0, self.shift, 2).tolist())
        if len(word) - first - last < round(SHORTEST_SECONDS * sr):
            return word
        return word[first : len(word) - last]


def overdrive(sound, decibels, soft):
    """Return a sound that was `decibels` too loud for a microphone: cut off at full scale, or if `soft` bent to it."""
    risen = sound * (10 ** (decibels / 20) / max(np.abs(sound).max(), np.finfo(float).tiny))
    return np.tanh(risen) if soft else np.clip(risen, -1, 1)


def noise_like(word, level, colour, rng):
    """Return noise as long as a word, `level` decibels below it: float64 [shape=(n_samples,)].

    Parameters
    ----------
    level : float, in decibels
        Mean power of the word, pauses left out, over that of the noise.
    colour : float from 0 (white) over 1 (pink: the power falls as 1 / frequency) to 2
    """
    return noise_of_power(len(word), power_below(word, level), colour, rng)


def power_below(word, level):
    """Return the mean power that is `level` decibels below that of a word, pauses left out: float."""
    power = np.square(word)
    loud = power[power > LOUD_SHARE * power.max()]
    return loud.mean() / 10 ** (level / 10)


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
    recorded : RecordedNoise or None
        Noise that came with the recordings.
    """

    name = "speech-variants"
    version = 7
    sparse = False
    together = True

    def __init__(self, extractor, variation, n_variants, n_foreign=0, seed=0, recorded=None):
        self.recorded = recorded
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
        # `mel_decibels` multiplies with float64 in column order. This order avoids a conversion.
        return [np.asfortranarray(warp_mel(float(warp), **axis), np.float64) for warp in warps]

    def settings(self):
        """Return what decides the rows, as JSON types."""
        counts = {"n_variants": self.n_variants, "n_foreign": self.n_foreign, "seed": self.seed}
        noise = {} if self.recorded is None else {"recorded_noise": self.recorded.digest()}
        of_words = {"version": self.extractor.version, **self.extractor.settings()}
        return {**counts, "variation": asdict(self.variation), **noise, **of_words}

    @property
    def n_stored(self):
        """Length of a stored row: the features of all variants, one after the other."""
        return (self.n_variants + self.n_foreign) * self.extractor.n_features

    def extract_rows(self, waveforms):
        """Return the variants' features: float32 [shape=(n, n_stored)]."""
        rows = [self._variants(waveform) for waveform in waveforms]
        return np.concatenate([np.empty((0, self.n_stored), self.stored_dtype), *rows])

    def _variants(self, waveform):
        """Return the row of one recording: float32 [shape=(1, n_stored)]."""
        extractor = self.extractor
        words, hops, mels, maskings = self.draw(waveform, self.rng_for(waveform))
        power, bounds = extractor.power(words, hops, maskings)
        decibels = mel_decibels(power, bounds, mels, extractor.top_db)
        return extractor.rows_of(decibels, bounds).reshape(1, -1)

    def rng_for(self, waveform):
        """Return the numpy Generator that a recording is varied with: the same for the same samples."""
        return np.random.default_rng([self.seed, zlib.crc32(waveform)])

    def draw(self, waveform, rng):
        """Draw the variants of a recording's word, mild ones last, and behind them the foreign sounds made of it.

        Parameters
        ----------
        waveform : ndarray of float32 [shape=(n_samples,)]
            As `SpeechExtractor.read` returns it.
        rng : numpy Generator

        Returns
        -------
        words : list of ndarray of float64 [shape=(n_samples,)]
        hops : ndarray of int64 [shape=(n_words,)]
            Samples from one frame to the next: more of them make a word faster.
        mels : list of ndarray of float64 [shape=(n_mels, 1 + n_fft // 2)]
            The mel filters of each one's vocal tract.
        maskings : ndarray of float64 [shape=(n_words,)], in decibels, see `mfcc.mask`
        """
        extractor, varied_word = self.extractor, functools.partial(self.variation.vary_word, recorded=self.recorded)
        loosely = LOOSE_DB if self.variation.trim else extractor.trim_db
        word, sound = extractor.words(waveform, (extractor.trim_db, loosely))
        n_mild = int(self.n_variants * self.variation.mild_share)
        words = [varied_word(sound, extractor, rng) for _ in range(self.n_variants - n_mild)]
        mildly_varied = functools.partial(self.variation.mild().vary_word, recorded=self.recorded)
        words += [mildly_varied(sound, extractor, rng) for _ in range(n_mild)]
        words += [varied_word(foreign_sound(word, extractor.sr, rng), extractor, rng) for _ in range(self.n_foreign)]
        reach = np.log(self.variation.tempo)
        hops = np.round(extractor.hop_length * np.exp(rng.uniform(-reach, reach, len(words)))).astype(int)
        mels = [self._mels[i] for i in rng.integers(len(self._mels), size=len(words))]
        return words, hops, mels, self._maskings(len(words), rng)

    def _maskings(self, n, rng):
        """Return by which noise each of n words is masked, in decibels: some are, if a view at prediction is."""
        if min(self.extractor.masked) == NO_MASKING:
            return np.full(n, NO_MASKING)
        masked = rng.random(n) < self.variation.masking_share
        return np.where(masked, rng.uniform(*self.variation.masking, n), NO_MASKING)
