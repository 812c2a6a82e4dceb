"""Audio files: from whatever a user hands over to one waveform.

A recording arrives as WAV, FLAC, Ogg or MP3, with one channel or several, 8 to 64 bits a sample, at any rate.
`read_waveform` brings it to the one form that features are made from: a row of floating-point samples, the mean of the
channels, around zero. What cannot hold one spoken word (a broken file, silence, ten minutes of talk) is refused with a
sentence that says what to do; a damaged file is an error, never half a word.
"""

import io
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipelines.errors import InputFileError

SHORTEST_SECONDS = 0.05
LONGEST_SECONDS = 30.0
SILENCE_PEAK = 1e-4  # of full scale, -80 dB: three steps of a 16-bit recording

CANCELLED = 0.1  # share of its power, see `Levels`, below which the mean of the channels is not used

_BLOCK_SAMPLES = 1 << 18
_READABLE = "WAV, FLAC, Ogg and MP3"

# Programs that write a WAV into a pipe cannot know its length and leave a number this large, or the largest, instead.
_LENGTH_UNKNOWN = 0x7FFF0000
_LENGTH_REMARK = re.compile(r"^\s*(?:data|SSND|Data Size|riff)\s*: (\d+) \(should be (\d+)\)", re.MULTILINE)
_OTHER_REMARKS = ("Seems to be a truncated file", "does not match value from 'ds64' chunk")

# How files begin that are often taken for sound that libsndfile reads.
_OTHER_SOUND = (
    (4, b"ftyp", "AAC sound (m4a, mp4)"),
    (0, b"\x30\x26\xb2\x75", "Windows Media sound (wma)"),
    (0, b"\x1a\x45\xdf\xa3", "WebM or Matroska sound"),
    (0, b"#!AMR", "AMR sound"),
    (0, b"ADIF", "AAC sound"),
    (0, b"MAC ", "Monkey's Audio (ape)"),
    (0, b"wvpk", "WavPack sound"),
    (0, b"FLV", "Flash video"),
    (8, b"AVI ", "a video (avi)"),
    (0, b"\0\0\1\xba", "a video (mpeg)"),
    (0, b"DSD ", "DSD sound (dsf)"),
    (0, b"\xff\xf1", "AAC sound"),
    (0, b"\xff\xf9", "AAC sound"),
)
_CONTAINERS = (b"RIFF", b"RF64", b"riff", b"fLaC", b"OggS", b"ID3", b"FORM", b".snd", b"caff", b"NIST", b"Creative")
_UNKNOWN_CODING = (4, 18, 64)  # libsndfile: unsupported encoding, unimplemented format, malformed 'fmt ' chunk
_PICTURES = (
    (0, b"\x89PNG"),
    (0, b"\xff\xd8\xff"),
    (0, b"GIF8"),
    (0, b"BM"),
    (8, b"WEBP"),
    (0, b"II*\0"),
    (0, b"MM\0*"),
)


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
        If there is no such file, it is not whole, holds no usable sound, or is shorter than `SHORTEST_SECONDS` or
        longer than `LONGEST_SECONDS`. The length is looked at before anything is decoded, so memory is bounded. The
        message begins with the path, or with `<stdin>` for bytes.
    """
    name = name_of(source)
    with open_sound(source) as sound:
        if (problem := cut_short(sound, source) or _wrong_length(sound)) is not None:
            raise InputFileError(f"{name}: {problem}")
        levels = Levels()
        means = [_mean(levels.seen(block)) for block in raw_blocks(sound, source)]
        sr = sound.samplerate
    mix, waveform = levels.mix(), np.concatenate(means)
    if mix.channel is None:
        waveform -= mix.offset
    else:  # rare, and only now it is known which one
        with open_sound(source) as sound:
            waveform = np.concatenate([mix.of(block) for block in raw_blocks(sound, source)])
    if np.ptp(waveform) < 2 * SILENCE_PEAK:
        raise InputFileError(f"{name}: contains only silence; check the microphone and record the word again")
    return waveform, sr


def name_of(source):
    """Return how errors call a source: its path, or `<stdin>` for bytes."""
    return "<stdin>" if isinstance(source, bytes) else str(source)


class _Bytes(io.BytesIO):
    """Contents of a file; a place before their beginning, where libsndfile may look for a lost frame, is refused."""

    def seek(self, offset, whence=io.SEEK_SET):
        """Go there, or stay."""
        try:
            return super().seek(offset, whence)
        except ValueError:
            return -1


def open_sound(source):
    """Open a file (Path) or its contents (bytes) as a soundfile.SoundFile; InputFileError if it is no sound."""
    import soundfile

    try:
        return soundfile.SoundFile(_Bytes(source) if isinstance(source, bytes) else source)
    # soundfile answers an unreadable file with its own error; a headerless one (.raw) with TypeError.
    except (soundfile.SoundFileError, TypeError, OSError) as error:
        raise InputFileError(f"{name_of(source)}: {_why_unreadable(source, error)}") from error


def raw_blocks(sound, source, block_samples=_BLOCK_SAMPLES):
    """Decode an opened file from where it stands, block by block, since a file may claim a thousand channels.

    Yields
    ------
    block : ndarray of float32 [shape=(n_channels, n_frames)]
        Not empty; at most `block_samples` numbers, or one frame if that has more.

    Raises
    ------
    InputFileError
        If the file is damaged or ends too soon, or has samples that are not numbers.
    """
    import soundfile

    n_frames, n_read = max(1, block_samples // sound.channels), 0
    try:
        while len(block := sound.read(n_frames, dtype="float32", always_2d=True)):
            n_read += len(block)
            if not np.isfinite(block).all():
                raise InputFileError(
                    f"{name_of(source)}: the sound has samples that are not numbers (NaN or infinite); export it again"
                )
            yield np.ascontiguousarray(block.T)
    except soundfile.SoundFileError as error:
        raise InputFileError(f"{name_of(source)}: {_damaged(error)}") from error
    if n_read < sound.frames:
        reason = f"the file is cut short ({n_read} of {sound.frames} samples); copy or record it again"
        raise InputFileError(f"{name_of(source)}: {reason}")


@dataclass(frozen=True)
class Mix:
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
    """

    channel: int | None
    offset: np.float32

    def of(self, block):
        """Mix a block, float32 [shape=(n_channels, n_frames)]: float32 [shape=(n_frames,)]."""
        return (_mean(block) if self.channel is None else block[self.channel]) - self.offset


