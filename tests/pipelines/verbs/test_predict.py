"""Prediction answers every file it can, in order, under the name it was given, in the form that was asked for."""

import csv
import io
import json
import os
import subprocess
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipelines.features.speech.extractor import SpeechExtractor
from pipelines.models import bundle
from pipelines.verbs.predict import predict

WORDS = Path(__file__).resolve().parents[3] / "data" / "bundled" / "spoken-digits"


@pytest.fixture
def files(tmp_path, picture):
    """Three pictures."""
    return [picture(tmp_path / f"{name}.png", column=column) for name, column in (("a", 1), ("b", 5), ("c", 9))]


def check_record(record, labels):
    """Check one record of the contract."""
    assert set(record) - {"unknown"} == {"path", "label", "probability", "top"}
    assert record["top"] == sorted(record["top"], key=lambda entry: -entry["probability"])
    assert all(set(entry) == {"label", "probability"} for entry in record["top"])
    assert record["probability"] == record["top"][0]["probability"]
    assert {entry["label"] for entry in record["top"]} <= set(labels)
    assert 0 <= record["probability"] <= 1


def test_json_is_a_list_with_one_record_a_file_in_the_order_given(call, images_model, files):
    answer = call("predict", images_model, *files[::-1], "--json")
    assert answer.code == 0
    assert [record["path"] for record in answer.json] == [str(path) for path in files[::-1]]
    for record in answer.json:
        check_record(record, [str(digit) for digit in range(10)])
        assert len(record["top"]) == 3
        assert record["label"] == record["top"][0]["label"]
        assert "unknown" not in record


def test_jsonl_is_the_same_records_one_a_line(call, images_model, files):
    lines = call("predict", images_model, *files, "--jsonl").stdout.splitlines()
    assert [json.loads(line) for line in lines] == call("predict", images_model, *files, "--json").json


def test_csv_is_the_same_answers_as_a_table(call, images_model, files, tmp_path):
    odd = files[0].rename(tmp_path / 'a, "b"\nc.png')
    answer = call("predict", images_model, odd, tmp_path / "none.png", "--csv")
    first, second = csv.DictReader(io.StringIO(answer.stdout))
    [record] = call("predict", images_model, odd, "--json").json
    assert (first["path"], first["label"], first["error"]) == (str(odd), record["label"], "")
    assert float(first["probability"]) == record["probability"]
    assert (second["path"], second["label"]) == (str(tmp_path / "none.png"), "")
    assert "file does not exist" in second["error"]


def test_text_is_one_line_a_file(call, images_model, files):
    lines = call("predict", images_model, *files).stdout.splitlines()
    assert [line.split(": ")[0] for line in lines] == [str(path) for path in files]


def test_probabilities_of_all_labels_sum_to_one(call, images_model, files):
    [record] = call("predict", images_model, files[0], "--top", "1000", "--json").json
    assert len(record["top"]) == 10
    assert sum(entry["probability"] for entry in record["top"]) == pytest.approx(1, abs=1e-5)


def test_top_says_how_many_labels_are_listed(call, images_model, files):
    for n in (1, 2, 10):
        [record] = call("predict", images_model, files[0], "--top", n, "--json").json
        assert len(record["top"]) == n


def test_below_the_threshold_the_answer_is_unknown_and_above_it_is_not(call, images_model, files):
    [plain] = call("predict", images_model, files[0], "--json").json
    below = call("predict", images_model, files[0], "--json", "--threshold", plain["probability"] - 0.01)
    above = call("predict", images_model, files[0], "--json", "--threshold", min(1, plain["probability"] + 0.01))
    assert below.json == [plain]
    assert above.json == [{**plain, "label": None, "unknown": True}]
    assert (below.code, above.code) == (0, 0)
    text = call("predict", images_model, files[0], "--threshold", "1").stdout
    assert text.startswith(f"{files[0]}: unknown")


@pytest.mark.parametrize("words", [["--top", "0"], ["--threshold", "2"], ["--threshold", "nan"], ["--jobs", "0"]])
def test_options_out_of_range_are_usage_errors(call, images_model, files, words):
    answer = call("predict", images_model, files[0], *words)
    assert answer.code == 2
    assert answer.stdout == ""


@pytest.mark.parametrize("form", ["--json", "--jsonl"])
def test_past_a_bad_file_the_others_are_answered_and_the_exit_code_is_3(call, images_model, files, tmp_path, form):
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"")
    answer = call("predict", images_model, files[0], bad, tmp_path / "none", files[1], form)
    assert answer.code == 3
    records = answer.json if form == "--json" else [json.loads(line) for line in answer.stdout.splitlines()]
    assert [record["path"] for record in records] == [str(files[0]), str(bad), str(tmp_path / "none"), str(files[1])]
    for record in records[1:3]:
        assert set(record) == {"path", "error"}
        assert record["error"].startswith(record["path"])
    assert all("label" in record for record in (records[0], records[3]))
    assert len(answer.stderr.splitlines()) == 2


