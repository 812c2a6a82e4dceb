"""Unpacking makes plain files inside its folder, within bounds, completely or not at all."""

import gzip
import io
import tarfile
import threading

import pytest

from pipelines.datasets import archives
from pipelines.datasets.archives import unpack
from pipelines.errors import DataError

BOUNDS = {"max_files": 10, "max_bytes": 100_000}


def entry(name, content=b"hello", **changes):
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for key, value in changes.items():
        setattr(info, key, value)
    return info, content


def make_archive(path, *entries):
    with tarfile.open(path, "w:gz") as archive:
        for info, content in entries:
            archive.addfile(info, io.BytesIO(content))
    return path


def is_refused(archive, folder, match, **bounds):
    with pytest.raises(DataError, match=match) as caught:
        unpack(archive, folder, **{**BOUNDS, **bounds})
    return str(caught.value).startswith(str(archive)) and list(folder.parent.iterdir()) == []


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "out").mkdir()
    return tmp_path / "out" / "data"


@pytest.fixture
def good(tmp_path):
    return make_archive(
        tmp_path / "a.tar.gz",
        entry("./top/a.txt"),
        entry("top/b/c.txt", b"deep"),
        entry("top/d", b"", type=tarfile.DIRTYPE),
    )


def test_files_and_folders_come_out_as_they_went_in(good, folder):
    unpack(good, folder, **BOUNDS)
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    assert set(found) == {"top", "top/a.txt", "top/b", "top/b/c.txt", "top/d"}
    assert found["top/a.txt"].read_bytes() == b"hello"
    assert found["top/b/c.txt"].read_bytes() == b"deep"
    assert list(folder.parent.iterdir()) == [folder]


def test_what_was_unpacked_before_is_left_alone(good, folder):
    unpack(good, folder, **BOUNDS)
    (folder / "top" / "a.txt").write_text("changed")
    unpack(good, folder, **BOUNDS)
    assert (folder / "top" / "a.txt").read_text() == "changed"


@pytest.mark.parametrize("name", ["../evil", "top/../../evil", "/tmp/evil", "C:evil", "a\\..\\evil"])
def test_a_name_that_leads_outside_is_refused(tmp_path, folder, name):
    archive = make_archive(tmp_path / "a.tar.gz", entry("fine"), entry(name))
    assert is_refused(archive, folder, "outside its folder")
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize(
    "kind",
    [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.GNUTYPE_SPARSE],
)
def test_anything_but_plain_files_and_folders_is_refused(tmp_path, folder, kind):
    archive = make_archive(tmp_path / "a.tar.gz", entry("fine"), entry("odd", b"", type=kind, linkname="/etc/passwd"))
    assert is_refused(archive, folder, "neither a plain file nor a folder|is damaged")


def test_more_entries_than_the_bound_are_refused(tmp_path, folder):
    archive = make_archive(tmp_path / "a.tar.gz", *[entry(f"{number}") for number in range(11)])
    assert is_refused(archive, folder, "more than the expected 10 entries")


def test_more_bytes_than_the_bound_are_refused(tmp_path, folder):
    archive = make_archive(tmp_path / "a.tar.gz", entry("bomb", bytes(2_000_000)))
    assert archive.stat().st_size < 10_000
    assert is_refused(archive, folder, "more than the 100000 bytes")


def test_a_declared_size_that_the_archive_does_not_have_is_refused(tmp_path, folder):
    header = entry("huge", b"")[0]
    header.size = 2**62
    archive = tmp_path / "a.tar.gz"
    archive.write_bytes(gzip.compress(header.tobuf(tarfile.GNU_FORMAT) + b"short"))
    assert is_refused(archive, folder, "is damaged|more than")


def test_a_name_that_comes_twice_is_refused(tmp_path, folder):
    assert is_refused(make_archive(tmp_path / "a.tar.gz", entry("same"), entry("same")), folder, "twice")


def test_an_archive_cut_anywhere_is_refused_and_leaves_nothing(tmp_path, folder):
    content = bytes(range(256)) * 20
    whole = make_archive(tmp_path / "whole.tar.gz", entry("a", content), entry("b", content[::-1])).read_bytes()
    for share in (0.0, 0.1, 0.5, 0.9):
        archive = tmp_path / "cut.tar.gz"
        archive.write_bytes(whole[: int(share * len(whole))])
        assert is_refused(archive, folder, "is damaged")


def test_a_file_that_is_no_archive_is_refused(tmp_path, folder):
    archive = tmp_path / "a.tar.gz"
    archive.write_bytes(b"<html>not here</html>" * 100)
    assert is_refused(archive, folder, "is damaged")


def test_an_unreadable_header_in_the_middle_is_not_taken_for_the_end(tmp_path, folder):
    data = bytearray(
        gzip.decompress(make_archive(tmp_path / "a.tar.gz", entry("a"), entry("b"), entry("c")).read_bytes())
    )
    data[1024:1124] = b"\xff" * 100
    archive = tmp_path / "broken.tar.gz"
    archive.write_bytes(gzip.compress(bytes(data)))
    assert is_refused(archive, folder, "is damaged")


def test_an_interrupted_unpacking_leaves_nothing(good, folder, monkeypatch):
    def interrupt(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(archives.shutil, "copyfileobj", interrupt)
    with pytest.raises(KeyboardInterrupt):
        unpack(good, folder, **BOUNDS)
    assert list(folder.parent.iterdir()) == []


def test_unpacking_twice_at_a_time_gives_one_complete_folder(good, folder):
    start, errors = threading.Barrier(4), []

    def work():
        start.wait()
        try:
            unpack(good, folder, **BOUNDS)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert list(folder.parent.iterdir()) == [folder]
    assert (folder / "top" / "b" / "c.txt").read_bytes() == b"deep"


def test_a_folder_that_cannot_be_written_is_an_error_that_says_what_to_do(good, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataError, match=r"cannot be made .*BACKPROP_DATA"):
        unpack(good, tmp_path / "file" / "data", **BOUNDS)
