"""Unreadable: the type of a file that cannot be read as a recording, and what to do about it.

The file is not always damaged: a decoder may be missing, or the file may be a picture with the wrong name. So a file
that cannot be opened is examined, and one sentence says what it is.
"""

import shlex
from pathlib import Path

from pipelines.features.speech import media
from pipelines.machine.contents import ENOUGH, find_packing, first_bytes, task_of, what_it_is

_READABLE = "WAV, FLAC, Ogg and MP3"
NO_RECORDING = f"this is not a recording; files that can be read are {_READABLE}"
# The first bytes of files that are often taken for sound that libsndfile reads.
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
    (0, b"\x0b\x77", "AC-3 sound"),
    (0, b"\x7f\xfe\x80\x01", "DTS sound"),
    (4, b"\xf8\x72\x6f\xba", "TrueHD sound"),
    (4, b"\xf8\x72\x6f\xbb", "MLP sound"),
    (0, b".RMF", "RealMedia sound"),
    (0, b".ra\xfd", "RealAudio sound"),
    (0, b".SoX", "sound of SoX"),
    (0, b"XoS.", "sound of SoX"),
    (0, b"MMMD", "SMAF sound (mmf)"),
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
UNKNOWN_CODING = (4, 18, 64)  # libsndfile: unsupported encoding, unimplemented format, malformed 'fmt ' chunk


def why_unreadable(source, error):
    """Look at a file that could not be opened as sound, and say what it is and what to do."""
    try:
        head = source[:ENOUGH] if isinstance(source, bytes) else first_bytes(Path(source))
    except FileNotFoundError:
        return "this file does not exist; check the path"
    except IsADirectoryError:
        return "this is a folder; name the recordings in it"
    except OSError as refusal:
        reason = (refusal.strerror or str(refusal)).lower()
        return f"the file cannot be opened ({reason}); check its path and permissions"
    if (instead := what_it_is(head)) is not None:
        return instead
    if isinstance(error, media.MediaError):
        return describe_damage(error)
    if (kind := other_sound(head)) is not None:
        return f"this is {kind}, which cannot be read here; {media.INSTALL}, or {_convert(source)}"
    if (way := find_packing(head)) is not None:
        return f"this is packed with {way}; unpack it, and give what is in it"
    if task_of(head) == "images":
        return f"this is a picture, not a recording; files that can be read are {_READABLE}"
    if head.startswith(_CONTAINERS):
        if getattr(error, "code", None) in UNKNOWN_CODING:
            reason = "is truncated, or coded in a way that cannot be read here"
            return f"the sound {reason} ({_reason(error)}); copy it again, or {_convert(source)}"
        return describe_damage(error)
    return NO_RECORDING


def other_sound(head):
    """Return what sound a file holds, by how it begins, if libsndfile cannot read it: str or None."""
    for start, signature, kind in _OTHER_SOUND:
        if head.startswith(signature, start):
            return kind
    return "a video (mpeg-ts)" if head[:377:188] == b"GGG" else None


def _convert(source):
    """Say how to convert a file to one that can be read, under another name."""
    if isinstance(source, bytes):
        return "convert it to WAV, with ffmpeg for instance"
    path = Path(source)
    wav = path.with_suffix(".wav")
    wav = wav.with_stem(f"{wav.stem}-converted") if wav == path or wav.exists() else wav
    return f"convert it: {shlex.join(['ffmpeg', '-i', str(path), wav.name])}"


def describe_damage(error):
    return f"the sound is damaged or truncated ({_reason(error)}); copy or record it again"


def _reason(error):
    """Return the decoder's own words, without the name that soundfile puts before them."""
    return str(getattr(error, "error_string", error)).removeprefix("Error : ").strip().rstrip(".")