def test_in_text_a_bad_file_is_named_on_stderr_alone(call, images_model, files, tmp_path):
    answer = call("predict", images_model, files[0], tmp_path / "none")
    assert answer.code == 3
    assert len(answer.stdout.splitlines()) == 1
    assert answer.stderr.startswith(f"error: {tmp_path / 'none'}: ")


def test_a_file_is_answered_alike_alone_and_among_others(call, images_model, tmp_path, picture):
    many = [picture(tmp_path / f"{n}.png", column=n, noise=n) for n in range(300)]
    together = call("predict", images_model, *many, "--json").json
    assert len(together) == 300
    for n in (0, 31, 32, 255, 256, 299):
        [alone] = call("predict", images_model, many[n], "--json", "--jobs", "1").json
        assert alone["label"] == together[n]["label"]
        assert alone["probability"] == pytest.approx(together[n]["probability"], abs=2e-6)


@pytest.mark.parametrize("written", ["./a.png", "../here/a.png", "a.png", "//{}/a.png"])
def test_a_path_is_echoed_as_it_was_given(call, images_model, tmp_path, picture, monkeypatch, written):
    picture(tmp_path / "here" / "a.png")
    monkeypatch.chdir(tmp_path / "here")
    name = written.format(str(tmp_path / "here").lstrip("/"))
    assert [record["path"] for record in call("predict", images_model, name, "--json").json] == [name]


def test_a_folder_stands_for_its_files_in_order_and_hidden_ones_are_no_concern(call, images_model, tmp_path, picture):
    for name in ("b.png", "a.png", "deep/c.png", ".hidden.png"):
        picture(tmp_path / "folder" / name)
    answer = call("predict", images_model, tmp_path / "folder", "--json")
    assert answer.code == 0
    assert [Path(record["path"]).name for record in answer.json] == ["a.png", "b.png", "c.png"]


def test_an_empty_folder_is_a_bad_file_among_others(call, images_model, files, tmp_path):
    (tmp_path / "empty").mkdir()
    answer = call("predict", images_model, tmp_path / "empty", files[0], "--json")
    assert answer.code == 3
    assert "folder" in answer.json[0]["error"]
    assert "label" in answer.json[1]


def test_standard_input_is_answered_like_the_file(call, images_model, speech_model, files):
    for model, path in ((images_model, files[0]), (speech_model, WORDS / "f1" / "3-0.flac")):
        [piped] = call("predict", model, "-", "--json", stdin=path.read_bytes()).json
        [named] = call("predict", model, path, "--json").json
        assert piped == {**named, "path": "-"}


def test_nothing_or_rubbish_on_standard_input_is_a_bad_file(call, images_model):
    for content in (b"", b"rubbish"):
        answer = call("predict", images_model, "-", "--json", stdin=content)
        assert answer.code == 3
        assert answer.json[0]["path"] == "-"
        assert answer.json[0]["error"].startswith("<stdin>: ")


def test_a_named_pipe_is_answered_like_the_file(call, images_model, speech_model, files, tmp_path):
    for model, path in ((images_model, files[0]), (speech_model, WORDS / "f1" / "3-0.flac")):
        pipe = tmp_path / f"{path.name}.pipe"
        os.mkfifo(pipe)
        writer = threading.Thread(target=pipe.write_bytes, args=[path.read_bytes()])
        writer.start()
        [piped] = call("predict", model, pipe, "--json").json
        writer.join()
        [named] = call("predict", model, path, "--json").json
        assert piped == {**named, "path": str(pipe)}


def test_a_list_names_files_relative_to_where_one_is(call, images_model, tmp_path, picture, monkeypatch):
    names = ["x/a.png", "x/with space .png", "x/ümläut.png"]
    for name in names:
        picture(tmp_path / name)
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "list.txt").write_bytes(("\r\n".join(names) + "\n\n").encode())
    monkeypatch.chdir(tmp_path)
    answer = call("predict", images_model, "--files-from", "lists/list.txt", "--json")
    assert answer.code == 0
    assert [record["path"] for record in answer.json] == names


def test_a_list_may_come_from_standard_input(call, images_model, files):
    answer = call("predict", images_model, "--files-from", "-", "--jsonl", stdin="\n".join(map(str, files)))
    assert len(answer.stdout.splitlines()) == 3


