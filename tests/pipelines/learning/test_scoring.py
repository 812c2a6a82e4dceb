"""Speakers that were learned from and new ones are scored apart, each speaker counting the same."""

import numpy as np
import pytest

from pipelines.datasets import Dataset
from pipelines.learning.scoring import by_group

ROLE = np.array(["train"] * 4 + ["test"] * 6)
GROUP = np.array(["ann", "ben", "ann", "ben", "ann", "ann", "cy", "cy", "cy", "di"])
Y = np.zeros(10, int)


def dataset(group):
    return Dataset("d", "speech", [str(i) for i in range(10)], Y, ("a", "b"), ROLE, group, "f")


@pytest.mark.parametrize("heard", [None, ["ann"]])
def test_each_speaker_counts_the_same(heard):
    predicted = np.array([0, 1, 0, 0, 1, 1])
    found = by_group(dataset(GROUP), "test", predicted, Y[ROLE == "test"], heard)["by_group"]
    assert found["known"] == {"groups": 1, "n": 2, "accuracy": 0.5, "worst": "ann", "worst_accuracy": 0.5}
    assert found["new"]["accuracy"] == pytest.approx((2 / 3 + 0) / 2)
    assert found["new"]["worst"] == "di"


def test_a_model_of_other_data_has_heard_none_of_them():
    found = by_group(dataset(GROUP), "test", np.zeros(6, int), Y[ROLE == "test"], ())["by_group"]
    assert found["known"] is None
    assert found["new"]["groups"] == 3


def test_without_groups_nothing_is_said():
    assert by_group(dataset(None), "test", np.zeros(6, int), Y[ROLE == "test"]) == {}
