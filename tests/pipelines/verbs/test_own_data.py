"""A user's own data trains as it is, without what cannot be read, and what is wrong with it is said by name."""

import os
import shutil

import numpy as np
import pytest
import soundfile

from pipelines.models import bundle


def manifest(folder, lines):
    path = folder / "table.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_manifest_trains_with_its_own_split(call, tmp_path, tiny, bars):
    lines = ["path,label,split"]
    for label in ("left", "right"):
        for number in range(12):
            role = "test" if number < 3 else "valid" if number < 5 else "train"
            lines.append(f"bars/{label}/{number:02d}.png,{label},{role}")
    answer = call("train", "images", "--dataset", manifest(tmp_path, lines), "--out", tmp_path / "m", "--json", *tiny)
    assert answer.code == 0
    assert (answer.json["n_train"], answer.json["n_valid"], answer.json["n_test"]) == (14, 4, 6)


def test_a_broken_file_is_left_out_and_listed_and_the_others_are_learned_from(call, tmp_path, tiny, bars):
    (bars / "left" / "broken.png").write_bytes((bars / "left" / "00.png").read_bytes()[:60])
    (bars / "right" / "empty.png").write_bytes(b"")
    (bars / "right" / "notes.txt").write_text("no picture")
    answer = call("train", "images", "--dataset", bars, "--out", tmp_path / "m", "--json", *tiny)
    assert answer.code == 0
    skipped = [line for line in answer.stderr.splitlines() if line.startswith("skipped: ")]
    assert [line.split(": ")[1] for line in sorted(skipped)] == [
        str(bars / "left" / "broken.png"),
        str(bars / "right" / "empty.png"),
        str(bars / "right" / "notes.txt"),
    ]
    assert answer.json["n_train"] + answer.json["n_valid"] + answer.json["n_test"] == 24


def test_of_many_broken_files_a_few_are_listed_and_the_rest_counted(call, tmp_path, tiny, bars):
    for number in range(30):
        (bars / "left" / f"broken{number}.png").write_bytes(b"")
    answer = call("train", "images", "--dataset", bars, "--out", tmp_path / "m", *tiny)
    assert answer.code == 0
    assert answer.stderr.count("skipped: ") == 11
    assert "20 more files" in answer.stderr


def test_all_that_was_skipped_and_found_is_in_the_json(call, tmp_path, tiny, bars):
    for number in range(15):
        (bars / "left" / f"broken{number}.png").write_bytes(b"")
    shutil.copy(bars / "right" / "03.png", bars / "left" / "copy.png")
    answer = call("train", "images", "--dataset", bars, "--out", tmp_path / "m", "--json", *tiny)
    assert answer.code == 0
    record = answer.json
    assert len(record["skipped"]) == 15
    assert record["extractor"]["channels"] == "grey"
    assert "12 x 12 pixels, grey" in record["notes"][0]
    found = {warning["name"]: warning for warning in record["warnings"]}
    (pair,) = found["contradicting duplicates"]["evidence"]["pairs"]
    assert set(pair["paths"]) == {str(bars / "left" / "copy.png"), str(bars / "right" / "03.png")}
    for text in (*(warning["text"] for warning in record["warnings"]), *record["notes"]):
        assert text in answer.stderr
    assert bundle.load(tmp_path / "m").provenance["warnings"] == [warning["text"] for warning in record["warnings"]]


def test_unequal_classes_are_balanced_unless_the_recipe_says_no(call, tmp_path, bars, picture):
    for number in range(60):
        picture(bars / "left" / f"more{number}.png", column=2, noise=100 + number)
    (tmp_path / "plain.toml").write_text("balance = 0\nhidden = [8]\nepochs = 30\n")
    (tmp_path / "balanced.toml").write_text("hidden = [8]\nepochs = 30\n")
    words = ("train", "images", "--dataset", bars)
    plain = call(*words, "--config", tmp_path / "plain.toml", "--out", tmp_path / "plain", "--json")
    balanced = call(*words, "--config", tmp_path / "balanced.toml", "--out", tmp_path / "balanced", "--json")
    assert (plain.json["balance"], balanced.json["balance"]) == (None, 0.5)
    assert "very different sizes; of the effect of this on the answers, 50 % is removed" in balanced.stderr
    assert "taken back" not in plain.stderr
    networks = [bundle.load(tmp_path / name).network for name in ("plain", "balanced")]
    X = np.zeros((1, networks[0].n_features), np.float32)
    before, after = (network.logits(X)[0] for network in networks)
    assert before[0] - before[1] > after[0] - after[1]
    table = call(*words, "--config", tmp_path / "balanced.toml", "--out", tmp_path / "m").stdout
    assert "balanced accuracy" in table.splitlines()[0]


