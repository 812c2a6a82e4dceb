"""Streams: compressed sound as a row of pages or frames, which may be several recordings one behind the other.

Ogg, MP3 and FLAC were made to be sent: each page or frame begins with a mark and says how long it is, so that one who
joins late finds his way. A recorder with a pause button, or a service that speaks sentence by sentence, simply appends
one file to the other. A decoder that trusts the first header then loses all the rest without an error. Here a file is
parted into its streams, and what surrounds them, tags above all, is left out.

RFC 3533 (Ogg); ISO/IEC 11172-3 (MPEG audio); RFC 9639 (FLAC); id3.org (ID3v1, ID3v2).
"""

import functools
import re
import struct
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np


class Stream(NamedTuple):
    """One stream within a file.

    Attributes
    ----------
    start, stop : int
        The bytes that it lies in.
    claimed, present : int or None
        How many samples (of each channel) its header says there are, and how many a look at its frames has counted;
        None if that is not known.
    whole : bool
        Whether its last page or frame is whole.
    counted : bool
        Whether decoders know how long it is, rather than guess.
    last_frame : int or None
        Where the last frame of a FLAC stream begins, if that is known.
    patch : bytes
        What to put before it, in the place of a wrong header or one that lacks, so that decoders know better.
    """

    start: int
    stop: int
    claimed: int | None = None
    present: int | None = None
    whole: bool = True
    patch: bytes = b""
    counted: bool = True
    last_frame: int | None = None


# --- Ogg ------------------------------------------------------------------------------------------------------------

_FIRST_PAGE, _LAST_PAGE = 2, 4


def ogg_streams(contents):
    """Return the streams of an Ogg file: list of Stream. A new one begins with pages that are marked as the first."""
    at, size = 0, len(contents)
    starts, before, whole = [], None, True
    while at < size:
        if contents[at : at + 4] != b"OggS":
            found = contents.find(b"OggS", at)
            if found < 0:
                whole = not _begins_like(contents[at : at + 4], b"OggS")
                size = at
                break
            at = found
        n_segments = contents[at + 26] if at + 27 <= size else 255
        end = at + 27 + n_segments + sum(contents[at + 27 : at + 27 + n_segments])
        first = bool(contents[at + 5] & _FIRST_PAGE) if at + 6 <= size else False
        if first and not before:
            starts.append(at)
        before = first
        if end > size:
            whole = False
            break
        at = end
    starts = starts or [0]
    return [
        _ogg_stream(contents, start, stop, whole or stop != size)
        for start, stop in zip(starts, [*starts[1:], size], strict=True)
    ]


def _ogg_stream(contents, start, stop, whole):
    """Return one stream. If its last page does not say that it is the last, add this mark for libsndfile.

    Without the mark, libsndfile reads the length of an Opus stream as one at another rate.
    """
    tail = bytes(contents[max(start, stop - (1 << 16) - 300) : stop])
    at = tail.rfind(b"OggS")
    page = bytearray(tail[at:])
    if not whole or at < 0 or len(page) < 27 or page[5] & _LAST_PAGE:
        return Stream(start, stop, whole=whole)
    del page[27 + page[26] + sum(page[27 : 27 + page[26]]) :]
    page[5] |= _LAST_PAGE
    page[22:26] = bytes(4)
    page[22:26] = struct.pack("<I", _ogg_checksum(page))
    marked = bytes(contents[start : stop - len(tail) + at]) + bytes(page)
    return Stream(stop, stop, whole=whole, patch=marked)


@functools.cache
def _ogg_table():
    values = [byte << 24 for byte in range(256)]
    for _ in range(8):
        values = [value << 1 ^ (0x104C11DB7 if value >> 31 else 0) for value in values]
    return tuple(values)


def _ogg_checksum(page):
    """Return the checksum of a page whose checksum field is 0: a remainder by x^32 + x^26 + x^23 + … (RFC 3533)."""
    value, table = 0, _ogg_table()
    for byte in page:
        value = (value << 8 & 0xFFFFFFFF) ^ table[value >> 24 ^ byte]
    return value


