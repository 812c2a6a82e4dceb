"""Models with random weights: what is exported need not have learned anything to have answers."""

import numpy as np
import pytest

from backprop_core import Network, multilayer_perceptron
from pipelines.export.subject import Subject
from pipelines.features.images.extractor import ImageExtractor
from pipelines.features.images.gradient_extractor import GradientExtractor
from pipelines.features.speech.extractor import SpeechExtractor
from pipelines.features.text.extractor import TextExtractor
from pipelines.learning import tasks
from pipelines.models.bundle import Bundle


def subject_of(task, extractor, rows, hidden=(16, 16), n_classes=4, **settings):
    """Return the Subject of a model of random weights; `rows` are stored rows to be scaled by."""
    rng = np.random.default_rng(7)
    layers = multilayer_perceptron(extractor.n_features, list(hidden), n_classes, **settings)
    network = Network(layers, rng)
    network.params.flat[...] += 0.02 * rng.standard_normal(network.params.flat.size).astype(np.float32)
    network.statistics.flat[...] = rng.uniform(0.5, 2, network.statistics.flat.size)
    task = tasks.find(task)
    return Subject(
        Bundle(
            task=task,
            labels=tuple(f"class {k}" for k in range(n_classes)),
            extractor=extractor,
            standardizer=task.scaling().fit(extractor.to_features(rows)),
            network=network,
            provenance={"dataset": "fsdd", "threshold": 0.5},
            golden_row=rows[:1],
            temperature=1.3,
        ),
        "model",
    )


@pytest.fixture(scope="session")
def make_subject():
    """The function `subject_of`."""
    return subject_of


@pytest.fixture(scope="session")
def words(sound):
    """Recordings at 8 kHz: plain, in noise, with clicks, cut closely, two in one, longer than four seconds."""
    rng, made = np.random.default_rng(3), []
    for k in range(12):
        word = sound(0.25 + 0.04 * k, pitch=100 + 10 * k)
        word *= 1 + 0.5 * np.sin(np.arange(len(word)) / (300 + 40 * k))
        waveform = np.pad(word, (700 * k, 500 * (12 - k))) if k else word
        if k % 3 == 1:
            waveform = waveform + 0.2 * 10 ** (-(8 + k) / 10) * rng.standard_normal(len(waveform))
        if k % 4 == 2:
            waveform[100 : 100 + 5 * k] = 0.8
        if k % 5 == 3:
            waveform = np.concatenate([0.2 * waveform, np.zeros(3000), waveform])
        made.append(waveform.astype(np.float32))
    made.append(np.concatenate([made[1], made[4], made[7], made[4], made[10], made[7]]))
    assert len(made[-1]) > 5 * 8000
    return made


@pytest.fixture(scope="session")
def speech_subject(words):
    extractor = SpeechExtractor()
    return subject_of("speech", extractor, extractor.extract_rows(words))


@pytest.fixture(scope="session")
def picture_subject():
    rows = np.random.default_rng(1).integers(0, 256, (20, 8 * 10)).astype(np.uint8)
    return subject_of("images", ImageExtractor(10, 8, "grey"), rows, activation="gelu", normalization="layer")


@pytest.fixture(scope="session")
def text_subject():
    extractor = TextExtractor(columns=512)
    rows = extractor.extract_rows(["what is my balance", "block my card", "It's two words: don't_stop", "ÄÖ ß"])
    return subject_of("text", extractor, rows)


TEXTS = ("where is my card", "play some jazz", "Wie wird das Wetter in Köln?", "my card was stolen yesterday", "jazz!")


def save(path, *given, **settings):
    """Save a model as `subject_of` makes it, with a citation that may break what it stands in; return its Bundle."""
    bundle = subject_of(*given, **settings).bundle
    bundle.provenance |= {"dataset": "own", "licence": "CC0 1.0", "citation": "Nobody. */ </script> 2026"}
    bundle.save(path)
    return bundle


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A folder for model files."""
    return tmp_path_factory.mktemp("exported")


@pytest.fixture(scope="session")
def drawing_model(folder):
    """A model of drawings that are found in a picture, framed as MNIST's are."""
    extractor = ImageExtractor(28, 28, "grey", "strokes", 20, 2.35)
    field = np.zeros((20, 28, 28), np.uint8)
    field[:, 5:24, 8:21] = np.random.default_rng(1).integers(200, 256, (20, 19, 13))
    kinds = {"normalization": "layer", "activation": "gelu"}
    return save(folder / "drawings.safetensors", "images", extractor, field.reshape(20, -1), **kinds)


@pytest.fixture(scope="session")
def filled_model(folder):
    """A model of small drawings that reach from edge to edge of their pictures, as the bundled digits do."""
    extractor = ImageExtractor(8, 8, "grey", "strokes", 8, 1.5)
    rows = np.random.default_rng(1).integers(0, 256, (20, 64)).astype(np.uint8)
    return save(folder / "filled.safetensors", "images", extractor, rows)


@pytest.fixture(scope="session")
def colour_model(folder):
    """A model of pictures in colour that are looked at as a whole."""
    extractor = ImageExtractor(11, 9, "colour")
    rows = np.random.default_rng(1).integers(0, 256, (20, 297)).astype(np.uint8)
    return save(folder / "colours.safetensors", "images", extractor, rows, normalization="batch")


@pytest.fixture(scope="session")
def gradient_model(folder):
    """A model of pictures in colour that are described by their gradients, at two sizes and a half."""
    extractor = GradientExtractor(ImageExtractor(31, 26, "colour"))
    rows = np.random.default_rng(1).integers(0, 256, (20, 31 * 26 * 3)).astype(np.uint8)
    return save(folder / "gradients.safetensors", "images", extractor, rows)


@pytest.fixture(scope="session")
def word_model(folder, sound):
    """A model of words at 16 kHz, with everything in its features that the others leave out."""
    extractor = SpeechExtractor(
        sr=16000, n_fft=480, win_length=400, hop_length=160, n_mels=24, fmax=7600.0, preemphasis=0.9, deltas=1,
        normalise="variance", warps=(1.0, 1.1), cuts=(0.0, 10.0), maskings=(200.0, 25.0),
        change_share=0.5,
    )  # fmt: skip
    words = [sound(seconds, 16000, pitch).astype(np.float32) for seconds, pitch in ((0.4, 110), (0.6, 150), (0.5, 220))]
    return save(folder / "words.safetensors", "speech", extractor, extractor.extract_rows(words), activation="silu")


@pytest.fixture(scope="session")
def text_model(folder):
    """A model of texts with a way around its second layer."""
    extractor = TextExtractor(columns=512)
    rows = extractor.extract_rows(TEXTS)
    return save(folder / "texts.safetensors", "text", extractor, rows, hidden=(8, 8), residual=True)
