"""The answer does not depend on how a word was stored: format, rate, channels, level or direct current."""

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from pipelines.features.inputs import Sample
from pipelines.features.speech.transcription import transcribe_recording
from pipelines.models import bundle
from pipelines.verbs.predict import predict

WORDS = Path(__file__).resolve().parents[3] / "data" / "bundled" / "spoken-digits"
SR = 8000


@pytest.fixture(scope="module")
def model(call, tmp_path_factory):
    """A model that is sure of its words: only then may a coding that loses something change no answer.

    It learns the words as they are, for long. Variants and foreign sounds would make it doubt, and take longest.
    """
    out = tmp_path_factory.mktemp("sure") / "speech.safetensors"
    plain = ["--set", "augmentation=0", "--set", "foreign=0"]
    answer = call(
        "train", "speech", "--dataset", "spoken-digits", "--hidden", "128", "--epochs", "60", *plain, "--out", out
    )
    assert answer.code == 0, answer
    return bundle.load(out)


@pytest.fixture(scope="module")
def words():
    """Six words of two voices at a moderate level, with the hiss of a room: list of float64 ndarray."""
    rng = np.random.default_rng(0)
    read = [soundfile.read(WORDS / voice / f"{digit}-0.flac")[0] for voice in ("f3", "m2") for digit in (0, 6, 8)]
    return [0.4 * word / np.abs(word).max() + 3e-4 * rng.standard_normal(len(word)) for word in read]


def encode(waveform, sr=SR, format="WAV", subtype="FLOAT"):
    content = io.BytesIO()
    soundfile.write(content, waveform, sr, format=format, subtype=subtype)
    return content.getvalue()


def at_rate(waveform, sr):
    return soxr.resample(waveform, SR, sr, quality="VHQ")


def in_channels(waveform, *gains):
    return np.stack([gain * waveform for gain in gains], axis=1)


def probabilities(model, contents):
    """Return the labels' probabilities of each recording: float64 ndarray [shape=(n, n_classes)]."""
    answers = list(predict(model, [Sample("sound", content) for content in contents], top=10, n_jobs=1))
    by_label = [dict(answer.top) for answer in answers]
    return np.array([[of[label] for label in model.labels] for of in by_label])


EXACT, CLOSE, ALIKE = 1e-4, 0.05, 0.5
WAYS = {
    **{subtype: (lambda w, s=subtype: encode(w, subtype=s), EXACT) for subtype in ("PCM_24", "PCM_32", "DOUBLE")},
    **{
        f"{sr} Hz": (lambda w, sr=sr: encode(at_rate(w, sr), sr), CLOSE) for sr in (11025, 16000, 44100, 96000, 192_000)
    },
    **{f"{n} channels": (lambda w, n=n: encode(in_channels(w, *[1] * n)), EXACT) for n in (2, 5, 8)},
    "one channel of eight": (lambda w: encode(in_channels(w, 0, 0, 1, 0, 0, 0, 0, 0)), EXACT),
    "opposite channels": (lambda w: encode(in_channels(w, -1, 1)), EXACT),
    "nearly opposite channels": (lambda w: encode(in_channels(w, 1, -0.97)), EXACT),
    **{
        f"direct current, {sr} Hz": (lambda w, sr=sr: encode(0.5 + at_rate(w, sr), sr), CLOSE)
        for sr in (8000, 16000, 44100)
    },
    **{f"{db} dB": (lambda w, g=10 ** (db / 20): encode(g * w), EXACT) for db in (7, -20, -40, -60)},
    "16 bits": (lambda w: encode(w, subtype="PCM_16"), CLOSE),
    "-20 dB, 16 bits": (lambda w: encode(0.1 * w, subtype="PCM_16"), CLOSE),
    "FLAC": (lambda w: encode(w, format="FLAC", subtype="PCM_16"), CLOSE),
    "AIFF": (lambda w: encode(w, format="AIFF", subtype="PCM_16"), CLOSE),
    "AU, mu-law": (lambda w: encode(w, format="AU", subtype="ULAW"), ALIKE),
    "A-law": (lambda w: encode(w, subtype="ALAW"), ALIKE),
    "Vorbis": (lambda w: encode(w, format="OGG", subtype="VORBIS"), ALIKE),
    "Opus": (lambda w: encode(w, format="OGG", subtype="OPUS"), ALIKE),
    "MP3": (lambda w: encode(w, format="MP3", subtype="MPEG_LAYER_III"), ALIKE),
}


@pytest.fixture(scope="module")
def plain_probabilities(model, words):
    return probabilities(model, list(map(encode, words)))


@pytest.mark.parametrize("way", WAYS)
def test_a_word_is_recognised_alike_however_it_is_stored(way, model, words, plain_probabilities):
    store, tolerance = WAYS[way]
    plain, other = plain_probabilities, probabilities(model, list(map(store, words)))
    assert np.array_equal(other.argmax(axis=1), plain.argmax(axis=1))
    assert np.abs(other - plain).max() <= tolerance


@pytest.fixture(scope="module")
def number(words):
    """The words in a row, with pauses of the same hiss."""
    pause = 3e-4 * np.random.default_rng(1).standard_normal(3000)
    return np.concatenate([part for word in words for part in (pause, word)] + [pause])


@pytest.fixture(scope="module")
def plain_words(model, number):
    return transcribe_recording(model, Sample("sound", encode(number))).words


@pytest.mark.parametrize("way", WAYS)
def test_the_same_words_are_found_however_a_recording_is_stored(way, model, number, plain_words):
    store, _ = WAYS[way]
    plain, other = plain_words, transcribe_recording(model, Sample("sound", store(number))).words
    assert [word.word for word in other] == [word.word for word in plain]
    assert [word.start for word in other] == pytest.approx([word.start for word in plain], abs=0.1)
    assert len(plain) == 6
