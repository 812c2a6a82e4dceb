"""Sound that is whole is read whatever its header says of lengths, and joined pieces are read to their end."""

import io
import struct

import numpy as np
import pytest
import soundfile

from pipelines.errors import InputFileError
from pipelines.features.speech.audio_file import read_waveform
from pipelines.features.speech.decoding import open_sound
from pipelines.features.speech.long_recording import LongRecording

SR = 8000
WORD = (0.3 * np.sin(np.arange(8000) ** 1.3 / 60) + np.random.default_rng(0).normal(0, 1e-3, 8000)).round(4)


def encode(samples=WORD, sr=SR, format="WAV", subtype=None):
    file = io.BytesIO()
    soundfile.write(file, samples, sr, format=format, subtype=subtype)
    return file.getvalue()


def put(content, at, form, *values):
    content = bytearray(content)
    struct.pack_into(form, content, at, *values)
    return bytes(content)


def chunk(name, content, endian="<"):
    return name + struct.pack(f"{endian}I", len(content)) + content


def wav(*chunks, size=None):
    body = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body) if size is None else size) + body


def fmt(align=2, bits=16, channels=1, sr=SR, coding=1):
    return chunk(b"fmt ", struct.pack("<HHIIHH", coding, channels, sr, sr * align % (1 << 32), align, bits))


PCM = (WORD * 32768).astype("<i2").tobytes()
DATA = chunk(b"data", PCM)
WAV, AIFF, AU, CAF, W64, RF64 = (encode(format=name) for name in ("WAV", "AIFF", "AU", "CAF", "W64", "RF64"))
FLAC, MP3 = encode(format="FLAC"), encode(format="MP3")
COUNT = max(MP3.find(b"Xing"), MP3.find(b"Info"))
SSND, COMM, CAF_DATA = AIFF.find(b"SSND"), AIFF.find(b"COMM"), CAF.find(b"data")
W64_DATA, DS64 = W64.find(b"data"), RF64.find(b"ds64")

WHOLE = {
    **{f"WAV, data of {n:#x}": put(WAV, 40, "<I", n) for n in (0, 0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFF000, len(WAV))},
    "WAV, data far too short": put(WAV, 40, "<I", 1000),
    "WAV, no length at all": put(put(WAV, 40, "<I", 0), 4, "<I", 0),
    "WAV, block align 0": wav(fmt(align=0), DATA),
    "WAV, filler before its chunks": wav(chunk(b"JUNK", bytes(28)), fmt(), chunk(b"FLLR", bytes(4008)), DATA),
    "WAV, data before fmt": wav(DATA, fmt()),
    "WAV, samples in two chunks": wav(fmt(), chunk(b"data", PCM[:6000]), chunk(b"data", PCM[6000:])),
    "WAV, a list of samples": wav(
        fmt(), chunk(b"LIST", b"wavl" + chunk(b"data", PCM[:6000]) + chunk(b"data", PCM[6000:]))
    ),
    "WAV, half floats": wav(fmt(coding=3), chunk(b"data", WORD.astype("<f2").tobytes())),
    "WAV, 24 bits in 32": wav(fmt(4, 24), chunk(b"data", (np.frombuffer(PCM, "<i2").astype("<i4") << 16).tobytes())),
    "WAV, 24 bits low in 32": wav(
        fmt(4, 24), chunk(b"data", (np.frombuffer(PCM, "<i2").astype("<i4") * 256 + 1).tobytes())
    ),
    "WAV, 16 bits, of which 12 are said to be used": wav(fmt(2, 12), DATA),
    "WAV, odd chunk without padding": wav(fmt(), chunk(b"LIST", b"INFOISFT\x03\0\0\0abc"), DATA),
    "WAV, odd chunk with padding": wav(fmt(), chunk(b"LIST", b"INFOISFT\x03\0\0\0abc") + b"\0", DATA),
    "WAV, chunks behind it": wav(fmt(), DATA, chunk(b"LIST", b"INFO")),
    "WAV, a tag behind it": WAV + b"TAG" + bytes(125),
    "WAV, stray bytes behind it": WAV + np.random.default_rng(1).bytes(60),
    "RF64, unknown": put(RF64, DS64 + 16, "<Q", 0),
    "W64, unknown": put(W64, W64_DATA + 16, "<Q", 0),
    "W64, header counted in": put(W64, W64_DATA + 16, "<Q", len(W64)),
    "AIFF, unknown": put(put(AIFF, SSND + 4, ">I", 0), COMM + 10, ">I", 0),
    "AIFF, as sox writes it into a pipe": put(AIFF, SSND + 4, ">I", 0x7F000008),
    "AIFF, samples before their description": AIFF[:12] + AIFF[SSND:] + AIFF[12:SSND],
    "AU, unknown": put(AU, 8, ">I", 0xFFFFFFFF),
    "AU, 0": put(AU, 8, ">I", 0),
    "AU, header counted in": put(AU, 8, ">I", len(AU)),
    "CAF, unknown": put(CAF, CAF_DATA + 4, ">q", -1),
    "FLAC from a pipe": put(FLAC, 21, ">BI", FLAC[21] & 0xF0, 0),
    "FLAC that was counted too early": put(FLAC, 22, ">I", 1000),
    "FLAC behind a tag": b"ID3\x03\0\0\0\0\x08\0" + bytes(1024) + FLAC,
}


