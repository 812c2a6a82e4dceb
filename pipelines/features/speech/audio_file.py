"""Audio files: from a user's file to one waveform.

A recording arrives as WAV, FLAC, Ogg or MP3, with one channel or several, 8 to 64 bits a sample, at any rate.
`read_waveform` brings it to the one form that features are made from: a row of floating-point samples, the mean of the
channels, around zero. What cannot hold one spoken word (a broken file, silence, ten minutes of talk) is refused with a
sentence that says what to do; a damaged file is an error, never half a word.
"""

from typing import NamedTuple

import numpy as np

from pipelines.errors import InputFileError
from pipelines.features.speech.decoding import name_of, open_sound

SHORTEST_SECONDS = 0.05
LONGEST_SECONDS = 30.0
SILENCE_PEAK = 1e-4  # share of full scale, -80 dB: three steps of a 16-bit recording

CANCELLED = 0.1  # the mean of the channels is not used if it keeps a smaller share of its power, see `Levels`

_LARGEST_PEAK = 16.0  # floating-point samples beyond this do not have full scale 1; they are steps, volts or pascals


def read_waveform(source):
    """Decode one recording of one word.

    Parameters
    ----------
    source : Path or bytes
        An audio file, or its contents.

    Returns
    -------
    waveform : ndarray of float32 [shape=(n_samples,)]
        The channels mixed to one, without direct current, see `Mix`; full scale is [-1, 1].
    sr : int > 0
        Sampling rate, in Hz.

    Raises
    ------
    InputFileError
        If the file does not exist, is not complete, contains no usable sound, or is shorter than `SHORTEST_SECONDS` or
        longer than `LONGEST_SECONDS`. The length is looked at before anything is decoded, so memory is bounded. The
        message begins with the path, or with `<stdin>` for bytes.
    """
    name = name_of(source)
    with open_sound(source) as sound:
        _check_length(name, sound.frames, sound.samplerate)
        levels, means, n_samples = Levels(sound.exact), [], 0
        for block in sound.blocks():
            means.append(_mean(levels.see(block)))
            n_samples += block.shape[1]
            if sound.frames is None and n_samples > LONGEST_SECONDS * sound.samplerate:
                break
        sr = sound.samplerate
    _check_length(name, n_samples, sr, more=sound.frames is None)
    mix = levels.mix()
    if mix.channel is not None:  # this is rare, and the channel is known only now
        with open_sound(source) as sound:
            waveform = np.concatenate([mix.of(block) for block in sound.blocks()])
    else:
        waveform = (means[0] if len(means) == 1 else np.concatenate(means)) - mix.offset
        if mix.scale != 1:
            waveform *= mix.scale
    if waveform.max() - waveform.min() < 2 * SILENCE_PEAK:
        raise InputFileError(f"{name}: contains only silence; check the microphone and record the word again")
    return waveform, sr


class Mix(NamedTuple):
    """How several channels become one without direct current.

    Usually that is the mean of the channels. But where one wire of a microphone is connected the wrong way round, the
    channels cancel each other, and their mean is silence; then one of them is taken alone.

    A direct current, which cheap sound cards add, would be a jump where the recording begins and ends, and that is a
    click wherever the sound is filtered.

    Attributes
    ----------
    channel : int or None
        The channel that is taken, None for the mean of all.
    offset : float32
        What is subtracted: the mean of the result over the recording, in steps of 2^-23, so that nothing is rounded
        where samples have up to 24 bits.
    scale : float32
        What the rest is multiplied with: 1, or a power of two for floating-point samples that are not of full scale 1.
    """

    channel: int | None
    offset: np.float32
    scale: np.float32

    def of(self, block):
        """Mix a block, float32 [shape=(n_channels, n_frames)]: float32 [shape=(n_frames,)]."""
        mixed = (_mean(block) if self.channel is None else block[self.channel]) - self.offset
        return mixed if self.scale == 1 else mixed * self.scale


