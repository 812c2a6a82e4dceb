import csv
import json
from html.parser import HTMLParser

import numpy as np
import pytest

from pipelines.features.display import Display
from pipelines.report import page as pages
from pipelines.report.page import write_report
from pipelines.report.samples import Exhibit
from pipelines.report.tables import tables_of

EVIL = "<img src=x onerror=alert(1)>\"'&</title></style><script>alert(2)</script>{{ 7 * 7 }}"
VOID = {"meta", "img", "br", "link", "input"}


class Document(HTMLParser):
    """A page, taken apart: its elements as (name, attributes), its text, and whether all that opens is closed."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.open, self.text = [], [], ""
        self.feed(text)
        assert not self.open, f"left open: {self.open}"

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data

    def of(self, name):
        return [attributes for tag, attributes in self.elements if tag == name]

    def values(self, attribute):
        return [attributes[attribute] for _, attributes in self.elements if attribute in attributes]


def show(entry):
    """A sample that looks and sounds the same, whatever the entry."""
    pixels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    return Exhibit(Display(pixels), np.zeros(800, np.float32), 8000)


def page(record, samples=show):
    return Document(pages.page(record, samples, tables_of(record)))


def replace_text(value, old, new):
    """The same JSON with each text `old` as `new`, where it is a value or a name."""
    if isinstance(value, dict):
        return {new if key == old else key: replace_text(inner, old, new) for key, inner in value.items()}
    if isinstance(value, list):
        return [replace_text(inner, old, new) for inner in value]
    return new if value == old else value


def test_the_report_is_a_page_the_record_and_a_file_for_each_table(folder, record):
    tables = tables_of(record)
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert files == {"report.html", "report.json", *(f"figures/{name}.csv" for name in tables)}
    assert {"history", "health", "learning-curve", "confusion", "calibration", "thresholds"} <= tables.keys()
    for name, table in tables.items():
        with (folder / "figures" / f"{name}.csv").open(newline="") as file:
            header, *rows = csv.reader(file)
        assert header == [column.name for column in table.columns]
        assert len(rows) == len(table.rows)


def test_the_verdict_comes_first_then_the_command_to_try(folder, record):
    text = Document((folder / "report.html").read_text()).text
    body = text[text.index("backprop diagnose") :]
    places = [body.index(record["verdict"].capitalize()), body.index(record["next"]["command"]), body.index("Findings")]
    assert places == sorted(places)
    for finding in record["findings"]:
        assert finding["advice"] in body


def test_nothing_of_the_page_is_elsewhere_and_nothing_of_it_runs(folder):
    document = Document((folder / "report.html").read_text())
    assert all(value.startswith("data:") for value in document.values("src"))
    assert all(value.startswith("#") for name in ("href", "xlink:href") for value in document.values(name))
    assert not document.of("script")
    assert not document.of("link")
    [policy] = [meta["content"] for meta in document.of("meta") if "http-equiv" in meta]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:; media-src data:")


def test_ids_are_unique_and_whatever_names_one_finds_it(folder):
    document = Document((folder / "report.html").read_text())
    ids = document.values("id")
    assert len(ids) == len(set(ids))
    named = {value[1:] for name in ("href", "xlink:href") for value in document.values(name)}
    named |= set(document.values("aria-labelledby"))
    assert named <= set(ids)


def test_whatever_is_to_be_seen_or_heard_is_named(record):
    document = page(record)
    assert document.of("audio")
    assert all(audio["aria-label"] and "controls" in audio for audio in document.of("audio"))
    assert all(image["alt"] for image in document.of("img"))
    assert all(svg["role"] == "img" and svg["aria-label"] for svg in document.of("svg"))
    assert all("scope" in heading for heading in document.of("th"))


@pytest.mark.parametrize("old", ["3", "digits"])
def test_names_from_strangers_stay_text(record, old):
    kinds = {tag for tag, _ in page(record).elements}
    for entry in record["errors"]:
        entry["path"] = f"/data/{EVIL.replace('/', '')}.png"
    document = page(replace_text(record, old, EVIL))
    assert {tag for tag, _ in document.elements} == kinds
    assert not [name for _, attributes in document.elements for name in attributes if name.startswith("on")]
    assert all(value.startswith("data:") for value in document.values("src"))
    assert "{{ 7 * 7 }}" in document.text


def test_letters_that_turn_or_hide_text_are_shown_as_question_marks(record):
    document = page(replace_text(record, "digits", "a\u202eb\ud800\x00"))
    assert "a?b??" in document.text
    assert not set(document.text) & set("\u202e\ud800\x00")


def test_a_name_that_is_no_unicode_can_be_written(record, tmp_path):
    record["errors"][0]["path"] = "/data/\udcff.png"
    paths = write_report(record, show, tmp_path)
    assert json.loads((tmp_path / "report.json").read_text()) == record
    assert b"\xff.png" in next(path for path in paths if path.name == "errors.csv").read_bytes()


def test_any_key_of_the_record_may_be_missing_or_none(record, monkeypatch):
    monkeypatch.setattr(pages, "figures_of", lambda record, tables: {})
    for key in set(record) - {"verdict"}:
        assert page({name: value for name, value in record.items() if name != key}).of("h1")
        assert page({**record, key: None}).of("h1")


def test_a_record_of_nothing_but_a_verdict_is_a_page_too(tmp_path):
    record = {"verdict": "inconclusive", "reason": "Nothing was measured."}
    write_report(record, show, tmp_path)
    text = Document((tmp_path / "report.html").read_text()).text
    assert "Nothing was measured." in text
    assert "None" not in text


def test_a_training_that_diverged_is_reported(call, tmp_path):
    words = ("--dataset", "digits", "--hidden", "8", "--epochs", "2", "--set", "learning_rate=1e30", "--jobs", 1)
    told = call("diagnose", "images", *words, "--set", "optimizer=sgd", "--set", "clip_norm=0", "--out", tmp_path)
    assert told.code == 0, told
    assert "Diverged" in Document((tmp_path / "report.html").read_text()).text


def test_samples_that_cannot_be_read_leave_a_note(record):
    document = page(record, lambda entry: None)
    assert not document.of("img")
    assert "cannot be read" in document.text


def test_of_a_sentence_that_names_long_files_nothing_is_lost(record):
    record["reason"] = f"{'a/long/path ' * 80}the end."
    assert "the end." in page(record).text


def test_copies_with_other_labels_come_first_then_those_across_a_split(record):
    kinds = {"harmless": ("11", "aa"), "leaking": ("11", "ab"), "contradicting": ("12", "aa")}
    record["duplicates"] = [
        {"rows": [0, 1], "paths": [name, name], "labels": [*labels], "roles": [*roles], "exact": True}
        for name, (labels, roles) in kinds.items()
    ]
    text = page(record).text
    places = [text.index(name) for name in ("contradicting", "leaking", "harmless")]
    assert places == sorted(places)


def test_the_same_record_makes_the_same_bytes(record, tmp_path):
    for name in ("first", "second"):
        write_report(record, show, tmp_path / name)
    for path in (tmp_path / "first").rglob("*.*"):
        assert path.read_bytes() == (tmp_path / "second" / path.relative_to(tmp_path / "first")).read_bytes()


def test_a_page_stays_small_whatever_there_is_to_show(record):
    noise = np.random.default_rng(0)
    large = Exhibit(Display(noise.integers(0, 255, (400, 400, 3), np.uint8)), np.ones(48000 * 9, np.float32), 48000)
    record["mislabelled"] *= 50
    record["duplicates"] = 100 * [
        {"rows": [0, 1], "paths": [None, None], "labels": ["1", "2"], "roles": 2 * ["train"], "exact": True}
    ]
    text = pages.page(record, lambda entry: large, tables_of(record))
    assert len(text.encode()) < 5_000_000
    assert "the page is full" in text


def test_a_folder_that_cannot_be_made_is_told_before_anything_is_trained(call, tmp_path):
    (tmp_path / "file").write_text("")
    told = call("diagnose", "images", "--dataset", "digits", "--out", tmp_path / "file" / "report")
    assert told.code == 1
    assert len(told.stderr.splitlines()) == 1
    assert "file" in told.stderr
