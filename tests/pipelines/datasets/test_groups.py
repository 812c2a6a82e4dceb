"""Groups are read from names with care, and what belongs together stays on one side of a split."""

from dataclasses import replace

import numpy as np
import pytest

from pipelines.datasets import with_split
from pipelines.datasets.folds import folding
from pipelines.datasets.groups import chains, units, with_named_groups
from pipelines.datasets.rows import Row, dataset_from_rows


def rows_of(*names):
    return [Row(name, None, name.split("/")[0]) for name in names]


def name_rows(pattern, classes=("yes", "no"), people=("ann", "bob", "cid", "dan", "eve", "flo"), takes=3):
    return rows_of(*(f"{c}/{pattern.format(c=c, p=p, i=i)}" for c in classes for p in people for i in range(takes)))


@pytest.mark.parametrize(
    "pattern",
    ["{p}_{i}.wav", "{p}-{i}.wav", "{p}{i}.wav", "{p} ({i}).wav", "{c}_{p}_{i}.wav", "7_{p}_{i:03}.wav", "{p}.{i}.wav"],
)
def test_speakers_in_names_are_groups(pattern):
    rows, note = with_named_groups(name_rows(pattern))
    assert len({row.group for row in rows}) == 6
    assert all(
        row.group.endswith(row.name.split("/")[1].replace("yes_", "").replace("no_", "").replace("7_", "")[:3])
        for row in rows
    )
    assert "6 groups" in note


def test_speakers_that_are_numbers_are_groups_where_most_have_most_classes():
    rows, note = with_named_groups(name_rows("{c}_{p}_{i}.wav", people=("01", "02", "03", "04", "05", "06")))
    assert {row.group for row in rows} == {"01", "02", "03", "04", "05", "06"}
    assert note


def test_films_that_are_in_one_class_each_are_groups():
    names = [f"{pet}/{pet[0]}film{film}_{i:04}.jpg" for pet in ("cat", "dog") for film in range(4) for i in range(5)]
    rows, _ = with_named_groups(rows_of(*names))
    assert len({row.group for row in rows}) == 8


def test_speech_commands_and_roboflow_name_theirs_in_their_own_way():
    rows, _ = with_named_groups(rows_of(*(f"yes/{s:08x}_nohash_{i}.wav" for s in range(5) for i in range(2))))
    assert len({row.group for row in rows}) == 5
    rows, _ = with_named_groups(
        rows_of(*(f"a/IMG_{s}_jpg.rf.{s:016x}{i:016x}.jpg" for s in range(5) for i in range(3)))
    )
    assert len({row.group for row in rows}) == 5


@pytest.mark.parametrize(
    "pattern",
    [
        "{i}.png",
        "IMG_{i:04}.jpg",
        "{c}_{i}.png",
        "{c}{i}.png",
        "image-{i}.png",
        "photo ({i}).jpg",
        "{p}.png",
        "a1b2c3d4.png",
    ],
)
def test_names_that_only_count_are_no_groups(pattern):
    rows, note = with_named_groups(name_rows(pattern, takes=12))
    assert note is None
    assert all(row.group is None for row in rows)


def test_too_few_or_too_large_groups_are_let_be():
    assert with_named_groups(name_rows("{p}_{i}.wav", people=("ann", "bob")))[1] is None
    most = name_rows("{p}_{i}.wav", people=("ann",), takes=90)
    assert with_named_groups([*most, *name_rows("{p}_{i}.wav", people=("b", "c", "d", "e", "f"))])[1] is None


def test_chains_link_pairs_whatever_their_order():
    assert chains(6, [(4, 5), (1, 4), (0, 3)]).tolist() == [0, 1, 2, 0, 1, 1]
    assert chains(3, []).tolist() == [0, 1, 2]


def dataset_of(n, groups=None, kin=None):
    rows = [Row(f"{i}", None, "ab"[i % 2], "train", None if groups is None else groups[i]) for i in range(n)]
    return replace(dataset_from_rows(rows, "toy", "images", contents=[]), kin=kin)


def test_chains_and_the_groups_that_they_link_stay_together():
    groups = [f"g{i // 4}" for i in range(40)]
    kin = chains(40, [(3, 4), (20, 39)])
    together = units(dataset_of(40, groups, kin))
    assert len(set(together[:8])) == 1
    assert together[20] == together[36]
    assert len(set(together)) == 8
    assert units(dataset_of(40)) is None


@pytest.mark.parametrize("seed", range(5))
def test_near_copies_are_never_on_both_sides_of_a_split_nor_of_folds(seed):
    rng = np.random.default_rng(seed)
    kin = chains(200, [(i, i + 2) for i in rng.choice(198, 60, replace=False)])
    dataset = dataset_of(200, kin=kin)
    split = with_split(dataset, np.random.default_rng(seed))
    assert {role: len(split.rows(role)) > 0 for role in ("train", "valid", "test")} == dict.fromkeys(
        ("train", "valid", "test"), True
    )
    assert abs(len(split.rows("test")) - 40) <= 4
    for chain in set(kin.tolist()):
        assert len(set(split.role[kin == chain])) == 1
    for rows in folding(dataset, n_folds=5).folds.values():
        assert not set(kin[rows]) & set(kin[np.setdiff1d(np.arange(200), rows)])


def test_chains_over_everything_say_nothing_and_groups_alone_count():
    groups = [f"g{i // 4}" for i in range(40)]
    kin = chains(40, [(i, i + 1) for i in range(39)])
    assert len(set(units(dataset_of(40, groups, kin)))) == 10
