"""The ONNX graphs answer as the model does; onnx's own reference and onnxruntime are the oracles."""

import json

import numpy as np
import pytest

from backprop_core.activations import ACTIVATIONS
from pipelines.errors import UsageError
from pipelines.export import find
from pipelines.export.exporter import Options
from pipelines.export.odd_inputs import odd_inputs
from pipelines.features.images.extractor import ImageExtractor
from pipelines.features.images.gradient_extractor import GradientExtractor
from pipelines.features.speech.extractor import SpeechExtractor

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from pipelines.export import onnx_exporter  # noqa: E402 - after what it needs

ONNX = find("onnx")
RNG = np.random.default_rng(0)


def write(subject, folder):
    """Return the paths of a subject's files."""
    paths = []
    for suffix, content in ONNX.make(subject, Options()).files.items():
        paths.append(folder / f"model{suffix}")
        paths[-1].write_bytes(content)
    return paths


def assert_same(subject, folder, samples, tolerance=1e-5):
    with ONNX.running(subject, write(subject, folder)) as answer:
        for sample in samples:
            np.testing.assert_allclose(answer(sample), subject.answer(sample), rtol=0, atol=tolerance)


def test_words_get_the_same_answers_whole_from_the_waveform(speech_subject, words, tmp_path):
    assert_same(speech_subject, tmp_path, [*words, *odd_inputs(speech_subject)])


@pytest.mark.parametrize(
    "settings",
    [
        {"preemphasis": 0.97, "normalise": "variance", "deltas": 2},
        {"maskings": (200.0, 25.0, 15.0)},
        {"change_share": 0.5},
        {"change_share": 0.9, "deltas": 0, "frames": 33},
        {"normalise": "mean", "statistics": False, "duration": False, "warps": (1.0,), "cuts": (0.0,)},
        {"sr": 16000, "n_fft": 512, "win_length": 400, "hop_length": 160, "n_mels": 40, "fmax": 7600.0},
        {"hop_length": 240},
    ],
)
def test_so_do_words_under_other_settings(make_subject, settings, words, tmp_path):
    extractor = SpeechExtractor(**settings)
    subject = make_subject("speech", extractor, extractor.extract_rows(words[:4]))
    assert_same(subject, tmp_path, words[:4])


@pytest.mark.parametrize("activation", sorted(set(ACTIVATIONS) - {"gelu"}))
def test_each_activation_and_each_kind_of_layer_is_there(make_subject, activation, tmp_path):
    rows = RNG.integers(0, 256, (20, 9)).astype(np.uint8)
    settings = {"activation": activation, "normalization": "batch", "residual": True}
    subject = make_subject("images", ImageExtractor(3, 3, "grey"), rows, hidden=(8, 8, 8), **settings)
    assert_same(subject, tmp_path, [row.reshape(3, 3) for row in rows[:3]])


@pytest.mark.parametrize("channels", ["grey", "colour"])
def test_pictures_of_any_size_are_brought_to_size_as_pillow_does_it(make_subject, channels, tmp_path):
    shapes = [(1, 1), (8, 10), (3, 40), (61, 33), (7, 9, 3), (8, 10, 3), (90, 64, 3), (1, 50, 3)]
    pictures = [RNG.integers(0, 256, shape).astype(np.uint8) for shape in shapes]
    extractor = ImageExtractor(10, 8, channels)
    subject = make_subject("images", extractor, extractor.extract_rows(pictures), activation="gelu")
    assert_same(subject, tmp_path, [*pictures, *odd_inputs(subject)])


@pytest.mark.parametrize(("channels", "height", "width"), [("grey", 24, 20), ("colour", 17, 40), ("colour", 1, 9)])
def test_gradient_features_are_computed_in_the_graph(make_subject, channels, height, width, tmp_path):
    extractor = GradientExtractor(ImageExtractor(width, height, channels))
    shapes = [(height, width), (50, 60), (31, 44, 3), (height, width, 3)]
    pictures = [RNG.integers(0, 256, shape).astype(np.uint8) for shape in shapes]
    pictures.append(np.full((height, width), 90, np.uint8))
    subject = make_subject("images", extractor, extractor.extract_rows(pictures))
    assert_same(subject, tmp_path, pictures)


