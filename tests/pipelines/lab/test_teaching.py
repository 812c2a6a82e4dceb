"""Teaching: what is collected is an ordinary data set, and neither a crash nor a hostile name loses or leads out."""

import io
import json
import shutil
import zipfile

import numpy as np
import pytest
import soundfile

from pipelines import datasets
from pipelines.errors import DataError, UsageError
from pipelines.lab import archive, collecting
from pipelines.lab import lesson as lessons
from pipelines.lab.lesson import Lesson
from pipelines.lab.refusal import Refusal


@pytest.fixture
def shapes(tmp_path, picture):
    """A lesson of two classes with six pictures each, half of each by anna."""
    lesson = Lesson(tmp_path / "lessons" / "shapes", "images")
    for label, column in (("left", 2), ("right", 9)):
        lesson.add_class(label)
        for i in range(6):
            content = picture(tmp_path / "one.png", column=column, noise=i).read_bytes()
            lesson.add(label, content, "anna" if i % 2 else "")
    return lesson


def state(lesson):
    """What a lesson holds, and what of it is on the disk."""
    samples = sorted((sample.path, sample.label, sample.person) for sample in lesson.samples)
    return list(lesson.classes), samples, [(lesson.folder / path).is_file() for path, *_ in samples]


def test_a_lesson_is_a_data_set_that_train_takes(shapes, call, tmp_path, tiny):
    found = datasets.load(str(shapes.manifest), "images")
    assert sorted(found.labels) == ["left", "right"]
    assert len(found) == 12
    assert set(found.group) == {"anna", lessons.NOBODY}
    out = tmp_path / "m.safetensors"
    answer = call("train", "images", "--dataset", shapes.manifest, *tiny, "--out", out, "--json")
    assert answer.code == 0, answer


def test_it_is_there_at_the_next_start(shapes):
    assert state(Lesson(shapes.folder)) == state(shapes)


