"""An explanation is written for every answer, under a name that harms nothing, and the answers stay as they were."""

import json
import os
from pathlib import Path

import pytest
from PIL import Image

from pipelines.machine.locations import data_folder
from pipelines.report.explanations import Explanations


@pytest.fixture
def files(tmp_path, picture):
    return [picture(tmp_path / f"{name}.png", column=column) for name, column in (("a", 1), ("b", 5), ("c", 9))]


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_every_answer_has_a_picture_and_its_record_the_path(call, images_model, files, tmp_path):
    plain = call("predict", images_model, *files, "--json").json
    explained = call("predict", images_model, *files, "--json", "--explain", tmp_path / "deep" / "why").json
    assert [{**record, "explanation": None} for record in explained] == [
        {**record, "explanation": None} for record in plain
    ]
    for record, path in zip(explained, files, strict=True):
        assert record["explanation"] == str(tmp_path / "deep" / "why" / f"{path.stem}.why.png")
        with Image.open(record["explanation"]) as sheet:
            sheet.load()
            assert sheet.format == "PNG"


def test_words_are_explained_too(call, speech_model, tmp_path):
    words = sorted((data_folder() / "bundled" / "spoken-digits" / "f1").glob("*.flac"))[:3]
    answer = call("predict", speech_model, *words, "--json", "--explain", tmp_path / "why")
    assert answer.code == 0
    assert [Path(record["explanation"]).name for record in answer.json] == [f"{word.stem}.why.png" for word in words]
    assert len({Path(record["explanation"]).read_bytes() for record in answer.json}) == 3


@pytest.mark.parametrize("form", [[], ["--csv"]])
def test_text_and_table_are_what_they_were(call, images_model, files, tmp_path, form):
    plain = call("predict", images_model, *files, *form)
    explained = call("predict", images_model, *files, *form, "--explain", tmp_path / "why")
    assert (explained.code, explained.stdout, explained.stderr) == (0, plain.stdout, plain.stderr)
    assert len(names(tmp_path / "why")) == 3


def test_files_of_one_name_do_not_take_each_others_place(call, images_model, tmp_path, picture):
    same = [picture(tmp_path / folder / "a.png", column=n) for n, folder in enumerate("xyz")]
    same += [picture(tmp_path / "A.png"), picture(tmp_path / "a-2.png")]
    records = call("predict", images_model, *same, "--json", "--explain", tmp_path / "why").json
    paths = [Path(record["explanation"]) for record in records]
    assert len({path.name.casefold() for path in paths}) == 5
    assert names(tmp_path / "why") == sorted(path.name for path in paths)


def test_asked_again_the_pictures_are_the_same_bytes_under_the_same_names(call, images_model, files, tmp_path):
    def pictures():
        assert call("predict", images_model, *files, "--explain", tmp_path / "why").code == 0
        return {name: (tmp_path / "why" / name).read_bytes() for name in names(tmp_path / "why")}

    first = pictures()
    assert pictures() == first
    alone = call("predict", images_model, files[1], "--json", "--explain", tmp_path / "alone").json
    assert Path(alone[0]["explanation"]).read_bytes() == first["b.why.png"]


def test_no_explanation_takes_the_place_of_a_file_that_is_asked_about(call, images_model, tmp_path, picture):
    asked = [picture(tmp_path / "a.png"), picture(tmp_path / "a.why.png", column=8)]
    before = [path.read_bytes() for path in asked]
    records = call("predict", images_model, *asked, "--json", "--explain", tmp_path).json
    assert [path.read_bytes() for path in asked] == before
    assert len({str(tmp_path / "a.why.png"), *(record["explanation"] for record in records)}) == 3


def test_past_a_bad_file_the_others_are_explained(call, images_model, files, tmp_path):
    words = (files[0], tmp_path / "none.png", files[1], "--json", "--explain", tmp_path / "why")
    answer = call("predict", images_model, *words)
    assert answer.code == 3
    assert set(answer.json[1]) == {"path", "error"}
    assert names(tmp_path / "why") == ["a.why.png", "b.why.png"]


def test_an_unknown_answer_is_explained_too(call, images_model, files, tmp_path):
    [record] = call("predict", images_model, files[0], "--threshold", "1", "--json", "--explain", tmp_path / "why").json
    assert record["unknown"] is True
    assert Path(record["explanation"]).exists()


def test_standard_input_is_explained(call, images_model, files, tmp_path):
    words = ("predict", images_model, "-", "--json", "--explain", tmp_path / "why")
    [record] = call(*words, stdin=files[0].read_bytes()).json
    assert Path(record["explanation"]).name == "standard-input.why.png"


def test_a_file_that_is_gone_meanwhile_is_answered_and_said_not_to_be_explained(
    call, images_model, files, tmp_path, monkeypatch
):
    [plain] = call("predict", images_model, files[0], "--json").json
    explain = Explanations.write

    def remove_and_explain(self, sample, record):
        sample.source.unlink()
        return explain(self, sample, record)

    monkeypatch.setattr(Explanations, "write", remove_and_explain)
    answer = call("predict", images_model, files[0], "--json", "--explain", tmp_path / "why")
    assert answer.code == 0
    assert answer.json == [{**plain, "explanation": None}]
    assert answer.stderr.startswith(f"warning: {files[0]}: ")
    assert "cannot be explained" in answer.stderr


def test_a_folder_that_cannot_be_had_is_one_line(call, images_model, files, tmp_path):
    (tmp_path / "file").write_text("")
    assert call("predict", images_model, files[0], "--explain", tmp_path / "file").code == 2
    answer = call("predict", images_model, files[0], "--explain", tmp_path / "file" / "why")
    assert answer.code == 1
    assert answer.stdout == ""
    assert len(answer.stderr.splitlines()) == 1


def test_a_name_that_is_no_text_is_explained(call_process, images_model, tmp_path, picture):
    odd = os.fsencode(picture(tmp_path / "a.png").rename(tmp_path / os.fsdecode(b"\xff\n\xfe.png")))
    answer = call_process("predict", images_model, os.fsdecode(odd), "--json", "--explain", tmp_path / "why")
    assert answer.code == 0, answer
    assert Path(json.loads(answer.stdout)[0]["explanation"]).exists()


def test_explaining_pictures_loads_nothing_heavy(call_process, images_model, files, tmp_path):
    heavy = "{'scipy', 'numba', 'matplotlib', 'sklearn'}"
    program = f"import atexit, sys\natexit.register(lambda: print(set(sys.modules) & {heavy}, file=sys.stderr))"
    answer = call_process("predict", images_model, files[0], "--explain", tmp_path / "why", before=program)
    assert (answer.code, answer.stderr.strip()) == (0, "set()")
