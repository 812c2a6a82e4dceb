"""Copies are found wherever they are, and as pairs whose files, labels and roles can be named."""

import time
from pathlib import Path

import numpy as np
import pytest

from pipelines.datasets import Dataset
from pipelines.diagnosis.data.duplicates import find_duplicates
from pipelines.features.images.extractor import ImageExtractor
from pipelines.features.likeness import of_pictures
from pipelines.learning.preparation import Prepared

SIDE = 8
EXTRACTOR = ImageExtractor(SIDE, SIDE, "grey")


def prepare(rows, role=None, y=None, items=None):
    """A Prepared data set of these rows, uint8 [shape=(n, 64)]."""
    n = len(rows)
    dataset = Dataset(
        name="pictures",
        task="images",
        items=[Path(f"folder/{number}.png") for number in range(n)] if items is None else items,
        y=np.zeros(n, np.int64) if y is None else np.array(y),
        labels=("cat", "dog"),
        role=np.array(role if role is not None else ["train"] * n),
        group=None,
        fingerprint="f" * 64,
    )
    return Prepared(dataset, EXTRACTOR, np.asarray(rows))


def different(n, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, SIDE * SIDE), dtype=np.uint8)


def find(of):
    return {tuple(pair) for pair in find_duplicates(of, of_pictures).pairs.tolist()}


def test_rows_that_all_differ_have_no_duplicates():
    duplicates = find_duplicates(prepare(different(500)), of_pictures)
    assert len(duplicates) == 0
    assert duplicates.copies() == {}
    assert duplicates.evidence() == []
    assert len(duplicates.find_leaking()) == len(duplicates.find_contradicting()) == 0


def test_equal_and_nearly_equal_rows_are_found_and_told_apart():
    rows = different(300)
    rows[200] = rows[7]
    rows[250] = np.clip(rows[9].astype(int) + 2 * (np.arange(SIDE * SIDE) % 2), 0, 255)
    duplicates = find_duplicates(prepare(rows), of_pictures)
    assert duplicates.pairs.tolist() == [[7, 200], [9, 250]]
    assert duplicates.exact.tolist() == [True, False]
    assert duplicates.likeness[0] == 1
    assert 0.995 <= duplicates.likeness[1] < 1


def test_no_near_pair_is_missed_that_comparing_all_with_all_finds():
    """Little moves within each of 80 scenes of a film: three pictures of each, some of them near and some not."""
    rng = np.random.default_rng(3)
    scenes = different(80)[:, None].astype(float) + rng.normal(0, 5, (80, 3, SIDE * SIDE))
    rows = np.clip(scenes.reshape(240, -1), 0, 255).astype(np.uint8)
    likeness = of_pictures(EXTRACTOR, rows)
    directions = likeness.directions(rows)
    all_with_all = np.argwhere(np.triu(directions @ directions.T, 1) >= likeness.near)
    assert len(all_with_all) > 100
    assert find(prepare(rows)) == {tuple(pair) for pair in all_with_all.tolist()}


def test_a_training_sample_comes_first_in_its_pair_and_all_its_copies_leak():
    rows = different(20)
    rows[[3, 5, 11]] = rows[15]
    role = np.full(20, "train")
    role[[3, 5, 8]] = "test", "valid", "test"
    duplicates = find_duplicates(prepare(rows, role=role.tolist()), of_pictures)
    assert duplicates.pairs.tolist() == [[11, 15], [11, 5], [11, 3]]
    assert duplicates.find_leaking().pairs.tolist() == [[11, 5], [11, 3]]
    assert duplicates.find_leaking().copies() == {"valid": 1, "test": 1}


def test_copies_with_different_labels_contradict_each_other():
    rows = different(6)
    rows[4] = rows[1]
    duplicates = find_duplicates(prepare(rows, y=[0, 0, 1, 1, 1, 0]), of_pictures)
    (pair,) = duplicates.find_contradicting().evidence()
    assert pair == {
        "rows": [1, 4],
        "paths": [str(Path("folder/1.png")), str(Path("folder/4.png"))],
        "labels": ["cat", "dog"],
        "roles": ["train", "train"],
        "exact": True,
        "likeness": 1.0,
    }


def test_the_evidence_is_bounded_and_begins_with_the_most_alike():
    rows = different(50)
    rows[10:40] = rows[10]
    rows[45] = np.clip(rows[2].astype(int) + 2 * (np.arange(SIDE * SIDE) % 2), 0, 255)
    duplicates = find_duplicates(prepare(rows), of_pictures)
    assert len(duplicates) == 30
    assert [pair["exact"] for pair in duplicates.evidence()] == [True] * 29 + [False]
    assert len(duplicates.evidence(most=5)) == 5


def test_pixels_in_memory_have_rows_and_no_paths():
    rows = different(4)
    rows[3] = rows[0]
    (pair,) = find_duplicates(prepare(rows, items=rows.reshape(-1, SIDE, SIDE)), of_pictures).evidence()
    assert (pair["rows"], pair["paths"]) == ([0, 3], [None, None])


@pytest.mark.parametrize(
    "rows", [different(1), different(2), np.full((5, 64), 9, np.uint8), np.eye(2, 64, dtype=np.uint8)]
)
def test_few_rows_equal_rows_and_rows_that_show_nothing_are_no_trouble(rows):
    duplicates = find_duplicates(prepare(rows), of_pictures)
    assert len(duplicates) == len(rows) - len(np.unique(rows, axis=0))


def test_fifty_thousand_rows_of_which_thousands_are_the_same_take_seconds():
    rows = different(50_000)
    rows[40_000:45_000] = rows[0]
    rows[45_000:] = rows[5_000:10_000]
    began = time.process_time()
    assert len(find_duplicates(prepare(rows), of_pictures)) == 10_000
    assert time.process_time() - began < 20