def test_a_list_that_is_missing_is_a_usage_error_and_zero_bytes_may_part_names(call, images_model, files, tmp_path):
    assert call("predict", images_model, "--files-from", tmp_path / "none").code == 2
    (tmp_path / "list").write_bytes(b"\0".join(os.fsencode(path) for path in files))
    answer = call("predict", images_model, "--files-from", tmp_path / "list", "--json")
    assert [record["path"] for record in answer.json] == [str(path) for path in files]


def test_no_file_at_all_is_a_usage_error(call, images_model, tmp_path):
    (tmp_path / "list").write_bytes(b"\n")
    for words in ([], ["--files-from", tmp_path / "list"]):
        answer = call("predict", images_model, *words)
        assert answer.code == 2
        assert "at least one file" in answer.stderr


def test_a_name_that_is_no_text_is_answered_and_echoed(call_process, images_model, tmp_path, picture):
    picture(tmp_path / "a.png")
    odd = os.fsencode(tmp_path) + b"/\xff\xfe.png"
    (tmp_path / "a.png").rename(os.fsdecode(odd))
    (tmp_path / "list").write_bytes(odd + b"\n")
    strict = {"env_extra": {"PYTHONIOENCODING": "utf-8:strict"}}
    for words in ([os.fsdecode(odd)], ["--files-from", tmp_path / "list"]):
        answer = call_process("predict", images_model, *words, "--json", **strict)
        assert answer.code == 0, answer
        assert os.fsencode(answer.json[0]["path"]) == odd
    for form in ([], ["--csv"]):
        answer = call_process("predict", images_model, os.fsdecode(odd), *form, errors="surrogateescape", **strict)
        assert answer.code == 0, answer
        assert os.fsdecode(odd) in answer.stdout


def test_whoever_reads_only_the_first_line_gets_no_complaint(start, images_model, tmp_path, picture):
    for n in range(600):
        picture(tmp_path / "many" / f"{n:03d}.png", noise=n)
    run = start("predict", images_model, tmp_path / "many", "--jsonl")
    assert json.loads(run.stdout.readline())["path"].endswith("000.png")
    run.stdout.close()
    stderr = run.stderr.read()
    run.wait(timeout=30)
    assert stderr == ""


def test_a_word_in_the_bundled_speech_is_recognised(call, speech_model):
    names = [WORDS / "f1" / f"{digit}-0.flac" for digit in range(10)]
    answer = call("predict", speech_model, *names, "--json")
    assert answer.code == 0
    right = sum(record["label"] == name.name[0] for record, name in zip(answer.json, names, strict=True))
    assert right >= 7


def test_results_are_on_stdout_alone(call_process, images_model, files):
    answer = call_process("predict", images_model, *files, "--json")
    assert answer.code == 0
    assert answer.stderr == ""
    assert len(answer.json) == 3


def test_a_full_standard_output_is_an_error_in_one_line(start, images_model, files):
    with Path("/dev/full").open("w") as full:
        run = start("predict", images_model, *files, stdout=full, stderr=subprocess.PIPE)
        _, stderr = run.communicate(timeout=30)
    assert run.returncode != 0
    assert "Traceback" not in stderr


def test_a_doubtful_answer_says_how_the_recording_is_unlike_those_learned_from(call, speech_model, tmp_path):
    waveform, sr = soundfile.read(next(iter(sorted(WORDS.glob("f1/*.flac")))))
    clipped = np.clip(30 * waveform / np.abs(waveform).max(), -1, 1)
    soundfile.write(tmp_path / "clipped.wav", clipped, sr)
    [sure] = call("predict", speech_model, tmp_path / "clipped.wav", "--json", "--threshold", 0).json
    [unknown] = call("predict", speech_model, tmp_path / "clipped.wav", "--json", "--threshold", 1).json
    assert any("samples are cut off" in warning for warning in unknown["warnings"])
    assert sure["probability"] < 1


def test_a_recording_whose_answer_is_beyond_doubt_is_read_once(speech_model, tmp_path, monkeypatch):
    model = bundle.load(speech_model)
    model.provenance["threshold"] = 0.0
    read, n_read = SpeechExtractor.read, []
    monkeypatch.setattr(SpeechExtractor, "read", lambda self, source: n_read.append(source) or read(self, source))
    word, sr = soundfile.read(WORDS / "f1" / "0-0.flac")
    files = [tmp_path / "one.wav", tmp_path / "two.wav"]
    for path, sound in zip(files, (word, np.concatenate([word, np.zeros(sr), word])), strict=True):
        soundfile.write(path, sound, sr)
    one, two = predict(model, files)
    assert n_read == files
    assert one.warnings == ()
    assert any("2 words" in warning for warning in two.warnings)
