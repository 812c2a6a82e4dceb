"""What is the same for all forms: what is refused, what is replaced, and what travels along."""

import json
from dataclasses import replace

import numpy as np
import pytest

from backprop_core import Activate, Dense, Network, Residual, multilayer_perceptron
from backprop_core.activations import ACTIVATIONS, Activation
from pipelines import load
from pipelines.errors import UsageError
from pipelines.export import find
from pipelines.export.exporter import Options
from pipelines.export.layers import steps_of
from pipelines.export.subject import Subject
from pipelines.models import bundle


def test_a_card_tells_what_the_model_file_holds(call, speech_model, tmp_path):
    answer = call("export", speech_model, "--to", "card", "--out", tmp_path / "words.md", "--json")
    assert answer.code == 0, answer
    text = (tmp_path / "words.md").read_text(encoding="utf-8")
    provenance = load(speech_model).info()["provenance"]
    assert f"value: {round(provenance['test']['accuracy'], 6)}" in text
    assert "license: cc0-1.0" in text
    assert "espeak-ng" in text
    assert answer.json["files"] == [str(tmp_path / "words.md")]
    assert answer.json["bytes"] == [len(text.encode())]


def test_a_file_goes_beside_the_model_and_may_be_made_again(speech_model):
    for _ in range(2):
        exported = load(speech_model).export("card")
        assert exported.path == speech_model.with_suffix(".md")
    exported.path.unlink()


@pytest.mark.parametrize(
    ("out", "sentence"),
    [
        ("", "is a folder"),
        ("taken.md", "was not exported by backprop"),
        ("card.txt", "name a file with this ending"),
        ("taken.md/card.md", "cannot be written"),
    ],
)
def test_what_is_in_the_way_is_refused_in_one_sentence(call, speech_model, tmp_path, out, sentence):
    (tmp_path / "taken.md").write_text("my own notes")
    answer = call("export", speech_model, "--to", "card", "--out", tmp_path / out)
    assert answer.code == 2
    assert sentence in answer.stderr
    assert answer.stderr.count("\n") == 1
    assert (tmp_path / "taken.md").read_text() == "my own notes"


def test_standard_output_is_no_place_for_an_artefact(call, speech_model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    answer = call("export", speech_model, "--to", "card", "--out", "-")
    assert answer.code == 2
    assert "standard output" in answer.stderr
    assert not list(tmp_path.iterdir())


def test_what_a_form_does_not_have_is_refused(call, speech_model):
    for words in (["--int8"], ["--check"], ["--to", "pickle"]):
        answer = call("export", speech_model, "--to", "card", *words)
        assert answer.code == 2
        assert answer.stdout == ""


def test_a_model_that_was_altered_is_refused(call, speech_model, tmp_path):
    content = bytearray(speech_model.read_bytes())
    content[-100] ^= 1
    (tmp_path / "altered.safetensors").write_bytes(content)
    answer = call("export", tmp_path / "altered.safetensors", "--to", "card")
    assert (answer.code, "was changed" in answer.stderr) == (5, True)


@pytest.mark.parametrize("form", ["onnx", "html", "js", "c", "card"])
def test_labels_that_are_not_text_can_be_exported(picture_subject, form):
    """The name of a class folder may have any bytes, and that of a class in JSON half of a character."""
    bundle = replace(picture_subject.bundle, labels=("caf\udce9", "\ud800", "2", "3"))
    content = b"".join(find(form).make(Subject(bundle, "m"), Options()).files.values())
    assert b"ud800" in content
    assert b"caf" in content


def test_a_model_that_was_never_saved_needs_a_name(speech_model):
    kept = load(speech_model)
    kept.answering.path = None
    with pytest.raises(UsageError, match="was never saved"):
        kept.export("card")


def test_a_model_that_averages_over_more_views_is_refused(images_model):
    with pytest.raises(UsageError, match="leave out average"):
        load(images_model, average=True).export("card")


def test_each_set_of_data_is_named_with_its_licence(speech_model):
    model = bundle.load(speech_model)
    model.provenance["dataset"] = "fsdd + /home/me/my words"
    data = Subject(model, "words").metadata["data"]
    assert [of["name"] for of in data] == ["fsdd", "my words"]
    assert data[0]["licence"] == "CC BY-SA 4.0"
    assert "not known" in data[1]["licence"]
    json.dumps(Subject(model, "words").metadata, allow_nan=False)


def run(steps, x):
    """Return what steps make of rows, written down again from the formulas of `layers`."""
    for step in steps:
        of = step.arrays
        if step.kind == "dense":
            x = x @ of["W"] + of["b"]
        elif step.kind == "activation":
            x = ACTIVATIONS[step.settings["activation"]].function(x, np.empty_like(x))
        elif step.kind == "scale":
            x = x * of["scale"] + of["shift"]
        elif step.kind == "layer_norm":
            deviation = x - x.mean(axis=1, keepdims=True)
            x = deviation / np.sqrt(np.square(deviation).mean(axis=1, keepdims=True) + step.settings["eps"])
            x = x * of["gamma"] + of["beta"]
        else:
            x = x + run(step.inner, x)
    return x


@pytest.mark.parametrize("normalization", [None, "batch", "layer"])
@pytest.mark.parametrize("residual", [False, True])
def test_the_steps_give_the_logits_of_the_network(normalization, residual):
    rng = np.random.default_rng(0)
    layers = multilayer_perceptron(
        5, [8, 8, 8], 3, "gelu", normalization=normalization, residual=residual, dropout=0.5, input_dropout=0.1
    )
    network = Network(layers, rng)
    network.params.flat[...] += 0.1 * rng.standard_normal(network.params.flat.size)
    network.statistics.flat[...] = rng.uniform(0.5, 2, network.statistics.flat.size)
    X = rng.standard_normal((4, 5)).astype(np.float32)
    np.testing.assert_allclose(run(steps_of(network), X), network.logits(X), rtol=1e-4, atol=1e-5)


def test_what_nobody_else_knows_is_refused_by_name():
    square = Activation("square", lambda z, out: np.multiply(z, z, out=out), lambda z, a, da, out: da)
    for layers in ([Dense(2, 2), Activate(square)], [Residual([Dense(2, 2), Activate(square)])]):
        with pytest.raises(UsageError, match="square"):
            steps_of(Network(layers, np.random.default_rng(0)))
