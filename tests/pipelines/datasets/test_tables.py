"""Tables as Excel, pandas, competitions and other programs write them: each lists the files that it means."""

import json
import unicodedata

import pytest

from pipelines.datasets import load
from pipelines.errors import DataError

ROWS = [(f"{pet}/{i}.png", pet) for pet in ("cats", "dogs") for i in range(12)]


@pytest.fixture
def table(tmp_path):
    """A function that writes a table beside twelve pictures of cats and of dogs, and returns its path as text."""
    for name, _ in ROWS:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)

    def write(lines, encoding="utf-8", name="list.csv", end="\r\n"):
        (tmp_path / name).write_bytes((end.join(lines) + end).encode(encoding))
        return str(tmp_path / name)

    return write


def load_table(path):
    dataset = load(path, "images")
    assert dataset.labels == ("cats", "dogs")
    return dataset


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_any_separator_in_any_unicode_is_read(table, separator, encoding):
    assert len(load_table(table([f"path{separator}label", *(f"{p}{separator}{c}" for p, c in ROWS)], encoding))) == 24


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;"])
def test_the_line_that_tells_excel_the_separator_is_none_of_the_table(table, first):
    assert len(load_table(table([first, "path;label", *(f"{p};{c}" for p, c in ROWS)], "utf-8-sig"))) == 24


@pytest.mark.parametrize(
    "heading",
    ["Path,Label", " path , label ", "PATH,CLASS", "file,class", "File Name,Class Name", "file_name,label",
     "image,target", "audio_filepath,label", "filename,category", "image_id,word", "path,Label\xa0"],
)  # fmt: skip
def test_headings_of_other_programs_are_understood(table, heading):
    assert len(load_table(table([heading, *(f"{p},{c}" for p, c in ROWS)]))) == 24


def test_an_index_and_columns_that_are_not_used_do_not_matter_and_the_latter_are_named(table):
    lines = [",path,age,label", *(f"{i},{p},{i % 7},{c}" for i, (p, c) in enumerate(ROWS))]
    dataset = load_table(table(lines))
    assert any("does not use the columns 'age'" in note for note in dataset.notes)


def test_speakers_of_common_voice_are_groups_and_splits_have_their_usual_names(table):
    lines = ["client_id\tpath\tsentence\tset"]
    lines += [f"{i % 4}\t{p}\t{c}\t{'Training' if i % 3 else 'Testing'}" for i, (p, c) in enumerate(ROWS)]
    dataset = load_table(table(lines, name="train.tsv"))
    assert set(dataset.group) == {"0", "1", "2", "3"}
    assert set(dataset.role) == {"train", "test"}


def test_empty_lines_empty_columns_and_lines_said_twice_do_not_matter(table):
    lines = ["path,label,,", *(f"{p},{c},," for p, c in ROWS), f"{ROWS[0][0]},{ROWS[0][1]},,", ",,,", "", ",,,"]
    dataset = load_table(table(lines))
    assert len(dataset) == 24
    assert any("1 line repeats" in note for note in dataset.notes)


def test_a_file_with_two_labels_is_refused(table):
    with pytest.raises(DataError, match=r"lists cats/0\.png twice, with different values"):
        load_table(table(["path,label", *(f"{p},{c}" for p, c in ROWS), "cats/0.png,dogs"]))


@pytest.mark.parametrize(
    "written",
    [
        lambda p: p.replace("/", "\\"),
        lambda p: "C:\\Users\\me\\My Data\\" + p.replace("/", "\\"),
        lambda p: "/home/somebody/data/" + p,
        lambda p: "./" + p,
        lambda p: p[:-4],
        lambda p: p.upper(),
    ],
)
def test_paths_of_other_computers_are_found(table, written):
    assert len(load_table(table(["path,label", *(f"{written(p)},{c}" for p, c in ROWS)]))) == 24


def test_a_name_that_several_files_can_mean_is_refused(table):
    with pytest.raises(DataError, match=r"0\.png fits 2 files: cats/0.png, dogs/0.png"):
        load_table(table(["path,label", "0.png,cats", "1.png,dogs"]))


def test_paths_typed_in_the_other_form_of_unicode_are_found(tmp_path):
    composed, apart = (unicodedata.normalize(form, "für") for form in ("NFC", "NFD"))
    for word in (apart, "gegen"):
        (tmp_path / word).mkdir()
        for i in range(3):
            (tmp_path / word / f"{i}.png").write_text(f"{word}{i}")
    lines = ["path,label", *(f"{word}/{i}.png,{word}" for word in (composed, "gegen") for i in range(3))]
    (tmp_path / "typed.csv").write_text("\n".join(lines), encoding="utf-8")
    dataset = load(str(tmp_path / "typed.csv"), "images")
    assert dataset.labels == (composed, "gegen")
    assert len(dataset) == 6


def test_a_line_end_inside_quotes_belongs_to_the_name(table, tmp_path):
    (tmp_path / "two\nlines.png").write_text("x")
    lines = ["path,label", '"two\nlines.png","cats"', *(f"{p},{c}" for p, c in ROWS)]
    assert len(load_table(table(lines, end="\n"))) == 25


