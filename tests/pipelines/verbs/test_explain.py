"""Explaining a step: the numbers are the model's own, the label is found or asked for, bad input is named."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from backprop_core.losses import SoftmaxCrossEntropy, softmax
from backprop_core.network import Network
from pipelines.errors import UsageError
from pipelines.models import bundle
from pipelines.models.explanation import explain_row

WORD = Path(__file__).resolve().parents[3] / "data/bundled/spoken-digits/f1/3-0.flac"


@pytest.fixture(params=["images", "speech"])
def sample(request, picture, tmp_path):
    """A model file, and a file that it can be asked about."""
    path = picture(tmp_path / "files" / "a.png") if request.param == "images" else tmp_path / "files" / "a.flac"
    if request.param == "speech":
        path.parent.mkdir()
        shutil.copy(WORD, path)
    return request.getfixturevalue(f"{request.param}_model"), path


def first_view(model, path):
    """The row that the network is shown, by an ordinary way."""
    return model.standardizer.transform(model.extractor.extract(path)[np.newaxis])


def test_the_step_is_an_ordinary_one_on_the_first_view(call, sample):
    model, path = bundle.load(sample[0]), sample[1]
    answer = call("explain", *sample, "--label", "7", "--learning-rate", "0.01", "--json")
    assert answer.code == 0, answer
    record, X, y = answer.json, first_view(model, path), np.array([7])
    logits, backward = model.network.forward(X)
    logits = logits.copy()
    loss, dlogits = SoftmaxCrossEntropy().loss_and_gradient(logits, y)
    grads = backward(dlogits, model.network.zero_gradients())
    after = Network.blank(model.network.layers)
    after.params.flat[...] = model.network.params.flat + np.multiply(grads.flat, -0.01)
    assert record["loss"] == pytest.approx(loss, rel=1e-6)
    assert record["loss_after"] == pytest.approx(SoftmaxCrossEntropy().loss(after.logits(X), y), rel=1e-6)
    assert [entry["logit"] for entry in record["classes"]] == pytest.approx(logits[0].tolist(), rel=1e-5, abs=1e-6)
    assert [entry["probability"] for entry in record["classes"]] == pytest.approx(softmax(logits)[0].tolist(), abs=1e-6)
    assert [entry["label"] for entry in record["classes"]] == list(model.labels)
    assert [entry["target"] for entry in record["classes"]] == [0] * 7 + [1] + [0] * 2
    assert record["gradient_norm"] == pytest.approx(np.linalg.norm(grads.flat), rel=1e-5)
    assert record["n_parameters"] == model.network.params.flat.size
    assert len(record["layers"]) == len(model.network.layers)
    best = record["blame"][0]
    W = grads.views[int(best["layer"])][best["parameter"]]
    assert abs(best["gradient"]) == pytest.approx(max(abs(g).max() for v in grads.views for g in v.values()), rel=1e-5)
    assert best["gradient"] == pytest.approx(W[best["from"], best["to"]], rel=1e-5)


def test_every_feature_that_is_told_of_has_its_name(call, sample):
    model = bundle.load(sample[0])
    record = call("explain", *sample, "--json").json
    first = next(layer for layer in record["layers"] if layer["kind"] == "dense")
    told = {entry["unit"] for entry in record["input"]["largest"] + first["forward"]["terms"]}
    told |= {entry["from"] for entry in record["parameters"][0]["largest"]}
    assert record["features"] == {str(index): model.extractor.feature_name(index) for index in sorted(told)}
    text = " ".join(call("explain", *sample).stdout.split())
    assert all(f"x_{index} {name}" in text for index, name in record["features"].items())


def test_the_answer_is_predicts_and_the_views_are_counted(call, sample):
    model = bundle.load(sample[0])
    record = call("explain", *sample, "--json").json
    predicted = call("predict", *sample, "--json").json[0]
    assert record["answer"]["label"] == record["label"] == predicted["label"]
    assert record["answer"]["probability"] == pytest.approx(predicted["probability"], abs=1e-6)
    assert record["n_views"] == len(list(model.extractor.views(model.golden_row)))
    assert (record["label_from"], record["learning_rate_from"]) == ("prediction", "recipe")
    assert record["learning_rate"] == model.provenance["recipe"]["learning_rate"]
    assert record["path"] == str(sample[1])


def test_the_folders_name_is_the_label_where_the_model_knows_it(call, images_model, picture, tmp_path, monkeypatch):
    path = picture(tmp_path / "3" / "a.png")
    record = call("explain", images_model, path, "--json").json
    assert (record["label"], record["label_from"]) == ("3", "folder")
    monkeypatch.chdir(path.parent)
    assert call("explain", images_model, "a.png", "--json").json["label"] == "3"
    record = call("explain", images_model, path, "--label", "8", "--json").json
    assert (record["label"], record["label_from"]) == ("8", "option")
    record = call("explain", images_model, "-", "--json", stdin=path.read_bytes()).json
    assert (record["path"], record["label_from"]) == ("-", "prediction")


def test_a_stored_row_gives_what_its_file_gives(call, sample):
    model = bundle.load(sample[0])
    stored = model.extractor.extract_row(model.extractor.read(sample[1]))[np.newaxis]
    record = call("explain", *sample, "--label", "2", "--json").json
    row = explain_row(model, stored, "2")
    assert row == {key: value for key, value in record.items() if key not in ("path", "label_from")}
    assert explain_row(model, stored)["label"] == record["answer"]["label"]
    with pytest.raises(UsageError, match="does not have this label"):
        explain_row(model, stored, "two")


def test_a_model_that_does_not_tell_its_rate_is_explained_by_another(images_model):
    model = bundle.load(images_model)
    model.provenance = {}
    assert explain_row(model, model.golden_row)["learning_rate_from"] == "default"


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_the_model_file_is_left_as_it_is_and_the_same_question_has_the_same_answer(call, sample, form):
    before = sample[0].read_bytes()
    first, second = (call("explain", *sample, "--learning-rate", "5", *form) for _ in range(2))
    assert first.stdout == second.stdout
    assert first.stderr == ""
    assert sample[0].read_bytes() == before


def test_only_the_layers_asked_for_are_told_and_all_the_rest_stays(call, sample):
    whole = call("explain", *sample, "--json").json
    part = call("explain", *sample, "--json", "--layer", "2", "--layer", "0", "--layer", "2").json
    assert part["layers"] == [whole["layers"][0], whole["layers"][2]]
    assert {**part, "layers": None} == {**whole, "layers": None}


def test_a_step_too_long_for_any_number_is_still_json(call, sample):
    answer = call("explain", *sample, "--label", "1", "--learning-rate", "1e300", "--json")
    assert answer.code == 0
    assert answer.json["loss_after"] is None
    assert "overflowed" in call("explain", *sample, "--label", "1", "--learning-rate", "1e300").stdout


@pytest.mark.filterwarnings("error")
def test_steps_that_are_too_long_are_told_with_their_learning_rate(call, sample):
    answer = call("explain", *sample, "--label", "1", "--steps", 100, "--learning-rate", "1e30")
    assert (answer.code, answer.stdout) == (6, "")
    [line] = answer.stderr.splitlines()
    assert "choose a smaller --learning-rate (it is 1e+30)" in line


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--label", "eleven"], "eleven"),
        (["--label", ""], "label"),
        (["--learning-rate", "0"], "0.0"),
        (["--learning-rate", "-1"], "-1.0"),
        (["--learning-rate", "nan"], "nan"),
        (["--learning-rate", "inf"], "inf"),
        (["--learning-rate", "fast"], "fast"),
        (["--layer", "99"], "99"),
        (["--layer", "-1"], "-1"),
        (["--top", "0"], "0"),
    ],
)
def test_words_that_make_no_sense_are_answered_with_2(call, sample, words, said):
    answer = call("explain", *sample, *words)
    assert (answer.code, answer.stdout) == (2, "")
    assert said in answer.stderr.splitlines()[-1]


@pytest.mark.parametrize("words", [[], ["m"], ["m", "a", "b"]])
def test_one_model_and_one_file_are_asked_for(call, words):
    assert call("explain", *words).code == 2


def test_a_folder_of_several_files_is_refused(call, images_model, picture, tmp_path):
    for name in ("a.png", "b.png"):
        picture(tmp_path / "files" / name)
    answer = call("explain", images_model, tmp_path / "files")
    assert (answer.code, answer.stdout) == (2, "")
    assert answer.stderr == (
        f"error: explain: shows one file, and {tmp_path / 'files'} contains 2 files; name one of them, or use predict "
        "for all\n"
    )


def test_a_file_that_cannot_be_read_or_is_of_the_other_task_is_answered_with_3(
    call, images_model, speech_model, picture, tmp_path
):
    empty = tmp_path / "empty.png"
    empty.write_bytes(b"")
    for model, path in (
        (images_model, tmp_path / "none.png"),
        (images_model, empty),
        (images_model, WORD),
        (speech_model, picture(tmp_path / "a.png")),
    ):
        answer = call("explain", model, path)
        assert (answer.code, answer.stdout) == (3, "")
        assert answer.stderr.startswith(f"error: {path}: ")
        assert len(answer.stderr.splitlines()) == 1


@pytest.mark.parametrize("content", [None, b"", b"rubbish"])
def test_a_file_that_is_no_model_is_answered_with_5(call, tmp_path, content):
    path = tmp_path / "m"
    if content is not None:
        path.write_bytes(content)
    answer = call("explain", path, WORD)
    assert (answer.code, answer.stdout) == (5, "")
    assert len(answer.stderr.splitlines()) == 1


def test_what_is_pointed_at_is_what_the_record_says_of_it(call, sample):
    words = ("explain", *sample, "--label", "7", "--json")
    record = call(*words).json
    most = next(entry for entry in record["blame"] if entry["parameter"] in "Wb")
    came_from = "b" if most["from"] is None else most["from"]
    dense = [layer for layer in record["layers"] if layer["kind"] == "dense"]
    places = [f"{most['layer']}:{came_from}:{most['to']}", *(f"{layer['name']}:{layer['unit']}" for layer in dense)]
    pointed = call(*words, *(word for place in places for word in ("--at", place))).json["at"]
    assert pointed[0] == {"place": places[0], "weight": most}
    for layer, found in zip(dense, pointed[1:], strict=True):
        assert found["unit"][0]["forward"] == layer["forward"]
        assert all(record["features"].get(i, name) == name for i, name in found["features"].items())
    behind = pointed[1]["unit"][-1]
    assert behind["kind"] == "dense"
    assert behind["backward"] == dense[1]["backward"], "the path goes on with the unit that was followed"


@pytest.mark.parametrize("place", ["0", "0:x", "0:99999", "99:0", "0:0:0:0", "0:b:-1", ":", "0:0:99999"])
def test_a_place_that_is_none_is_named(call, sample, place):
    answer = call("explain", *sample, "--at", place)
    assert answer.code == 2
    assert place in answer.stderr


def test_steps_before_the_one_that_is_told_of_lower_the_loss(call, sample):
    words = ("explain", *sample, "--label", "7", "--learning-rate", "0.001", "--json")
    first, later = call(*words).json, call(*words, "--steps", 5).json
    assert later["steps_before"] == len(later["losses_before"]) == 5
    assert later["losses_before"][:2] == pytest.approx([first["loss"], first["loss_after"]], rel=1e-5)
    assert later["loss"] < first["loss"]
    assert later["answer"] == first["answer"], "that of the model in the file"


def test_without_backpropagation_the_last_layer_alone_learns(call, sample):
    free, frozen = (call("explain", *sample, "--label", "7", "--json", *words).json for words in ([], ["--frozen"]))
    learning = [parameter["layer"] for parameter in frozen["parameters"] if parameter["gradient_norm"]]
    assert set(learning) == {frozen["parameters"][-1]["layer"]}
    first = frozen["frozen"][0]
    assert abs(frozen["promised"]) < abs(free["promised"])
    assert "does not learn" in call("explain", *sample, "--frozen", "--at", f"{first}:1:1").stdout
