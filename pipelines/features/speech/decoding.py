"""Decoding: a recording of any container and coding as blocks of samples.

Whatever can be decoded counts, not what a header claims. `containers` finds samples that are stored as they are,
`streams` parts compressed files, `media` reads what libsndfile cannot; here they become one `Sound`. Where a length was
claimed and a little of it is missing, less than `MISSING_SHARE` or `MISSING_SECONDS`, that is a matter of the header.
Where more is missing, the file was cut short, and half a word must not be taken for a word.
"""

import contextlib
import functools
import io
import mmap
import os
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from pipelines.errors import InputFileError
from pipelines.features.speech import containers, media, streams
from pipelines.machine.contents import ENOUGH, first_bytes, task_of, what_it_is

MISSING_SHARE = 0.01
MISSING_SECONDS = 0.02
LOWEST_RATE = 1000  # in Hz; a header that says less is wrong

_BLOCK_SAMPLES = 1 << 18
_AT_ONCE = 1 << 22  # bytes; a larger file is mapped, not read
_READABLE = "WAV, FLAC, Ogg and MP3"
_UNKNOWN_FRAMES = 1 << 62

_LENGTH_REMARK = re.compile(r"^\s*(?:data|SSND|Data Size|riff)\s*: (\d+) \(should be (\d+)\)", re.MULTILINE)
_VOC_CUT = re.compile(r"Length : (\d+).*: (\d+)\n  sample rate.*Seems to be a truncated file", re.DOTALL)

# How files begin that are often taken for sound that libsndfile reads.
_OTHER_SOUND = (
    (4, b"ftyp", "AAC sound (m4a, mp4)"),
    (0, b"\x30\x26\xb2\x75", "Windows Media sound (wma)"),
    (0, b"\x1a\x45\xdf\xa3", "WebM or Matroska sound"),
    (0, b"#!AMR", "AMR sound"),
    (0, b"ADIF", "AAC sound"),
    (0, b"MAC ", "Monkey's Audio (ape)"),
    (0, b"wvpk", "WavPack sound"),
    (0, b"ajkg", "Shorten sound (shn)"),
    (0, b"TTA1", "True Audio (tta)"),
    (0, b"FLV", "Flash video"),
    (8, b"AVI ", "a video (avi)"),
    (0, b"\0\0\1\xba", "a video (mpeg)"),
    (0, b"DSD ", "DSD sound (dsf)"),
    (0, b"\xff\xf1", "AAC sound"),
    (0, b"\xff\xf9", "AAC sound"),
)
_CONTAINERS = (
    b"RIFF",
    b"RIFX",
    b"RF64",
    b"BW64",
    b"riff",
    b"fLaC",
    b"OggS",
    b"ID3",
    b"FORM",
    b".snd",
    b"caff",
    b"NIST",
    b"Creative",
)
_UNKNOWN_CODING = (4, 18, 64)  # libsndfile: unsupported encoding, unimplemented format, malformed 'fmt ' chunk


def name_of(source):
    """Return how errors call a source: its path, or `<stdin>` for bytes."""
    return "<stdin>" if isinstance(source, bytes) else str(source)


@dataclass
class _Part:
    """One of the recordings in a file: its reader, the samples that are known to come, and those claimed."""

    reader: object
    frames: int | None
    claimed: int | None = None
    slack: float = MISSING_SECONDS


