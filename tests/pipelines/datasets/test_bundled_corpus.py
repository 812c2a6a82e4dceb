"""The corpus in data/bundled/spoken-digits keeps the promises of its README."""

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
import soundfile

CORPUS = Path(__file__).resolve().parents[3] / "data" / "bundled" / "spoken-digits"


@pytest.fixture(scope="module")
def rows():
    with (CORPUS / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_whole_corpus_takes_less_than_six_megabytes():
    assert sum(path.stat().st_size for path in CORPUS.rglob("*") if path.is_file()) < 6_000_000


def test_the_manifest_lists_every_recording_once(rows):
    assert list(rows[0]) == ["path", "label", "split", "group"]
    listed = sorted(row["path"] for row in rows)
    assert listed == sorted(path.relative_to(CORPUS).as_posix() for path in CORPUS.rglob("*.flac"))
    assert len(listed) == len(set(listed))


def test_the_paths_name_the_voice_and_the_digit(rows):
    for row in rows:
        voice, name = row["path"].split("/")
        assert (voice, name[:2]) == (row["group"], row["label"] + "-")


def test_at_least_forty_voices_speak_every_digit_equally_often(rows):
    said = defaultdict(list)
    for row in rows:
        said[row["group"]].append(row["label"])
    assert len(said) >= 40
    takes = len(rows) // (10 * len(said))
    assert takes >= 3
    for labels in said.values():
        assert sorted(labels) == sorted(list("0123456789") * takes)


def test_no_voice_is_in_two_splits(rows):
    splits = defaultdict(set)
    for row in rows:
        splits[row["group"]].add(row["split"])
    assert all(len(found) == 1 for found in splits.values())


def test_about_seventy_percent_of_the_voices_train_and_fifteen_each_validate_and_test(rows):
    splits = {row["group"]: row["split"] for row in rows}
    shares = {split: list(splits.values()).count(split) / len(splits) for split in ("train", "valid", "test")}
    assert shares == pytest.approx({"train": 0.7, "valid": 0.15, "test": 0.15}, abs=0.03)


def test_every_recording_is_a_short_word_that_is_neither_silent_nor_clipped(rows):
    for row in rows:
        path = CORPUS / row["path"]
        samples, sr = soundfile.read(path, dtype="int16", always_2d=True)
        info = soundfile.info(path)
        assert (info.format, info.subtype, sr, samples.shape[1]) == ("FLAC", "PCM_16", 8000, 1), row["path"]
        assert 0.15 <= len(samples) / sr <= 1.5, row["path"]
        waveform = samples[:, 0] / 32768
        assert 0.2 < np.abs(waveform).max() < 0.9, row["path"]
        assert np.sqrt(np.mean(waveform**2)) > 0.02, row["path"]


def test_no_two_recordings_are_the_same(rows):
    assert len({(CORPUS / row["path"]).read_bytes() for row in rows}) == len(rows)
