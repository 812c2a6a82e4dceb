"""Trying a model: the lab's numbers are those of predict and explain, and bad input is one sentence."""

import struct
import zlib

import numpy as np
import pytest

from pipelines.lab.samples import Samples
from pipelines.models import bundle


@pytest.fixture
def drawn(client, picture, tmp_path):
    """A picture, and what the lab calls it."""
    path = picture(tmp_path / "a.png", size=(8, 8))
    return path, client.good(client.post("keep", path.read_bytes()))["sample"]


def test_the_answer_is_that_of_predict(client, call, drawn, model):
    path, sample = drawn
    found = client.good(client.get("look", model=model, sample=sample, threshold=0.2))
    told = call("predict", model, path, "--top", 10, "--threshold", 0.2, "--json").json[0]
    assert {**found["answer"], "path": None} == {**told, "path": None}
    assert client.good(client.post("answer", path.read_bytes(), model=model, threshold=0.2)) == found
    shown = found["shown"]
    assert (shown["width"], shown["height"], shown["channels"]) == (8, 8, 1)
    opened = bundle.load(model)
    assert found["layers"][-1]["values"] == pytest.approx(
        opened.network.logits(opened.standardizer.transform(opened.extractor.extract(path)[np.newaxis]))[0], rel=1e-4
    )


def test_the_evidence_adds_up_as_the_extractors_does(client, drawn, model):
    from pipelines.models.evidence import evidence_for

    path, sample = drawn
    opened = bundle.load(model)
    found = client.good(client.get("evidence", model=model, sample=sample, label="3"))
    values = evidence_for(opened, opened.extractor.read(path), 3).values
    assert found["values"] == pytest.approx(values.ravel(), rel=1e-4, abs=1e-9)
    assert client.get("evidence", model=model, sample=sample, label="<b>")[0] == 404


@pytest.mark.parametrize(("steps", "frozen"), [(0, ""), (7, ""), (7, "1")])
def test_a_step_is_that_of_explain(client, call, drawn, model, steps, frozen):
    path, sample = drawn
    asked = {"model": model, "sample": sample, "label": "7", "rate": 0.01, "steps": steps, "frozen": frozen}
    found = client.good(client.get("step", **asked))
    words = ["--label", "7", "--learning-rate", 0.01, "--steps", steps, "--top", 6, "--json"]
    words += ["--frozen"] if frozen else []
    told = call("explain", model, path, *words).json
    assert {key: told[key] for key in found["record"]} == found["record"]
    entry = next(entry for entry in told["blame"] if entry["parameter"] == "W")
    place = f"{entry['layer']}:{entry['from']}:{entry['to']}"
    assert client.good(client.get("step/at", **asked, place=place))["weight"] == entry
    unit = client.good(client.get("step/at", **asked, place=f"0:{told['layers'][0]['unit']}"))["unit"]
    assert unit[0]["forward"] == told["layers"][0]["forward"]
    lengths = found["lengths"]
    near = min(lengths, key=lambda each: abs(each["learning_rate"] - 0.01))
    assert near["learning_rate"] == pytest.approx(0.01, rel=1e-3)
    assert near["loss_after"] == pytest.approx(told["loss_after"], rel=1e-4)
    assert near["promised"] == pytest.approx(told["promised"], rel=1e-3)
    if frozen:
        assert len(found["other_losses"]) == steps + 1
        assert found["other_losses"][0] == pytest.approx(told["losses_before"][0], rel=1e-6)
    values, errors = found["layers"][-1]["values"], found["layers"][-1]["errors"]
    assert values == pytest.approx([each["logit"] for each in told["classes"]], rel=1e-4, abs=1e-6)
    assert errors == pytest.approx([each["error"] for each in told["classes"]], rel=1e-3, abs=1e-6)


