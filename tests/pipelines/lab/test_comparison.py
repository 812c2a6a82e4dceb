"""Comparing two models: the test is exact, and what differs is named."""

import pytest
from scipy.stats import binomtest

from pipelines.lab.comparison import differences, sign_test


@pytest.mark.parametrize(("n", "m"), [(0, 0), (1, 0), (3, 3), (5, 12), (40, 90), (0, 30), (700, 800)])
def test_the_sign_test_is_the_exact_binomial_one(n, m):
    expected = binomtest(n, n + m).pvalue if n + m else 1.0
    assert sign_test(n, m) == pytest.approx(expected, rel=1e-9)


def test_what_differs_in_two_recipes_is_named():
    found = differences({"a": 1, "b": 2}, {"a": 1, "b": 3, "c": 4})
    assert found == [{"name": "b", "a": 2, "b": 3}, {"name": "c", "a": None, "b": 4}]


def test_two_models_are_asked_about_the_same_samples(client, call, shelf_folder, model):
    other = shelf_folder / "other.safetensors"
    words = ("--dataset", "digits", "--hidden", "32", "--epochs", "1", "--out", other)
    assert call("train", "images", *words).code == 0
    found = client.good(client.get("compare", a=model, b=str(other)))
    scores = [call("evaluate", path, "--json").json["accuracy"] for path in (model, other)]
    assert [found["a"]["accuracy"], found["b"]["accuracy"]] == pytest.approx(scores)
    assert found["gain"] == pytest.approx(scores[1] - scores[0])
    assert (found["only_b"] - found["only_a"]) / found["n"] == pytest.approx(found["gain"])
    assert {entry["name"] for entry in found["recipe"]} == {"epochs"}
    assert found["chance"] < 0.05
    assert "the difference is real" in found["sentence"]
    same = client.good(client.get("compare", a=model, b=model))
    assert same["chance"] == 1
    assert "no difference" in same["sentence"]


def test_models_of_two_kinds_are_not_compared(client, shelf_folder, speech_model, model):
    (shelf_folder / "speech.safetensors").write_bytes(speech_model.read_bytes())
    assert client.get("compare", a=model, b=str(shelf_folder / "speech.safetensors"))[0] == 400
