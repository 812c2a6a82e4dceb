"""Several data sets become one: classes by name, each set split by itself, and what cannot fit together is told."""

import numpy as np
import pytest

from pipelines.datasets import load, with_split
from pipelines.errors import DataError, UsageError
from pipelines.learning.scoring import by_source


@pytest.fixture
def folder(tmp_path, picture):
    """A function that makes a folder of pictures, ten for each class, and returns it as text."""

    def make(name, *labels, part=""):
        for label in labels:
            for i in range(10):
                path = tmp_path / name / part / label / f"{i}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(f"{name}{label}{i}".encode())
        return str(tmp_path / name)

    return make


def test_classes_are_matched_by_name_and_each_set_is_split_by_itself(folder):
    a, b = folder("a", "cat", "dog"), folder("b", "dog", "cat", "cow")
    both = load(f"{a} + {b}", "images")
    assert both.name == f"{a} + {b}"
    assert both.labels == ("cat", "cow", "dog")
    assert all(path.parent.name == both.labels[k] for path, k in zip(both.items, both.y, strict=True))
    split = with_split(both, np.random.default_rng(0))
    for name in (a, b):
        assert set(split.role[split.source == name]) == {"train", "valid", "test"}
    assert any(f"{a} has no sample of cow" in note for note in both.notes)


def test_a_set_that_has_its_split_keeps_it_and_one_with_test_rows_alone_teaches_nothing(folder, tmp_path):
    a, b = folder("a", "cat", "dog"), folder("b", "cat", "dog", part="test")
    split = with_split(load(f"{a} + {b}", "images"), np.random.default_rng(0))
    assert set(split.role[split.source == b]) == {"test"}
    assert set(split.role[split.source == a]) == {"train", "valid", "test"}


def test_one_set_may_have_a_single_class_but_not_all_together(folder):
    a, b = folder("a", "cat", "dog"), folder("b", "cow")
    assert load(f"{a} + {b}", "images").labels == ("cat", "cow", "dog")
    with pytest.raises(DataError, match="has only one class"):
        load(f"{b} + {folder('c', 'cow')}", "images")


def test_names_that_differ_in_capitals_clash(folder):
    with pytest.raises(DataError, match=r"calls a class 'Cat' and .* calls one 'cat'"):
        load(f"{folder('a', 'Cat', 'dog')} + {folder('b', 'cat', 'dog')}", "images")


def test_the_same_set_twice_is_a_usage_error(folder):
    a = folder("a", "cat", "dog")
    with pytest.raises(UsageError, match="name each data set once"):
        load(f"{a} + {a}", "images")


def test_pixels_in_memory_and_files_go_together_pixel_by_pixel(tmp_path, picture):
    from pipelines.features.images.image_file import read_pixels

    for label in ("3", "7"):
        for i in range(2):
            (tmp_path / "mine" / label).mkdir(parents=True, exist_ok=True)
            picture(tmp_path / "mine" / label / f"{i}.png")
    both = load(f"digits + {tmp_path / 'mine'}", "images")
    alone = load("digits", "images")
    assert len(both) == 1797 + 4
    assert np.array_equal(read_pixels(both.items[5]), alone.items[5])
    assert both.path_of(5) is None
    assert both.is_own


def test_right_answers_are_counted_for_each_set(folder):
    both = load(f"{folder('a', 'cat', 'dog')} + {folder('b', 'cat', 'dog')}", "images").all_tests()
    predicted = np.where(both.source == both.source[0], both.y, 1 - both.y)
    told = by_source(both, "test", predicted, both.y)["by_dataset"]
    assert [(entry["n"], entry["accuracy"]) for entry in told.values()] == [(20, 1.0), (20, 0.0)]
    assert by_source(load(both.name.split(" + ")[0], "images"), "train", predicted[:20], both.y[:20]) == {}
