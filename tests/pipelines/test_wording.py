"""What a stranger wrote into a name harms no program that opens a file of ours."""

import csv
import io
import re
from pathlib import Path

import pytest

import pipelines
from pipelines.report.sheets import write_review
from pipelines.report.tables import Column, Table
from pipelines.wording import as_unicode, csv_line, encode, escape

FORMULAS = ["=1+1", "+1", "-1", "@sum", "\t=1", "\r=1"]


def cells(text):
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("cell", FORMULAS)
def test_no_text_begins_like_a_formula(cell):
    assert cells(csv_line(["a", cell])) == [["a", f"'{cell}"]]


@pytest.mark.parametrize(
    ("cell", "kept"),
    [(-1.5, "-1.5"), (0, "0"), (None, ""), (True, "true"), ("a=b", "a=b"), (0.1 + 0.2, repr(0.1 + 0.2))],
)
def test_numbers_and_other_texts_stay_as_they_are(cell, kept):
    assert cells(csv_line(["a", cell])) == [["a", kept]]


@pytest.mark.parametrize("name", ["two\nlines", "two\rlines", 'a "b", c'])
def test_a_name_of_several_lines_is_one_cell(name):
    assert cells(f"{csv_line([name, 1])}\r\n{csv_line([2, 3])}") == [[name, "1"], ["2", "3"]]


@pytest.mark.parametrize(
    ("text", "escaped", "encoded"),
    [
        ("caf\udce9", "caf\\xe9", b"caf\xe9"),
        ("hi \ud83d", "hi \\ud83d", b"hi \xef\xbf\xbd"),
        ("\ude00\udcff", "\\ude00\\xff", b"\xef\xbf\xbd\xff"),
        ("😀 é", "😀 é", "😀 é".encode()),
    ],
)
def test_bytes_of_file_names_and_halves_of_characters_can_be_written(text, escaped, encoded):
    assert escape(text) == as_unicode(text) == escaped
    assert encode(text) == encoded


@pytest.mark.parametrize("name", FORMULAS)
def test_every_csv_that_is_written_for_people_is_guarded(name, tmp_path):
    table = Table("t", "", (Column(name, "A", "text"), Column("b", "B")), [(name, -1)])
    assert cells(table.csv()) == [[f"'{name}", "b"], [f"'{name}", "-1"]]

    entry = {"index": 0, "path": name, "true": name, "predicted": name, "probability": 0.5, "probability_of_true": 0.1}
    review = {"n": 1, "n_errors": 1, "confident_errors": [entry], "least_certain": []}
    write_review(review, lambda entry: None, tmp_path)
    with (tmp_path / "confident-errors.csv").open(newline="") as file:
        assert list(csv.reader(file))[1] == ["0", *[f"'{name}"] * 3, "0.5", "0.1"]


def test_one_module_alone_writes_csv_and_a_manifest_is_no_file_for_people():
    root = Path(pipelines.__file__).parent
    writers = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        if re.search(r"csv\.(writer|DictWriter)", path.read_text(encoding="utf-8"))
    }
    manifests = {"verbs/record.py", "verbs/voices.py", "lab/lesson.py"}  # read again, so not guarded against formulas
    assert writers == {"wording.py", *manifests}
