"""An archive of a data set is taken as the folder that was packed, and a bad one leaves nothing behind."""

import io
import tarfile
import zipfile
import zlib

import pytest

from pipelines.datasets import load, packed
from pipelines.errors import DataError

FILES = {f"pets/{pet}/{i}.png": f"{pet}{i}".encode() for pet in ("cat", "dog") for i in range(3)}


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("BACKPROP_DATA", str(tmp_path / "home"))
    return tmp_path / "home" / "cache" / "unpacked"


def zip_up(path, files=FILES, kind=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", kind) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return str(path)


def tar_up(path, mode, files=FILES, **changes):
    with tarfile.open(path, mode) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            for key, value in changes.items():
                setattr(info, key, value)
            archive.addfile(info, io.BytesIO(content))
    return str(path)


@pytest.mark.parametrize("kind", ["zip", "stored.zip", "tar", "tar.gz", "tgz", "tar.bz2", "tar.xz", "odd-name"])
def test_every_usual_kind_is_the_folder_that_was_packed(tmp_path, cache, kind):
    path = tmp_path / f"pets.{kind}"
    if "zip" in kind:
        zip_up(path, kind=zipfile.ZIP_STORED if "stored" in kind else zipfile.ZIP_DEFLATED)
    else:
        tar_up(path, {"tar": "w", "tar.bz2": "w:bz2", "tar.xz": "w:xz"}.get(kind, "w:gz"))
    dataset = load(str(path), "images")
    assert dataset.labels == ("cat", "dog")
    assert len(dataset) == 6
    assert [file.name for file in cache.iterdir()] == [dataset.items[0].parents[2].name]


def test_it_is_unpacked_once_and_anew_when_it_has_changed(tmp_path, cache, monkeypatch):
    path = zip_up(tmp_path / "pets.zip")
    first = load(path, "images")
    monkeypatch.setattr(packed, "_Unpacking", None)
    assert load(path, "images").fingerprint == first.fingerprint
    monkeypatch.undo()
    monkeypatch.setenv("BACKPROP_DATA", str(tmp_path / "home"))
    zip_up(tmp_path / "pets.zip", {**FILES, "pets/cat/9.png": b"new"})
    assert len(load(path, "images")) == 7


def test_what_a_mac_or_windows_puts_in_is_passed_over(tmp_path, cache):
    files = {name.replace("/", "\\"): content for name, content in FILES.items()}
    path = zip_up(tmp_path / "a.zip", {**files, "__MACOSX/pets/cat/._0.png": b"\0\5\x16\7", "pets/Thumbs.db": b"x"})
    assert len(load(path, "images")) == 6


@pytest.mark.parametrize("name", ["../evil.png", "/evil.png", "pets/../../evil.png", "C:\\evil.png", "\\evil.png"])
def test_names_that_lead_out_are_refused_and_nothing_is_left(tmp_path, cache, name):
    for path in (
        zip_up(tmp_path / "a.zip", {**FILES, name: b"x"}),
        tar_up(tmp_path / "a.tar", "w", {**FILES, name: b"x"}),
    ):
        with pytest.raises(DataError, match="would be written outside its folder"):
            load(path, "images")
    assert list(cache.iterdir()) == []
    assert not list(tmp_path.rglob("evil.png"))


def test_links_in_an_archive_are_not_made(tmp_path, cache):
    with tarfile.open(tar_up(tmp_path / "a.tar", "w"), "a") as archive:
        link = tarfile.TarInfo("pets/cat/link.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    dataset = load(str(tmp_path / "a.tar"), "images")
    assert len(dataset) == 6
    assert not list(cache.rglob("link.png"))


def test_a_bomb_is_refused_and_nothing_is_left(tmp_path, cache, monkeypatch):
    monkeypatch.setattr(packed, "SMALL_BYTES", 10_000)
    bomb = {**FILES, "pets/cat/big.png": bytes(5_000_000)}
    for path in (zip_up(tmp_path / "a.zip", bomb), tar_up(tmp_path / "a.tgz", "w:gz", bomb)):
        with pytest.raises(DataError, match="unpacks to more than"):
            load(path, "images")
    monkeypatch.setattr(packed, "MOST_FILES", 5)
    with pytest.raises(DataError, match="contains more than 5 files"):
        load(zip_up(tmp_path / "b.zip"), "images")
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize("cut", [0.3, 0.6, 0.95])
@pytest.mark.parametrize("kind", ["zip", "tar.gz", "tar"])
def test_a_damaged_archive_is_called_so_and_nothing_is_left(tmp_path, cache, kind, cut):
    big = {name: zlib.compress(content) * 500 for name, content in FILES.items()}
    path = tmp_path / f"a.{kind}"
    zip_up(path, big) if kind == "zip" else tar_up(path, "w:gz" if kind == "tar.gz" else "w", big)
    content = path.read_bytes()
    path.write_bytes(content[: int(cut * len(content))])
    with pytest.raises(DataError, match=r"is damaged|contains no class"):
        load(str(path), "images")
    assert not [file for file in cache.iterdir() if file.name.startswith(".")]


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"Rar!\x1a\x07\x01\0", "is a RAR archive, and zip and tar can be read"),
        (b"7z\xbc\xaf\x27\x1c\0\4", "is a 7z archive"),
        (b"<!DOCTYPE html><html>", "this is a web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer"),
    ],
)
def test_what_is_no_archive_is_called_what_it_is(tmp_path, cache, content, match):
    (tmp_path / "pets.zip").write_bytes(content)
    with pytest.raises(DataError, match=match):
        load(str(tmp_path / "pets.zip"), "images")


def test_a_locked_archive_is_called_so(tmp_path, cache):
    path = tmp_path / "pets.zip"
    zip_up(path)
    content = bytearray(path.read_bytes())
    for mark, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):  # the flag that says that a file is encrypted
        start = content.find(mark)
        while start >= 0:
            content[start + at] |= 1
            start = content.find(mark, start + 4)
    path.write_bytes(content)
    with pytest.raises(DataError, match="is locked with a password"):
        load(str(path), "images")


def test_what_a_killed_run_left_is_removed_a_day_later(tmp_path, cache):
    import os

    old, young = cache / ".abc-old", cache / ".abc-young"
    for folder in (old, young):
        folder.mkdir(parents=True)
    os.utime(old, (0, 0))
    load(zip_up(tmp_path / "pets.zip"), "images")
    assert not old.exists()
    assert young.exists()


def test_what_is_wrong_with_its_contents_is_said_of_the_archive(tmp_path, cache):
    path = zip_up(tmp_path / "letters.zip", {"a/readme.md": b"nothing here"})
    with pytest.raises(DataError, match=f"^{path}/a: contains no"):
        load(path, "images")
