"""Samples of no class come with a folder or a table under a label of their own, and are no class."""

import numpy as np
import pytest

from pipelines import datasets
from pipelines.datasets import FOREIGN
from pipelines.errors import DataError


def make(folder, counts):
    for label, n in counts.items():
        (folder / label).mkdir(parents=True)
        for number in range(n):
            (folder / label / f"{number}.wav").write_bytes(f"{label}{number}".encode())
    return folder


def list_files(folder):
    lines = [f"{path.relative_to(folder).as_posix()},{path.parent.name}" for path in sorted(folder.rglob("*.wav"))]
    (folder / "list.csv").write_text("\n".join(["path,label", *lines]) + "\n")
    return folder / "list.csv"


@pytest.mark.parametrize("place", [str, list_files])
def test_they_are_no_class_and_play_all_roles(tmp_path, place):
    folder = make(tmp_path / "words", {"yes": 10, "no": 10, FOREIGN: 20})
    dataset = datasets.load(str(place(folder)), "speech")
    assert dataset.labels == ("no", "yes")
    assert len(dataset) == 20
    assert {path.parent.name for path in dataset.foreign.items} == {FOREIGN}
    split = datasets.with_split(dataset, np.random.default_rng(0))
    assert [len(split.foreign.rows(role)) for role in datasets.ROLES] == [14, 2, 4]


def test_they_change_the_fingerprint_and_not_the_split(tmp_path):
    plain = datasets.load(str(make(tmp_path / "plain", {"yes": 10, "no": 10})), "speech")
    more = datasets.load(str(make(tmp_path / "more", {"yes": 10, "no": 10, FOREIGN: 5})), "speech")
    assert plain.fingerprint != more.fingerprint
    roles = [datasets.with_split(each, np.random.default_rng(0)).role for each in (plain, more)]
    np.testing.assert_array_equal(*roles)


def test_one_class_and_foreign_samples_are_too_few_classes(tmp_path):
    folder = make(tmp_path / "words", {"yes": 10, FOREIGN: 20})
    with pytest.raises(DataError, match="has only one class, yes"):
        datasets.load(str(folder), "speech")
