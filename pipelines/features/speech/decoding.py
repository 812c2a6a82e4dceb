"""Decoding: a recording of any container and coding as blocks of samples.

All decodable samples count, even if a header says something else. `containers` finds samples that are stored as they
are, `streams` parts compressed files, `media` reads what libsndfile cannot; here they become one `Sound`. Where a
length was claimed and a little of it is missing, less than `MISSING_SHARE` or `MISSING_SECONDS`, that is a matter of
the header. Where more is missing, the file was cut short, and half a word must not be taken for a word.
"""

import contextlib
import functools
import mmap
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from pipelines.errors import InputFileError
from pipelines.features.speech import containers, media, streams
from pipelines.features.speech.sample_readers import FLOATS, READ_AT_ONCE, Decoder, Stored, window
from pipelines.features.speech.unreadable import (
    NO_RECORDING,
    UNKNOWN_CODING,
    describe_damage,
    other_sound,
    why_unreadable,
)
from pipelines.machine.contents import ENOUGH, task_of

MISSING_SHARE = 0.01
MISSING_SECONDS = 0.02
LOWEST_RATE, HIGHEST_RATE = 1000, 10_000_000  # in Hz; a header with a rate outside this range is wrong

_BLOCK_SAMPLES = 1 << 18

_LENGTH_REMARK = re.compile(r"^\s*(?:data|SSND|Data Size|riff)\s*: (\d+) \(should be (\d+)\)", re.MULTILINE)
_VOC_CUT = re.compile(r"Length : (\d+).*: (\d+)\n  sample rate.*Seems to be a truncated file", re.DOTALL)


def name_of(source):
    """Return how errors call a source: its path, or `<stdin>` for bytes."""
    return "<stdin>" if isinstance(source, bytes) else str(source)


@dataclass
class _Part:
    """One of the recordings in a file: its reader, the known number of samples, and the claimed number.

    `without_end` opens another reader, which leaves out a last frame that may be incomplete.
    """

    reader: object
    frames: int | None
    claimed: int | None = None
    slack: float = MISSING_SECONDS
    without_end: Callable | None = None


