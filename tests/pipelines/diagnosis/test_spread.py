import numpy as np
import pytest

from pipelines.diagnosis.spread import finding, table


def kinds_and_right(shares, n=200):
    kinds = np.repeat([f"speaker {i}" for i in range(len(shares))], n)
    right = np.concatenate([np.arange(n) < share * n for share in shares])
    return kinds, right


def test_the_table_has_each_kind_once_the_worst_first():
    rows = table(*kinds_and_right([0.9, 0.5, 0.7]))
    assert list(rows) == ["speaker 1", "speaker 2", "speaker 0"]
    assert [row["accuracy"] for row in rows.values()] == pytest.approx([0.5, 0.7, 0.9])
    assert all(row["n"] == 200 and row["ci95"][0] < row["accuracy"] < row["ci95"][1] for row in rows.values())


def test_one_that_lies_behind_is_named():
    found = finding("speaker", table(*kinds_and_right([0.95, 0.94, 0.7, 0.96])))
    assert (found.verdict, found.evidence["behind"]) == ("problem", ["speaker 2"])
    assert "speaker 2 (70.0 %)" in found.advice


def test_equal_kinds_are_called_behind_in_one_case_of_twenty_at_most():
    rng = np.random.default_rng(0)
    kinds = np.repeat(np.arange(10).astype(str), 60)
    called = [finding("class", table(kinds, rng.random(600) < 0.9)).verdict == "problem" for _ in range(200)]
    assert np.mean(called) < 0.08


def test_a_single_kind_has_nothing_to_lie_behind():
    assert finding("class", table(np.array(["a"] * 5), np.zeros(5, bool))).verdict == "fine"
