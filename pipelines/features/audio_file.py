"""Audio files: from whatever a user hands over to one waveform.

A recording arrives as WAV, FLAC, Ogg or MP3, with one channel or several, 8 to 64 bits a sample, at any rate.
`read_waveform` brings it to the one form that features are made from: a row of floating-point samples, the mean of the
channels. What cannot hold one spoken word (a broken file, silence, ten minutes of talk) is refused with a sentence that
says what to do; a damaged file is an error, never half a word.
"""

import io
import re
from pathlib import Path

import numpy as np

from pipelines.errors import InputFileError

SHORTEST_SECONDS = 0.05
LONGEST_SECONDS = 30.0
SILENCE_PEAK = 1e-4  # of full scale, -80 dB: three steps of a 16-bit recording

_BLOCK_FRAMES = 1 << 18
_READABLE = "WAV, FLAC, Ogg and MP3"

# Programs that write a WAV into a pipe cannot know its length and leave a number this large, or the largest, instead.
_LENGTH_UNKNOWN = 0x7FFF0000
_LENGTH_REMARK = re.compile(r"^\s*(?:data|SSND|Data Size|riff)\s*: (\d+) \(should be (\d+)\)", re.MULTILINE)

# How files begin that are often taken for sound that libsndfile reads.
_OTHER_SOUND = (
    (4, b"ftyp", "AAC sound (m4a, mp4)"),
    (0, b"\x30\x26\xb2\x75", "Windows Media sound (wma)"),
    (0, b"\x1a\x45\xdf\xa3", "WebM or Matroska sound"),
    (0, b"#!AMR", "AMR sound"),
    (0, b"\xff\xf1", "AAC sound"),
    (0, b"\xff\xf9", "AAC sound"),
)
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
        Mean of the channels; full scale is [-1, 1].
    sr : int > 0
        Sampling rate, in Hz.

    Raises
    ------
    InputFileError
        If there is no such file, it is not whole, holds no usable sound, or is shorter than `SHORTEST_SECONDS` or
        longer than `LONGEST_SECONDS`. The length is looked at before anything is decoded, so memory is bounded. The
        message begins with the path, or with `<stdin>` for bytes.
    """
    import soundfile

    name = "<stdin>" if isinstance(source, bytes) else str(source)
    try:
        with soundfile.SoundFile(io.BytesIO(source) if isinstance(source, bytes) else source) as sound:
            problem = cut_short(sound, source) or _wrong_length(sound)
            if problem is None:
                waveform, sr = _mono(sound), sound.samplerate
                problem = _unusable(waveform, sound.frames)
    # soundfile answers an unreadable file with its own error; a headerless one (.raw) with TypeError.
    except (soundfile.SoundFileError, TypeError, OSError) as error:
        raise InputFileError(f"{name}: {why_unreadable(source, name, error)}") from error
    if problem is not None:
        raise InputFileError(f"{name}: {problem}")
    return waveform, sr


def sampling_rates(paths):
    """Return at what rate each of some readable audio files was recorded, such as "8 kHz": ndarray of str."""
    import soundfile

    return np.array([f"{soundfile.info(str(path)).samplerate / 1000:g} kHz" for path in paths])


def cut_short(sound, source):
    """Say so if the end of a file is missing and libsndfile would read the rest without complaint; None if not."""
    for claimed, present in _LENGTH_REMARK.findall(sound.extra_info):
        if int(present) < int(claimed) < _LENGTH_UNKNOWN:
            return f"the file is cut short ({present} of {claimed} bytes); copy or record it again"
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
        return f"lasts {seconds:.0f} s, and one word is expected in at most {LONGEST_SECONDS:g} s; cut the word out"
    if seconds < SHORTEST_SECONDS:
        return f"lasts {seconds:.3f} s, and no word is shorter than {SHORTEST_SECONDS:g} s; record the word again"
    return None


def _mono(sound):
    """Return the mean of the channels, decoded block by block, since a file may claim a thousand channels."""
    blocks = []
    while len(block := sound.read(_BLOCK_FRAMES // sound.channels + 1, dtype="float32", always_2d=True)):
        blocks.append(block[:, 0] if sound.channels == 1 else block.mean(axis=1))
    return np.concatenate(blocks) if len(blocks) != 1 else blocks[0]


def _unusable(waveform, frames):
    """Say why decoded samples cannot be used; None if they can."""
    if len(waveform) < frames:
        return f"the file is cut short ({len(waveform)} of {frames} samples); copy or record it again"
    if not np.isfinite(waveform).all():
        return "the sound has samples that are not numbers (NaN or infinite); export it again"
    if np.ptp(waveform) < 2 * SILENCE_PEAK:
        return "contains only silence; check the microphone and record the word again"
    return None


def why_unreadable(source, name, error):
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
            wav = "word.wav" if isinstance(source, bytes) else Path(source).with_suffix(".wav").name
            return f"this is {kind}, which cannot be read here; convert it: ffmpeg -i {name} {wav}"
    if any(head[start:].startswith(signature) for start, signature in _PICTURES):
        return f"this is a picture, not a recording; files that can be read are {_READABLE}"
    if head[:4] in (b"RIFF", b"fLaC", b"OggS") or head[:3] == b"ID3":
        return f"the sound is damaged or cut short ({_reason(error)}); copy or record it again"
    return f"this is not a recording; files that can be read are {_READABLE}"


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
