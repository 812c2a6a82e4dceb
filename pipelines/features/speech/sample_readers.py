"""Sample readers: what gives the samples of one recording, block by block.

Samples that are stored as they are need no decoder: numpy takes them for the numbers that they are. Whatever is
compressed goes through libsndfile, which reads a file or, of several recordings in one file, a part of it.
"""

import functools
import io

import numpy as np

FLOATS = {"HALF": "f2", "FLOAT": "f4", "DOUBLE": "f8"}
READ_AT_ONCE = 1 << 22  # bytes; a larger file is mapped, and a larger part of one is not copied
_UNKNOWN_FRAMES = 1 << 62


class Stored:
    """Samples that are stored as they are, as numbers or as marks of a table."""

    def __init__(self, samples, view):
        self.samplerate, self.channels = samples.sr, samples.channels
        self._form, self._frame_bytes, self._view, self._at = samples, samples.frame_bytes, view, 0
        self._gain = np.float32(2**samples.spare if _fills_the_lowest_bits(samples, view) else 1)

    def read(self, n_frames):
        """Return the next moments: float32 [shape=(n_frames, n_channels)], full scale [-1, 1]."""
        stop = min(len(self._view), self._at + n_frames * self._frame_bytes)
        content, self._at = self._view[self._at : stop], stop
        numbers = _numbers(content, self._form.coding, self._form.endian).reshape(-1, self.channels)
        return numbers if self._gain == 1 else numbers * self._gain

    def close(self):
        """Do nothing: there is not a file to close."""


def _fills_the_lowest_bits(samples, view):
    """Tell whether integers with spare bits use the lowest bits, where the standard has zeros."""
    if not samples.spare or samples.coding not in ("PCM_16", "PCM_32"):
        return False
    order = "<" if samples.endian == "LITTLE" else ">"
    steps = np.frombuffer(view, order + _INTEGERS[samples.coding])
    highest = 1 << 8 * steps.itemsize - samples.spare - 1
    return bool(np.any(steps & ((1 << samples.spare) - 1)) and -highest <= steps.min() and steps.max() < highest)


_INTEGERS = {"PCM_16": "i2", "PCM_24": "i4", "PCM_32": "i4"}


def _numbers(content, coding, endian):
    """Return stored samples as float32 [shape=(n,)]; integers are of full scale [-1, 1)."""
    order = "<" if endian == "LITTLE" else ">"
    if coding in ("ULAW", "ALAW"):
        return _table(coding)[np.frombuffer(content, np.uint8)]
    if coding in FLOATS:
        with np.errstate(over="ignore"):  # numbers beyond float32 become infinite, and are refused because of it
            return np.frombuffer(content, order + FLOATS[coding]).astype(np.float32, copy=False)
    if coding == "PCM_U8":
        return (np.frombuffer(content, np.uint8).astype(np.float32) - 128) / 128
    if coding == "PCM_S8":
        return np.frombuffer(content, np.int8).astype(np.float32) / 128
    if coding == "PCM_24":  # the upper three bytes of four
        padded = np.zeros((len(content) // 3, 4), np.uint8)
        padded[:, slice(1, 4) if endian == "LITTLE" else slice(0, 3)] = np.frombuffer(content, np.uint8).reshape(-1, 3)
        content = padded
    steps = np.frombuffer(content, order + _INTEGERS[coding]).astype(np.float32)
    steps *= np.float32(2.0 ** (-15 if coding == "PCM_16" else -31))
    return steps


@functools.cache
def _table(coding):
    """Return what each byte stands for: float32 [shape=(256,)]."""
    marks = _Bytes(bytes(range(256)))
    return Decoder(marks, format="RAW", samplerate=8000, channels=1, subtype=coding).read(256)[:, 0]


class _Window:
    """A part of a file that acts as a file, with other bytes before it; it refuses places before its beginning."""

    def __init__(self, prefix, view):
        self._prefix, self._view, self._at = prefix, view, 0
        self._size = len(prefix) + len(view)

    def seek(self, offset, whence=io.SEEK_SET):
        """Go to a place; stay if it is before the beginning, which libsndfile may ask for after a lost frame."""
        at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if at < 0:
            return -1
        self._at = at
        return at

    def tell(self):
        """Return the current place."""
        return self._at

    def read(self, size=-1):
        """Return the next bytes."""
        stop = self._size if size < 0 else min(self._size, self._at + size)
        prefix = self._prefix[self._at : stop]
        start = max(0, self._at + len(prefix) - len(self._prefix))
        content = prefix + bytes(self._view[start : max(start, stop - len(self._prefix))])
        self._at += len(content)
        return content

    def readinto(self, buffer):
        """Copy the next bytes into a buffer, and return how many."""
        content = self.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)

    def write(self, _):
        """Refuse: libsndfile only needs the method to exist."""
        raise io.UnsupportedOperation("write")


class _Bytes(io.BytesIO):
    """A small window; it copies its bytes once, and is faster."""

    def seek(self, offset, whence=io.SEEK_SET):
        """Go to a place; stay if it is before the beginning."""
        try:
            return super().seek(offset, whence)
        except ValueError:
            return -1


def window(view, start=0, stop=None, prefix=b""):
    """Return a part of a file as a file of its own, with other bytes before it."""
    view = view[start:stop]  # a slice of all bytes is not a copy
    if len(view) >= READ_AT_ONCE:
        return _Window(prefix, view)
    return _Bytes(prefix + bytes(view) if prefix else view)


def _decoder_class():
    """Return the class that reads with libsndfile. It is made at its first use: importing soundfile takes a while."""
    import soundfile

    class Unseekable(soundfile.SoundFile):
        """A file that is read from its beginning to its end."""

        def seekable(self):
            """Return False: a seek would need the length, which may be unknown, and no code here seeks."""
            return False

    return Unseekable


class Decoder:
    """Samples as libsndfile decodes them."""

    _class = None

    def __init__(self, file, **form):
        if Decoder._class is None:
            Decoder._class = _decoder_class()
        self._file = Decoder._class(file, **form)
        self.samplerate, self.channels = self._file.samplerate, self._file.channels
        self.known = self._file.frames if self._file.frames < _UNKNOWN_FRAMES else None
        self._left = self.known

    @property
    def format(self):
        return self._file.format

    @property
    def extra_info(self):
        return self._file.extra_info

    def read(self, n_frames):
        n_frames = n_frames if self._left is None else min(n_frames, self._left)
        if not n_frames:
            return np.empty((0, self.channels), np.float32)
        block = np.empty((n_frames, self.channels), np.float32)
        block = block[: self._file.buffer_read_into(block, dtype="float32")]  # read() takes longer for small files
        if self._left is not None:
            self._left -= len(block)
        return block

    def skip(self, n_frames):
        """Read on without giving the samples."""
        while n_frames > 0 and (n_read := len(self.read(min(n_frames, 1 << 18)))):
            n_frames -= n_read

    def close(self):
        self._file.close()
