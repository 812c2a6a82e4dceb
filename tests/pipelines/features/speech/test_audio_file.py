"""Recordings of any form become one waveform; what holds no word is refused in one sentence, by name."""

import bz2
import contextlib
import gzip
import io
import lzma
import os
import struct

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipelines.errors import InputFileError
from pipelines.features.speech import audio_file, decoding, media, unreadable
from pipelines.features.speech.audio_file import read_waveform
from pipelines.features.speech.long_recording import LongRecording

SR = 8000


def tone(seconds=0.5, sr=SR, level=0.5):
    return level * np.sin(2 * np.pi * 440 * np.arange(round(seconds * sr)) / sr)


def encode(samples, sr=SR, format="WAV", **options):
    file = io.BytesIO()
    soundfile.write(file, samples, sr, format=format, **options)
    return file.getvalue()


def _recode(content, coding, other):
    """Give a file's contents another coding in its header."""
    assert coding in content[:100]
    return content.replace(coding, other, 1)


def refusal(source):
    with pytest.raises(InputFileError) as caught:
        read_waveform(source)
    return str(caught.value)


@pytest.fixture
def refused(tmp_path):
    """A function that writes a file, checks that it and its contents are refused alike, and returns the reason."""

    def check(name, content):
        path = tmp_path / name
        path.write_bytes(content)
        by_path, by_bytes = refusal(path), refusal(content)
        assert by_path.startswith(f"{path}: ")
        assert by_bytes.startswith("<stdin>: ")
        assert "\n" not in by_path
        return by_path.removeprefix(f"{path}: ")

    return check


@pytest.mark.parametrize(
    ("format", "subtype", "tolerance"),
    [
        ("WAV", "PCM_U8", 1 / 120),
        ("WAV", "PCM_16", 1e-4),
        ("WAV", "PCM_24", 1e-6),
        ("WAV", "PCM_32", 1e-7),
        ("WAV", "FLOAT", 1e-7),
        ("WAV", "DOUBLE", 1e-7),
        ("WAV", "ULAW", 0.02),
        ("WAV", "ALAW", 0.02),
        ("FLAC", "PCM_16", 1e-4),
        ("FLAC", "PCM_24", 1e-6),
        ("AIFF", "PCM_16", 1e-4),
        ("AU", "PCM_16", 1e-4),
        ("AU", "ULAW", 0.02),
        ("CAF", "ALAC_16", 1e-4),
        ("W64", "PCM_16", 1e-4),
        ("RF64", "PCM_16", 1e-4),
    ],
)
def test_a_format_gives_back_the_samples_that_were_written_as_exactly_as_it_can(tmp_path, format, subtype, tolerance):
    content = encode(tone(), format=format, subtype=subtype)
    (tmp_path / "word").write_bytes(content)
    waveform, sr = read_waveform(tmp_path / "word")
    assert sr == SR
    assert waveform.dtype == np.float32
    assert waveform.shape == (len(tone()),)
    assert np.abs(waveform - tone()).max() <= tolerance
    assert np.array_equal(read_waveform(content)[0], waveform)


@pytest.mark.parametrize(
    ("format", "subtype"),
    [
        ("OGG", "VORBIS"),
        ("OGG", "OPUS"),
        ("MP3", "MPEG_LAYER_III"),
        ("WAV", "IMA_ADPCM"),
        ("WAV", "MS_ADPCM"),
        ("WAV", "GSM610"),
    ],
)
def test_lossy_formats_sound_the_same(format, subtype):
    waveform, sr = read_waveform(encode(tone(), format=format, subtype=subtype))
    assert sr == SR
    assert 0 <= len(waveform) - len(tone()) < 1024  # ADPCM and GSM fill their last block with silence
    assert np.corrcoef(waveform[: len(tone())], tone())[0, 1] > 0.99


def test_many_channels_become_their_mean():
    channels = np.random.default_rng(0).uniform(-0.5, 0.5, (4000, 7))
    waveform, _ = read_waveform(encode(channels, subtype="FLOAT"))
    mean = channels.mean(axis=1)
    assert np.allclose(waveform, mean - mean.mean(), atol=1e-6)


@pytest.mark.parametrize("n_channels", range(1, 9))
def test_the_same_sound_in_any_number_of_channels_is_that_sound(n_channels):
    waveform, _ = read_waveform(encode(np.tile(tone()[:, np.newaxis], n_channels), subtype="FLOAT"))
    assert np.allclose(waveform, tone(), atol=1e-6)


