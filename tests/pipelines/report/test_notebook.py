"""In a notebook, a model, an evaluation, a diagnosis and a history show themselves as well-formed, escaped HTML."""

import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from pipelines import load
from pipelines.door.history import History
from pipelines.report.notebook import crossval_html, diagnosis_html

EVIL = "<script>alert(1)</script>\x1b[31m"


def parse(text):
    """Return HTML as a tree; what is not well-formed raises."""
    assert "<script" not in text
    assert "\x1b" not in text
    return ET.fromstring(f"<all>{text}</all>")


def test_a_model_and_an_evaluation_are_tables(images_model):
    model = load(images_model)
    cells = [cell.text for cell in parse(model._repr_html_()).iter("td")]
    assert "images" in cells
    assert str(images_model) in cells
    evaluation = model.evaluate()
    told = parse(evaluation._repr_html_())
    assert len(list(told.iter("tr"))) == 11
    assert f"{100 * evaluation.accuracy:.2f} %" in [bold.text for bold in told.iter("b")]


def test_what_strangers_named_is_escaped(images_model):
    model = load(images_model)
    model.answering.labels = (EVIL, *model.labels[1:])
    model.answering.provenance["dataset"] = EVIL
    parse(model._repr_html_())
    parse(replace(load(images_model).evaluate(), dataset=EVIL)._repr_html_())
    found = {"name": EVIL, "verdict": "problem", "advice": EVIL}
    parse(diagnosis_html({"verdict": EVIL, "summary": EVIL, "findings": [found], "next": {"text": EVIL}}))
    named = dict.fromkeys(("dataset", "worst_fold", "by"), EVIL)
    parse(crossval_html({**named, "mean": 0.5, "worst": 0.5, "folds": {EVIL: {"n": 3, "accuracy": 0.5}}}))


@pytest.mark.parametrize("n", [0, 1, 2, 40])
def test_a_history_of_any_length_is_two_pictures(n):
    scores = [{"loss": 1 / (i + 1), "accuracy": i / 40} for i in range(n)]
    history = History({"epoch": i + 1, "train": score, "valid": score} for i, score in enumerate(scores))
    told = parse(history._repr_html_())
    lines = [line.get("points").split() for line in told.iter("polyline")]
    assert len(lines) == (4 if n else 0)
    assert all(len(points) == max(n, 2) for points in lines)
    for points in lines:
        for point in points:
            x, y = map(float, point.split(","))
            assert 0 <= x <= 260
            assert 0 <= y <= 130
