"""What tests of the report share: a real diagnosis, with its page."""

import copy
import json
from pathlib import Path

import pytest

SMALL = ("--dataset", "digits", "--hidden", "16", "--epochs", "6", "--set", "batch_size=64")


@pytest.fixture(scope="session")
def folder(call, tmp_path_factory):
    """A folder with the report on a small network on the small digits."""
    out = tmp_path_factory.mktemp("report") / "new" / "folder"
    told = call("diagnose", "images", *SMALL, "--jobs", 1, "--out", out)
    assert told.code == 0, told
    assert told.stdout.strip(), "the text is printed all the same"
    assert str(out / "report.html") in told.stderr
    return out


@pytest.fixture(scope="session")
def _record(folder):
    return json.loads(Path(folder / "report.json").read_text())


@pytest.fixture
def record(_record):
    """The record of that diagnosis, to be changed at will."""
    return copy.deepcopy(_record)