def _begins_like(rest, mark):
    """Tell whether the last few bytes are the beginning of a mark."""
    return 0 < len(rest) < len(mark) and mark.startswith(bytes(rest))


# --- FLAC -----------------------------------------------------------------------------------------------------------

_FLAC_START = re.compile(rb"fLaC[\x00\x80]\0\0\x22")
_FLAC_FRAME = re.compile(rb"\xff[\xf8\xf9][\x10-\xfe][\x00-\xaf]")
_FLAC_TAIL = 1 << 16  # bytes at the end in which a last frame begins
_LOOKED_THROUGH = 1 << 20  # bytes that are searched at a time
_SMALL = 1 << 14  # bytes; bytes.find is faster in fewer


def flac_streams(contents):
    """Return the streams of a FLAC file: list of Stream. 0 samples in a header mean that they were not counted."""
    starts = [at for at in _places(contents, b"fLaC") if _FLAC_START.match(contents, at)]
    return [
        _flac_stream(contents, start, stop) for start, stop in zip(starts, [*starts[1:], len(contents)], strict=True)
    ]


def _places(contents, mark):
    """Return where a mark of three bytes or more lies: list of int, rising.

    In a large file bytes.find takes five times as long as numpy, in a small one a quarter.
    """
    places, ahead = [], len(mark) - 1
    if isinstance(contents, bytes) and len(contents) < _SMALL:
        at = contents.find(mark)
        while at >= 0:
            places.append(at)
            at = contents.find(mark, at + 1)
        return places
    for start in range(0, len(contents) - ahead, _LOOKED_THROUGH):
        piece = np.frombuffer(contents, np.uint8, min(_LOOKED_THROUGH + ahead, len(contents) - start), start)
        at = np.flatnonzero(piece[:-ahead] == mark[0])
        for offset, byte in enumerate(mark[1:], 1):
            at = at[piece[at + offset] == byte]
        places += (start + at).tolist()
    return places


def _flac_stream(contents, start, stop):
    if start + 42 > stop:
        return Stream(start, stop)
    fields = contents[start + 18 : start + 26]  # 20 bits rate, 3 channels, 5 bits, 36 samples
    claimed = int.from_bytes(fields, "big") & ((1 << 36) - 1)
    last, place = _last_flac_frame(contents, start, stop)
    if claimed and last is not None and last > claimed:
        head = bytes(contents[start : start + 26])
        unknown = (int.from_bytes(head[18:], "big") >> 36 << 36).to_bytes(8, "big")
        return Stream(start + 26, stop, None, patch=head[:18] + unknown)
    if claimed and last is not None:
        (most,) = struct.unpack_from(">H", contents, start + 10)
        return Stream(start, stop, claimed, min(claimed, last - 1 + most), last_frame=place)
    return Stream(start, stop, claimed or None)


def _last_flac_frame(contents, start, stop):
    """Count the samples up to the first one of the last frame, and find where it begins; None, None if not found.

    The search goes back from the end through the last 64 KB. A frame's header has a checksum of its own.
    """
    least, most = struct.unpack_from(">HH", contents, start + 8)
    tail_start = max(start + 42, stop - _FLAC_TAIL)
    tail = bytes(contents[tail_start:stop])
    at = len(tail)
    mark = b"\xff\xf8" if least == most else b"\xff\xf9"  # frames of equal size have numbers, else their samples have
    while (at := tail.rfind(mark, 0, at)) >= 0:
        if not _FLAC_FRAME.match(tail, at):
            continue
        number, n_bytes = _decode_number(tail[at + 4 : at + 11])
        if number is None:
            continue
        end = at + 4 + n_bytes + _FLAC_SIZE_BYTES.get(tail[at + 2] >> 4, 0) + _FLAC_RATE_BYTES.get(tail[at + 2] & 15, 0)
        if end >= len(tail) or _crc8(tail[at:end]) != tail[end]:
            continue
        return number * most + 1 if least == most else number + 1, tail_start + at
    return None, None


_FLAC_SIZE_BYTES, _FLAC_RATE_BYTES = {6: 1, 7: 2}, {12: 1, 13: 2, 14: 2}  # bytes that follow, by a code in the header


