"""A microphone's blocks come at the wanted rate, and what it lacks is said in a sentence; no real one is touched."""

import contextlib
import sys
import types

import numpy as np
import pytest

from pipelines.errors import MicrophoneError
from pipelines.features.speech.microphone import SETTLING_SECONDS, devices, microphone

MICROPHONE = {"name": "Inside", "max_input_channels": 2, "default_samplerate": 44100.0}
LOUDSPEAKER = {"name": "Speakers", "max_input_channels": 0, "default_samplerate": 48000.0}


class PortAudioError(Exception):
    """What the stand-in raises as sounddevice does."""


@pytest.fixture
def sounddevice(monkeypatch):
    """A stand-in for the package, whose microphone hears a tone of 440 Hz."""

    class InputStream:
        def __init__(self, samplerate, device, channels, dtype, latency):
            if stand_in.fails == "open":
                raise PortAudioError("Device unavailable [PaErrorCode -9985]")
            self.rate, self.device, self.at, self.open, self.dtype = samplerate, device, 0, None, dtype
            assert channels == 1
            stand_in.streams.append(self)

        def start(self):
            self.open = True

        def close(self):
            self.open = False

        def read(self, n):
            assert self.open
            if stand_in.fails == "read":
                raise PortAudioError("Unanticipated host error")
            t = np.arange(self.at, self.at + n) / self.rate
            self.at += n
            return np.sin(2 * np.pi * 440 * t, dtype=self.dtype)[:, np.newaxis], False

    def query_devices(device=None, kind=None):
        if kind is None:
            return stand_in.devices
        found = [of for n, of in enumerate(stand_in.devices) if device in (None, n) or str(device) in of["name"]]
        if device is None and not any(of["max_input_channels"] for of in found):
            raise PortAudioError("Error querying device -1")
        if not found or not found[0]["max_input_channels"]:
            raise ValueError(f"No input device matching {device!r}")
        return found[0]

    stand_in = types.ModuleType("sounddevice")
    stand_in.InputStream, stand_in.query_devices, stand_in.PortAudioError = InputStream, query_devices, PortAudioError
    stand_in.devices, stand_in.streams, stand_in.fails = [MICROPHONE, LOUDSPEAKER], [], None
    monkeypatch.setitem(sys.modules, "sounddevice", stand_in)
    return stand_in


def refusal(device=None):
    with pytest.raises(MicrophoneError) as refused, microphone(16000, device) as blocks:
        next(blocks)
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize("sr", [8000, 16000, 44100])
def test_blocks_come_at_the_wanted_rate_whatever_the_devices_is(sounddevice, sr):
    with microphone(sr) as blocks:
        heard = np.concatenate([next(blocks) for _ in range(40)])
    assert heard.dtype == np.float32
    power = np.abs(np.fft.rfft(heard * np.hanning(len(heard))))
    assert power.argmax() * sr / len(heard) == pytest.approx(440, abs=2)
    assert len(heard) / sr == pytest.approx(2, abs=0.1)


def test_the_first_moment_is_dropped_and_the_device_is_closed_in_the_end(sounddevice):
    with contextlib.suppress(KeyboardInterrupt), microphone(44100):
        [stream] = sounddevice.streams
        assert stream.at == pytest.approx(SETTLING_SECONDS * 44100, rel=0.01)
        raise KeyboardInterrupt
    assert stream.open is False


@pytest.mark.parametrize(("asked", "given"), [(None, None), ("0", 0), ("Ins", "Ins")])
def test_a_device_is_named_by_number_or_by_part_of_its_name(sounddevice, asked, given):
    with microphone(16000, asked):
        assert sounddevice.streams[0].device == given


@pytest.mark.parametrize("device", ["7", "1", "Headset"])
def test_a_device_that_is_no_microphone_is_refused_with_those_that_are(sounddevice, device):
    reason = refusal(device)
    assert f"microphone {device} cannot be used" in reason
    assert "--device: 0 (Inside)" in reason
    assert "Speakers" not in reason


def test_a_device_in_use_or_taken_away_is_told(sounddevice):
    sounddevice.fails = "open"
    assert "Device unavailable" in refusal()
    sounddevice.fails = "read"
    assert "the microphone stopped" in refusal()
    assert sounddevice.streams[-1].open is False


def test_without_a_microphone_one_sentence_says_so(sounddevice):
    sounddevice.devices = [LOUDSPEAKER]
    assert "there is no microphone" in refusal()


def test_without_the_package_one_sentence_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    assert "pip install 'visible-backprop[mic]'" in refusal()


def test_without_its_library_one_sentence_says_how_to_install_it(monkeypatch, tmp_path):
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')")
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    assert "apt install libportaudio2" in refusal()


def test_the_microphones_are_listed_and_none_is_said_so(sounddevice):
    sounddevice.default = types.SimpleNamespace(device=[0, 1])
    assert devices() == [(0, "Inside", True)]
    sounddevice.devices = [LOUDSPEAKER]
    with pytest.raises(MicrophoneError, match="no microphone"):
        devices()