class Levels:
    """What must be known of a recording before it can be mixed, added up block by block."""

    def __init__(self):
        self._n, self._sum, self._square = 0, 0.0, 0.0  # of the mean, then of each channel where there are several

    def seen(self, block):
        """Take a block into account, float32 [shape=(n_channels, n_frames)], and return it."""
        self._n += block.shape[1]
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
        return Mix(channel, np.float32(round(mean[0 if channel is None else 1 + channel] * 2**23) / 2**23))


def _mean(block):
    return block[0] if len(block) == 1 else block.mean(axis=0)


def sampling_rates(paths):
    """Return at what rate each of some readable audio files was recorded, such as "8 kHz": ndarray of str."""
    import soundfile

    return np.array([f"{soundfile.info(str(path)).samplerate / 1000:g} kHz" for path in paths])


def cut_short(sound, source):
    """Say so if the end of a file is missing and libsndfile would read the rest without complaint; None if not."""
    for claimed, present in _LENGTH_REMARK.findall(sound.extra_info):
        if int(present) < int(claimed) < _LENGTH_UNKNOWN:
            return f"the file is cut short ({present} of {claimed} bytes); copy or record it again"
    if any(remark in sound.extra_info for remark in _OTHER_REMARKS):
        return "the file is cut short; copy or record it again"
    if sound.format == "OGG" and not _last_page_is_whole(source):
        return "the file is cut short (its last page is missing); copy or record it again"
    return None


def _last_page_is_whole(source):
    """Tell whether an Ogg file ends with a whole page that says it is the last (RFC 3533, section 6)."""
    tail = source if isinstance(source, bytes) else _last_bytes(Path(source))
    page = tail[tail.rfind(b"OggS") :]
    if len(page) < 27 or not page[5] & 4:
        return False
    sizes = page[27 : 27 + page[26]]
    return len(page) >= 27 + page[26] + sum(sizes)


def _wrong_length(sound):
    """Say what is wrong with the length of an opened file, from its header alone; None if nothing is."""
    if sound.frames == 0:
        return "the file holds no samples; record the word again"
    seconds = sound.frames / sound.samplerate
    if seconds > LONGEST_SECONDS:
        expected = f"one word is expected in at most {LONGEST_SECONDS:g} s"
        return f"lasts {seconds:.0f} s, and {expected}; cut the word out, or use transcribe"
    if seconds < SHORTEST_SECONDS:
        return f"lasts {seconds:.3f} s, and no word is shorter than {SHORTEST_SECONDS:g} s; record the word again"
    return None


def _why_unreadable(source, error):
    """Look at a file that could not be opened as sound, and say what it is and what to do."""
    try:
        head = source[:16] if isinstance(source, bytes) else _first_bytes(Path(source))
    except FileNotFoundError:
        return "there is no such file; check the path"
    except IsADirectoryError:
        return "this is a folder; name the recordings in it"
    except OSError as refusal:
        reason = (refusal.strerror or str(refusal)).lower()
        return f"the file cannot be opened ({reason}); check its path and permissions"
    if not head:
        return "the file is empty; record the word again"
    for start, signature, kind in _OTHER_SOUND:
        if head[start:].startswith(signature):
            return f"this is {kind}, which cannot be read here; {_convert(source)}"
    if any(head[start:].startswith(signature) for start, signature in _PICTURES):
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


def _first_bytes(path):
    with path.open("rb") as file:
        return file.read(16)


def _last_bytes(path):
    """Return the end of a file, long enough for an Ogg page."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - (1 << 16)))
        return file.read()


def _reason(error):
    """Return libsndfile's own words, without the name that soundfile puts before them."""
    return str(getattr(error, "error_string", error)).removeprefix("Error : ").strip().rstrip(".")
