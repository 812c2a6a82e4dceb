import numpy as np
import pytest

from backprop_core import mapped_memory
from backprop_core.mapped_memory import overwrite, spare_copy


@pytest.fixture
def everything_is_large(monkeypatch):
    monkeypatch.setattr(mapped_memory, "LARGE", 0)
    monkeypatch.setattr(mapped_memory, "PIECE", 7)


def test_a_large_copy_holds_what_it_was_made_of_and_lies_in_a_file(everything_is_large):
    vector = np.arange(100, dtype=np.float32)
    copy = spare_copy(vector)
    assert isinstance(copy, np.memmap)
    np.testing.assert_array_equal(copy, vector)
    overwrite(copy, 2 * vector)
    np.testing.assert_array_equal(copy, 2 * vector)
    overwrite(vector, copy)
    np.testing.assert_array_equal(vector, copy)


def test_where_no_file_can_be_written_the_copy_is_an_array(everything_is_large, monkeypatch):
    def refuse():
        raise OSError("no space left on device")

    monkeypatch.setattr(mapped_memory.tempfile, "TemporaryFile", refuse)
    copy = spare_copy(np.arange(5.0))
    assert type(copy) is np.ndarray
    overwrite(copy, np.ones(5))
    np.testing.assert_array_equal(copy, 1)
