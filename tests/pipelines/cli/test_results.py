"""Results as text: what names hold does not break a line, and a suggested command can be typed as it is."""

import shlex
from types import SimpleNamespace

import pytest

from pipelines.cli import results


@pytest.fixture
def trained(images_training):
    """A function that returns what a training gives its summary, with other values in its record."""

    def make(example="a.png", **changes):
        record = {**images_training.json, **changes}
        return SimpleNamespace(record=lambda: record, example=example, example_is_text=False)

    return make


def test_a_name_of_several_lines_is_one_line_among_the_most_confused():
    record = {
        "by": "fold", "folds": {"a\nb": {"n": 4, "accuracy": 0.5}}, "ci95": None, "mean": 0.5, "worst": 0.5,
        "worst_fold": "a\nb", "pooled": 0.5, "sd": None, "bundled_fallback": False, "dataset": "own", "preset": "fast",
        "seconds": 1.0,
    }  # fmt: skip
    lines = results.crossval_summary(record, [("new\nline", "\x1b[2J", 2)]).split("\n")
    assert lines[-2:] == ["most confused in fold a\\nb", "  new\\nline taken for \\x1b[2J: 2"]


def test_a_threshold_that_refuses_nothing_is_not_suggested(trained):
    lines = results.training_summary(trained(threshold=0.0, n_foreign={"valid": 9})).splitlines()
    [doubt] = [line for line in lines if line.startswith("doubt:")]
    assert "no threshold refuses foreign samples" in doubt
    assert "--threshold" not in doubt


@pytest.mark.parametrize("name", ["my model", "it's", "-m"])
def test_the_command_to_try_names_one_model_and_one_file(trained, name):
    *_, last = results.training_summary(trained(f"{name}.png", model=f"{name}.safetensors")).splitlines()
    *_, model, file = shlex.split(last)
    assert (model.removeprefix("./"), file.removeprefix("./")) == (f"{name}.safetensors", f"{name}.png")
    assert not last.split("predict ")[1].startswith("-")


def test_without_an_example_no_command_is_suggested(trained):
    assert "try:" not in results.training_summary(trained(""))


def test_a_folder_with_blanks_is_one_word_of_the_command_to_try(call, bars):
    folder = bars.rename(bars.parent / "two words")
    *_, last = call("datasets", "check", folder).stdout.splitlines()
    assert shlex.split(last)[-2:] == ["--dataset", str(folder)]
