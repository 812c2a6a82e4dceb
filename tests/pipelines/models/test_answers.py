"""A review finds the surest errors and the greatest doubts, and the sheets of them are written whole."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from pipelines import datasets
from pipelines.models.answers import Answers, confident_errors, least_certain, review

FILES = {"confident-errors.png", "confident-errors.csv", "least-certain.png", "least-certain.csv", "review.json"}


def answers(n=60, seed=0):
    rng = np.random.default_rng(seed)
    dataset = datasets.load("digits", "images")
    rows = rng.choice(len(dataset), n, replace=False)
    return Answers(dataset, rows, dataset.y[rows], rng.dirichlet(np.ones(10), n).astype(np.float32), dataset.labels)


def test_errors_are_all_those_there_are_the_surest_first():
    given = answers()
    found = confident_errors(given, most=1000)
    wrong = [i for i in range(60) if given.probabilities[i].argmax() != given.y[i]]
    assert sorted(entry["index"] for entry in found) == sorted(int(given.rows[i]) for i in wrong)
    confidence = [entry["probability"] for entry in found]
    assert confidence == sorted(confidence, reverse=True)
    assert all(entry["true"] != entry["predicted"] for entry in found)
    assert confident_errors(given, most=5) == found[:5]


def test_doubts_are_right_and_wrong_answers_the_least_probable_first():
    given = answers()
    found = least_certain(given, most=1000)
    assert sorted(entry["index"] for entry in found) == sorted(given.rows.tolist())
    confidence = [entry["probability"] for entry in found]
    assert confidence == sorted(confidence)
    assert {entry["true"] == entry["predicted"] for entry in found} == {True, False}


def test_an_entry_tells_the_classes_and_both_probabilities():
    given = answers()
    for i in range(10):
        entry = given.entry(i)
        p = dict(zip(given.labels, given.probabilities[i], strict=True))
        assert entry["true"] == str(given.dataset.y[entry["index"]])
        assert p[entry["predicted"]] == max(p.values()) == pytest.approx(entry["probability"], abs=1e-6)
        assert p[entry["true"]] == pytest.approx(entry["probability_of_true"], abs=1e-6)
        assert entry["path"] is None


def test_the_order_of_the_samples_changes_no_list():
    given, order = answers(), np.random.default_rng(1).permutation(60)
    shuffled = replace(given, rows=given.rows[order], y=given.y[order], probabilities=given.probabilities[order])
    assert review(shuffled) == review(given)


def test_without_errors_there_are_none_and_the_doubts_are_still_told():
    given = answers()
    perfect = replace(given, y=given.probabilities.argmax(axis=1))
    found = review(perfect, most=7)
    assert (found["n"], found["n_errors"], found["confident_errors"]) == (60, 0, [])
    assert len(found["least_certain"]) == 7


@pytest.mark.parametrize("task", ["images", "speech"])
def test_evaluate_writes_the_sheets_and_says_the_same_as_without(call, request, tmp_path, task):
    model = request.getfixturevalue(f"{task}_model")
    plain = call("evaluate", model, "--json")
    answer = call("evaluate", model, "--json", "--report", tmp_path / "new" / "report")
    assert (answer.code, answer.stdout) == (0, plain.stdout)
    assert {path.name for path in (tmp_path / "new" / "report").iterdir()} == FILES
    assert all(str(tmp_path / "new" / "report" / name) in answer.stderr for name in FILES)


def test_the_lists_beside_the_sheets_agree_with_the_evaluation(call, images_model, tmp_path):
    record = call("evaluate", images_model, "--json", "--report", tmp_path).json
    written = json.loads((tmp_path / "review.json").read_text())
    assert (written["n"], written["split"]) == (record["n"], "test")
    assert written["n_errors"] == record["n"] - round(record["n"] * record["accuracy"])
    for name in ("confident_errors", "least_certain"):
        table = list(csv.DictReader((tmp_path / f"{name.replace('_', '-')}.csv").open()))
        assert [(int(row["index"]), row["true"], row["predicted"]) for row in table] == [
            (entry["index"], entry["true"], entry["predicted"]) for entry in written[name]
        ]
        with Image.open(tmp_path / f"{name.replace('_', '-')}.png") as sheet:
            sheet.load()


def test_samples_are_named_by_their_files_where_there_are_any(call, bars, tmp_path, tiny):
    assert call("train", "images", "--dataset", bars, "--out", tmp_path / "m", *tiny).code == 0
    assert call("evaluate", tmp_path / "m", "--report", tmp_path / "report").code == 0
    written = json.loads((tmp_path / "report" / "review.json").read_text())
    for entry in written["least_certain"]:
        assert entry["path"].startswith(str(bars / entry["true"]))


def test_a_file_that_is_gone_by_then_leaves_its_place_empty(call, bars, tmp_path, tiny):
    from pipelines.verbs.evaluate import evaluate, report

    assert call("train", "images", "--dataset", bars, "--out", tmp_path / "m", *tiny).code == 0
    evaluation = evaluate(tmp_path / "m")
    for path in bars.rglob("*.png"):
        path.unlink()
    assert {path.name for path in report(evaluation, tmp_path / "report")} == FILES


def test_a_report_that_cannot_be_written_is_one_line(call, images_model, tmp_path):
    (tmp_path / "file").write_text("")
    assert call("evaluate", images_model, "--report", tmp_path / "file").code == 2
    answer = call("evaluate", images_model, "--report", tmp_path / "file" / "report")
    assert answer.code == 1
    assert len(answer.stderr.splitlines()) == 1
    assert answer.stderr.startswith(f"error: {tmp_path / 'file'}")
