import mmap

import numpy as np
import pytest

from backprop_core.mapped_memory import chunks, mapping_of, take_rows

RESIDENT = "/proc/self/status"


def map_array(folder, mode="r", rows=1000, columns=7):
    path = folder / "rows.f32"
    np.arange(rows * columns, dtype=np.float32).tofile(path)
    return np.memmap(path, np.float32, mode, shape=(rows, columns))


@pytest.mark.parametrize("view", [lambda X: X, lambda X: np.asarray(X), lambda X: X[10:500:2, 1:]])
def test_the_mapping_is_found_behind_an_array_and_its_views(tmp_path, view):
    assert isinstance(mapping_of(view(map_array(tmp_path))), mmap.mmap)


def test_an_ordinary_array_has_no_mapping():
    assert mapping_of(np.ones((3, 2))[1:]) is None


@pytest.mark.parametrize("mode", ["r", "r+", "c"])
def test_rows_taken_from_a_mapped_array_are_those_numpy_takes(tmp_path, mode):
    X, rows = map_array(tmp_path, mode), np.random.default_rng(0).permutation(1000)[:333]
    out = np.empty((333, 7), np.float32)
    assert take_rows(X, rows, out) is out
    np.testing.assert_array_equal(out, np.asarray(X)[rows])


@pytest.mark.parametrize("mode", ["r+", "c"])
def test_what_was_written_to_a_mapped_array_survives_the_handing_back(tmp_path, mode):
    X = map_array(tmp_path, mode)
    X[500] = -1
    take_rows(X, np.arange(1000), np.empty((1000, 7), np.float32))
    list(chunks(X))
    assert (X[500] == -1).all()


@pytest.mark.parametrize("rows", [1, 7, 1000, 5000])
def test_the_chunks_of_an_array_are_the_array(tmp_path, rows):
    X = map_array(tmp_path)
    np.testing.assert_array_equal(np.concatenate([piece.copy() for piece in chunks(X, rows)]), X)


def test_an_empty_array_has_no_chunks():
    assert list(chunks(np.empty((0, 3)))) == []