class Levels:
    """What must be known of a recording before it can be mixed, added up block by block.

    Parameters
    ----------
    exact : bool
        Whether samples are floating-point numbers, which may have any scale.
    """

    def __init__(self, exact=False):
        self._n, self._sum, self._square = 0, 0.0, 0.0  # of the mean, then of each channel if there are several
        self._exact, self._highest, self._lowest, self._fine = exact, -np.inf, np.inf, False

    def see(self, block):
        """Take a block into account, float32 [shape=(n_channels, n_frames)], and return it."""
        self._n += block.shape[1]
        if self._exact:
            self._highest, self._lowest = max(self._highest, block.max()), min(self._lowest, block.min())
            if not self._fine and self._highest - self._lowest < 2 * SILENCE_PEAK:
                self._fine = bool(np.any(np.modf(block * np.float32(1 << 15))[0]))
        if len(block) == 1:
            self._sum += block.sum(dtype=np.float64)
            return block
        tracks = block.astype(np.float64)
        tracks = np.concatenate([tracks.mean(axis=0, keepdims=True), tracks])
        self._sum += tracks.sum(axis=1)
        self._square += np.einsum("ct,ct->c", tracks, tracks)
        return block

    def mix(self):
        """Return the Mix.

        The loudest channel is taken alone if the mean has less than `CANCELLED` of the power that it would have if the
        channels had nothing in common.
        """
        mean, channel = np.atleast_1d(self._sum / self._n), None
        if len(mean) > 1:
            of_mean, *of_channels = self._square / self._n - np.square(mean)
            if of_mean * len(of_channels) ** 2 < CANCELLED * sum(of_channels):
                channel = int(np.argmax(of_channels))
        offset = np.float32(round(mean[0 if channel is None else 1 + channel] * 2**23) / 2**23)
        scale = self._scale()
        if scale > 1:  # steps of 2^-23 are coarse there
            offset = np.float32(mean[0 if channel is None else 1 + channel])
        return Mix(channel, offset, scale)

    def _scale(self):
        """Return the factor that brings floating-point samples of another scale to between a half and 1.

        Samples that are only a few steps of a 16-bit recording keep their scale: they are silence.
        """
        range_ = float(self._highest) - float(self._lowest) if self._exact else 0.0
        faint = 0 < range_ < 2 * SILENCE_PEAK and self._fine
        if not faint and range_ <= 2 * _LARGEST_PEAK:
            return np.float32(1)
        return np.float32(2.0 ** np.clip(-np.ceil(np.log2(range_)), -120, 100))


def _mean(block):
    return block[0] if len(block) == 1 else block.mean(axis=0)


def sampling_rates(paths):
    """Return at what rate each of some readable audio files was recorded, such as "8 kHz": ndarray of str."""
    rates = []
    for path in paths:
        with open_sound(path) as sound:
            rates.append(f"{sound.samplerate / 1000:g} kHz")
    return np.array(rates)


def _check_length(name, n_samples, sr, more=False):
    """Raise InputFileError if no word has this length; None is an unknown length, with `more` there may be more."""
    if n_samples is None:
        return
    if n_samples == 0:
        raise InputFileError(f"{name}: the file contains no samples; record the word again")
    seconds = n_samples / sr
    if seconds > LONGEST_SECONDS:
        expected = f"one word is expected in at most {LONGEST_SECONDS:g} s"
        lasts = f"lasts more than {LONGEST_SECONDS:g} s" if more else f"lasts {seconds:.0f} s"
        raise InputFileError(f"{name}: {lasts}, and {expected}; cut the word out, or use transcribe")
    if seconds < SHORTEST_SECONDS:
        no_word = f"no word is shorter than {SHORTEST_SECONDS:g} s"
        raise InputFileError(f"{name}: lasts {seconds:.3f} s, and {no_word}; record the word again")