def test_a_crash_between_file_and_manifest_loses_nothing(shapes, monkeypatch):
    monkeypatch.setattr(Lesson, "_write", lambda self: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        shapes.add("left", b"contents", "bert")
    monkeypatch.undo()
    again = Lesson(shapes.folder)
    (new,) = (sample for sample in again.samples if sample.person == "bert")
    assert (new.label, again.content(new.path)) == ("left", b"contents")
    assert len(again.samples) == 13


def test_a_file_that_is_half_written_is_no_sample(shapes):
    (shapes.folder / "left" / ".anna-9.png.x.partial").write_bytes(b"half")
    (shapes.folder / "left" / "anna-1.png").unlink()
    assert len(Lesson(shapes.folder).samples) == 11


def test_everything_that_is_done_can_be_taken_back(shapes):
    paths = [sample.path for sample in shapes.samples]
    steps = (
        lambda: shapes.add_class("middle"),
        lambda: shapes.remove(paths[:3]),
        lambda: shapes.relabel(paths[4], "right"),
        lambda: shapes.add("left", b"more"),
        lambda: shapes.rewrite(paths[5], b"other"),
        lambda: shapes.remove_class("right"),
    )
    before = [state(shapes)]
    for step in steps:
        step()
        before.append(state(shapes))
        assert state(Lesson(shapes.folder))[1] == state(shapes)[1]
    assert len({json.dumps(each) for each in before}) == len(before)
    for earlier in reversed(before[:-1]):
        shapes.undo()
        assert state(shapes) == earlier
        assert all(state(Lesson(shapes.folder))[2])
        assert state(Lesson(shapes.folder))[1] == earlier[1]


def test_a_person_who_is_deleted_is_gone_for_good(shapes):
    annas = [sample.path for sample in shapes.samples if sample.person == "anna"]
    shapes.remove(annas[:1])
    assert shapes.forget("anna") == len(annas) - 1
    rest = [path for path in shapes.folder.rglob("*") if path.is_file()]
    assert not [path for path in rest if "anna" in path.name or lessons.REMOVED in path.parts]
    assert "anna" not in shapes.manifest.read_text()
    with pytest.raises(Refusal, match="nothing to undo"):
        shapes.undo()
    with pytest.raises(Refusal):
        shapes.forget("anna")


@pytest.mark.parametrize("name", ["../../up", "a/b", "..", "<b>bold</b>", "x,y", '"', "=1+1", "con", "日本", "a" * 80])
def test_any_name_can_be_that_of_a_class_and_none_leads_out(shapes, name):
    shapes.add_class(name)
    path = shapes.add(name, b"contents", name)
    assert (shapes.folder / path).resolve().is_relative_to(shapes.folder.resolve())
    again = Lesson(shapes.folder)
    assert again.classes[-1] == name
    assert [sample.label for sample in again.samples if sample.path == path] == [name]


@pytest.mark.parametrize("name", ["", "  ", "a" * 300, "a\nb", "a\0b", 3, None, "left", "LEFT"])
def test_a_name_that_cannot_be_a_class_is_refused(shapes, name):
    with pytest.raises(UsageError):
        shapes.add_class(name)


def test_two_classes_whose_plain_names_are_alike_keep_apart(shapes):
    shapes.add_class("a/b")
    shapes.add_class("a b")
    first, second = shapes.add("a/b", b"1"), shapes.add("a b", b"2")
    assert first.split("/")[0] != second.split("/")[0]
    assert (shapes.content(first), shapes.content(second)) == (b"1", b"2")


def test_a_lesson_leaves_and_comes_back_as_a_zip(shapes, tmp_path):
    again = archive.unpack(archive.pack(shapes), tmp_path / "elsewhere")
    assert state(again) == state(shapes)
    twice = archive.unpack(archive.pack(shapes), tmp_path / "elsewhere")
    assert twice.folder != again.folder


def test_a_hostile_zip_writes_nothing_outside_and_only_samples(shapes, tmp_path):
    file = io.BytesIO()
    about = json.dumps({"task": "images", "classes": ["a"]})
    with zipfile.ZipFile(file, "w") as hostile:
        hostile.writestr("x/lesson.json", about)
        hostile.writestr("x/manifest.csv", "path,label\n../../../etc/passwd,a\n/etc/passwd,a\na/1.png,a\na/run.sh,a\n")
        for name in ("../../escaped.png", "/tmp/escaped.png", "x/../../escaped.png", "x/a/run.sh", "x/a/1.png"):
            hostile.writestr(name, b"contents")
    lesson = archive.unpack(file.getvalue(), tmp_path / "in" / "lessons")
    assert [sample.path for sample in lesson.samples] == ["a/1.png"]
    written = sorted(path.name for path in (tmp_path / "in").rglob("*") if path.is_file())
    assert written == ["1.png", "lesson.json", "manifest.csv"]


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04 broken"])
def test_what_is_no_lesson_is_refused(content, tmp_path, client):
    with pytest.raises(Refusal):
        archive.unpack(content, tmp_path)
    status, error = client.post("lessons/import", content)
    assert status == 422
    assert "zip" in error["error"]


def test_a_zip_that_would_fill_the_disk_is_refused(shapes, tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "LARGEST_UNPACKED", 100)
    with pytest.raises(Refusal, match="disk"):
        archive.unpack(archive.pack(shapes), tmp_path / "elsewhere")
    assert not (tmp_path / "elsewhere").exists()


def test_a_lesson_whose_description_is_damaged_is_named(shapes):
    (shapes.folder / lessons.ABOUT).write_text("{")
    with pytest.raises(DataError, match=lessons.ABOUT):
        Lesson(shapes.folder)


def test_a_class_is_taught_trained_and_tried_without_a_terminal(client, picture, tmp_path):
    from tests.pipelines.lab.conftest import wait_until

    client.good(client.post("lessons/bars", {"task": "images"}))
    for label, column in (("left", 2), ("right", 9)):
        client.good(client.post("lessons/bars/class", {"name": label}))
        for i in range(8):
            content = picture(tmp_path / "a.png", column=column, noise=i).read_bytes()
            lesson = client.good(client.post("lessons/bars/add", content, label=label, name="a.png"))
    assert [(each["name"], each["n"]) for each in lesson["classes"]] == [("left", 8), ("right", 8)]
    assert client.good(client.get("lessons"))["lessons"] == ["bars"]
    asked = {"task": "images", "lesson": "bars", "name": "bars", "changes": {"hidden": [16], "epochs": 30}}
    client.good(client.post("train", asked))
    done = wait_until(lambda: (t := client.good(client.get("training"))["training"])["state"] == "done" and t)
    assert done["out"].endswith("bars.safetensors")
    content = picture(tmp_path / "b.png", column=9, noise=99).read_bytes()
    found = client.good(client.post("answer", content, model=done["out"]))
    assert found["answer"]["label"] == "right"


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("remove", {"paths": ["../lesson.json"]}),
        ("relabel", {"path": "left/sample-1.png", "label": "none"}),
        ("relabel", {"path": "/etc/passwd", "label": "left"}),
        ("forget", {"person": "../.."}),
        ("explode", {}),
        ("class", {"name": "x" * 300}),
        ("undo", []),
        ("trim", {"path": "left/sample-1.png", "start": 0, "end": 1}),
    ],
)
def test_a_wrong_change_is_refused_and_changes_nothing(client, lab, shapes, what, body):
    status, error = client.post(f"lessons/shapes/{what}", body)
    assert status in (400, 404, 409)
    assert error["error"]
    assert state(lab.school.open("shapes")) == state(shapes)


