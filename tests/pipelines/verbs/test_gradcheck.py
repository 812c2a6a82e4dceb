"""The gradient check on the command line: what is right passes, what is wrong or unknown does not."""

import numpy as np
import pytest

from backprop_core import activations
from backprop_core.activations import ACTIVATIONS, Activation
from backprop_core.architecture import LAYERS, multilayer_perceptron
from backprop_core.inspection import gradcheck
from backprop_core.network import Network
from pipelines.models import bundle
from pipelines.verbs import gradcheck as verb


@pytest.fixture(scope="module")
def parts(call):
    return call("gradcheck", "--json")


def test_without_a_model_every_layer_activation_loss_and_combination_is_checked(parts):
    assert parts.code == 0, parts
    record = parts.json
    assert record["model"] is None
    assert record["verdict"] == "ok"
    names = {part: {row["name"] for row in record["checks"] if row["part"] == part} for part in ("layer", "activation")}
    assert names == {"layer": set(LAYERS), "activation": set(ACTIVATIONS)}
    assert sum(row["part"] == "combination" for row in record["checks"]) == 12
    for row in record["checks"]:
        assert row["n_checked"] > 0
        assert 0 <= row["error"] < record["tolerance"]


@pytest.mark.parametrize("task", ["images", "speech"])
def test_a_trained_model_passes_layer_by_layer(call, request, task):
    path = request.getfixturevalue(f"{task}_model")
    answer = call("gradcheck", path, "--json")
    assert answer.code == 0, answer
    rows = answer.json["checks"]
    views = bundle.load(path).network.params.views
    assert [(row["layer"].split()[0], row["parameter"]) for row in rows] == [
        ("input", "X"), *((str(i), name) for i, params in enumerate(views) for name in params)
    ]  # fmt: skip
    assert all(row["verdict"] == "ok" and row["n_checked"] > 0 for row in rows)


def test_for_people_it_is_a_table_with_a_verdict_in_every_row(call, images_model):
    answer = call("gradcheck", images_model, "--seed", "3")
    assert answer.code == 0, answer
    lines = answer.stdout.splitlines()
    assert lines[0].split() == ["layer", "parameter", "checked", "worst", "error", "verdict"]
    n_rows = 1 + sum(len(params) for params in bundle.load(images_model).network.params.views)
    assert all(line.endswith(" ok") for line in lines[1 : n_rows + 1])
    assert lines[-1] == f"{n_rows} of {n_rows} ok: relative error of the gradient below 1e-06"


def test_the_same_seed_gives_the_same_answer_and_another_one_another(call, images_model):
    first, second, other = (call("gradcheck", images_model, "--json", "--seed", seed).json for seed in (1, 1, 2))
    assert first == second
    assert first["checks"] != other["checks"]


def test_the_model_file_is_left_as_it_is(call, images_model):
    before = images_model.read_bytes()
    call("gradcheck", images_model)
    assert images_model.read_bytes() == before


@pytest.mark.parametrize("normalization", ["batch", "layer"])
def test_a_model_with_normalisation_and_residual_connections_passes(call, images_model, tmp_path, normalization):
    model = bundle.load(images_model)
    additions = {"dropout": 0.2, "input_dropout": 0.1, "normalization": normalization, "residual": True}
    layers = multilayer_perceptron(model.network.n_features, [16, 16], 10, "gelu", input_noise=0.1, **additions)
    model.network = Network(layers, np.random.default_rng(0))
    model.save(tmp_path / "model")
    answer = call("gradcheck", tmp_path / "model", "--json")
    assert answer.code == 0, answer
    assert "residual" in {row["layer"].split()[-1] for row in answer.json["checks"]}


def test_a_wrong_derivative_is_answered_with_6_and_named(call, images_model, monkeypatch):
    for name in ("relu", "gelu"):
        wrong = Activation(name, getattr(activations, name), activations.leaky_relu_derivative)
        monkeypatch.setitem(ACTIVATIONS, name, wrong)
    monkeypatch.setattr(verb, "LOSSES", dict(list(verb.LOSSES.items())[:1]))
    for words in ([images_model], []):
        answer = call("gradcheck", *words, "--json")
        assert answer.code == 6
        assert answer.json["verdict"] == "wrong"
        assert "is wrong" in answer.stderr
        assert len(answer.stderr.splitlines()) == 1
    named = {row["name"] for row in answer.json["checks"] if row["part"] == "activation" and row["verdict"] == "wrong"}
    assert named == {"relu", "gelu"}


def test_what_could_not_be_checked_is_no_pass(call, images_model, monkeypatch):
    def passed_over(*given):
        return [
            {"layer": "input", "parameter": "X", "n_checked": 4, "error": 1e-9},
            {"layer": "0 dense", "parameter": "b", "n_checked": 0, "error": 0.0},
        ]

    monkeypatch.setattr(gradcheck, "check_gradients", passed_over)
    answer = call("gradcheck", images_model)
    assert answer.code == 6
    assert "not checked" in answer.stdout
    assert "1 of 2 ok" in answer.stdout
    assert "0 dense b could not be checked" in answer.stderr
    assert call("gradcheck", images_model, "--json").json["checks"][1]["error"] is None


def test_a_gradient_that_is_no_number_is_wrong_and_still_json(call, images_model, monkeypatch):
    records = [{"layer": "input", "parameter": "X", "n_checked": 4, "error": float("inf")}]
    monkeypatch.setattr(gradcheck, "check_gradients", lambda *given: records)
    answer = call("gradcheck", images_model, "--json")
    assert answer.code == 6
    assert answer.json["checks"][0]["error"] is None
    assert "not finite" in call("gradcheck", images_model).stdout


@pytest.mark.parametrize("content", [None, b"", b"rubbish"])
def test_a_file_that_is_no_model_is_answered_with_5_in_one_line(call, tmp_path, content):
    path = tmp_path / "m"
    if content is not None:
        path.write_bytes(content)
    answer = call("gradcheck", path)
    assert (answer.code, answer.stdout) == (5, "")
    assert answer.stderr.startswith(f"error: {path}: ")
    assert len(answer.stderr.splitlines()) == 1


@pytest.mark.parametrize("words", [["--seed", "-1"], ["--seed", "x"], ["a", "b"], ["--nonsense"]])
def test_words_that_make_no_sense_are_answered_with_2(call, words):
    assert call("gradcheck", *words).code == 2


def test_it_has_help_with_an_example(call):
    assert "Example: backprop gradcheck" in call("gradcheck", "--help").stdout


def test_a_long_list_of_what_is_wrong_is_cut_short():
    rows = [
        {"layer": f"{i} dense", "parameter": "W", "n_checked": 1, "error": 1.0, "verdict": "wrong"} for i in range(9)
    ]
    assert "0 dense W, 1 dense W, 2 dense W and 6 more" in verb.complaint(
        {"model": "m", "verdict": "wrong", "checks": rows}
    )