def test_the_blame_laid_over_a_sample_is_the_slope_of_its_loss(client, drawn, model):
    path, sample = drawn
    found = client.good(client.get("step", model=model, sample=sample, label="7"))["input_blame"]
    opened = bundle.load(model)
    features = opened.extractor.extract(path)[np.newaxis].astype(np.float64)
    network = opened.network.copy(np.float64)

    def loss(X):
        logits = network.logits(opened.standardizer.transform(X))[0]
        return np.log(np.exp(logits).sum()) - logits[7]

    place = int(np.abs(found["values"]).argmax())
    more = features.copy()
    more[0, place] += 1e-5
    slope = (loss(more) - loss(features)) / 1e-5
    expected = slope * (features[0, place] - opened.standardizer.feature_means[place])
    assert found["values"][place] == pytest.approx(expected, rel=0.02)


def test_test_samples_are_those_that_evaluate_measures(client, call, model):
    found = client.good(client.get("tests", model=model))
    told = call("evaluate", model, "--json").json
    assert found["total"] == told["n"]
    right = 0
    for i in range(12):
        seen = client.good(client.get("look", model=model, sample=f"test:{i}"))
        right += seen["answer"]["label"] == seen["truth"]
        assert seen["truth"] == found["samples"][i]["label"]
    assert right >= 4, "the small model is right on most"
    status, error = client.get("look", model=model, sample="test:99999")
    assert (status, "choose another" in error["error"]) == (404, True)


def test_a_sample_that_is_saved_comes_back_as_it_was(client, drawn, model):
    path, sample = drawn
    answer = client.http.get("/abc-token/api/sample", params={"model": model, "sample": sample})
    assert answer.content == path.read_bytes()
    assert answer.headers["content-type"] == "image/png"
    page = client.good(client.post("keep", b"<html><script>alert(1)</script>"))["sample"]
    answer = client.http.get("/abc-token/api/sample", params={"model": model, "sample": page})
    assert answer.headers["content-type"] == "application/octet-stream"


@pytest.mark.parametrize(
    "content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n rest", b"<svg onload=alert(1)>", b"\0" * 5000]
)
def test_what_cannot_be_read_is_one_sentence(client, model, content):
    status, error = client.post("answer", content, model=model)
    assert status == 422
    assert "Traceback" not in error["error"]
    assert "stdin" not in error["error"]


def test_a_picture_of_a_billion_pixels_is_refused(client, model):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 40_000, 30_000, 1, 0, 0, 0, 0)
    parts = chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(bytes(10_000))), chunk(b"IEND", b"")
    status, _ = client.post("answer", b"\x89PNG\r\n\x1a\n" + b"".join(parts), model=model)
    assert status == 422


@pytest.mark.parametrize("path", ["/etc/passwd", "../images.safetensors", "", "models/none.safetensors"])
def test_no_file_is_opened_but_those_on_the_shelf(client, path, drawn):
    assert client.get("look", model=path, sample=drawn[1])[0] == 404


def test_a_model_that_is_broken_is_listed_with_its_reason(client, shelf_folder, drawn):
    (shelf_folder / "broken.safetensors").write_bytes(b"nothing")
    listed = {entry["path"]: entry for entry in client.good(client.get("models"))["models"]}
    broken = listed[str(shelf_folder / "broken.safetensors")]
    assert "truncated" in broken["error"]
    assert listed[str(shelf_folder / "images.safetensors")]["ground"] == "dark"
    assert client.get("look", model=broken["path"], sample=drawn[1])[0] == 422


def test_a_model_that_was_trained_anew_is_read_anew(client, shelf_folder, speech_model, model):
    client.good(client.get("models"))
    (shelf_folder / "images.safetensors").write_bytes(speech_model.read_bytes())
    listed = client.good(client.get("models"))["models"]
    assert [entry["task"] for entry in listed if entry["path"] == model] == ["speech"]


@pytest.mark.parametrize(
    "asked",
    [
        {"threshold": "nan"},
        {"threshold": "2"},
        {"threshold": "x"},
        {"sample": "test:-1"},
        {"sample": "kept:../../etc"},
        {"sample": "<script>"},
    ],
)
def test_a_wrong_question_is_refused(client, drawn, model, asked):
    status, error = client.get("look", **{"model": model, "sample": drawn[1], **asked})
    assert status in (400, 404)
    assert error["error"]


