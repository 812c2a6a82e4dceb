"""Where data cannot be had, bundled data stands in and says so, or a sentence says what is missing."""

import pytest


@pytest.fixture
def unreachable(tmp_path, monkeypatch):
    """No data is here, no mirror is set, and every address is one where nobody answers."""
    from dataclasses import replace

    from pipelines.datasets import registry

    def nowhere(source):
        files = tuple(replace(file, addresses=("http://127.0.0.1:9/file",)) for file in source.files)
        return replace(source, files=files)

    everywhere = {name: nowhere(source) for name, source in registry.sources().items()}
    monkeypatch.setattr(registry, "sources", lambda: everywhere)
    monkeypatch.setenv("BACKPROP_DATA", str(tmp_path / "empty"))
    monkeypatch.delenv("BACKPROP_MIRROR", raising=False)


@pytest.mark.parametrize(("task", "bundled"), [("images", "digits"), ("speech", "spoken-digits")])
def test_where_the_default_cannot_be_had_the_bundled_data_stands_in_and_all_say_so(
    call, tmp_path, tiny, unreachable, task, bundled
):
    plain = ("--set", "augmentation=0", "--set", "foreign=0")
    answer = call("train", task, "--out", tmp_path / "m", "--json", *tiny, *plain)
    assert answer.code == 0
    assert answer.json["dataset"] == bundled
    assert answer.json["bundled_fallback"] is True
    warning = next(line for line in answer.stderr.splitlines() if line.startswith("warning"))
    assert bundled in warning
    assert "BACKPROP_MIRROR" in warning
    provenance = call("info", tmp_path / "m", "--json").json["provenance"]
    assert (provenance["dataset"], provenance["bundled_fallback"]) == (bundled, True)
    assert "bundled_fallback" in call("info", tmp_path / "m").stdout
    assert call("evaluate", tmp_path / "m", "--json").json["dataset"] == bundled


def test_the_table_for_people_says_that_the_bundled_data_stood_in(call, tmp_path, tiny, unreachable):
    answer = call("train", "images", "--out", tmp_path / "m", *tiny)
    assert "digits (bundled, because the default could not be downloaded)" in answer.stdout


@pytest.mark.parametrize(("task", "name"), [("images", "mnist"), ("images", "cifar10"), ("speech", "fsdd")])
def test_data_asked_for_by_name_that_cannot_be_had_is_an_error(call, tmp_path, unreachable, task, name):
    answer = call("train", task, "--dataset", name, "--out", tmp_path / "m")
    assert answer.code == 4
    assert answer.stdout == ""
    assert name in answer.stderr
    assert "BACKPROP_MIRROR" in answer.stderr
    assert not (tmp_path / "m").exists()


def test_an_unknown_data_set_and_one_of_the_other_task_are_usage_errors(call, tmp_path):
    answer = call("train", "images", "--dataset", "mnits", "--out", tmp_path / "m")
    assert answer.code == 2
    assert "did you mean mnist?" in answer.stderr
    answer = call("train", "images", "--dataset", "fsdd", "--out", tmp_path / "m")
    assert answer.code == 2
    assert "contains speech, not images" in answer.stderr


def test_a_folder_that_does_not_exist_is_missing_data(call, tmp_path):
    answer = call("train", "images", "--dataset", tmp_path / "none", "--out", tmp_path / "m")
    assert answer.code == 4
    assert str(tmp_path / "none") in answer.stderr
