"""A sidecar's name stays in its folder whatever its file is called, and takes nothing's place."""

from pathlib import Path

import pytest

from backprop_core.whole_file import whole_file
from pipelines.features.inputs import Sample
from pipelines.report.sidecars import Sidecars, safe_stem


@pytest.mark.parametrize(
    "name",
    [
        *("../../etc/passwd", "a/../..", ".hidden.png", "-rf", "a b\tc\n.png", "\udcff\udcfe", "con:aux|?*<>.png"),
        *("ü漢字.png", "..", ".", "/", "", "a" * 5000, "漢" * 5000, "𝔸" * 99, "x.why.png", "\u202egnp.exe"),
    ],
)
def test_a_name_becomes_one_that_stays_in_the_folder(name, tmp_path):
    stem = safe_stem(name)
    assert stem
    assert not stem.startswith((".", "-"))
    assert all(letter.isalnum() or letter in "-_" for letter in stem)
    path = Sidecars(tmp_path, ".why.png", [Sample(name, Path("elsewhere"))]).path_for(name)
    assert path.parent == tmp_path
    with whole_file(path) as temporary:
        temporary.write_bytes(b"")


def test_no_path_is_given_out_twice_and_none_is_a_sample(tmp_path):
    mine = [tmp_path / "a.png", tmp_path / "x" / "a.jpg", tmp_path / "A.gif", tmp_path / "a.seen.png"]
    sidecars = Sidecars(tmp_path, ".seen.png", [Sample(str(path), path) for path in mine])
    paths = [sidecars.path_for(str(path)) for path in [*mine, "-", "-"]]
    assert len({str(path).casefold() for path in [*paths, *mine]}) == 10
    assert all(path.name.endswith(".seen.png") for path in paths)
