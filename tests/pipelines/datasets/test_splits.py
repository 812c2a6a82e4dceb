"""Splits fill in what is missing, in proportion, by whole groups, and always the same for the same seed."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipelines.datasets.dataset import Dataset
from pipelines.datasets.splits import with_split
from pipelines.errors import DataError


def make(y, role=None, group=None):
    y = np.asarray(y)
    labels = tuple(f"class{number}" for number in range(y.max() + 1))
    role = np.full(len(y), "train") if role is None else np.asarray(role)
    group = None if group is None else np.asarray(group).astype(str)
    return Dataset("toy", "images", np.zeros((len(y), 2, 2), np.uint8), y, labels, role, group, "f" * 64)


class_sizes = st.lists(st.integers(3, 60), min_size=2, max_size=6)
seeds = st.integers(0, 2**32 - 1)


@given(class_sizes, seeds)
def test_every_class_is_in_every_role_near_its_proportion(sizes, seed):
    split = with_split(make(np.repeat(np.arange(len(sizes)), sizes)), np.random.default_rng(seed))
    for role, fraction in (("test", 0.2), ("valid", 0.1)):
        counts = np.bincount(split.y[split.rows(role)], minlength=len(sizes))
        assert (counts >= 1).all()
        assert (np.abs(counts - np.multiply(sizes, fraction)) <= 1).all()
    assert set(split.y[split.rows("train")]) == set(range(len(sizes)))
    assert sum(len(split.rows(role)) for role in ("train", "valid", "test")) == len(split)
    assert split.notes == ()


@given(class_sizes, seeds)
def test_the_same_seed_makes_the_same_split_and_leaves_the_data_set_alone(sizes, seed):
    dataset = make(np.repeat(np.arange(len(sizes)), sizes))
    first, second = (with_split(dataset, np.random.default_rng(seed)) for _ in range(2))
    np.testing.assert_array_equal(first.role, second.role)
    assert set(dataset.role) == {"train"}
    assert first.fingerprint == dataset.fingerprint


def test_another_seed_makes_another_split():
    dataset = make(np.repeat([0, 1], 50))
    roles = [with_split(dataset, np.random.default_rng(seed)).role.tolist() for seed in range(2)]
    assert roles[0] != roles[1]


@given(class_sizes, seeds)
def test_a_test_that_is_given_is_never_touched_and_validation_comes_from_training_rows(sizes, seed):
    y = np.tile(np.repeat(np.arange(len(sizes)), sizes), 2)
    role = np.repeat(["train", "test"], sum(sizes))
    split = with_split(make(y, role), np.random.default_rng(seed))
    np.testing.assert_array_equal(split.role == "test", role == "test")
    assert len(split.rows("valid")) > 0


def test_a_complete_split_is_left_as_it_is():
    dataset = make([0, 1] * 3, ["train", "train", "valid", "valid", "test", "test"])
    np.testing.assert_array_equal(with_split(dataset, np.random.default_rng(0)).role, dataset.role)


def test_a_fraction_of_zero_leaves_the_role_empty():
    split = with_split(make([0, 1] * 20), np.random.default_rng(0), valid_fraction=0)
    assert len(split.rows("valid")) == 0
    assert len(split.rows("test")) == 8


def test_classes_too_small_for_every_role_keep_a_training_row_and_are_noted():
    split = with_split(make([0] * 20 + [1] * 2), np.random.default_rng(0))
    assert [np.sum(split.y[split.rows(role)] == 1) for role in ("train", "valid", "test")] == [1, 0, 1]
    assert len(split.notes) == 1
    assert "no valid sample of class1" in split.notes[0]


def test_too_few_samples_for_a_role_is_an_error():
    with pytest.raises(DataError, match="toy: has too few samples"):
        with_split(make([0, 0, 1, 1]), np.random.default_rng(0))


@settings(max_examples=60)
@given(st.integers(3, 25), st.integers(2, 5), st.integers(1, 6), seeds)
def test_no_group_is_ever_on_two_sides(n_groups, n_classes, most, seed):
    rng = np.random.default_rng(seed)
    counts = rng.integers(1, most + 1, (n_groups, n_classes))
    group, y = (part.ravel() for part in np.indices(counts.shape))
    dataset = make(np.repeat(y, counts.ravel()), group=np.repeat(group, counts.ravel()))
    split = with_split(dataset, rng)
    members = {role: set(split.group[split.rows(role)]) for role in ("train", "valid", "test")}
    assert all(members.values())
    assert sum(map(len, members.values())) == n_groups
    assert set(split.y[split.rows("train")]) == set(range(n_classes))


@given(st.integers(20, 60), seeds)
def test_with_many_equal_groups_the_proportions_are_met(n_groups, seed):
    dataset = make(np.tile([0, 1, 2], n_groups), group=np.repeat(np.arange(n_groups), 3))
    split = with_split(dataset, np.random.default_rng(seed))
    assert abs(len(split.rows("test")) / len(split) - 0.2) <= 0.5 / n_groups + 1e-9
    assert abs(len(split.rows("valid")) / len(split) - 0.1) <= 0.5 / n_groups + 1e-9


@given(seeds, st.integers(4, 12))
def test_groups_that_hold_some_classes_only_never_leave_a_class_untaught(seed, n_groups):
    rng = np.random.default_rng(seed)
    y, group = rng.integers(0, 4, 80), rng.integers(0, n_groups, 80)
    y[:4], group[:4] = range(4), range(4)
    dataset = make(y, group=group)
    try:
        split = with_split(dataset, rng)
    except DataError:
        assume(False)
    assert set(split.y[split.rows("train")]) == set(range(4))


@given(st.integers(1, 2), seeds)
def test_where_groups_are_too_few_to_spare_one_rows_are_drawn_and_it_is_noted(n_groups, seed):
    dataset = make(np.tile([0, 1], 20), group=np.repeat(np.arange(n_groups), 40 // n_groups))
    split = with_split(dataset, np.random.default_rng(seed))
    members = {role: set(split.group[split.rows(role)]) for role in ("train", "valid", "test")}
    assert members["valid"] == members["train"]
    assert len(members["test"] & members["train"]) == (1 if n_groups == 1 else 0)
    assert len(split.notes) == 3 - n_groups
    assert all("too few groups (such as speakers)" in note for note in split.notes)
    for role in ("train", "valid", "test"):
        assert set(split.y[split.rows(role)]) == {0, 1}


def test_validation_groups_are_kept_out_of_training_when_the_test_is_given():
    y, group = np.tile([0, 1], 15), np.repeat(["a", "b", "c", "d", "e"], 6)
    dataset = make(y, np.where(group == "e", "test", "train"), group)
    split = with_split(dataset, np.random.default_rng(0))
    assert len(set(split.group[split.rows("valid")])) == 1
    assert not set(split.group[split.rows("valid")]) & set(split.group[split.rows("train")])


def test_notes_that_were_there_stay():
    dataset = replace(make([0] * 20 + [1] * 2), notes=("Before.",))
    assert with_split(dataset, np.random.default_rng(0)).notes[0] == "Before."