@pytest.mark.parametrize("other", [-0.999, -0.95, -1.05])
@pytest.mark.parametrize("hiss", [0, 1e-3])
def test_of_channels_that_cancel_each_other_the_louder_one_is_taken(other, hiss):
    noise = hiss * np.random.default_rng(0).standard_normal(len(tone()))
    left, right = tone() + 0.1, other * tone() + noise - 0.2
    waveform, _ = read_waveform(encode(np.stack([left, right], axis=1), subtype="FLOAT"))
    louder = max(left, right, key=np.var)
    assert np.allclose(waveform, louder - louder.mean(), atol=1e-6)


@given(arrays(np.float32, (400, 3), elements=st.floats(-1, 1, width=16)))
def test_mixing_keeps_a_share_of_the_power_whatever_the_channels_are(channels):
    levels = audio_file.Levels()
    levels.see(channels.T)
    mixed = levels.mix().of(channels.T)
    power = np.var(channels, axis=0, dtype=float).sum() / 9
    assert np.var(mixed, dtype=float) >= 0.99 * audio_file.CANCELLED * power - 1e-12


@pytest.mark.parametrize("n_channels", [1, 2])
@pytest.mark.parametrize("offset", [0.5, -0.25, 3 / 32768])
def test_a_direct_current_makes_no_difference_to_a_single_bit(offset, n_channels):
    channels = np.random.default_rng(0).integers(-9000, 9000, (4000, n_channels)) / 32768
    plain, shifted = (read_waveform(encode(channels + added))[0] for added in (0, offset))
    assert np.array_equal(plain, shifted)
    assert abs(plain.mean(dtype=float)) < 1e-7


@pytest.mark.parametrize("other", [-0.5, -1])
def test_a_recording_decoded_in_blocks_is_that_decoded_at_once(monkeypatch, other):
    content = encode(np.stack([tone() + 0.1, other * tone()], axis=1))
    at_once, _ = read_waveform(content)
    monkeypatch.setattr(decoding.Sound.blocks, "__defaults__", (100,))
    assert np.array_equal(read_waveform(content)[0], at_once)


@pytest.mark.parametrize("sr", [4000, 11025, 44100, 96000, 192_000])
def test_the_rate_is_that_of_the_file(sr):
    assert read_waveform(encode(tone(sr=sr), sr=sr))[1] == sr


@pytest.mark.parametrize("format", ["WAV", "FLAC", "OGG", "OPUS", "MP3", "AIFF", "AU", "CAF", "W64", "RF64", "VOC"])
@pytest.mark.parametrize("share", [0.01, 0.3, 0.6, 0.9, 0.985])
def test_a_file_cut_short_is_refused_wherever_it_was_cut(refused, format, share):
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, 50_000)
    opus = {"sr": 16000, "format": "OGG", "subtype": "OPUS"}
    content = encode(noise, **opus) if format == "OPUS" else encode(noise, format=format)
    reason = refused(f"word.{format.lower()}", content[: int(len(content) * share)])
    assert "truncated" in reason or "not a recording" in reason