@pytest.mark.parametrize(
    "asked", [{"rate": "0"}, {"rate": "-1"}, {"rate": "inf"}, {"steps": "-1"}, {"steps": "100000"}, {"label": "seven"}]
)
def test_a_wrong_step_is_refused(client, drawn, model, asked):
    assert client.get("step", **{"model": model, "sample": drawn[1], **asked})[0] == 400


def test_a_model_is_handed_to_the_browser_and_no_other_file(client, model, shelf_folder):
    answer = client.http.get("/abc-token/api/model", params={"model": model})
    assert answer.content == (shelf_folder / "images.safetensors").read_bytes()
    assert client.http.get("/abc-token/api/model", params={"model": "/etc/passwd"}).status_code == 404


def test_a_model_is_exported_beside_itself(client, model, shelf_folder):
    record = client.good(client.post("export", None, model=model, to="card"))
    assert all((shelf_folder / path.rpartition("/")[2]).is_file() for path in record["files"])
    assert client.post("export", None, model=model, to="stone")[0] == 404


def test_the_oldest_samples_are_forgotten(monkeypatch):
    from pipelines.lab import samples
    from pipelines.lab.refusal import Refusal

    monkeypatch.setattr(samples, "MOST_KEPT", 3)
    kept = Samples()
    names = [kept.keep(bytes([i])) for i in range(5)]
    with pytest.raises(Refusal, match="Give it once more"):
        kept.find(names[0], None)
    assert kept.find(names[-1], None)[0].source == bytes([4])


def test_a_text_is_answered_and_a_recording_too(client, call, tmp_path, speech_model, shelf_folder):
    from pathlib import Path

    word = Path(__file__).parents[3] / "data/bundled/spoken-digits/f1/3-0.flac"
    (shelf_folder / "speech.safetensors").write_bytes(speech_model.read_bytes())
    name = str(shelf_folder / "speech.safetensors")
    found = client.good(client.post("answer", word.read_bytes(), model=name))
    told = call("predict", name, word, "--top", 10, "--json").json[0]
    assert found["answer"]["top"] == told["top"]
    assert found["shown"]["across"]["label"] == "seconds"
    assert client.good(client.get("step", model=name, sample=found["sample"], label="3"))["input_blame"]["values"]


def test_the_words_of_a_text_are_told_with_what_they_say(client, call, tmp_path, shelf_folder):
    sentences = [("where is my card", "card"), ("my card is lost", "card"), ("what is the weather", "weather")]
    sentences += [("is it going to rain", "weather"), ("block my card now", "card"), ("will the sun shine", "weather")]
    lines = [f"{text} {word},{label}" for text, label in sentences for word in ("please", "today", "now", "then", "hm")]
    (tmp_path / "said.csv").write_text("\n".join(["text,label", *lines]))
    name = shelf_folder / "text.safetensors"
    words = ("--dataset", tmp_path / "said.csv", "--hidden", "8", "--epochs", "20", "--out", name)
    assert call("train", "text", *words).code == 0
    text = "my card, please"
    found = client.good(client.post("answer", text.encode(), model=str(name), kind="text"))
    told = call("predict", name, "--text", text, "--top", 2, "--json").json[0]
    assert found["answer"]["top"] == told["top"]
    assert found["shown"] is None
    evidence = client.good(client.get("evidence", model=str(name), sample=found["sample"]))
    assert [word["word"] for word in evidence["words"]] == ["my", "card,", "please"]
    assert evidence["label"] == told["label"]
    step = client.good(client.get("step", model=str(name), sample=found["sample"], label="card"))
    assert step["record"]["label"] == "card"
    assert client.post("answer", b"  ", model=str(name), kind="text")[0] == 422


def test_a_correction_is_kept_as_a_data_set(client, lab, call, drawn, model):
    kept = client.good(client.post("correct", None, model=model, sample=drawn[1], label="7"))
    assert kept["n"] == 1
    rows = (lab.school.folder / kept["lesson"] / "manifest.csv").read_text().splitlines()
    assert rows[0] == "path,label"
    assert rows[1].split(",")[1] == "7"
    assert (lab.school.folder / kept["lesson"] / rows[1].split(",")[0]).read_bytes() == drawn[0].read_bytes()
