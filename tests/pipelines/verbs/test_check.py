"""A data set is told about as it is, without a training, and what would keep one from beginning is grave."""

import json

import numpy as np
import pytest
import soundfile

from pipelines.verbs.check import check


@pytest.fixture
def words(tmp_path):
    """A folder of two words by six speakers, 16 kHz, one second and half a second long."""
    rng = np.random.default_rng(0)
    for word, seconds in (("yes", 1.0), ("no", 0.5)):
        (tmp_path / "words" / word).mkdir(parents=True)
        for who in "abcdef":
            for take in range(3):
                samples = rng.normal(0, 0.1, round(16000 * seconds))
                soundfile.write(tmp_path / "words" / word / f"sp{who}_{take}.wav", samples, 16000)
    return tmp_path / "words"


def names(record):
    return [problem["name"] for problem in record["problems"]]


def test_a_good_folder_is_described(words):
    record = check(str(words))
    assert record["task"] == "speech"
    assert record["task_guessed"]
    assert record["layout"] == "class folders"
    assert record["classes"] == {"no": 18, "yes": 18}
    assert record["groups"]["n"] == 6
    assert record["split"]["given"] == []
    assert sum(record["split"][role] for role in ("train", "valid", "test")) == 36
    assert record["measured"]["seconds"] == {"shortest": 0.5, "median": 0.75, "longest": 1.0, "total": 27.0}
    assert record["measured"]["sampling_rates"] == {"16000": 36}
    assert not [problem for problem in record["problems"] if problem["grave"]]
    assert json.loads(json.dumps(record, allow_nan=False)) == record


def test_processes_find_what_one_process_finds(words, monkeypatch):
    alone = check(str(words), n_jobs=1)
    monkeypatch.setattr("pipelines.verbs.check.MANY", 10)
    monkeypatch.setattr("pipelines.verbs.check.PART", 7)
    assert {**check(str(words), n_jobs=2), "seconds": 0} == {**alone, "seconds": 0}


def test_files_that_will_be_refused_and_copies_are_named(words):
    (words / "yes" / "broken.wav").write_bytes(b"RIFF....WAVEjunk")
    soundfile.write(words / "yes" / "long.wav", np.ones(16000 * 31), 16000)
    (words / "no" / "copy.wav").write_bytes((words / "yes" / "spa_0.wav").read_bytes())
    record = check(str(words))
    text = " ".join(problem["text"] for problem in record["problems"])
    assert "broken.wav: its header cannot be read" in text
    assert "long.wav: lasts 31 s, too long" in text
    assert "contradicting duplicates" in names(record)
    assert "copy.wav" in text


def test_a_rate_that_tells_the_classes_apart_is_told(words):
    for path in (words / "no").iterdir():
        soundfile.write(path, np.random.default_rng(len(path.name)).normal(0, 0.1, 4000), 8000)
    assert "mixed conditions" in names(check(str(words)))


def test_what_is_passed_over_is_counted_by_reason(words):
    (words / "yes" / "notes.txt").write_text("x")
    (words / "yes" / "empty.wav").write_bytes(b"")
    passed = check(str(words))["passed_over"]
    assert passed["n"] == 2
    assert passed["reasons"] == {"the file is empty": 1, "not a file of a kind that speech uses": 1}
    assert passed["suffixes"] == {".txt": 1}


def test_the_task_is_what_most_files_are_of_folder_and_table(words, tmp_path, picture):
    for label in ("a", "b"):
        for i in range(4):
            (tmp_path / "pets" / label).mkdir(parents=True, exist_ok=True)
            picture(tmp_path / "pets" / label / f"{i}.png")
    record = check(str(tmp_path / "pets"))
    assert record["task"] == "images"
    assert len(record["measured"]["sizes"]) == 1
    lines = ["file,class", *(f"pets/{label}/{i}.png,{label}" for label in "ab" for i in range(4))]
    (tmp_path / "list.csv").write_text("\n".join(lines))
    assert check(str(tmp_path / "list.csv"))["layout"] == "a table (commas)"
    assert check("digits")["measured"]["sizes"] == {"8x8": 1797}


def test_the_command_prints_it_and_answers_4_where_training_could_not_begin(words, call):
    answer = call("datasets", "check", words)
    assert answer.code == 0
    assert "class folders" in answer.stdout
    assert "train speech --dataset" in answer.stdout
    for path in (words / "no").iterdir():
        path.unlink()
    (words / "no").rmdir()
    answer = call("datasets", "check", words, "--json")
    assert answer.code == 4
    assert answer.json["problems"][0]["grave"]


@pytest.mark.parametrize("task", ["speech", "images", "text"])
def test_a_folder_of_files_that_no_training_can_read_is_grave(call, tmp_path, task):
    for label in ("a", "b"):
        (tmp_path / "junk" / label).mkdir(parents=True)
        for i in range(6):
            path = tmp_path / "junk" / label / f"{i}{SUFFIX[task]}"
            path.write_bytes(b"\x89PNG\r\n\x1a\n\0" if task == "text" else b"no %s %d" % (label.encode(), i))
    answer = call("datasets", "check", tmp_path / "junk", "--task", task)
    assert answer.code == 4
    assert "error: " in answer.stdout
    assert "train " + task not in answer.stdout
    trained = call("train", task, "--dataset", tmp_path / "junk", "--out", tmp_path / "m", "--epochs", 1)
    assert trained.code == 4, "the check and the training agree"


SUFFIX = {"speech": ".wav", "images": ".png", "text": ".txt"}


@pytest.mark.parametrize("task", ["images", "text"])
def test_a_folder_of_another_task_is_grave(call, words, task):
    answer = call("datasets", "check", words, "--task", task)
    assert answer.code == 4
    assert call("train", task, "--dataset", words, "--out", words.parent / "m", "--epochs", 1).code == 4


def test_a_class_without_a_file_that_can_be_read_is_grave(bars, call):
    one, *others = (bars / "left").iterdir()
    for path in others:
        path.write_bytes(b"junk " + path.name.encode())
    assert not [problem for problem in check(str(bars))["problems"] if problem["grave"]], "one picture is enough"
    one.write_bytes(b"junk")
    (grave,) = [problem for problem in check(str(bars))["problems"] if problem["grave"]]
    assert "class left has no readable sample" in grave["text"]
    answer = call("train", "images", "--dataset", bars, "--out", bars.parent / "m", "--epochs", 1)
    assert answer.code == 4
    assert grave["text"] in answer.stderr


def test_recordings_that_can_be_read_in_spite_of_their_headers_are_not_grave(words):
    for path in [*(words / "no").iterdir(), *(words / "yes").iterdir()]:
        path.write_bytes(path.read_bytes()[:40] + b"\xff\xff\xff\xff" + path.read_bytes()[44:])
    assert not [problem for problem in check(str(words))["problems"] if problem["grave"]]


def test_json_may_be_asked_for_before_or_after_the_name_of_the_command(call, words):
    before, after = call("datasets", "--json", "check", words).json, call("datasets", "check", words, "--json").json
    assert {**before, "seconds": 0} == {**after, "seconds": 0}
    assert call("datasets", "--json", "fetch", "digits").json == call("datasets", "fetch", "digits", "--json").json
    assert [listing["name"] for listing in call("datasets", "fetch", "digits", "digits", "--json").json] == [
        "digits"
    ] * 2


def test_what_is_no_data_set_is_an_error_of_one_line(call, tmp_path):
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "empty", tmp_path / "nowhere" / "at-all", "/dev/null", "a" * 300):
        answer = call("datasets", "check", path)
        assert answer.code == 4
        assert answer.stderr.count("\n") == 1