@pytest.mark.parametrize("length", [0xFFFFFFFF, 0x7FFFFFFF])
def test_a_wav_written_into_a_pipe_is_read_though_it_does_not_know_its_length(length):
    content = bytearray(encode(tone()))
    at = content.index(b"data") + 4
    content[at : at + 4] = struct.pack("<I", length)
    assert len(read_waveform(bytes(content))[0]) == len(tone())


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.wav", b"", "the file is empty"),
        ("text.wav", b"this is a shopping list\n" * 20, "not a recording"),
        ("headerless.raw", bytes(range(256)) * 20, "not a recording"),
        ("word.m4a", b"\0\0\0\x18ftypM4A \0\0\0\0" + bytes(500), "ffmpeg -i"),
        ("word.aac", b"\xff\xf1\x50\x80" + bytes(500), "ffmpeg -i"),
        ("word.wma", b"\x30\x26\xb2\x75\x8e\x66\xcf\x11" + bytes(500), "ffmpeg -i"),
        ("ape.wav", b"MAC \x96\x0f" + bytes(500), "ffmpeg -i"),
        ("film.avi", b"RIFF\0\1\0\0AVI LIST" + bytes(500), "ffmpeg -i"),
        ("film.webm", b"\x1a\x45\xdf\xa3" + bytes(500), "ffmpeg -i"),
        ("call.amr", b"#!AMR\n" + bytes(500), "ffmpeg -i"),
        ("aac.wav", _recode(encode(tone()), b"\x01\x00\x01\x00", b"\xff\x00\x01\x00"), "coded in a way"),
        ("aac.caf", _recode(encode(tone(), format="CAF"), b"lpcm", b"aac "), "coded in a way"),
        ("picture.wav", b"\x89PNG\r\n\x1a\n" + bytes(500), "this is a picture"),
        ("random.wav", np.random.default_rng(5).bytes(5000), "not a recording"),
        ("header.wav", b"RIFF\x24\0\0\0WAVEfmt ", "damaged or truncated"),
        ("none.wav", encode(np.zeros(0)), "no samples"),
        ("silent.wav", encode(np.zeros(4000)), "only silence"),
        ("offset.wav", encode(np.full(4000, 0.25)), "only silence"),
        ("faint.wav", encode(np.resize([1 / 32768, 0, -1 / 32768], 4000)), "only silence"),
        ("blip.wav", encode(tone(0.01)), "lasts 0.010 s"),
        ("talk.wav", encode(np.resize(tone(), 600 * SR)), "lasts 600 s"),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value else "",
)
def test_what_holds_no_word_is_refused_with_a_reason(refused, monkeypatch, name, content, reason):
    monkeypatch.setattr(media, "available", lambda: False)
    assert reason in refused(name, content)


@pytest.mark.parametrize("sample", [np.nan, np.inf, -np.inf])
def test_samples_that_are_no_numbers_are_refused(refused, sample):
    samples = tone()
    samples[[100, 200]] = sample, -sample
    assert "not numbers" in refused("word.wav", encode(samples, subtype="FLOAT"))


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("my word.m4a", "ffmpeg -i '{folder}/my word.m4a' 'my word.wav'"),
        ("word.wav", "ffmpeg -i {folder}/word.wav word-converted.wav"),
        ("there.m4a", "ffmpeg -i {folder}/there.m4a there-converted.wav"),
    ],
)
def test_the_command_that_converts_a_file_can_be_copied_and_overwrites_nothing(tmp_path, monkeypatch, name, command):
    monkeypatch.setattr(media, "available", lambda: False)
    (tmp_path / "there.wav").touch()
    (tmp_path / name).write_bytes(b"\0\0\0\x18ftypM4A " + bytes(500))
    assert refusal(tmp_path / name).endswith(command.format(folder=tmp_path))


@pytest.mark.parametrize("format", ["WAV", "FLAC", "OGG", "MP3", "AIFF", "AU", "CAF"])
def test_a_damaged_file_is_read_or_refused_and_nothing_else(format):
    content, rng = encode(tone(0.3), format=format), np.random.default_rng(0)
    for _ in range(40):
        damaged = bytearray(content)
        for at in rng.integers(0, min(len(content), 200), rng.integers(1, 5)):
            damaged[at] = rng.choice([0, 1, 127, 128, 255])
        for read in (read_waveform, lambda source: list(LongRecording(source, SR).blocks())):
            with contextlib.suppress(InputFileError):
                read(bytes(damaged))


def test_a_long_recording_is_refused_before_it_is_decoded(monkeypatch):
    content = encode(np.resize(tone(), 600 * SR))
    monkeypatch.setattr(soundfile.SoundFile, "read", lambda *_, **__: pytest.fail("it was decoded"))
    assert "lasts 600 s" in refusal(content)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_packed_recording_is_called_packed(pack):
    assert "unpack it" in refusal(pack(encode(tone())))


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path):
    assert "file does not exist" in refusal(tmp_path / "none.wav")
    assert "this is a folder" in refusal(tmp_path)


def test_a_file_that_must_not_be_read_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "word.wav"
    path.write_bytes(encode(tone()))
    path.chmod(0)
    if os.access(path, os.R_OK):  # root may read everything
        monkeypatch.setattr(decoding, "_contents", _deny)
        monkeypatch.setattr(unreadable, "first_bytes", _deny)
    assert "permission" in refusal(path)


def _deny(*_):
    raise PermissionError(13, "Permission denied")
