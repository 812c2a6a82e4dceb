"""`voices` makes a data set that can be trained on, whatever program speaks, and says what it cannot say."""

import csv
import shlex
import shutil
import sys
from collections import Counter

import numpy as np
import pytest

from pipelines import datasets
from pipelines.errors import UsageError
from pipelines.features.speech.synthesis import Voice, near_misses, synthesise
from pipelines.learning.tasks.speech import TASK

SPEAKER = """
import array, math, sys, wave
text, path, speed = sys.argv[1:]
n = round(8000 * 60 / float(speed))
tones = [200 + 97 * ord(letter) % 3000 for letter in text]
samples = [sum(math.sin(6.283 * f * t / 8000) for f in tones) * math.sin(3.14 * t / n) / len(tones) for t in range(n)]
with wave.open(path, "wb") as file:
    file.setparams((1, 2, 8000, 0, "NONE", ""))
    file.writeframes(array.array("h", [round(9000 * sample) for sample in samples]).tobytes())
"""
needs_espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")


@pytest.fixture
def tts(tmp_path):
    """A command that says anything as some tones."""
    (tmp_path / "speaker.py").write_text(SPEAKER)
    return f"'{sys.executable}' '{tmp_path / 'speaker.py'}' {{text}} {{wav}} {{speed}}"


def lines_of(folder):
    with (folder / "manifest.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_any_command_may_speak_and_each_word_has_all_voices(call, tts, tmp_path):
    out = tmp_path / "words"
    voices = ["--tts", tts, "--voice", "a", "--voice", "b"]
    answer = call("voices", "lights on", "off", *voices, "--takes", 5, "--out", out, "--json")
    assert answer.code == 0, answer
    lines = lines_of(out)
    by_word = {word: Counter(line["group"] for line in lines if line["label"] == word) for word in ("lights on", "off")}
    assert by_word["lights on"] == by_word["off"]
    assert sum(by_word["off"].values()) == 5
    assert answer.json["near_misses"] == 0
    assert len(datasets.load(str(out), "speech")) == 10


def test_a_voice_without_a_command_is_refused(call, tmp_path):
    answer = call("voices", "on", "off", "--voice", "a", "--out", tmp_path / "words")
    assert (answer.code, answer.stdout) == (2, "")
    assert "--voice names a voice of a command" in answer.stderr
    assert not (tmp_path / "words").exists()


def test_near_misses_of_a_command_are_refused(call, tts, tmp_path):
    words = ("voices", "on", "off", "--tts", tts, "--takes", 4, "--out", tmp_path / "words")
    answer = call(*words, "--near", 1)
    assert (answer.code, answer.stdout) == (2, "")
    assert "says no near misses" in answer.stderr
    assert call(*words, "--near", 0).code == 0


def test_the_same_seed_makes_the_same_takes(call, tts, tmp_path):
    for out in ("one", "the other"):
        answer = call("voices", "on", "off", "--tts", tts, "--takes", 4, "--out", tmp_path / out)
        assert answer.code == 0
        assert shlex.quote(str(tmp_path / out)) in answer.stdout.splitlines()[-1]
    for line in lines_of(tmp_path / "one"):
        assert (tmp_path / "one" / line["path"]).read_bytes() == (tmp_path / "the other" / line["path"]).read_bytes()


@needs_espeak
def test_espeak_says_words_and_near_misses_that_are_foreign(call, tmp_path):
    out = tmp_path / "words"
    answer = call("voices", "on", "off", "--takes", 6, "--near", 1, "--out", out, "--json")
    assert answer.code == 0, answer
    dataset = datasets.load(str(out), "speech")
    assert dataset.labels == ("off", "on")
    assert len(dataset) == 12
    assert len(dataset.foreign) == answer.json["near_misses"] > 6
    split = datasets.with_split(dataset, np.random.default_rng(0))
    assert set(split.foreign.role) == {"train", "valid", "test"}
    assert TASK.extractor_for(dataset).sr >= 8000


@needs_espeak
def test_a_training_learns_from_near_misses_and_measures_them(call, tmp_path):
    out, model = tmp_path / "words", tmp_path / "words.safetensors"
    assert call("voices", "yes", "no", "--takes", 10, "--near", 1, "--out", out).code == 0
    few = ["--epochs", "2", "--hidden", "16", "--set", "foreign=0.5"]
    answer = call("train", "speech", "--dataset", out, *few, "--out", model, "--json")
    assert answer.code == 0, answer
    assert all(answer.json["n_foreign"].values())
    measured = call("evaluate", model, "--json")
    assert measured.json["foreign"]["n"] == answer.json["n_foreign"]["test"]
    assert measured.json["foreign"]["learned_from"] == answer.json["n_foreign"]["train"]


@needs_espeak
@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "no word to say"),
        (["yes"], "is only one word"),
        (["yes", "Yes"], "are the same word"),
        (["<b>yes</b>", "no"], "markup"),
        (["[[j'Es]]", "no"], "markup"),
        (["yes", "--lang=xx-none", "no"], "does not speak 'xx-none'"),
        (["yes", "..."], "cannot be spoken"),
        (["a/b", "no"], "cannot be spoken"),
        (["_foreign_", "no"], "name for foreign sounds"),
    ],
)
def test_what_cannot_be_said_is_refused(call, tmp_path, words, said):
    answer = call("voices", *words, "--out", tmp_path / "none")
    assert answer.code == 2
    assert said in answer.stderr
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("echo {text}", "has no {wav}"),
        ("true '{text} {wav}", "no closing quotation"),
        ("no-such-program-here {text} {wav}", "no program 'no-such-program-here'"),
        (f"'{sys.executable}' -c 'raise SystemExit(3)' {{text}} {{wav}}", "failed"),
        (f"'{sys.executable}' -c pass {{text}} {{wav}}", "cannot be spoken"),
    ],
)
def test_a_command_that_does_not_speak_is_refused(call, tmp_path, command, said):
    answer = call("voices", "yes", "no", "--tts", command, "--out", tmp_path / "none")
    assert answer.code == 2
    assert said in answer.stderr


def test_without_espeak_it_says_how_to_install_it(call, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    answer = call("voices", "yes", "no", "--out", tmp_path / "none")
    assert answer.code == 2
    assert "apt install espeak-ng" in answer.stderr


def test_a_data_set_is_not_written_over(call, tts, tmp_path):
    out = tmp_path / "words"
    out.mkdir()
    (out / "manifest.csv").write_text("path,label\n")
    answer = call("voices", "yes", "no", "--tts", tts, "--out", out)
    assert answer.code == 4
    assert (out / "manifest.csv").read_text() == "path,label\n"


def test_near_misses_differ_in_one_phone_of_the_same_kind():
    word = ["l", "'aI", "t"]
    found = near_misses(word, ["b", "s", "i:", "@"], np.random.default_rng(0), 200)
    assert len(found) > 6
    for miss in found:
        if len(miss) == 3:
            ((old, new),) = [(a, b) for a, b in zip(word, miss, strict=True) if a != b]
            assert (old == "'aI") == (new in ("i:", "@"))
        else:
            assert len(miss) == 2


def test_a_word_that_gives_no_sound_is_named():
    class Silent:
        def say(self, text, voice, path):
            path.write_bytes(b"")

    with pytest.raises(UsageError, match="'hush' cannot be spoken"):
        synthesise(Silent(), "hush", Voice("1", 150, 50))
