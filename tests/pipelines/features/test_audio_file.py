"""Recordings of any form become one waveform; what holds no word is refused in one sentence, by name."""

import io
import os
import struct

import numpy as np
import pytest
import soundfile

from pipelines.errors import InputFileError
from pipelines.features import audio_file
from pipelines.features.audio_file import read_waveform

SR = 8000


def tone(seconds=0.5, sr=SR, level=0.5):
    return level * np.sin(2 * np.pi * 440 * np.arange(round(seconds * sr)) / sr)


def encoded(samples, sr=SR, format="WAV", **options):
    file = io.BytesIO()
    soundfile.write(file, samples, sr, format=format, **options)
    return file.getvalue()


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
        ("FLAC", "PCM_16", 1e-4),
        ("AIFF", "PCM_16", 1e-4),
    ],
)
def test_lossless_formats_give_back_the_samples_that_were_written(tmp_path, format, subtype, tolerance):
    content = encoded(tone(), format=format, subtype=subtype)
    (tmp_path / "word").write_bytes(content)
    waveform, sr = read_waveform(tmp_path / "word")
    assert sr == SR
    assert waveform.dtype == np.float32
    assert waveform.shape == (len(tone()),)
    assert np.abs(waveform - tone()).max() <= tolerance
    assert np.array_equal(read_waveform(content)[0], waveform)


@pytest.mark.parametrize("format", ["OGG", "MP3"])
def test_lossy_formats_sound_the_same(format):
    waveform, sr = read_waveform(encoded(tone(), format=format))
    assert sr == SR
    assert len(waveform) == len(tone())
    assert np.corrcoef(waveform, tone())[0, 1] > 0.99


def test_many_channels_become_their_mean():
    rng = np.random.default_rng(0)
    channels = rng.uniform(-0.5, 0.5, (4000, 7))
    waveform, _ = read_waveform(encoded(channels, subtype="FLOAT"))
    assert np.allclose(waveform, channels.mean(axis=1), atol=1e-6)


def test_a_recording_decoded_in_blocks_is_that_decoded_at_once(monkeypatch):
    content = encoded(np.stack([tone(), -0.5 * tone()], axis=1))
    at_once, _ = read_waveform(content)
    monkeypatch.setattr(audio_file, "_BLOCK_FRAMES", 100)
    assert np.array_equal(read_waveform(content)[0], at_once)


@pytest.mark.parametrize("sr", [4000, 11025, 44100, 96000])
def test_the_rate_is_that_of_the_file(sr):
    assert read_waveform(encoded(tone(sr=sr), sr=sr))[1] == sr


@pytest.mark.parametrize("format", ["WAV", "FLAC", "OGG", "MP3", "AIFF"])
@pytest.mark.parametrize("share", [0.01, 0.3, 0.6, 0.9, 0.995])
def test_a_file_cut_short_is_refused_wherever_it_was_cut(refused, format, share):
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, 50_000)
    content = encoded(noise, format=format)
    reason = refused(f"word.{format.lower()}", content[: int(len(content) * share)])
    assert "cut short" in reason or "not a recording" in reason


@pytest.mark.parametrize("length", [0xFFFFFFFF, 0x7FFFFFFF])
def test_a_wav_written_into_a_pipe_is_read_though_it_does_not_know_its_length(length):
    content = bytearray(encoded(tone()))
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
        ("picture.wav", b"\x89PNG\r\n\x1a\n" + bytes(500), "this is a picture"),
        ("random.wav", np.random.default_rng(5).bytes(5000), "not a recording"),
        ("header.wav", b"RIFF\x24\0\0\0WAVEfmt ", "damaged or cut short"),
        ("none.wav", encoded(np.zeros(0)), "no samples"),
        ("silent.wav", encoded(np.zeros(4000)), "only silence"),
        ("offset.wav", encoded(np.full(4000, 0.25)), "only silence"),
        ("faint.wav", encoded(np.resize([1 / 32768, 0, -1 / 32768], 4000)), "only silence"),
        ("blip.wav", encoded(tone(0.01)), "lasts 0.010 s"),
        ("talk.wav", encoded(np.resize(tone(), 600 * SR)), "lasts 600 s"),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value else "",
)
def test_what_holds_no_word_is_refused_with_a_reason(refused, name, content, reason):
    assert reason in refused(name, content)


@pytest.mark.parametrize("sample", [np.nan, np.inf, -np.inf])
def test_samples_that_are_no_numbers_are_refused(refused, sample):
    samples = tone()
    samples[[100, 200]] = sample, -sample
    assert "not numbers" in refused("word.wav", encoded(samples, subtype="FLOAT"))


def test_a_long_recording_is_refused_before_it_is_decoded(monkeypatch):
    content = encoded(np.resize(tone(), 600 * SR))
    monkeypatch.setattr(soundfile.SoundFile, "read", lambda *_, **__: pytest.fail("it was decoded"))
    assert "lasts 600 s" in refusal(content)


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path):
    assert "no such file" in refusal(tmp_path / "none.wav")
    assert "this is a folder" in refusal(tmp_path)


def test_a_file_that_must_not_be_read_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "word.wav"
    path.write_bytes(encoded(tone()))
    path.chmod(0)
    if os.access(path, os.R_OK):  # root may read everything
        monkeypatch.setattr(soundfile, "SoundFile", _denied)
        monkeypatch.setattr(audio_file, "_first_bytes", _denied)
    assert "permission" in refusal(path)


def _denied(*_):
    raise PermissionError(13, "Permission denied")
