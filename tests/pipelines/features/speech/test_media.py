"""What FFmpeg can decode is read where it is there, and named with what to install where it is not."""

import shutil
import subprocess

import numpy as np
import pytest

from pipelines.errors import InputFileError
from pipelines.features.speech import media
from pipelines.features.speech.audio_file import read_waveform

SR = 16000
pytest.importorskip("av")


def tone():
    return (0.4 * np.sin(2 * np.pi * 300 * np.arange(SR) / SR)).astype(np.float32)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """One second of a tone as telephones and browsers write it: dict of suffix to contents."""
    import av

    written = {}
    for suffix, coding, sr in (
        ("m4a", "aac", SR),
        ("index first.m4a", "aac", SR),
        ("aac", "aac", SR),
        ("webm", "libopus", 48000),
    ):
        path = tmp_path_factory.mktemp("media") / f"tone.{suffix}"
        kind = {"aac": "adts", "webm": "webm"}.get(suffix, "mp4")
        options = {"movflags": "faststart"} if suffix.startswith("index") else {}
        with av.open(str(path), "w", format=kind, options=options) as container:
            stream = container.add_stream(coding, rate=sr, layout="mono")
            frame = av.AudioFrame.from_ndarray(tone()[np.newaxis], "flt", "mono")
            frame.sample_rate = SR
            resampler = av.AudioResampler(stream.format, stream.layout, sr, frame_size=stream.frame_size or 1024)
            for part in (*resampler.resample(frame), *resampler.resample(None)):
                container.mux(stream.encode(part))
            container.mux(stream.encode(None))
        written[suffix] = path.read_bytes()
    return written


@pytest.fixture(params=["PyAV", "ffmpeg"])
def way(request, monkeypatch):
    if request.param == "ffmpeg":
        if shutil.which("ffmpeg") is None:
            pytest.skip("the program ffmpeg is not here")
        monkeypatch.setattr(media.importlib.util, "find_spec", lambda name: None)
    return request.param


@pytest.mark.parametrize("suffix", ["m4a", "aac", "webm"])
def test_what_telephones_and_browsers_write_is_read(files, way, tmp_path, suffix):
    (tmp_path / "-odd name").write_bytes(files[suffix])
    for source in (files[suffix], tmp_path / "-odd name"):
        waveform, sr = read_waveform(source)
        assert len(waveform) / sr == pytest.approx(1, abs=0.15)
        spectrum = np.abs(np.fft.rfft(waveform * np.hanning(len(waveform))))
        assert spectrum.argmax() * sr / len(waveform) == pytest.approx(300, abs=3)


@pytest.mark.parametrize("suffix", ["m4a", "index first.m4a", "webm"])
def test_half_of_what_says_its_length_is_refused(files, way, suffix):
    with pytest.raises(InputFileError, match="truncated"):
        read_waveform(files[suffix][: len(files[suffix]) // 2])


# Codings of discs, television and surround sound, in the containers that programs write them to.
@pytest.mark.parametrize(
    ("coding", "container"), [("ac3", "ac3"), ("dca", "dts"), ("mp2", "mpegts"), ("aac", "mpegts"), ("wmav2", "asf")]
)
def test_what_discs_and_television_hold_is_read(way, tmp_path, coding, container):
    if shutil.which("ffmpeg") is None:
        pytest.skip("the program ffmpeg is not here")
    path = tmp_path / "tone"
    command = ["ffmpeg", "-v", "error", "-f", "f32le", "-ar", str(SR), "-i", "-", "-ar", "48000", "-strict", "-2"]
    subprocess.run([*command, "-c:a", coding, "-f", container, path], input=tone().tobytes(), check=True)
    waveform, sr = read_waveform(path)
    assert len(waveform) / sr == pytest.approx(1, abs=0.15)
    spectrum = np.abs(np.fft.rfft(waveform * np.hanning(len(waveform))))
    assert spectrum.argmax() * sr / len(waveform) == pytest.approx(300, abs=3)


def test_a_damaged_file_is_read_or_refused(files, way):
    rng = np.random.default_rng(0)
    for content in files.values():
        for _ in range(3 if way == "ffmpeg" else 10):
            damaged = bytearray(content)
            for at in rng.integers(0, len(content), 5):
                damaged[at] = rng.integers(256)
            try:
                waveform, _ = read_waveform(bytes(damaged))
            except InputFileError:
                continue
            assert np.isfinite(waveform).all()


@pytest.mark.parametrize("suffix", ["m4a", "aac", "webm"])
def test_without_a_decoder_it_is_said_what_to_install(files, monkeypatch, suffix):
    monkeypatch.setattr(media, "available", lambda: False)
    with pytest.raises(InputFileError, match=r"pip install.*ffmpeg"):
        read_waveform(files[suffix])


def test_amr_is_decoded_as_the_program_ffmpeg_decodes_it():
    if shutil.which("ffmpeg") is None:
        pytest.skip("the program ffmpeg is not here")
    rng = np.random.default_rng(0)
    content = b"#!AMR\n" + b"".join(b"\x3c" + rng.bytes(31) for _ in range(25))
    command = ["ffmpeg", "-v", "error", "-f", "amr", "-i", "-", "-f", "f32le", "-"]
    decoded = subprocess.run(command, input=content, capture_output=True, check=True).stdout
    waveform, sr = read_waveform(content)
    expected = np.frombuffer(decoded, "<f4")
    assert sr == 8000
    assert len(waveform) == len(expected)
    assert np.corrcoef(waveform, expected)[0, 1] > 0.999
