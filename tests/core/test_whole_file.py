"""A file has its name only once all of it is there."""

import pytest

from backprop_core.whole_file import whole_file


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_what_was_written_has_the_name_and_nothing_else_is_left(tmp_path):
    with whole_file(tmp_path / "deep" / "a.txt") as temporary:
        temporary.write_bytes(b"new")
        assert not (tmp_path / "deep" / "a.txt").exists()
    assert (tmp_path / "deep" / "a.txt").read_bytes() == b"new"
    assert names(tmp_path / "deep") == ["a.txt"]


@pytest.mark.parametrize("failure", [OSError, ValueError, KeyboardInterrupt])
def test_whatever_breaks_off_the_writing_leaves_the_old_file_whole(tmp_path, failure):
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")

    def break_off():
        with whole_file(path) as temporary:
            temporary.write_bytes(b"half")
            raise failure

    with pytest.raises(failure):
        break_off()
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a.txt"]


def test_two_writers_at_once_do_not_write_into_each_others_file(tmp_path):
    path = tmp_path / "a.txt"
    with whole_file(path) as first, whole_file(path) as second:
        assert first != second
        first.write_bytes(b"first")
        second.write_bytes(b"second")
    assert path.read_bytes() == b"first"
    assert names(tmp_path) == ["a.txt"]


def test_a_file_has_the_permissions_that_any_new_file_has(tmp_path):
    with whole_file(tmp_path / "a") as temporary:
        temporary.write_bytes(b"")
    (tmp_path / "b").write_bytes(b"")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode


def test_a_place_below_a_file_is_an_oserror(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OSError), whole_file(tmp_path / "file" / "a"):
        pass


def test_whoever_has_the_old_file_open_goes_on_reading_the_old_file(tmp_path):
    (tmp_path / "a").write_bytes(b"old")
    with (tmp_path / "a").open("rb") as reader:
        with whole_file(tmp_path / "a") as temporary:
            temporary.write_bytes(b"new")
        assert reader.read() == b"old"
    assert (tmp_path / "a").read_bytes() == b"new"