@pytest.mark.parametrize("name", ["none", "..", "%2e%2e"])
def test_no_lesson_is_opened_but_those_that_are_there(client, name):
    assert client.get(f"lessons/{name}")[0] in (403, 404)


@pytest.mark.parametrize("content", [b"", b"no picture", b"<svg onload=alert(1)>"])
def test_what_no_training_could_read_is_not_kept(client, lab, shapes, content):
    status, _ = client.post("lessons/shapes/add", content, label="left")
    assert status == 422
    assert len(lab.school.open("shapes").samples) == 12


def test_a_full_disk_is_one_sentence(client, lab, shapes, picture, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(lessons, "whole_file", full)
    content = picture(tmp_path / "a.png").read_bytes()
    status, error = client.post("lessons/shapes/add", content, label="left")
    assert status == 507
    assert "No space left" in error["error"]


@pytest.fixture
def said(tmp_path):
    """A recording of three bundled words with pauses, as the contents of a WAV of 16 kHz, and how long it is."""
    from pathlib import Path

    import soxr

    folder = Path(__file__).parents[3] / "data/bundled/spoken-digits/f1"
    parts = []
    for word in ("3-0", "7-0", "9-0"):
        samples, sr = soundfile.read(folder / f"{word}.flac", dtype="float32")
        parts += [np.zeros(8000, np.float32), soxr.resample(samples, sr, 16_000)]
    noise = 0.0005 * np.random.default_rng(0).standard_normal(sum(map(len, parts)) + 8000)
    waveform = (np.concatenate([*parts, np.zeros(8000, np.float32)]) + noise).astype(np.float32)
    file = io.BytesIO()
    soundfile.write(file, waveform, 16_000, format="WAV", subtype="PCM_16")
    return file.getvalue(), len(waveform) / 16_000


def test_a_long_recording_is_cut_into_its_words(client, said, speech_model, tmp_path):
    content, seconds = said
    client.good(client.post("lessons/digits", {"task": "speech"}))
    client.good(client.post("lessons/digits/class", {"name": "number"}))
    found = client.good(client.post("lessons/digits/cut", content))
    assert found["seconds"] == pytest.approx(seconds, abs=0.01)
    assert len(found["words"]) == 3
    assert all(0 <= start < end <= seconds for start, end in found["words"])
    words = [[start, end, "number"] for start, end in found["words"]]
    asked = {"recording": found["recording"], "person": "anna", "words": words}
    lesson = client.good(client.post("lessons/digits/pieces", asked))
    assert lesson["classes"][0]["n"] == 3
    assert lesson["people"] == ["anna"]
    path = lesson["classes"][0]["samples"][1]["path"]
    piece, sr = soundfile.read(io.BytesIO(client.lab.school.open("digits").content(path)))
    start, end = found["words"][1]
    assert len(piece) / sr == pytest.approx(end - start + 2 * collecting.MARGIN_SECONDS, abs=0.01)


def test_a_recording_is_trimmed_to_the_part_that_is_meant_and_back(client, said, lab):
    content, _ = said
    client.good(client.post("lessons/digits", {"task": "speech"}))
    client.good(client.post("lessons/digits/class", {"name": "three"}))
    client.good(client.post("lessons/digits/add", content, label="three", person="anna"))
    whole = lab.school.open("digits").samples[0].path
    (start, end), *_ = client.good(client.post("lessons/digits/cut", content))["words"]
    asked = {"path": whole, "start": start - 0.1, "end": end + 0.1}
    lesson = client.good(client.post("lessons/digits/trim", asked))
    (kept,) = lesson["classes"][0]["samples"]
    assert kept["path"] != whole, "a browser that keeps files shows the new one"
    assert kept["person"] == "anna"
    samples, sr = soundfile.read(io.BytesIO(lab.school.open("digits").content(kept["path"])))
    assert len(samples) / sr == pytest.approx(end - start + 0.2, abs=0.001)
    assert lesson["undo"] == "trimming a sample"
    (back,) = client.good(client.post("lessons/digits/undo", {}))["classes"][0]["samples"]
    assert back["path"] == whole
    assert lab.school.open("digits").content(whole) == content


@pytest.mark.parametrize(
    "edges", [{}, {"start": 1}, {"start": 2, "end": 1}, {"start": 0, "end": 0.01}, {"start": [], "end": "x"}]
)
def test_edges_that_leave_nothing_are_refused(client, said, lab, edges):
    client.good(client.post("lessons/digits", {"task": "speech"}))
    client.good(client.post("lessons/digits/class", {"name": "three"}))
    client.good(client.post("lessons/digits/add", said[0], label="three"))
    before = state(lab.school.open("digits"))
    status, error = client.post("lessons/digits/trim", {"path": before[1][0][0], **edges})
    assert status in (400, 422)
    assert error["error"]
    assert state(lab.school.open("digits")) == before


def test_silence_is_told_from_what_is_no_sound(client, tmp_path):
    client.good(client.post("lessons/digits", {"task": "speech"}))
    file = io.BytesIO()
    soundfile.write(file, np.zeros(16_000), 16_000, format="WAV")
    found = client.good(client.post("lessons/digits/cut", file.getvalue()))
    assert "muted" in found["problem"]
    assert client.post("lessons/digits/cut", b"no sound")[0] == 422


def test_a_lesson_of_another_kind_is_not_mixed_up(client):
    client.good(client.post("lessons/one", {"task": "speech"}))
    assert client.post("lessons/one", {"task": "images"})[0] == 409
    assert client.post("lessons/two", {"task": "smells"})[0] == 400


def test_advice_is_given_before_a_training(shapes, tmp_path):
    assert not shapes.describe()["advice"]
    shutil.rmtree(shapes.folder)
    empty = Lesson(shapes.folder, "images")
    assert "two classes" in empty.describe()["advice"][0]
    empty.add_class("a")
    empty.add_class("b")
    assert "five samples" in empty.describe()["advice"][0]