@pytest.mark.parametrize(
    "record",
    [
        lambda p, c: {"audio_filepath": p, "label": c, "duration": 1.0},
        lambda p, c: {"audio_filepath": p, "text": c},
        lambda p, c: {"file_name": p, "label": c},
        lambda p, c: {"image": {"path": p, "bytes": None}, "label": c},
    ],
)
def test_json_lines_are_read(table, record):
    lines = [json.dumps(record(p, c)) for p, c in ROWS]
    assert len(load_table(table(lines, name="manifest.json"))) == 24
    assert len(load_table(table([*lines, ""], name="metadata.jsonl"))) == 24
    assert len(load_table(table([f"[{','.join(lines)}]"], name="list.json"))) == 24


def test_a_table_without_headings_is_read_where_one_column_leads_to_files(table):
    assert len(load_table(table([f"{p},{c}" for p, c in ROWS]))) == 24


@pytest.mark.parametrize("text", ["öl", "für"])
def test_latin_1_is_named_with_the_line_and_what_to_do(table, text):
    with pytest.raises(
        DataError, match=r"not text in UTF-8: line 2 has the byte 0x.. \(Latin-1.*; save it as CSV UTF-8"
    ):
        load_table(table(["path,label", f"cats/0.png,{text}"], "latin-1"))


def test_two_columns_that_can_be_the_label_are_named(table):
    with pytest.raises(DataError, match="2 columns that can be the label: 'class', 'category'"):
        load_table(table(["path,class,category", "cats/0.png,a,b", "cats/1.png,c,d"]))


@pytest.mark.parametrize(
    "value", [lambda i: f"{i * 0.37:.2f}", lambda i: str(i * 3), lambda i: f"{i},5", lambda i: f"1e{i}"]
)
def test_a_column_of_many_numbers_is_told_to_be_regression(table, value):
    with pytest.raises(DataError, match=r"the column 'age' has 24 different numbers in 24 lines.*regression"):
        load_table(table(["path;age", *(f"{p};{value(i)}" for i, (p, _) in enumerate(ROWS))]))


def test_labels_that_are_numbers_of_which_most_are_there_once_are_told_to_be_regression(table):
    with pytest.raises(DataError, match=r"the labels are 24 different numbers in 24 lines.*regression"):
        load(table(["path,label", *(f"{p},{i}" for i, (p, _) in enumerate(ROWS))]), "images")


def test_numbered_pupils_are_classes_whatever_their_numbers_are(tmp_path, table):
    lines = ["path,label"]
    for number in range(1001, 1001 + 7 * 100, 7):
        for take in range(3):
            (tmp_path / f"{number}-{take}.png").write_text(f"{number} {take}")
            lines.append(f"{number}-{take}.png,{number}")
    assert len(load(table(lines), "images").labels) == 100


@pytest.mark.parametrize("missing", ["NaN", "nan", "<NA>", "#N/A", ""])
def test_a_label_that_stands_for_none_is_refused_with_its_line(table, missing):
    with pytest.raises(DataError, match=r"line 3 has .*fill the cell in"):
        load(table(["path,label", f"{ROWS[0][0]},cats", f"{ROWS[1][0]},{missing}"]), "images")


def test_remarks_above_the_headings_are_passed_over(table):
    assert len(load_table(table(["# pets, 2026", "# by me", "path,label", *(f"{p},{c}" for p, c in ROWS)]))) == 24


def test_a_list_of_paths_and_classes_with_a_blank_between_is_read(table):
    assert len(load_table(table([f"{p} {c}" for p, c in ROWS], name="train.txt"))) == 24


@pytest.mark.parametrize(
    "document",
    [
        dict(ROWS),
        {label: [path for path, of in ROWS if of == label] for label in ("cats", "dogs")},
        {"path": [path for path, _ in ROWS], "label": [label for _, label in ROWS]},
        {name: {str(i): row[k] for i, row in enumerate(ROWS)} for k, name in enumerate(("path", "label"))},
        [{"path": path, "label": label} for path, label in ROWS],
    ],
    ids=["of each file", "of each class", "columns", "columns of pandas", "records"],
)
def test_one_json_document_of_any_usual_form_is_a_table(table, document):
    assert len(load_table(table([json.dumps(document)], name="labels.json"))) == 24


def test_classes_that_are_numbered_stay_classes(table):
    lines = ["path,label", *(f"{p},{i % 4}" for i, (p, _) in enumerate(ROWS))]
    assert load(table(lines), "images").labels == ("0", "1", "2", "3")


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:46\nsize 1\n", "Git LFS pointer"),
        (b"<!DOCTYPE html><html>", "this is a web page"),
        (b"\x00\x01\x02\x03" * 40, "is not text"),
        (b'{"path": "a.png"', "line 1 is not JSON"),
        (b"[1, 2]\n[3]\n", "lacks the column"),
    ],
)
def test_what_is_no_table_is_called_what_it_is(tmp_path, content, match):
    (tmp_path / "list.csv").write_bytes(content)
    with pytest.raises(DataError, match=match):
        load(str(tmp_path / "list.csv"), "images")