@pytest.mark.parametrize("kind", WHOLE)
def test_a_whole_recording_is_read_whatever_its_header_says(kind, tmp_path):
    plain, _ = read_waveform(WAV)
    (tmp_path / "word").write_bytes(WHOLE[kind])
    for source in (WHOLE[kind], tmp_path / "word"):
        waveform, sr = read_waveform(source)
        assert sr == SR
        assert abs(len(waveform) - len(plain)) <= 48  # a header that counts itself in, or stray bytes
        n = min(len(plain), len(waveform))
        assert np.abs(waveform[:n] - plain[:n]).max() < 1e-2
        assert np.array_equal(np.concatenate(list(LongRecording(source, SR).blocks())), waveform)


def test_an_mp3_that_ends_inside_a_frame_is_refused():
    bare = MP3[: COUNT - 4] + b"Xxxx" + MP3[COUNT + 4 :]  # without a number of frames that could tell
    with pytest.raises(InputFileError, match="last frame is not complete"):
        read_waveform(bare[: len(bare) // 2])


def layer_two(n_frames):
    """Silence as MPEG-2 layer II of 16 kHz and 64 kbit/s: frames without any bits allocated."""
    return (b"\xff\xf5\x88\xc4" + bytes(572)) * n_frames


def test_layer_two_is_as_long_as_its_frames():
    with open_sound(layer_two(20)) as sound:
        assert sum(block.shape[1] for block in sound.blocks()) == pytest.approx(20 * 1152, abs=1152)


def voc(*blocks):
    head = b"Creative Voice File\x1a\x1a\0\x14\x01\x1f\x11"
    return (
        head
        + b"".join(bytes([kind]) + len(content).to_bytes(3, "little") + content for kind, content in blocks)
        + b"\0"
    )


def test_voc_of_several_blocks_is_read_to_its_end():
    pytest.importorskip("av")
    about = struct.pack("<IBBH4x", SR, 16, 1, 4)
    waveform, _ = read_waveform(voc((9, about + PCM[:8000]), (2, PCM[8000:])))
    assert np.abs(waveform - read_waveform(WAV)[0]).max() < 1e-3


def test_numbers_that_only_begin_like_an_mp3_are_no_recording():
    with pytest.raises(InputFileError, match="not a recording"):
        read_waveform(b"\xff\xff\xe6\xff\xdd\xff\x11\0" + PCM)


@pytest.mark.parametrize("format", ["WAV", "AIFF", "AU", "CAF", "W64", "RF64", "FLAC"])
def test_what_is_cut_off_is_refused_with_how_much_is_missing(format):
    content = encode(format=format)
    with pytest.raises(InputFileError, match=r"\d+ % of its sound is missing"):
        read_waveform(content[: len(content) // 2])


@pytest.mark.parametrize("format", ["WAV", "AIFF", "AU", "CAF", "W64", "RF64"])
def test_a_few_milliseconds_that_are_missing_are_no_matter(format):
    content = encode(format=format, subtype="PCM_16")
    assert len(read_waveform(content[:-100])[0]) == len(WORD) - 50


@pytest.mark.parametrize("cut", [1, 10, 40])
def test_a_flac_that_ends_inside_its_last_frame_is_read_without_it_or_refused_with_how_much(cut):
    content = encode(np.resize(WORD, 2 * 4096 + 100), format="FLAC")  # frames of 4096, and of 12 ms
    assert len(read_waveform(content[:-cut])[0]) == 2 * 4096
    with pytest.raises(InputFileError, match="49 % of its sound is missing"):
        read_waveform(FLAC[:-cut])
    unknown = put(content, 21, ">BI", content[21] & 0xF0, 0)
    with pytest.raises(InputFileError, match="truncated"):
        read_waveform(unknown[:-cut])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        *(((name, None), (name, None)) for name in ("WAV", "AIFF", "FLAC", "MP3", "OGG", "AU")),
        (("OGG", "OPUS"), ("OGG", "OPUS")),
        (("OGG", "VORBIS"), ("OGG", "OPUS")),
    ],
)
def test_files_that_were_joined_are_read_to_the_end(first, second):
    pieces = [encode(format=format, subtype=subtype) for format, subtype in (first, second)]
    joined, _ = read_waveform(b"".join(pieces))
    apart = np.concatenate([read_waveform(piece)[0] for piece in pieces])
    assert len(joined) == len(apart)
    assert np.corrcoef(joined, apart)[0, 1] > 0.99


def test_a_piece_at_another_rate_is_brought_to_that_of_the_first():
    other = encode(np.interp(np.arange(0, 8000, 0.5), np.arange(8000), WORD), 16000, "OGG", "OPUS")
    joined, sr = read_waveform(encode(format="OGG", subtype="OPUS") + other)
    assert sr == SR
    assert len(joined) == pytest.approx(16000, abs=400)


TAG_1, TAG_2 = b"TAG" + bytes(125), b"ID3\x03\0\0\0\0\x08\0" + bytes(1024)
APE = struct.pack("<II", 8, 0) + b"Title\0" + b"abcdefgh"
APE += b"APETAGEX" + struct.pack("<III", 2000, len(APE) + 32, 1) + bytes(12)


@pytest.mark.parametrize(
    "content",
    [TAG_2 + MP3, MP3 + TAG_1, MP3 + APE, TAG_2 + MP3 + APE + TAG_1, bytes(900) + MP3 + bytes(900)],
    ids=["ID3v2", "ID3v1", "APE", "all of them", "zeros"],
)
def test_tags_around_an_mp3_make_no_difference(content):
    assert np.array_equal(read_waveform(content)[0], read_waveform(MP3)[0])


@pytest.mark.parametrize("count", [0, 1, 5, 10_000])
def test_an_mp3_that_counts_its_frames_wrongly_is_read_whole(count):
    waveform, _ = read_waveform(put(MP3, COUNT + 8, ">I", count))
    assert len(waveform) >= len(WORD)


def test_joined_mp3s_with_tags_are_read_to_the_end():
    joined, _ = read_waveform((TAG_2 + MP3 + TAG_1) * 2)
    assert len(joined) == 2 * len(WORD)


def without_end(content):
    """Clear the end flag of an Ogg file's last page, with the checksum put right."""
    at = content.rfind(b"OggS")
    page = bytearray(content[at:])
    page[5] &= 0xFB
    page[22:26] = bytes(4)
    value = 0
    for byte in page:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ (0x04C11DB7 if value & 0x80000000 else 0)) & 0xFFFFFFFF
    page[22:26] = struct.pack("<I", value)
    return content[:at] + bytes(page)


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_an_ogg_stream_that_does_not_say_that_it_ends_is_read(subtype):
    content = encode(format="OGG", subtype=subtype)
    assert len(read_waveform(without_end(content))[0]) == pytest.approx(len(WORD), abs=200)
    with pytest.raises(InputFileError, match="truncated"):
        read_waveform(content[:-20])


@pytest.mark.parametrize("scale", [32768.0, 2.0**31, 1e4, 1e-6, 1e-9])
def test_floating_point_samples_may_have_any_scale(scale):
    waveform, _ = read_waveform(encode(WORD * scale, subtype="FLOAT"))
    assert 0.2 < np.abs(waveform).max() <= 1
    assert np.corrcoef(waveform, WORD)[0, 1] > 0.9999


def test_a_few_steps_of_sixteen_bits_stay_silence_as_floating_point():
    steps = np.random.default_rng(0).integers(-1, 2, 8000) / 32768
    with pytest.raises(InputFileError, match="silence"):
        read_waveform(encode(steps, subtype="FLOAT"))


@pytest.mark.parametrize(
    "header",
    [fmt(sr=0), fmt(sr=1), fmt(channels=0), fmt(bits=0, align=0), fmt(bits=0), fmt(sr=(1 << 30)), fmt(channels=9999)],
    ids=lambda h: h[8:].hex(),
)
def test_a_header_that_describes_no_sound_is_refused(header):
    with pytest.raises(InputFileError, match="header is damaged"):
        read_waveform(wav(header, DATA))


def sphere(coding="pcm", order="01", count=8000):
    fields = f"sample_count -i {count}\nsample_rate -i {SR}\nchannel_count -i 1\nsample_n_bytes -i 2\n"
    text = (
        f"NIST_1A\n   1024\n{fields}sample_byte_format -s2 {order}\nsample_coding -s{len(coding)} {coding}\nend_head\n"
    )
    return text.encode().ljust(1024)


@pytest.mark.parametrize("count", [len(WORD), 0])
def test_sphere_is_read_in_either_byte_order_and_packed_sphere_is_named(count):
    big = np.frombuffer(PCM, "<i2").astype(">i2").tobytes()
    plain, _ = read_waveform(WAV)
    for content in (sphere(order="01", count=count) + PCM, sphere(order="10", count=count) + big):
        assert np.abs(read_waveform(content)[0] - plain).max() < 1e-3
    with pytest.raises(InputFileError, match=r"shorten.*sph2pipe"):
        read_waveform(sphere("pcm,embedded-shorten-v2.00") + b"ajkg" + PCM)