def test_whatever_a_file_or_class_is_called_is_printed_in_one_line_and_as_no_command(call, tmp_path, tiny, bars):
    (bars / "left").rename(bars / "--help")
    (bars / "right").rename(bars / os.fsdecode(b"\x1b[31m\xff"))
    for name in (b"new\nline.png", b"\x1b[2J.png", b"\xfe.png"):
        (bars / "--help" / os.fsdecode(name)).write_bytes(b"")
    answer = call("train", "images", "--dataset", bars, "--out", tmp_path / "m", *tiny)
    assert answer.code == 0
    skipped = [line for line in answer.stderr.splitlines() if line.startswith("skipped: ")]
    assert len(skipped) == 3
    for shown in ("new\\nline.png", "\\x1b[2J.png", "\\xfe.png"):
        assert sum(shown in line for line in skipped) == 1
    assert "\x1b" not in answer.stderr
    assert call("predict", tmp_path / "m", bars / "--help" / "00.png", "--json").code == 0


def test_speech_is_warned_of_where_rates_or_one_speaker_give_a_word_away(call, tmp_path, tiny, sound):
    lines = ["path,label,group"]
    for label, sr, speakers in (("yes", 8000, "abcd"), ("no", 16000, "abcd"), ("maybe", 16000, "a")):
        for speaker in speakers:
            for number in range(12 // len(speakers)):
                name = f"{label}-{speaker}-{number}.wav"
                pitch = 100 + 10 * ord(speaker) % 70 + number + 50 * (label == "no")
                soundfile.write(tmp_path / name, sound(sr=sr, pitch=pitch, seconds=0.4 + 0.02 * number), sr)
                lines.append(f"{name},{label},{speaker}")
    answer = call("train", "speech", "--dataset", manifest(tmp_path, lines), "--out", tmp_path / "m", "--json", *tiny)
    assert answer.code == 0, answer
    found = {warning["name"]: warning["evidence"] for warning in answer.json["warnings"]}
    assert found["one group alone"]["groups"] == {"maybe": "a"}
    assert found["mixed conditions"]["counts"] == {"16 kHz": 24, "8 kHz": 12}
    assert found["mixed conditions"]["told_apart"]["yes"] == "8 kHz"
    assert set(found["few samples"]["n_train"]) == {"yes", "no"}
    assert "12 at 8 kHz" in answer.stderr


def empty_class(bars):
    (bars / "middle").mkdir()


def class_of_one(bars):
    (bars / "middle").mkdir()
    shutil.copy(bars / "left" / "00.png", bars / "middle" / "00.png")


def class_of_broken_files(bars):
    (bars / "middle").mkdir()
    for number in range(4):
        (bars / "middle" / f"{number}.png").write_bytes(b"no picture")


@pytest.mark.parametrize("spoil", [empty_class, class_of_one, class_of_broken_files])
def test_a_class_without_enough_files_is_refused_by_name(call, tmp_path, tiny, bars, spoil):
    spoil(bars)
    answer = call("train", "images", "--dataset", bars, "--out", tmp_path / "m", *tiny)
    assert answer.code == 4
    assert "middle" in answer.stderr
    assert not (tmp_path / "m").exists()


def test_data_of_which_nothing_can_be_read_is_refused(call, tmp_path, tiny, bars):
    for path in bars.rglob("*.png"):
        path.write_bytes(b"no picture")
    answer = call("train", "images", "--dataset", bars, "--out", tmp_path / "m", *tiny)
    assert answer.code == 4
    assert answer.stderr.startswith("error: ")


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["path,label", "a.png,left", "none.png,right"], ["none.png"]),
        (["path,colour,size", "a.png,left,red"], ["colour", "label"]),
        (["path", "a.png"], ["label"]),
    ],
)
def test_a_manifest_that_is_wrong_is_refused_by_name(call, tmp_path, tiny, picture, lines, words):
    picture(tmp_path / "a.png")
    path = manifest(tmp_path, lines)
    answer = call("train", "images", "--dataset", path, "--out", tmp_path / "m", *tiny)
    assert answer.code == 4
    assert all(word in answer.stderr for word in [str(path), *words])
