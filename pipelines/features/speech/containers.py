"""Containers: the place of the samples in a file, and their format, even if the lengths in its header are wrong.

A WAV, an AIFF or a CAF file is a row of chunks, each a name, a length and that many bytes; one of them describes the
samples, and one holds them. AU and SPHERE files have a header and then samples. The lengths are where programs go
wrong: one writes into a pipe and cannot know them, the next counts the header in, a third forgets the byte that makes
a length even. The bytes are all there nevertheless. So what is there counts here, and a length is only a claim, which
`claimed` keeps: who decodes decides whether too much is missing.

Microsoft and IBM, "Multimedia Programming Interface and Data Specifications 1.0", 1991 (RIFF); EBU Tech 3306 (RF64);
Apple, "Audio Interchange File Format AIFF-C", 1991, and "Core Audio Format Specification", 2011; NIST SPHERE 2.6.
"""

import re
import struct
from typing import NamedTuple

# Programs that write into a pipe do not know the length. They write a number this large, the largest number, or 0.
UNKNOWN = 0x7EFF0000
_STRAY = 0.01  # share of the samples; a smaller rest behind them that no header announces is not sound


class Samples(NamedTuple):
    """Samples in a file.

    Attributes
    ----------
    sr, channels : int
        As the header says; may be 0.
    coding : str or None
        What libsndfile calls the way samples are stored, such as "PCM_16", or "HALF"; None if they need `header`.
    endian : str
        "LITTLE" or "BIG".
    start, stop : int
        The bytes that hold them.
    claimed : int or None
        How many bytes the header says there are; None if it does not know.
    frame_bytes : int
        How many bytes belong to one moment (one block, where `coding` is None).
    header : bytes
        What makes a file of them together with the bytes from `start` to `stop`, where `coding` is None.
    spare : int
        How many bits of each sample are said not to be used: the lowest, or by some programs the highest.
    """

    sr: int
    channels: int
    coding: str | None
    endian: str
    start: int
    stop: int
    claimed: int | None
    frame_bytes: int
    header: bytes = b""
    spare: int = 0


def find_samples(contents):
    """Find the samples in the contents of a file of uncompressed sound, or a WAV of any coding.

    Parameters
    ----------
    contents : memoryview of bytes

    Returns
    -------
    found : list of Samples
        More than one where files lie one behind the other; empty if the container or its coding is not known here.
    """
    found, at = [], 0
    while at is not None and (read := _reader_of(contents[at : at + 40])) is not None:
        pieces, after = read(contents[at:])
        if not pieces:
            break
        found += [_move(samples, at) for samples in pieces]
        at = None if after is None else at + after
    return found


def _reader_of(head):
    head = bytes(head)
    for signature, kind, read in _READERS:
        if head.startswith(signature) and head[8:].startswith(kind):
            return read
    return None


def _move(samples, by):
    return samples._replace(start=samples.start + by, stop=samples.stop + by)


# --- Chunks ---------------------------------------------------------------------------------------------------------


def _chunks(contents, at, endian, samples_name):
    """Yield (name, start, claimed length, end) of each chunk, in order.

    The chunk of the samples ends where the next chunk begins. If its length leads to no chunk, it ends with the file.
    """
    size = len(contents)
    while at + 8 <= size:
        name = bytes(contents[at : at + 4])
        (claimed,) = struct.unpack_from(f"{endian}I", contents, at + 4)
        start = at + 8
        if name == b"LIST" and bytes(contents[start : start + 4]) == b"wavl":  # samples in pieces
            at = start + 4
            continue
        end = min(start + claimed, size)
        if name == samples_name:
            end = _end_of_samples(contents, start, claimed, endian)
        yield name, start, claimed, end
        at = _next_chunk(contents, end, claimed, endian)


def _end_of_samples(contents, start, claimed, endian):
    end, size = start + claimed, len(contents)
    if claimed >= UNKNOWN or end >= size:
        return size
    rest = size - end
    goes_on = not _is_chunk(contents, _next_chunk(contents, end, claimed, endian), endian) and rest > 1
    return size if goes_on and rest > _STRAY * claimed and not _is_appendix(contents[end:]) else end


def _next_chunk(contents, end, claimed, endian):
    """Return where the next chunk begins. A byte makes an odd length even, but some programs leave it out."""
    if claimed % 2 == 0:
        return end
    return end if _is_chunk(contents, end, endian) and not _is_chunk(contents, end + 1, endian) else end + 1


