"""Satellites are answered as Home Assistant's own client classes ask: what there is, wake words, commands."""

import asyncio
import threading

import numpy as np
import pytest

pytest.importorskip("wyoming")

from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.error import Error
from wyoming.info import Describe, Info
from wyoming.wake import Detect, Detection, NotDetected

from pipelines.errors import UsageError
from pipelines.features.speech.extractor import SpeechExtractor
from pipelines.verbs.voice_service import serve

RATE = 16_000


class Sure:
    """A model that takes high sounds for yes and low ones for no."""

    extractor, labels, provenance = SpeechExtractor(), ("yes", "no"), {}

    def probabilities(self, stored):
        tilt = stored[:, self.extractor.frames * self.extractor.n_mfcc + 1]  # mean of coefficient 1
        high = (tilt < 0).astype(np.float32)
        return np.stack([0.1 + 0.8 * high, 0.9 - 0.8 * high], axis=1)


def tone(frequency, seconds=0.4):
    t = np.arange(round(seconds * RATE)) / RATE
    return 0.3 * np.hanning(len(t)) * (np.sin(2 * np.pi * frequency * t) + np.sin(2 * np.pi * 1.3 * frequency * t))


def stream(*frequencies):
    pause = np.zeros(round(0.6 * RATE))
    parts = [pause] + [part for frequency in frequencies for part in (tone(frequency), pause)]
    return np.concatenate(parts) + np.random.default_rng(0).normal(0, 1e-4, sum(map(len, parts)))


HIGH, LOW = 2600, 250


@pytest.fixture(scope="module")
def port():
    """The port of a service that runs in a thread until the tests end."""
    found, started = [], threading.Event()

    def run():
        serve(Sure(), 0, on_start=lambda at: (found.append(at), started.set()))

    threading.Thread(target=run, daemon=True).start()
    assert started.wait(20)
    return found[0]


def talk(port, events):
    """Send events and return what comes back until the answer to the last one."""

    async def run():
        got = []
        async with AsyncTcpClient("127.0.0.1", port) as client:
            for event in events:
                await client.write_event(event)
            while (event := await asyncio.wait_for(client.read_event(), 20)) is not None:
                got.append(event)
                if not Detection.is_type(event.type):
                    break
        return got

    return asyncio.run(run())


def make_events(sound, width=2, channels=1):
    """The events of a sound."""
    samples = np.repeat((sound * 32767).astype("<i2"), channels)
    content = samples.tobytes() if width == 2 else (samples.astype("<i4") << 16).tobytes()
    size = RATE // 10 * width * channels
    chunks = [content[start : start + size] for start in range(0, len(content), size)]
    chunks = [AudioChunk(RATE, width, channels, chunk).event() for chunk in chunks]
    return [AudioStart(RATE, width, channels).event(), *chunks, AudioStop().event()]


def test_it_says_which_words_it_knows(port):
    (event,) = talk(port, [Describe().event()])
    info = Info.from_event(event)
    assert [model.name for model in info.wake[0].models] == ["yes", "no"]
    assert info.asr[0].models


@pytest.mark.parametrize(("width", "channels"), [(2, 1), (2, 2), (4, 1)])
def test_a_command_is_answered_by_its_words_whatever_the_form_of_the_samples(port, width, channels):
    (event,) = talk(port, [Transcribe().event(), *make_events(stream(HIGH, LOW, HIGH), width, channels)])
    assert Transcript.from_event(event).text == "yes no yes"


def test_wake_words_are_told_of_with_their_time_and_others_are_not(port):
    sound = stream(LOW, HIGH)
    events = talk(port, [Detect(names=["yes"]).event(), *make_events(sound), Describe().event()])
    detections = [Detection.from_event(event) for event in events if Detection.is_type(event.type)]
    assert [detection.name for detection in detections] == ["yes"]
    assert detections[0].timestamp == pytest.approx(1000 * (0.6 + 0.4 + 0.6 + 0.4), abs=150)


def test_a_stream_without_the_wake_word_ends_with_that(port):
    (event,) = talk(port, [Detect(names=["yes"]).event(), *make_events(stream(LOW))])
    assert NotDetected.is_type(event.type)


@pytest.mark.parametrize(
    "event",
    [
        AudioStart(0, 2, 1).event(),
        AudioChunk(RATE, 2, 1, b"odd").event(),
        AudioChunk(RATE, 3, 1, b"abc").event(),
        AudioChunk(RATE, 2, 0, b"").event(),
    ],
)
def test_a_message_that_cannot_be_used_is_answered_and_ends_that_connection_alone(port, event):
    (answer,) = talk(port, [event])
    assert Error.is_type(answer.type)
    assert Info.is_type(talk(port, [Describe().event()])[0].type)


def test_a_port_that_is_taken_is_a_usage_error(port):
    with pytest.raises(UsageError, match=f"the address 127.0.0.1:{port} cannot be used"):
        serve(Sure(), port)


def test_an_empty_host_is_refused_because_it_would_be_every_address(call, speech_model):
    with pytest.raises(UsageError, match="--host is empty"):
        serve(Sure(), 0, host="")
    answer = call("listen", speech_model, "--wyoming", 0, "--host", "")
    assert (answer.code, answer.stdout) == (2, "")
    assert "'--host': it is empty" in answer.stderr


def test_a_model_of_pictures_is_not_served(call, images_model):
    answer = call("listen", images_model, "--wyoming", 0)
    assert (answer.code, answer.stdout) == (2, "")
    assert answer.stderr == "error: listen: is for speech, and this model recognises images; give a model of speech\n"
