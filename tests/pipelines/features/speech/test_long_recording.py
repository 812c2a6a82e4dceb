"""A long recording read in blocks is the recording, whatever its rate, its channels and the size of the blocks."""

import io
import os
import threading
import tracemalloc

import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import InputFileError
from pipelines.features.speech.audio_file import read_waveform
from pipelines.features.speech.long_recording import LongRecording, stretches


def encode(waveform, sr=8000, **form):
    """Return the contents of an audio file."""
    content = io.BytesIO()
    soundfile.write(content, waveform, sr, **{"format": "WAV", "subtype": "FLOAT", **form})
    return content.getvalue()


def noise(n_samples=20_000, n_channels=1):
    return np.random.default_rng(0).uniform(-0.5, 0.5, (n_samples, n_channels)).astype(np.float32)


@pytest.mark.parametrize("block_samples", [1, 7, 1000, 1 << 20])
@pytest.mark.parametrize("n_channels", [1, 2, 5])
def test_blocks_of_any_size_make_up_the_waveform(block_samples, n_channels):
    content = encode(noise(3000, n_channels))
    recording = LongRecording(content, 8000, block_samples)
    assert np.array_equal(np.concatenate(list(recording.blocks())), read_waveform(content)[0])
    assert recording.seconds == 3000 / 8000


@pytest.mark.parametrize("block_samples", [100, 4096, 1 << 20])
@pytest.mark.parametrize("sr", [4000, 11025, 44100])
def test_resampled_in_blocks_is_resampled_at_once(sr, block_samples):
    recording = LongRecording(encode(noise(), sr), 8000, block_samples)
    at_once = soxr.resample(noise()[:, 0] - noise().mean(), sr, 8000)
    assert np.concatenate(list(recording.blocks())) == pytest.approx(at_once, abs=1e-6)


@pytest.mark.parametrize("format", ["FLAC", "OGG", "MP3"])
def test_it_can_be_gone_through_twice(format, tmp_path):
    subtype = {"FLAC": "PCM_16", "OGG": "VORBIS", "MP3": "MPEG_LAYER_III"}[format]
    path = tmp_path / "sound"
    path.write_bytes(encode(noise(), format=format, subtype=subtype))
    recording = LongRecording(path, 8000)
    first, second = (np.concatenate(list(recording.blocks())) for _ in range(2))
    assert np.array_equal(first, second)
    assert len(first) == 20_000


@pytest.mark.parametrize("block_samples", [7, 1 << 20])
def test_channels_that_cancel_each_other_are_mixed_as_in_a_short_recording(block_samples):
    left = noise()[:, 0]
    content = encode(np.stack([left, 0.1 - 0.98 * left], axis=1))
    blocks = np.concatenate(list(LongRecording(content, 8000, block_samples).blocks()))
    assert np.array_equal(blocks, read_waveform(content)[0])
    assert np.corrcoef(blocks, left)[0, 1] == pytest.approx(1)


@pytest.mark.parametrize("sr", [8000, 44100])
def test_a_direct_current_leaves_no_click_at_the_ends(sr):
    hiss = 1e-3 * np.random.default_rng(0).standard_normal(3 * sr)
    plain, shifted = (
        np.concatenate(list(LongRecording(encode(hiss + offset, sr), 8000).blocks())) for offset in (0, 0.5)
    )
    assert shifted == pytest.approx(plain, abs=1e-6)


@pytest.mark.parametrize("seconds", [1 / 44100, 0.001, 0.01])
def test_a_recording_may_be_a_single_sample(seconds):
    recording = LongRecording(encode(noise(round(seconds * 44100)), 44100), 8000)
    assert sum(map(len, recording.blocks())) == pytest.approx(seconds * 8000, abs=1)


def test_a_pipe_is_gone_through_twice_too(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=lambda: (tmp_path / "pipe").write_bytes(encode(noise())))
    writer.start()
    recording = LongRecording(tmp_path / "pipe", 8000)
    writer.join()
    assert [sum(map(len, recording.blocks())) for _ in range(2)] == [20_000, 20_000]


def test_memory_does_not_grow_with_the_length(tmp_path):
    peaks = []
    for seconds in (10, 60):
        path = tmp_path / f"{seconds}.wav"
        path.write_bytes(encode(np.resize(noise(44100, 2), (seconds * 44100, 2)), 44100, subtype="PCM_16"))
        tracemalloc.start()
        assert sum(map(len, LongRecording(path, 8000).blocks())) == seconds * 8000
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]


@pytest.mark.parametrize(
    "form", [{"format": format} for format in ("WAV", "FLAC", "OGG", "MP3", "AIFF", "CAF")], ids=str
)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.985])
def test_a_recording_cut_short_is_refused_wherever_it_was_cut(form, share):
    content = encode(noise(50_000), **form, subtype=None)
    with pytest.raises(InputFileError, match="truncated"):
        list(LongRecording(content[: int(len(content) * share)], 8000).blocks())


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 60), max_size=8), st.lists(st.integers(1, 20), min_size=1, max_size=8))
def test_stretches_are_slices(edges, sizes):
    waveform = np.arange(50, dtype=np.float32)
    edges = sorted(edges)[: len(edges) // 2 * 2]
    bounds = list(zip(edges[::2], edges[1::2], strict=True))
    cuts = np.minimum(np.cumsum(sizes), 50)
    found = list(stretches(np.split(waveform, cuts), bounds))
    assert len(found) == len(bounds)
    for (start, stop), part in zip(bounds, found, strict=True):
        assert np.array_equal(part, waveform[start:stop])


def test_blocks_are_read_no_further_than_they_are_wanted():
    read = []
    blocks = (read.append(n) or np.zeros(10) for n in range(100))
    list(stretches(blocks, [(5, 12), (12, 25)]))
    assert read == [0, 1, 2]


def test_what_cannot_be_used_is_refused_with_a_reason(tmp_path):
    whole, hole = encode(noise()), noise()
    hole[5000] = np.nan
    (tmp_path / "notes.txt").write_text("one two three")
    for content, reason in (
        (b"", "<stdin>: the file is empty"),
        (encode(noise(0)), "no samples"),
        (whole[: len(whole) // 2], "truncated"),
        (encode(hole), "not numbers"),
        (tmp_path / "notes.txt", f"{tmp_path / 'notes.txt'}: this is not a recording"),
        (tmp_path / "none.wav", "file does not exist"),
        (tmp_path, "a folder"),
    ):
        with pytest.raises(InputFileError, match=r".*") as refused:
            list(LongRecording(content, 8000).blocks())
        assert reason in str(refused.value)