def _is_chunk(contents, at, endian):
    """Tell whether a chunk may begin at a place, or the file ends there."""
    if at >= len(contents):
        return True
    if at + 8 > len(contents):
        return False
    name = bytes(contents[at : at + 4])
    (claimed,) = struct.unpack_from(f"{endian}I", contents, at + 4)
    return bool(_CHUNK_NAME.fullmatch(name)) and (at + 8 + claimed <= len(contents) + 1 or name in _OF_ANY_LENGTH)


_CHUNK_NAME = re.compile(rb"[A-Za-z0-9_(\xa9][A-Za-z0-9_ .\-)]{3}")
_OF_ANY_LENGTH = (b"data", b"SSND", b"RIFF", b"RIFX", b"RF64", b"FORM")


def _is_appendix(rest):
    """Tell whether the rest of a file is not samples, but what programs put behind them: a tag, or only zeros."""
    return bytes(rest[:3]) in (b"TAG", b"ID3") or bytes(rest[:8]) == b"APETAGEX" or not any(rest)


def _find_joined(contents, end):
    """Return where another file begins behind the samples: int or None."""
    for at in (end, end + 1):
        if _reader_of(contents[at : at + 40]) is not None:
            return at
    return None


# --- RIFF, RF64, W64 ------------------------------------------------------------------------------------------------

_PCM, _FLOAT, _ALAW, _ULAW, _EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
_EXTENSION = b"\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"  # bytes after the coding in WAVE_EXTENSIBLE


def _riff(contents):
    endian = ">" if bytes(contents[:4]) == b"RIFX" else "<"
    fmt = fact = None
    data = []
    large = None  # length of the data chunk, in a file of more than 4 GB
    after = None
    for name, start, claimed, end in _chunks(contents, 12, endian, b"data"):
        if name == b"ds64" and end - start >= 16:
            (large,) = struct.unpack_from("<Q", contents, start + 8)
        elif name == b"fmt " and fmt is None:
            fmt = bytes(contents[start:end])
        elif name == b"fact" and fact is None:
            fact = bytes(contents[start - 8 : end])
        elif name == b"data":
            if claimed == 0xFFFFFFFF and large is not None:
                claimed, end = large, min(start + large, len(contents)) if large else len(contents)
            data.append((start, claimed, end))
        elif name in (b"RIFF", b"RIFX", b"RF64") and data:
            after = start - 8
            break
    if fmt is None or len(fmt) < 16:
        return [], None
    return [_wav_samples(fmt, fact, *piece, endian) for piece in data], after


def _w64(contents):
    fmt = data = None
    at = 40
    while at + 24 <= len(contents):
        name = bytes(contents[at : at + 4])
        (claimed,) = struct.unpack_from("<Q", contents, at + 16)
        start, length = at + 24, max(0, claimed - 24)
        if name == b"fmt " and fmt is None:
            fmt = bytes(contents[start : start + length])
        elif name == b"data" and data is None:
            known = 0 < length < 1 << 62
            data = start, length if known else 0, min(start + length, len(contents)) if known else len(contents)
            if not known:
                break
        at += 24 + (length + 7) // 8 * 8
    if data is None or fmt is None or len(fmt) < 16:
        return [], None
    return [_wav_samples(fmt, None, *data, "<")], None


def _wav_samples(fmt, fact, start, claimed, end, endian):
    coding, channels, sr, _, align, bits = struct.unpack_from(f"{endian}HHIIHH", fmt)
    used = bits
    if coding == _EXTENSIBLE and len(fmt) >= 40 and fmt[26:40] == _EXTENSION:
        used, _, coding = struct.unpack_from(f"{endian}HIH", fmt, 18)
    claim = None if claimed >= UNKNOWN and start + claimed > end else claimed
    if claimed == 0 and end > start:
        claim = None
    width = align // channels if channels and align and align % channels == 0 else (bits + 7) // 8
    if bits and width * 8 < bits:
        width = (bits + 7) // 8
    subtype = {
        _PCM: {1: "PCM_U8", 2: "PCM_16", 3: "PCM_24", 4: "PCM_32"}.get(width),
        _FLOAT: {2: "HALF", 4: "FLOAT", 8: "DOUBLE"}.get(width),
        _ALAW: "ALAW",
        _ULAW: "ULAW",
    }.get(coding)
    if coding in (_ALAW, _ULAW):
        width = 1
    if bits == 0 and coding in (_PCM, _FLOAT):
        return Samples(sr, 0, "PCM_16", "LITTLE", start, end, claim, 0)
    order = "BIG" if endian == ">" else "LITTLE"
    if subtype is not None:
        spare = 8 * width - used if coding == _PCM and 0 < used < 8 * width else 0
        return Samples(sr, channels, subtype, order, start, end, claim, width * channels, spare=spare)
    length = end - start
    body = b"fmt " + struct.pack(f"{endian}I", len(fmt)) + fmt + bytes(len(fmt) % 2)
    if fact is not None:
        body += fact + bytes(len(fact) % 2)
    body = b"WAVE" + body + b"data" + struct.pack(f"{endian}I", min(length, 0xFFFFFFFF))
    name = b"RIFX" if endian == ">" else b"RIFF"
    header = name + struct.pack(f"{endian}I", min(len(body) + length, 0xFFFFFFFF)) + body
    return Samples(sr, channels, None, order, start, end, claim, max(1, align), header)


