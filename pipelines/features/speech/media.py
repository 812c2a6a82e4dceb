"""Media: recordings of telephones, browsers and messengers, decoded by FFmpeg if it is installed.

M4A and AAC, WebM and AMR hold sound that libsndfile cannot decode. FFmpeg can, and comes in two ways: as the package
PyAV (`pip install av`), which brings its own, or as the program `ffmpeg`. Neither is required: without them a recording
of that kind is refused with the sentence that names them.
"""

import importlib.util
import io
import json
import shutil
import struct
from contextlib import suppress

import numpy as np

from pipelines.machine.extras import install_command

INSTALL = f"install PyAV ({install_command('av')}) or the program ffmpeg to read it"


class MediaError(Exception):
    """The contents cannot be decoded; the message says why."""


def available():
    """Tell whether there is a decoder."""
    return importlib.util.find_spec("av") is not None or shutil.which("ffmpeg") is not None


def open_media(source):
    """Open a file (Path) or its contents (bytes-like) for reading; MediaError if it holds no sound that can be decoded.

    Returns
    -------
    reader : object with `samplerate`, `channels`, `frames` (int or None), `read(n)` and `close()`
        `read` returns up to so many moments as float32 [shape=(n_frames, n_channels)], none at the end.
    """
    if importlib.util.find_spec("av") is not None:
        return _PyAV(source)
    return _Program(source)


class _PyAV:
    """A file decoded in this process."""

    def __init__(self, source):
        import av

        try:
            is_path = not isinstance(source, bytes | memoryview)
            self._container = av.open(str(source) if is_path else io.BytesIO(source), metadata_errors="ignore")
            if not self._container.streams.audio:
                raise MediaError("it holds no sound")
            stream = self._container.streams.audio[0]
            self._resampler = av.AudioResampler(format="fltp")
            self._decoded = self._arrays(self._container.decode(stream))
            self._rest = next(self._decoded, None)
            if self._rest is None:
                raise MediaError("it holds no sound")
        except (av.FFmpegError, ValueError, OverflowError, UnicodeError) as error:
            raise MediaError(_plain(error)) from error
        self.channels = self._rest.shape[1]
        self.frames = self._count_announced(stream)

    def _arrays(self, frames):
        for frame in frames:
            self.samplerate = frame.sample_rate
            for converted in self._resampler.resample(frame):
                yield np.ascontiguousarray(converted.to_ndarray().T)
        for converted in self._resampler.resample(None):
            yield np.ascontiguousarray(converted.to_ndarray().T)

    def _count_announced(self, stream):
        """Return how many samples the container announces; None if that is only a guess."""
        name = self._container.format.name
        if "mp4" in name and stream.duration and stream.time_base:
            return int(stream.duration * stream.time_base * self.samplerate)
        if _says_its_length(name) and self._container.duration:  # in microseconds
            return self._container.duration * self.samplerate // 1_000_000
        return None

    def read(self, n_frames):
        import av

        try:
            if not len(self._rest):
                self._rest = next(self._decoded, self._rest)
        except (av.FFmpegError, ValueError) as error:
            raise MediaError(_plain(error)) from error
        block, self._rest = self._rest[:n_frames], self._rest[n_frames:]
        return block

    def close(self):
        self._container.close()


class _Program:
    """A file decoded by the program ffmpeg, which writes an AU file of floats into a pipe."""

    def __init__(self, source):
        import subprocess
        import tempfile

        self._file = None
        if isinstance(source, bytes | memoryview):  # an M4A has its index at the end, so a pipe is not enough
            self._file = tempfile.NamedTemporaryFile(prefix="backprop-")  # noqa: SIM115 - closed with the reader
            self._file.write(source)
            self._file.flush()
            source = self._file.name
        command = ["ffmpeg", "-nostdin", "-v", "error", "-i", f"file:{source}", "-map", "0:a:0", "-c:a", "pcm_f32be"]
        self._process = subprocess.Popen(
            [*command, "-f", "au", "-"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        head = self._process.stdout.read(24)
        if len(head) < 24:
            lines = self._process.stderr.read().decode(errors="replace").strip().splitlines()
            self.close()
            raise MediaError(lines[-1].split(": ")[-1] if lines else "it holds no sound")
        start, _, _, self.samplerate, self.channels = struct.unpack_from(">5I", head, 4)
        self._process.stdout.read(start - 24)
        self.frames = self._count_announced(source)

    def _count_announced(self, source):
        """Return how many samples the container announces; None if that is only a guess."""
        if shutil.which("ffprobe") is None:  # ffprobe comes with ffmpeg
            return None
        import subprocess

        command = ["ffprobe", "-v", "quiet", "-of", "json", "-show_entries", "format=format_name,duration"]
        told = subprocess.run([*command, f"file:{source}"], stdin=subprocess.DEVNULL, capture_output=True, check=False)
        try:
            container = json.loads(told.stdout)["format"]
            seconds = float(container["duration"])
            return round(seconds * self.samplerate) if _says_its_length(container["format_name"]) else None
        except (ValueError, KeyError, TypeError, OverflowError):
            return None

    def read(self, n_frames):
        content = self._process.stdout.read(4 * self.channels * n_frames)
        whole = len(content) // (4 * self.channels) * 4 * self.channels
        return np.frombuffer(content[:whole], ">f4").astype(np.float32).reshape(-1, self.channels)

    def close(self):
        with suppress(OSError):
            self._process.kill()
        self._process.communicate()
        if self._file is not None:
            self._file.close()


def _says_its_length(format_name):
    """Tell whether FFmpeg reads the length of this format from the header, and does not guess it from the size."""
    return "mp4" in format_name or "matroska" in format_name


def _plain(error):
    """Return FFmpeg's own words, without numbers and names."""
    return str(getattr(error, "strerror", None) or error).strip().rstrip(".")
