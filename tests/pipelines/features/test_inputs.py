"""However files are named, the same files are answered; what systems leave behind is passed over."""

import io
import os

import pytest
from PIL import Image

from pipelines.errors import UsageError
from pipelines.features.inputs import names_in_list, samples


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def picture(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (4, 4)).save(path, "PNG")


def names(*given, **options):
    return [sample.name for sample in samples(given, **options)]


def test_a_folder_gives_its_files_and_passes_over_what_is_none_with_one_note(here):
    for name in (
        "a.png",
        "b.JPG",
        "no-ending",
        "deep/c.webp",
        ".ipynb_checkpoints/a-checkpoint.png",
        "__MACOSX/._a.png",
    ):
        picture(here / "mine" / name)
    for name in ("Thumbs.db", "desktop.ini", ".DS_Store", "readme.txt"):
        (here / "mine" / name).write_bytes(b"something")
    (here / "mine" / "empty.png").touch()
    said = []
    assert names("mine", task="images", say=said.append) == [
        f"mine/{name}" for name in ("a.png", "b.JPG", "deep/c.webp", "no-ending")
    ]
    assert len(said) == 1
    assert "ignored 5 that are not pictures" in said[0]


def test_links_to_folders_are_followed_and_circles_gone_round_once(here):
    picture(here / "elsewhere" / "a.png")
    (here / "all").mkdir()
    (here / "all" / "monday").symlink_to(here / "elsewhere")
    (here / "all" / "round").symlink_to(here / "all")
    (here / "all" / "nowhere").symlink_to(here / "none")
    assert names("all", task="images") == ["all/monday/a.png"]


def test_a_pattern_stands_for_what_it_matches_unless_a_file_is_called_so(here):
    for name in ("a1.png", "a2.png", "take[1].png"):
        picture(here / name)
    assert names("a*.png") == ["a1.png", "a2.png"]
    assert names("a[12].png") == ["a1.png", "a2.png"]
    assert names("take[1].png") == ["take[1].png"]
    assert names("none*.png") == ["none*.png"]
    assert names("what?") == ["what?"]
    assert names("-", stdin=io.BytesIO(b"x")) == ["-"]


def test_without_standard_input_a_dash_is_an_error_of_use():
    with pytest.raises(UsageError, match="no standard input"):
        samples(["-"])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be-mark"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_list_is_read_as_any_shell_or_editor_writes_it(encoding, end):
    text = f"a b.wav{end}{end}für.wav{end}c.wav"
    content = b"\xfe\xff" + text.encode("utf-16-be") if encoding.endswith("mark") else text.encode(encoding)
    assert names_in_list(content) == ["a b.wav", "für.wav", "c.wav"]


def test_names_that_are_no_text_and_lists_parted_by_zeros_are_read():
    assert [os.fsencode(name) for name in names_in_list(b"\xff\xfex.wav"[1:] + b"\ncaf\xe9.wav\n")][1] == b"caf\xe9.wav"
    assert names_in_list(b"a.wav\0b.wav\0") == ["a.wav", "b.wav"]