# --- AIFF -----------------------------------------------------------------------------------------------------------

_AIFF_CODINGS = {
    b"fl32": "FLOAT",
    b"FL32": "FLOAT",
    b"fl64": "DOUBLE",
    b"FL64": "DOUBLE",
    b"ulaw": "ULAW",
    b"ULAW": "ULAW",
    b"alaw": "ALAW",
    b"ALAW": "ALAW",
}
_WIDTHS = {
    "PCM_S8": 1,
    "PCM_U8": 1,
    "PCM_16": 2,
    "PCM_24": 3,
    "PCM_32": 4,
    "HALF": 2,
    "FLOAT": 4,
    "DOUBLE": 8,
    "ULAW": 1,
    "ALAW": 1,
}


def _aiff(contents):
    comm = ssnd = after = None
    for name, start, claimed, end in _chunks(contents, 12, ">", b"SSND"):
        if name == b"COMM" and comm is None:
            comm = bytes(contents[start:end])
        elif name == b"SSND" and ssnd is None and end - start >= 8:
            (offset,) = struct.unpack_from(">I", contents, start)
            offset = 8 + (offset if offset < end - start else 0)
            ssnd = start + offset, max(0, claimed - offset), end
        elif name == b"FORM" and ssnd is not None:
            after = start - 8
            break
    if comm is None or ssnd is None or len(comm) < 18:
        return [], None
    channels, n_frames, bits = struct.unpack_from(">HIH", comm)
    sr = _read_extended(comm[8:18])
    kind = comm[18:22] if bytes(contents[8:12]) == b"AIFC" else b"NONE"
    if kind in (b"NONE", b"twos", b"sowt", b"in24", b"in32", b"raw "):
        width = {b"in24": 3, b"in32": 4}.get(kind, (bits + 7) // 8)
        coding = {1: "PCM_U8" if kind == b"raw " else "PCM_S8", 2: "PCM_16", 3: "PCM_24", 4: "PCM_32"}.get(width)
    else:
        coding = _AIFF_CODINGS.get(bytes(kind))
    start, claimed, end = ssnd
    if coding is None:
        return ([Samples(sr, 0, "PCM_16", "BIG", start, end, None, 0)] if bits == 0 else []), None
    frame_bytes = _WIDTHS[coding] * channels
    unknown = claimed == 0 or (claimed >= UNKNOWN - 8 and start + claimed > end)
    if unknown and 0 < n_frames * frame_bytes < UNKNOWN:
        claimed, unknown = n_frames * frame_bytes, False
        end = min(end, start + claimed)
    order = "LITTLE" if kind == b"sowt" else "BIG"
    return [Samples(sr, channels, coding, order, start, end, None if unknown else claimed, frame_bytes)], after


def _read_extended(number):
    """Round a number of 80 bits (IEEE 754) to an int; return 0 if it cannot be a rate."""
    exponent, mantissa = struct.unpack(">HQ", number)
    power = (exponent & 0x7FFF) - 16383 - 63
    return round(mantissa * 2.0**power) if exponent < 0x8000 and -64 <= power <= -32 else 0


# --- AU, CAF, SPHERE ------------------------------------------------------------------------------------------------

_AU_CODINGS = {1: "ULAW", 2: "PCM_S8", 3: "PCM_16", 4: "PCM_24", 5: "PCM_32", 6: "FLOAT", 7: "DOUBLE", 27: "ALAW"}


def _au(contents):
    if len(contents) < 24:
        return [], None
    endian = ">" if bytes(contents[:4]) == b".snd" else "<"
    start, claimed, coding, sr, channels = struct.unpack_from(f"{endian}5I", contents, 4)
    if coding not in _AU_CODINGS:
        return [], None
    size = len(contents)
    start = start if 24 <= start <= size else 24
    unknown = claimed in (0, 0xFFFFFFFF) or (claimed >= UNKNOWN and start + claimed > size)
    end = size if unknown else min(size, start + claimed)
    after = None
    if not unknown and end < size:
        after = _find_joined(contents, end)
        rest = size - end
        if after is None and rest > max(1, _STRAY * claimed) and not _is_appendix(contents[end:]):
            end = size
    order = "BIG" if endian == ">" else "LITTLE"
    width = _WIDTHS[_AU_CODINGS[coding]]
    claim = None if unknown else claimed
    return [Samples(sr, channels, _AU_CODINGS[coding], order, start, end, claim, width * channels)], after


def _caf(contents):
    desc = data = None
    at, size = 8, len(contents)
    while at + 12 <= size:
        name = bytes(contents[at : at + 4])
        (claimed,) = struct.unpack_from(">q", contents, at + 4)
        start = at + 12
        if name == b"desc" and desc is None and start + 32 <= size:
            desc = struct.unpack_from(">d4s5I", contents, start)
        elif name == b"data" and data is None:
            unknown = claimed <= 4
            data = start + 4, None if unknown else claimed - 4, size if unknown else min(size, start + claimed)
            if unknown:
                break
        if claimed < 0:
            break
        at = start + claimed
    if desc is None or data is None:
        return [], None
    sr, kind, flags, _, _, channels, bits = desc
    if kind == b"lpcm":
        width = (bits + 7) // 8
        kinds = {4: "FLOAT", 8: "DOUBLE"} if flags & 1 else {1: "PCM_S8", 2: "PCM_16", 3: "PCM_24", 4: "PCM_32"}
        coding = kinds.get(width)
    else:
        coding = {b"ulaw": "ULAW", b"alaw": "ALAW"}.get(kind)
    if coding is None:
        return [], None
    start, claimed, end = data
    sr = round(sr) if 0 < sr < 1 << 31 else 0
    order = "LITTLE" if kind == b"lpcm" and flags & 2 else "BIG"
    return [Samples(sr, channels, coding, order, start, end, claimed, _WIDTHS[coding] * channels)], None


_SPHERE_FIELD = re.compile(rb"^(\w+) -(?:i|r|s\d+) (.*?)\s*$", re.MULTILINE)


def sphere_header(contents):
    """Return the fields of a NIST SPHERE header: dict of str to str."""
    return {name.decode(): value.decode("latin-1") for name, value in _SPHERE_FIELD.findall(bytes(contents[:4096]))}


def _sphere(contents):
    fields = sphere_header(contents)
    try:
        start = int(bytes(contents[8:16]))
        sr, channels = round(float(fields["sample_rate"])), int(fields.get("channel_count", 1))
        width = int(fields.get("sample_n_bytes", 2))
        claimed = int(fields["sample_count"]) * width * channels if "sample_count" in fields else None
    except (KeyError, ValueError, OverflowError):
        return [], None
    coding = fields.get("sample_coding", "pcm")
    subtype = {
        "pcm": {1: "PCM_S8", 2: "PCM_16", 3: "PCM_24", 4: "PCM_32"}.get(width),
        "ulaw": "ULAW",
        "mu-law": "ULAW",
        "alaw": "ALAW",
    }.get(coding)
    if subtype is None or start < 0:
        return [], None
    order = "BIG" if fields.get("sample_byte_format", "01") in ("10", "210", "3210") else "LITTLE"
    end = len(contents) if not claimed else min(len(contents), start + claimed)
    return [Samples(sr, channels, subtype, order, start, end, claimed or None, _WIDTHS[subtype] * channels)], None


_READERS = (
    (b"RIFF", b"WAVE", _riff),
    (b"RIFX", b"WAVE", _riff),
    (b"RF64", b"WAVE", _riff),
    (b"BW64", b"WAVE", _riff),
    (b"riff\x2e\x91\xcf\x11", b"", _w64),
    (b"FORM", b"AIF", _aiff),
    (b".snd", b"", _au),
    (b"dns.", b"", _au),
    (b"caff", b"", _caf),
    (b"NIST_1A", b"", _sphere),
)
