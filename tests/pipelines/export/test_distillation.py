"""A smaller network fits its budget, and answers nearly as the large one does."""

import json

import numpy as np
import pytest

from pipelines import load
from pipelines.errors import UsageError
from pipelines.export import distillation
from pipelines.export.integer_layers import integer_layers, twin_probabilities
from pipelines.export.subject import Subject


def test_a_smaller_network_fits_and_says_what_it_costs(call, images_model, tmp_path, monkeypatch):
    monkeypatch.setattr(distillation, "STEPS", 400)
    whole = call("export", images_model, "--to", "c", "--out", tmp_path / "digits.c", "--json").json
    words = ("--budget", "8kB", "--out", tmp_path / "small.c", "--json", "--check")
    answer = call("export", images_model, "--to", "c", *words)
    assert answer.code == 0, answer
    cost = answer.json["cost"]
    assert whole["cost"]["flash_bytes"] > 8192 >= cost["flash_bytes"] > 7000
    assert cost["accuracy"] > cost["accuracy_of_the_large"] - 0.05
    assert answer.json["check"]["holds"]
    assert json.dumps(cost)


def test_the_accuracy_is_that_of_the_numbers_that_are_written(images_model, monkeypatch):
    monkeypatch.setattr(distillation, "STEPS", 60)
    subject = Subject(load(images_model).answering, "digits")
    rounded = {}

    def is_small(subject):
        return subject.layers[0].arrays["W"].shape[1] <= 16

    for int8 in (False, True):
        found = distillation.distil(subject, is_small, np.random.default_rng(0), int8)
        small = Subject(found.bundle, "small")
        stored, y = distillation._prepare(subject).rows("test")
        answers = found.bundle.probabilities(stored)
        if int8:
            answers = twin_probabilities(small, integer_layers(small), stored)
        assert found.accuracy == (answers.argmax(axis=1) == y).mean()
        rounded[int8] = answers
    assert np.abs(rounded[True] - rounded[False]).max() > 1e-4


@pytest.mark.parametrize("size", ["0", "256 kilos", "-1", "1e9", "nan"])
def test_a_size_that_is_none_is_a_wrong_use(call, images_model, size):
    assert call("export", images_model, "--to", "c", "--budget", size).code == 2


def test_what_cannot_fit_is_refused(images_model, tmp_path):
    model = load(images_model)
    with pytest.raises(UsageError, match="does not fit"):
        model.export("c", tmp_path / "a.c", budget=500)
    with pytest.raises(UsageError, match="has no budget"):
        model.export("card", tmp_path / "a.md", budget=500)
    model.answering.provenance["dataset"] = "/nowhere/at/all"
    with pytest.raises(UsageError, match="where the data are"):
        model.export("c", tmp_path / "a.c", budget=8000)
