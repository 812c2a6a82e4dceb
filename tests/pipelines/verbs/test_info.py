"""What a model file says about itself is what was put into it, and can be checked."""

import json

import numpy as np
import pytest

from pipelines.cli import results
from pipelines.learning import tasks
from pipelines.models import bundle


@pytest.mark.parametrize("task", ["images", "speech"])
def test_a_model_file_says_what_it_was_trained_on_and_how(call, request, task):
    trained = request.getfixturevalue(f"{task}_training").json
    described = call("info", trained["model"], "--json").json
    assert described["task"] == task
    assert described["labels"] == [str(digit) for digit in range(10)]
    model = bundle.load(trained["model"])
    assert described["n_parameters"] == model.network.params.flat.size
    assert (
        tasks.find(task).extractor.from_settings(described["extractor"], None).settings() == model.extractor.settings()
    )
    provenance = described["provenance"]
    for key in ("dataset", "bundled_fallback", "preset", "seed", "epochs", "best_epoch", "train", "valid", "test"):
        assert provenance[key] == trained[key]
    assert provenance["licence"]
    assert provenance["citation"]
    assert len(provenance["fingerprint"]) == 64
    assert {"backprop", "python", "numpy", "machine"} <= set(provenance["versions"])
    assert provenance["recipe"]["epochs"] == trained["epochs"]


def test_the_summary_for_people_has_a_line_for_each_thing(call, images_model):
    answer = call("info", images_model)
    assert answer.code == 0
    for word in ("task", "labels", "network", "extractor", "dataset", "seed", "recipe"):
        assert any(line.startswith(word) for line in answer.stdout.splitlines()), word


@pytest.mark.parametrize("task", ["images", "speech"])
def test_verify_reproduces_the_golden_sample(call, request, task):
    answer = call("info", request.getfixturevalue(f"{task}_model"), "--verify", "--json")
    assert answer.code == 0
    assert 0 <= answer.json["golden_error"] <= bundle.GOLDEN_TOLERANCE


@pytest.mark.parametrize("wrong", [0.1, np.nan])
def test_a_golden_sample_that_comes_out_otherwise_is_noticed(call, images_model, monkeypatch, wrong):
    computed = bundle.Bundle.probabilities
    monkeypatch.setattr(bundle.Bundle, "probabilities", lambda self, stored: computed(self, stored) + wrong)
    answer = call("info", images_model, "--verify")
    assert answer.code == 5
    assert "golden sample" in answer.stderr
    assert call("info", images_model).code == 0


def test_every_number_in_the_description_is_one(call, images_model):
    text = call("info", images_model, "--json").stdout
    json.loads(text, parse_constant=lambda constant: pytest.fail(f"{constant} is no JSON"))


def test_layers_behind_a_residual_connection_are_told_like_all_others():
    inner = [{"kind": "dense", "fan_in": 4, "fan_out": 4, "initializer": "he_normal"}, {"kind": "dropout", "rate": 0.1}]
    told = results.layers_in_a_row(
        [{"kind": "residual", "layers": inner}, {"kind": "dense", "fan_in": 4, "fan_out": 2}]
    )
    assert told == "residual (dense 4 4 -> dropout 0.1) -> dense 4 2"