def _decode_number(coded):
    """Decode a number of up to 36 bits in the coding of UTF-8: (number, bytes), or (None, 0) if it is not one."""
    if not coded:
        return None, 0
    ones = 8 - (~coded[0] & 0xFF).bit_length()
    if ones == 0:
        return coded[0], 1
    if ones == 1 or ones > 7 or len(coded) < ones or any(byte >> 6 != 2 for byte in coded[1:ones]):
        return None, 0
    number = coded[0] & (0x7F >> ones)
    for byte in coded[1:ones]:
        number = number << 6 | byte & 0x3F
    return number, ones


@functools.cache
def _crc8_table():
    values = list(range(256))
    for _ in range(8):
        values = [value << 1 ^ (0x107 if value >> 7 else 0) for value in values]
    return bytes(values)


def _crc8(data):
    """Return the checksum of a frame's header, x^8 + x^2 + x + 1."""
    value, table = 0, _crc8_table()
    for byte in data:
        value = table[value ^ byte]
    return value


# --- MPEG audio -----------------------------------------------------------------------------------------------------

_KBITS = {
    (1, 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_LAYERS = {1: 3, 2: 2, 3: 1}
_FRAME_MARK = re.compile(rb"\xff[\xe2-\xff][\x10-\xef]")
_WORD = struct.Struct(">I")
_XING = (b"Xing", b"Info")
_COUNT_MARKS = (*_XING, b"VBRI")
_XING_MONO, _XING_STEREO = (13, 13, 13, 21), (21, 21, 21, 36)  # place of that mark in a frame, by version


def _frame(contents, at, known):
    """Return (bytes, samples, rate) of the frame whose header is at a place; None if there is no frame.

    The dict `known` keeps the answer for each three first bytes.
    """
    if at + 4 > len(contents):
        return None
    head = contents[at : at + 3]
    if head not in known:
        known[head] = _read_head(int.from_bytes(head, "big"))
    return known[head]


def _read_head(head):
    version, layer, index = head >> 11 & 3, _LAYERS.get(head >> 9 & 3), head >> 4 & 15
    rate, padding = head >> 2 & 3, head >> 1 & 1
    if head >> 13 != 0x7FF or version == 1 or layer is None or index in (0, 15) or rate == 3:
        return None
    sr, first = _RATES[version][rate], 1 if version == 3 else 2
    bits = 1000 * _KBITS[first, layer][index]
    n_samples = 384 if layer == 1 else 576 if layer == 3 and first == 2 else 1152
    length = (12 * bits // sr + padding) * 4 if layer == 1 else n_samples // 8 * bits // sr + padding
    return length, n_samples, sr


def mpeg_streams(contents):
    """Return the streams of an MP3 file: list of Stream; empty if no two frames follow each other.

    A stream begins behind an ID3v2 tag, with a frame that says how many follow (Xing, Info, VBRI), or another rate.
    """
    known, streams, open_stream = {}, [], None
    at, size = 0, _end_of_frames(contents)
    last_mark = max(contents.rfind(mark) for mark in _COUNT_MARKS)
    while at < size:
        frame = known.get(contents[at : at + 3]) or _frame(contents, at, known)
        if frame is None:
            skipped = tag_length(contents, at)
            if skipped and contents[at] == b"I"[0] and open_stream is not None:  # a file begins with ID3v2
                streams.append(open_stream)
                open_stream = None
            at = at + skipped if skipped else _next_frame(contents, at + 1, known)
            continue
        length, n_samples, sr = frame
        if at + length > size:
            if open_stream is not None:
                open_stream.whole = False
            break
        count = _read_claim(contents, at, length) if at <= last_mark else None
        if open_stream is None or count is not None or sr != open_stream.sr:
            if open_stream is not None:
                streams.append(open_stream)
            head = _WORD.unpack_from(contents, at)[0]
            open_stream = _OpenStream(at, at + length, sr, n_samples, count, length, head)
        open_stream.stop = at + length
        open_stream.n_frames += count is None
        at += length
    if open_stream is not None:
        streams.append(open_stream)
    return [stream.close() for stream in streams if stream.n_frames > 0]


@dataclass
class _OpenStream:
    start: int
    stop: int
    sr: int
    n_samples: int
    count: tuple | None
    first_length: int
    head: int
    n_frames: int = 0
    whole: bool = True

    def close(self):
        present = self.n_frames * self.n_samples
        n_frames, n_bytes = self.count or (0, None)
        if n_frames == self.n_frames:
            return Stream(self.start, self.stop, None, present, self.whole)
        if self.head >> 17 & 3 != 1:  # only in layer III do decoders look for the number of frames
            return Stream(self.start, self.stop, None, present, self.whole, counted=False)
        # The count is wrong, or it is missing and decoders would guess the length from the first frame. Give another.
        too_few = n_frames > self.n_frames and (not self.whole if n_bytes is None else n_bytes > self.stop - self.start)
        start = self.start + (self.first_length if self.count else 0)
        counted = _counting_frame(self.head, self.n_frames, self.stop - start)
        return Stream(start, self.stop, n_frames * self.n_samples if too_few else None, present, self.whole, counted)


def _counting_frame(head, n_frames, n_bytes):
    """Return a frame that says how many frames follow (Xing), in the format of the frame that has this head."""
    head = (head | 0x10000) & ~0xF200 | 0x8000  # no checksum, the eighth of the rates in bits, no padding
    length, *_ = _read_head(head >> 8)
    at = (_XING_MONO if head >> 6 & 3 == 3 else _XING_STEREO)[head >> 19 & 3]
    content = _WORD.pack(head) + bytes(at - 4) + b"Xing" + struct.pack(">III", 3, n_frames, n_bytes + length)
    return content.ljust(length, b"\0")


def _next_frame(contents, at, known):
    """Return where the next frame begins after other bytes; another frame, a tag or the end must follow it."""
    for match in _FRAME_MARK.finditer(contents, at):
        frame = _frame(contents, match.start(), known)
        if frame is not None:
            after = match.start() + frame[0]
            if after >= len(contents) or _frame(contents, after, known) or tag_length(contents, after):
                return match.start()
    return len(contents)


def _read_claim(contents, at, length):
    """Return (frames, bytes or None) if the first frame of a stream says them; None if it is an ordinary frame."""
    mark = at + (_XING_STEREO if contents[at + 3] >> 6 != 3 else _XING_MONO)[contents[at + 1] >> 3 & 3]
    if contents[mark : mark + 4] in _XING and length >= 54:
        flags, *numbers = struct.unpack_from(">III", contents, mark + 4)
        n_frames = numbers.pop(0) if flags & 1 else 0
        return n_frames, numbers.pop(0) if flags & 2 else None
    if contents[at + 36 : at + 40] == b"VBRI" and length >= 54:
        n_bytes, n_frames = struct.unpack_from(">II", contents, at + 46)
        return n_frames, n_bytes
    return None


def _end_of_frames(contents):
    """Return where the tags at the end of a file begin; only tags that show from the end count."""
    end = len(contents)
    while True:
        if bytes(contents[max(0, end - 128) :][:3]) == b"TAG":
            end -= 128
        elif end >= 32 and bytes(contents[end - 32 : end - 24]) == b"APETAGEX":
            (size,) = struct.unpack_from("<I", contents, end - 20)
            length = size + 32
            if length > end or bytes(contents[end - length : end - length + 8]) != b"APETAGEX":
                length = size  # this tag has no header
            if not 32 <= length <= end:
                return end
            end -= length
        else:
            return end


def tag_length(contents, at):
    """Return the length of the tag that begins at a place, in bytes; 0 if there is none."""
    head = bytes(contents[at : at + 32])
    if head[:3] == b"ID3" and len(head) >= 10 and max(head[6:10]) < 0x80:
        size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
        return 10 + size + (10 if head[5] & 0x10 else 0)
    if head[:3] == b"TAG" and at + 128 <= len(contents):
        return 128
    if head[:8] == b"APETAGEX" and len(head) == 32:
        size, flags = struct.unpack_from("<I4xI", head, 12)
        return 32 + size if flags & 0x20000000 else 32
    if head[:11] == b"LYRICSBEGIN":
        end = contents.find(b"LYRICS200", at)
        return end + 9 - at if end >= 0 else 0
    return 0
