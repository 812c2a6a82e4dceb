"""What systems and tools leave in a folder is told from what people put there."""

import pytest

from pipelines.machine.leftovers import is_left_behind


@pytest.mark.parametrize(
    "name",
    [
        *("Thumbs.db", "thumbs.DB", "desktop.ini", "Desktop.ini", ".DS_Store", "._seven.png", "__MACOSX", "Icon\r"),
        *(".ipynb_checkpoints", "__pycache__", "@eaDir", "$RECYCLE.BIN", "System Volume Information", "lost+found"),
        *("~$list.xlsx", "manifest.csv~", "a.png.crdownload", "a.wav.part", ".a.wav.icloud", ".Trash-1000", ".git"),
    ],
)
def test_a_leftover_is_known_by_its_name(name):
    assert is_left_behind(name)


@pytest.mark.parametrize(
    "name", ["a.png", "cat", "train", "tmp", "party.wav", "partial.png", "icon", "db", "~", "#1", "ü"]
)
def test_what_people_name_stays(name):
    assert is_left_behind(name) == (name == "~")