def test_texts_get_the_same_answers_from_their_code_points(text_subject, tmp_path):
    assert_same(text_subject, tmp_path, ["what is my balance?", "no no no no", *odd_inputs(text_subject)])


@pytest.mark.parametrize("name", ["speech_subject", "picture_subject", "text_subject"])
def test_the_reference_of_onnx_reproduces_the_golden_sample(name, request, tmp_path):
    from onnx.reference import ReferenceEvaluator

    for path in write(request.getfixturevalue(name), tmp_path):
        model = onnx.load(path)
        given, expected = onnx_exporter.golden_of(model)
        found = ReferenceEvaluator(model).run(["probabilities"], given)[0]
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


def test_the_graph_from_features_on_takes_batches_and_its_logits_can_be_averaged(speech_subject, words, tmp_path):
    bundle, session = speech_subject.bundle, onnx_exporter._session(write(speech_subject, tmp_path)[1].read_bytes())
    stored = bundle.extractor.extract_rows(words[:3])
    logits = [session.run(["logits"], {"features": view})[0] for view in bundle.extractor.views(stored)]
    z = np.mean(logits, axis=0) / bundle.temperature
    expected = bundle.probabilities(stored)
    np.testing.assert_allclose(np.exp(z) / np.exp(z).sum(axis=1, keepdims=True), expected, rtol=0, atol=1e-5)


def test_silence_is_no_word(speech_subject, tmp_path):
    with ONNX.running(speech_subject, write(speech_subject, tmp_path)) as answer:
        for n in (1, 40, 8000):
            assert not answer(np.zeros(n, np.float32)).any()
            assert not answer(np.full(n, 0.3, np.float32)).any()
        for n in (2, 3, 39, 81):
            assert np.isclose(answer(np.linspace(-1, 1, n, dtype=np.float32)).sum(), 1)


def test_the_metadata_tells_what_a_program_needs(speech_subject, tmp_path):
    for path in write(speech_subject, tmp_path):
        model = onnx.load(path)
        told = {entry.key: entry.value for entry in model.metadata_props}
        assert json.loads(told["labels"]) == list(speech_subject.bundle.labels)
        assert (told["sr"], told["threshold"]) == ("8000", "0.5")
        assert "CC BY-SA 4.0" in told["data"]
        assert "decoding" in json.loads(told["outside"])
        assert {opset.domain for opset in model.opset_import} == {""}
        assert not {"STFT", "MelWeightMatrix", "DFT"} & {node.op_type for node in model.graph.node}


def test_the_first_picture_of_drawings_has_the_models_size(make_subject, tmp_path):
    rows = RNG.integers(0, 256, (20, 784)).astype(np.uint8)
    extractor = ImageExtractor(28, 28, "grey", "strokes", 20, 2.5)
    subject = make_subject("images", extractor, rows)
    model = onnx.load(write(subject, tmp_path)[0])
    assert [axis.dim_value for axis in model.graph.input[0].type.tensor_type.shape.dim] == [28, 28]
    assert "strokes" in {entry.key: entry.value for entry in model.metadata_props}["outside"]


def test_a_network_of_texts_that_begins_otherwise_is_refused_by_its_layer(text_subject):
    from dataclasses import replace

    other = replace(text_subject)
    other.__dict__["layers"] = text_subject.layers[1:]
    with pytest.raises(UsageError, match="dense layer"):
        ONNX.make(other, Options())


def test_check_says_that_the_answers_are_the_same(call, images_model, tmp_path):
    answer = call("export", images_model, "--to", "onnx", "--out", tmp_path / "digits.onnx", "--check", "--json")
    assert answer.code == 0, answer
    check = answer.json["check"]
    assert check["holds"]
    assert check["n"] > 100
    assert check["largest_difference"] < 1e-4
    assert answer.json["cost"]["golden_error"] < 1e-5
    assert (tmp_path / "digits.features.onnx").exists()
