"""Several data sets are learned from together, told apart in the results, and asked for again by their joint name."""

import shutil


def test_two_sets_are_trained_on_together_and_evaluated_apart(call, tmp_path, tiny, bars):
    other = tmp_path / "other"
    shutil.copytree(bars, other)
    sets = ("--dataset", bars, "--dataset", other)
    answer = call("train", "images", *sets, "--out", tmp_path / "m", "--json", *tiny)
    assert answer.code == 0
    assert answer.json["dataset"] == f"{bars} + {other}"
    apart = answer.json["by_dataset"]
    assert list(apart) == [str(bars), str(other)]
    assert sum(entry["n"] for entry in apart.values()) == answer.json["n_test"]
    assert any(warning["name"] == "leaking duplicates" for warning in answer.json["warnings"])
    again = call("evaluate", tmp_path / "m", "--json")
    assert again.code == 0
    assert again.json["by_dataset"] == apart
    assert f"of {bars}" in call("evaluate", tmp_path / "m").stdout


def test_one_set_has_no_results_apart(call, tmp_path, tiny, bars):
    assert "by_dataset" not in call("train", "images", "--dataset", bars, "--out", tmp_path / "m", "--json", *tiny).json