@dataclass
class Sound:
    """An opened recording.

    Attributes
    ----------
    samplerate : int > 0, in Hz
    channels : int > 0
    frames : int or None
        How many samples each channel has; None if only decoding can tell.
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
                blocks = _resample(blocks, part.reader.samplerate, self.samplerate, self.channels)
            for block in blocks:
                yield np.ascontiguousarray(block.T)

    def _blocks_of(self, part, n_frames):
        import soundfile

        n_read = 0
        while True:
            try:
                block = part.reader.read(n_frames)
            except (soundfile.SoundFileError, media.MediaError) as error:
                if part.without_end is None:
                    raise InputFileError(f"{self.name}: {describe_damage(error)}") from error
                part.reader.close()
                part.reader, part.without_end = part.without_end(), None
                part.reader.skip(n_read)
                continue
            if not len(block):
                break
            n_read += len(block)
            if not np.isfinite(block).all():
                raise InputFileError(
                    f"{self.name}: the sound has samples that are not numbers (NaN or infinite); export it again"
                )
            yield block
        self._check(part, n_read)

    def _check(self, part, n_frames):
        """Raise InputFileError if a part lacks more of the claimed samples than a wrong header explains."""
        claimed = part.claimed if part.claimed is not None else part.frames
        missing = (claimed or 0) - n_frames
        seconds = missing / part.reader.samplerate
        if missing > 0 and missing >= MISSING_SHARE * claimed and seconds >= part.slack:
            lacks = f"{100 * missing / claimed:.0f} % of its sound is missing, {seconds:.3g} s"
            raise InputFileError(f"{self.name}: the file is truncated ({lacks}); copy or record it again")


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
        raise InputFileError(f"{name}: {why_unreadable(source, error)}") from error
    if isinstance(parts, str):
        raise InputFileError(f"{name}: {parts}")
    return Sound(name, parts, exact)


def _contents(source):
    """Return the contents of a source as bytes or, where they are large, as a map of them."""
    if isinstance(source, bytes):
        return source
    with open(source, "rb", buffering=0) as file:  # noqa: PTH123 - Path.open takes longer
        if os.fstat(file.fileno()).st_size >= READ_AT_ONCE:
            with contextlib.suppress(OSError, ValueError):  # if the file cannot be mapped, it is read
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
        return _read_stored(found, view)
    if head.startswith(b"OggS"):
        return _ogg(source, contents)
    if head.startswith(b"fLaC"):
        return _flac(source, contents)
    if (head.startswith((b"ID3", b"\xff")) or task_of(head) is None) and (found := _mpeg(source, contents, head)):
        return found, False
    return _other(source, contents, head)


def _read_stored(found, view):
    parts = []
    for samples in found:
        n_bytes = samples.stop - samples.start
        if problem := _wrong_header(samples, n_bytes):
            return problem, False
        if n_bytes < samples.frame_bytes:
            if len(found) == 1:
                return "the file contains no samples; record the word again", False
            continue
        if samples.coding is None:
            reader = Decoder(window(view, samples.start, samples.stop, samples.header))
            share = (samples.claimed or n_bytes) / n_bytes
            frames = reader.known
            parts.append(_Part(reader, frames, max(frames, round(frames * share)) if frames else None))
            continue
        whole = n_bytes // samples.frame_bytes * samples.frame_bytes
        reader = Stored(samples, view[samples.start : samples.start + whole])
        claimed = None if samples.claimed is None else samples.claimed // samples.frame_bytes
        frames = whole // samples.frame_bytes
        parts.append(_Part(reader, frames, None if claimed is None else max(claimed, frames)))
    return parts, all(samples.coding in FLOATS for samples in found)


def _wrong_header(samples, n_bytes):
    """Return a sentence if a header describes no possible sound, else None."""
    wrong = None
    if not LOWEST_RATE <= samples.sr <= HIGHEST_RATE:
        wrong = f"a rate of {samples.sr} Hz"
    elif not samples.channels:
        wrong = "no channels or no bits"
    elif 1024 <= n_bytes < samples.frame_bytes:
        wrong = f"{samples.channels} channels"
    return wrong and f"the header is damaged (it says {wrong}); export or record it again"


def _ogg(source, contents):
    found = streams.ogg_streams(contents)
    if not found[-1].whole:
        return "the file is truncated (its last page is not complete); copy or record it again", False
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
            view = memoryview(contents)
            part.without_end = functools.partial(_open, view, stream.start, stream.last_frame, stream.patch)
        parts.append(part)
    return parts or "the sound is damaged; copy it again", False


def _open(view, start, stop, prefix):
    return Decoder(window(view, start, stop, prefix))


def _mpeg(source, contents, head):
    """Return the parts of an MP3, a sentence that says why it cannot be used, or None if it is not an MP3."""
    found = streams.mpeg_streams(contents)
    covered = sum(stream.stop - stream.start for stream in found)
    marked = head.startswith((b"ID3", b"\xff")) and 2 * covered >= len(contents) - streams.tag_length(contents, 0)
    if not found or (not marked and found[0].present < 16 * 576):
        return None
    if not found[-1].whole:
        return "the file is truncated (its last frame is not complete); copy or record it again"
    parts = []
    for stream in found:
        part = _part(source, contents, stream)
        if stream.claimed is not None:
            part.claimed, part.frames = stream.claimed, stream.present
        elif part.frames is not None and not stream.counted:
            part.frames = min(part.frames, stream.present)
        parts.append(part)
    return parts


def _part(source, contents, stream):
    """Open one stream of a file. If it is the whole file, do not copy its bytes again."""
    if stream.start == 0 and stream.stop == len(contents) and not stream.patch:
        large = isinstance(source, Path) and len(contents) >= READ_AT_ONCE
        reader = Decoder(source if large else window(contents))
    else:
        reader = _open(memoryview(contents), stream.start, stream.stop, stream.patch)
    return _Part(reader, reader.known)


def _other(source, contents, head):
    """Open a file that has no reader of its own here, with libsndfile or FFmpeg."""
    import soundfile

    if head.startswith(b"NIST_1A") and "shorten" in containers.sphere_header(contents).get("sample_coding", ""):
        advice = "unpack it with sph2pipe, or convert it to WAV"
        return f"this is SPHERE sound packed with shorten, which cannot be read here; {advice}", False
    if (other_sound(head) or _has_voc_blocks(contents)) and media.available():
        return [_media_part(source, contents)], False
    try:
        reader = Decoder(source if isinstance(source, Path) else window(memoryview(contents)))
    except soundfile.LibsndfileError as error:
        if error.code in UNKNOWN_CODING and task_of(head) and media.available():
            return [_media_part(source, contents)], False
        raise
    claims = _LENGTH_REMARK.findall(reader.extra_info)
    if (voc := _VOC_CUT.search(reader.extra_info)) is not None:
        claims.append((voc[2], voc[1]))
    for claimed, present in claims:
        missing = int(claimed) - int(present)
        if int(claimed) < containers.UNKNOWN and missing > max(64, MISSING_SHARE * int(claimed)):
            return f"the file is truncated ({present} of {claimed} bytes); copy or record it again", False
    if reader.format == "MP3":  # libsndfile takes many other files for MP3
        return NO_RECORDING, False
    if not LOWEST_RATE <= reader.samplerate <= HIGHEST_RATE:
        return f"the header is damaged (it says a rate of {reader.samplerate} Hz); export or record it again", False
    return [_Part(reader, reader.known)], False


def _has_voc_blocks(contents):
    """Tell whether the samples of a VOC file are in several blocks; libsndfile reads only the first."""
    if contents[:19] != b"Creative Voice File" or len(contents) < 32:
        return False
    at = int.from_bytes(contents[20:22], "little")
    behind = at + 4 + int.from_bytes(contents[at + 1 : at + 4], "little")
    return contents[behind : behind + 1] not in (b"", b"\0")


def _media_part(source, contents):
    reader = media.open_media(source if isinstance(source, Path) else contents)
    return _Part(reader, None if reader.frames is None else reader.frames, slack=0.1)


def _resample(blocks, sr_in, sr_out, channels):
    import soxr

    stream = soxr.ResampleStream(sr_in, sr_out, channels)
    for block in blocks:
        yield stream.resample_chunk(np.ascontiguousarray(block)).reshape(-1, channels)
    yield stream.resample_chunk(np.empty((0, channels), np.float32), last=True).reshape(-1, channels)