@dataclass
class Sound:
    """An opened recording.

    Attributes
    ----------
    samplerate : int > 0, in Hz
    channels : int > 0
    frames : int or None
        How many samples each channel has; None where only decoding can tell.
    exact : bool
        Whether samples are floating-point numbers, which may have any scale.
    """

    name: str
    parts: list = field(repr=False)
    exact: bool = False

    def __post_init__(self):
        first = self.parts[0].reader
        self.samplerate, self.channels = first.samplerate, first.channels
        known = all(part.frames is not None and part.reader.samplerate == self.samplerate for part in self.parts)
        self.frames = sum(part.frames for part in self.parts) if known else None
        for part in self.parts:
            if part.frames is not None and part.claimed is not None:
                self._check(part, part.frames)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for part in self.parts:
            part.reader.close()

    def blocks(self, block_samples=_BLOCK_SAMPLES):
        """Decode from the beginning, block by block, since a file may claim a thousand channels.

        Yields
        ------
        block : ndarray of float32 [shape=(n_channels, n_frames)]
            Not empty; at most `block_samples` numbers, or one frame if that has more. Pieces that were recorded at
            another rate, or in other channels, are brought to those of the first.

        Raises
        ------
        InputFileError
            If the file is damaged or ends too soon, or has samples that are not numbers.
        """
        n_frames = max(1, block_samples // self.channels)
        for part in self.parts:
            blocks = self._blocks_of(part, n_frames)
            if part.reader.channels != self.channels:
                blocks = (np.tile(block.mean(axis=1, keepdims=True), self.channels) for block in blocks)
            if part.reader.samplerate != self.samplerate:
                blocks = _resampled(blocks, part.reader.samplerate, self.samplerate, self.channels)
            for block in blocks:
                yield np.ascontiguousarray(block.T)

    def _blocks_of(self, part, n_frames):
        import soundfile

        n_read = 0
        try:
            while len(block := part.reader.read(n_frames)):
                n_read += len(block)
                if not np.isfinite(block).all():
                    raise InputFileError(
                        f"{self.name}: the sound has samples that are not numbers (NaN or infinite); export it again"
                    )
                yield block
        except (soundfile.SoundFileError, media.MediaError) as error:
            raise InputFileError(f"{self.name}: {_damaged(error)}") from error
        self._check(part, n_read)

    def _check(self, part, n_frames):
        """Raise InputFileError if a part has fewer samples than claimed, by more than a wrong header explains."""
        claimed = part.claimed if part.claimed is not None else part.frames
        missing = (claimed or 0) - n_frames
        seconds = missing / part.reader.samplerate
        if missing > 0 and missing >= MISSING_SHARE * claimed and seconds >= part.slack:
            lacks = f"{100 * missing / claimed:.0f} % of its sound is missing, {seconds:.3g} s"
            raise InputFileError(f"{self.name}: the file is cut short ({lacks}); copy or record it again")


def open_sound(source):
    """Open a recording.

    Parameters
    ----------
    source : Path or bytes
        An audio file, or its contents.

    Returns
    -------
    sound : Sound

    Raises
    ------
    InputFileError
        If it is no sound, or it is known before decoding that it is not whole.
    """
    import soundfile

    name = name_of(source)
    try:
        contents = _contents(source)
        parts, exact = _parts(source, contents)
    # soundfile answers an unreadable file with its own error; a headerless one (.raw) with TypeError.
    except (soundfile.SoundFileError, media.MediaError, TypeError, OSError, ValueError) as error:
        raise InputFileError(f"{name}: {_why_unreadable(source, error)}") from error
    if isinstance(parts, str):
        raise InputFileError(f"{name}: {parts}")
    return Sound(name, parts, exact)


def _contents(source):
    """Return the contents of a source as bytes or, where they are large, as a map of them."""
    if isinstance(source, bytes):
        return source
    with open(source, "rb", buffering=0) as file:  # noqa: PTH123 - Path.open takes longer
        if os.fstat(file.fileno()).st_size >= _AT_ONCE:
            with contextlib.suppress(OSError, ValueError):  # what cannot be mapped is read
                return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        return file.readall()


def _parts(source, contents):
    """Return the parts of a recording, or a sentence that says why it cannot be used; and whether it is `exact`."""
    head = bytes(contents[:ENOUGH])
    view = memoryview(contents)
    if (
        head[:3] == b"ID3"
        and (skipped := streams.tag_length(contents, 0))
        and contents[skipped : skipped + 4] == b"fLaC"
    ):
        head = b"fLaC"
    if found := containers.find_samples(view):
        return _stored(found, view)
    if head.startswith(b"OggS"):
        return _ogg(source, contents)
    if head.startswith(b"fLaC"):
        return _flac(source, contents)
    if (head.startswith((b"ID3", b"\xff")) or task_of(head) is None) and (found := _mpeg(source, contents, head)):
        return found, False
    return _other(source, contents, head)


def _stored(found, view):
    parts = []
    for samples in found:
        n_bytes = samples.stop - samples.start
        if samples.sr < LOWEST_RATE or not samples.channels:
            wrong = "no channels or no bits" if samples.sr >= LOWEST_RATE else f"a rate of {samples.sr} Hz"
            return f"the header is damaged (it says {wrong}); export or record it again", False
        if n_bytes < samples.frame_bytes:
            if len(found) == 1:
                return "the file holds no samples; record the word again", False
            continue
        if samples.coding is None:
            reader = _Decoder(_window(view, samples.start, samples.stop, samples.header))
            share = (samples.claimed or n_bytes) / n_bytes
            frames = reader.known
            parts.append(_Part(reader, frames, max(frames, round(frames * share)) if frames else None))
            continue
        whole = n_bytes // samples.frame_bytes * samples.frame_bytes
        reader = _Stored(samples, view[samples.start : samples.start + whole])
        claimed = None if samples.claimed is None else samples.claimed // samples.frame_bytes
        frames = whole // samples.frame_bytes
        parts.append(_Part(reader, frames, None if claimed is None else max(claimed, frames)))
    return parts, all(samples.coding in ("FLOAT", "DOUBLE") for samples in found)


def _ogg(source, contents):
    found = streams.ogg_streams(contents)
    if not found[-1].whole:
        return "the file is cut short (its last page is not whole); copy or record it again", False
    try:
        return [_part(source, contents, stream) for stream in found], False
    except Exception:
        if media.available():
            return [_media_part(source, contents)], False
        raise


def _flac(source, contents):
    found = streams.flac_streams(contents)
    parts = []
    for stream in found:
        part = _part(source, contents, stream)
        if stream.present is not None:
            part.frames, part.claimed = stream.present, stream.claimed
        parts.append(part)
    return parts or "the sound is damaged; copy it again", False


def _mpeg(source, contents, head):
    """Return the parts of an MP3, or None if it is none."""
    found = streams.mpeg_streams(contents)
    if not found or (not head.startswith((b"ID3", b"\xff")) and found[0].present < 16 * 576):
        return None
    parts = []
    for stream in found:
        part = _part(source, contents, stream)
        if stream.claimed is not None:
            part.claimed, part.frames = stream.claimed, stream.present
        parts.append(part)
    return parts


def _part(source, contents, stream):
    """Open one stream of a file; by its path where it is the whole file, which is quicker."""
    if stream.start == 0 and stream.stop == len(contents) and not stream.patch and isinstance(source, Path):
        reader = _Decoder(source)
    else:
        reader = _Decoder(_window(memoryview(contents), stream.start, stream.stop, stream.patch))
    return _Part(reader, reader.known)


def _other(source, contents, head):
    """Open what has no reader of its own here: by libsndfile, else by FFmpeg."""
    import soundfile

    if head.startswith(b"NIST_1A") and "shorten" in containers.sphere_header(contents).get("sample_coding", ""):
        advice = "unpack it with sph2pipe, or convert it to WAV"
        return f"this is SPHERE sound packed with shorten, which cannot be read here; {advice}", False
    known = any(head[start:].startswith(signature) for start, signature, _ in _OTHER_SOUND)
    if known and media.available():
        return [_media_part(source, contents)], False
    try:
        reader = _Decoder(source if isinstance(source, Path) else _window(memoryview(contents)))
    except soundfile.LibsndfileError as error:
        if error.code in _UNKNOWN_CODING and task_of(head) and media.available():
            return [_media_part(source, contents)], False
        raise
    claims = _LENGTH_REMARK.findall(reader.extra_info)
    if (voc := _VOC_CUT.search(reader.extra_info)) is not None:
        claims.append((voc[2], voc[1]))
    for claimed, present in claims:
        missing = int(claimed) - int(present)
        if int(claimed) < containers.UNKNOWN and missing > max(64, MISSING_SHARE * int(claimed)):
            return f"the file is cut short ({present} of {claimed} bytes); copy or record it again", False
    if reader.samplerate < LOWEST_RATE:
        return f"the header is damaged (it says a rate of {reader.samplerate} Hz); export or record it again", False
    return [_Part(reader, reader.known)], False


def _media_part(source, contents):
    reader = media.open_media(source if isinstance(source, Path) else contents)
    return _Part(reader, None if reader.frames is None else reader.frames, slack=0.1)


class _Stored:
    """Samples that are stored as they are, as numbers or as marks of a table."""

    def __init__(self, samples, view):
        self.samplerate, self.channels = samples.sr, samples.channels
        self._form, self._frame_bytes, self._view, self._at = samples, samples.frame_bytes, view, 0

    def read(self, n_frames):
        """Return the next moments: float32 [shape=(n_frames, n_channels)], full scale [-1, 1]."""
        stop = min(len(self._view), self._at + n_frames * self._frame_bytes)
        content, self._at = self._view[self._at : stop], stop
        return _numbers(content, self._form.coding, self._form.endian).reshape(-1, self.channels)

    def close(self):
        """Do nothing: there is no file to close."""


_INTEGERS = {"PCM_16": "i2", "PCM_24": "i4", "PCM_32": "i4"}


def _numbers(content, coding, endian):
    """Return stored samples as float32 [shape=(n,)]; integers are of full scale [-1, 1)."""
    order = "<" if endian == "LITTLE" else ">"
    if coding in ("ULAW", "ALAW"):
        return _table(coding)[np.frombuffer(content, np.uint8)]
    if coding in ("FLOAT", "DOUBLE"):
        with np.errstate(over="ignore"):  # what is beyond float32 becomes infinite, and is refused for it
            return np.frombuffer(content, order + ("f4" if coding == "FLOAT" else "f8")).astype(np.float32, copy=False)
    if coding == "PCM_U8":
        return (np.frombuffer(content, np.uint8).astype(np.float32) - 128) / 128
    if coding == "PCM_S8":
        return np.frombuffer(content, np.int8).astype(np.float32) / 128
    if coding == "PCM_24":  # as the upper three bytes of four
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
    return _Decoder(marks, format="RAW", samplerate=8000, channels=1, subtype=coding).read(256)[:, 0]


class _Window:
    """A part of a file as a file of its own, with other bytes before it; what lies before its beginning is refused."""

    def __init__(self, prefix, view):
        self._prefix, self._view, self._at = prefix, view, 0
        self._size = len(prefix) + len(view)

    def seek(self, offset, whence=io.SEEK_SET):
        """Go there, or stay where that is before the beginning, as libsndfile may want for a lost frame."""
        at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if at < 0:
            return -1
        self._at = at
        return at

    def tell(self):
        """Return where it stands."""
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
        """Refuse to: libsndfile asks for the method alone."""
        raise io.UnsupportedOperation("write")


class _Bytes(io.BytesIO):
    """A small window, whose bytes are copied once: the quicker one."""

    def seek(self, offset, whence=io.SEEK_SET):
        """Go there, or stay."""
        try:
            return super().seek(offset, whence)
        except ValueError:
            return -1


def _window(view, start=0, stop=None, prefix=b""):
    """Return a part of a file as a file of its own, with other bytes before it."""
    view = view[start:stop]
    if len(view) >= _AT_ONCE:
        return _Window(prefix, view)
    return _Bytes(prefix + bytes(view) if prefix else view)


def _decoder_class():
    """Return libsndfile's reader, made when it is first wanted: importing soundfile takes a while."""
    import soundfile

    class Decoder(soundfile.SoundFile):
        """A file that is read from its beginning to its end."""

        def seekable(self):
            """Say no: a length that is not known would be the place to seek, and nothing here seeks."""
            return False

    return Decoder


class _Decoder:
    """Samples as libsndfile decodes them."""

    _class = None

    def __init__(self, file, **form):
        if _Decoder._class is None:
            _Decoder._class = _decoder_class()
        self._file = _Decoder._class(file, **form)
        self.samplerate, self.channels = self._file.samplerate, self._file.channels
        self.known = self._file.frames if self._file.frames < _UNKNOWN_FRAMES else None
        self._left = self.known

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

    def close(self):
        self._file.close()


def _resampled(blocks, sr_in, sr_out, channels):
    import soxr

    stream = soxr.ResampleStream(sr_in, sr_out, channels)
    for block in blocks:
        yield stream.resample_chunk(np.ascontiguousarray(block)).reshape(-1, channels)
    yield stream.resample_chunk(np.empty((0, channels), np.float32), last=True).reshape(-1, channels)


def _why_unreadable(source, error):
    """Look at a file that could not be opened as sound, and say what it is and what to do."""
    try:
        head = source[:ENOUGH] if isinstance(source, bytes) else first_bytes(Path(source))
    except FileNotFoundError:
        return "there is no such file; check the path"
    except IsADirectoryError:
        return "this is a folder; name the recordings in it"
    except OSError as refusal:
        reason = (refusal.strerror or str(refusal)).lower()
        return f"the file cannot be opened ({reason}); check its path and permissions"
    if (instead := what_it_is(head)) is not None:
        return instead
    if isinstance(error, media.MediaError):
        return _damaged(error)
    for start, signature, kind in _OTHER_SOUND:
        if head[start:].startswith(signature):
            return f"this is {kind}, which cannot be read here; {media.INSTALL}, or {_convert(source)}"
    if task_of(head) == "images":
        return f"this is a picture, not a recording; files that can be read are {_READABLE}"
    if head.startswith(_CONTAINERS):
        if getattr(error, "code", None) in _UNKNOWN_CODING:
            reason = "is cut short, or coded in a way that cannot be read here"
            return f"the sound {reason} ({_reason(error)}); copy it again, or {_convert(source)}"
        return _damaged(error)
    return f"this is not a recording; files that can be read are {_READABLE}"


def _convert(source):
    """Say how to make a file that can be read, under a name that is not the file's own."""
    if isinstance(source, bytes):
        return "convert it to WAV, with ffmpeg for instance"
    path = Path(source)
    wav = path.with_suffix(".wav")
    wav = wav.with_stem(f"{wav.stem}-converted") if wav == path or wav.exists() else wav
    return f"convert it: {shlex.join(['ffmpeg', '-i', str(path), wav.name])}"


def _damaged(error):
    return f"the sound is damaged or cut short ({_reason(error)}); copy or record it again"


def _reason(error):
    """Return the decoder's own words, without the name that soundfile puts before them."""
    return str(getattr(error, "error_string", error)).removeprefix("Error : ").strip().rstrip(".")
