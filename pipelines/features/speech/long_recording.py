"""Long recordings: an hour of sound as one waveform, a block at a time.

A recording of one word is small, and `audio_file` reads it whole. A dictation or an interview is not: at 44.1 kHz in
stereo an hour takes more than a gigabyte. So it is decoded, mixed down and resampled in blocks, and the caller keeps
only the blocks that it needs. The waveform does not depend on the size of the blocks.
"""

import functools

import numpy as np

from pipelines.errors import InputFileError
from pipelines.features.speech.audio_file import Levels
from pipelines.features.speech.decoding import name_of, open_sound

BLOCK_SAMPLES = 1 << 16


class LongRecording:
    """A recording of any length, which can be gone through more than once.

    Attributes
    ----------
    name : str
        How errors call it: the path, or `<stdin>` for bytes.
    sr : int > 0, in Hz
        Sampling rate of the blocks, whatever that of the file is.
    """

    def __init__(self, source, sr, block_samples=BLOCK_SAMPLES):
        """Open a file (Path) or its contents (bytes); InputFileError if it is no sound, cut short, or empty."""
        self.name = name_of(source)
        self.sr = sr
        if not isinstance(source, bytes) and source.is_fifo():
            source = source.read_bytes()  # a pipe can be read only once
        self._source, self._block_samples = source, block_samples
        with open_sound(source) as sound:
            if sound.frames == 0:
                raise InputFileError(f"{self.name}: the file holds no samples; record it again")

    @property
    def seconds(self):
        """Its length, in seconds: float > 0."""
        return self._measured[1]

    def blocks(self):
        """Go through the waveform from its beginning.

        Yields
        ------
        block : ndarray of float32 [shape=(n_samples,)]
            The channels mixed to one, see `audio_file.Mix`, `sr` samples a second, full scale [-1, 1]; not empty.

        Raises
        ------
        InputFileError
            If the file ends too soon, or has samples that are not numbers.
        """
        mix, _ = self._measured
        with open_sound(self._source) as sound:
            blocks = (mix.of(block) for block in sound.blocks(self._block_samples))
            if sound.samplerate != self.sr:
                blocks = resample(blocks, sound.samplerate, self.sr)
            yield from (block for block in blocks if len(block))

    @functools.cached_property
    def _measured(self):
        """The mix of the channels and the length in seconds, from one decoding of the recording."""
        with open_sound(self._source) as sound:
            levels, n_samples = Levels(sound.exact), 0
            for block in sound.blocks(self._block_samples):
                n_samples += levels.see(block).shape[1]
            sr = sound.samplerate
        if not n_samples:
            raise InputFileError(f"{self.name}: the file holds no samples; record it again")
        return levels.mix(), n_samples / sr


def resample(blocks, sr_in, sr_out):
    """Yield a waveform, float32 [shape=(n_samples,)], at another rate, as its blocks come; some may be empty."""
    import soxr

    stream = soxr.ResampleStream(sr_in, sr_out, 1)
    for block in blocks:
        yield stream.resample_chunk(np.ascontiguousarray(block))
    yield stream.resample_chunk(np.empty(0, np.float32), last=True)


def stretches(blocks, bounds):
    """Yield the parts of a waveform that lie between bounds, as its blocks come.

    Parameters
    ----------
    blocks : iterable of ndarray [shape=(n_samples,)]
    bounds : sequence of (int, int)
        First sample of each part and the one after its last; no part begins before the one ahead of it. What lies
        beyond the end of the waveform is left out.
    """
    kept, first = [], 0  # the blocks that may still be needed, and the place of their first sample
    end = 0
    blocks = iter(blocks)
    for start, stop in bounds:
        while end < stop and (block := next(blocks, None)) is not None:
            kept.append(block)
            end += len(block)
            while kept and first + len(kept[0]) <= start:
                first += len(kept.pop(0))
        joined = np.concatenate(kept) if kept else np.empty(0, np.float32)
        kept, first = [joined[min(start, end) - first :]], min(start, end)
        yield kept[0][: stop - first]
