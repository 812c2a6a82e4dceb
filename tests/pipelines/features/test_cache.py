"""Features come from disk the second time; whatever is wrong there is noticed, said, and put right."""

import io
import os
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from pipelines.datasets.dataset import Dataset
from pipelines.features import cache
from pipelines.features.cache import load_features
from pipelines.features.images.extractor import ImageExtractor
from pipelines.features.speech.extractor import SpeechExtractor
from pipelines.features.text.extractor import TextExtractor

SPEECH = SpeechExtractor(frames=4)


@pytest.fixture
def said(caplog):
    """A function that returns what was written to the log since it was last called, a line each with its level."""
    caplog.set_level("INFO", "backprop")

    def take():
        lines = "\n".join(f"{entry.levelname} {entry.getMessage()}" for entry in caplog.records)
        caplog.clear()
        return lines

    return take


@pytest.fixture
def dataset(tmp_path):
    """Six files, of which the fourth is no recording."""
    rng = np.random.default_rng(8)
    paths = [tmp_path / f"{number}.wav" for number in range(6)]
    for path in paths:
        soundfile.write(path, 0.1 * rng.normal(size=1500), 8000)
    paths[3].write_bytes(b"no recording")
    return of_items(paths)


def of_items(items, fingerprint="f" * 64):
    return Dataset(
        name="words",
        task="speech",
        items=items,
        y=np.arange(len(items)) % 2,
        labels=("no", "yes"),
        role=np.full(len(items), "train"),
        group=None,
        fingerprint=fingerprint,
    )


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder that entries are kept in."""
    monkeypatch.setenv("BACKPROP_DATA", str(tmp_path / "data"))
    return tmp_path / "data" / "cache"


@pytest.fixture
def extractions(monkeypatch):
    """A list that grows with every extraction."""
    calls, really = [], cache.extract_all

    def counted(*args, **kwargs):
        calls.append(args)
        return really(*args, **kwargs)

    monkeypatch.setattr(cache, "extract_all", counted)
    return calls


def same(one, other):
    return one[0].tobytes() == other[0].tobytes() and np.array_equal(one[1], other[1]) and one[2] == other[2]


def test_the_second_time_features_come_from_disk_and_are_the_same(dataset, folder, extractions, said):
    first = load_features(dataset, SPEECH)
    again = load_features(dataset, SPEECH)
    assert len(extractions) == 1
    assert same(first, again)
    assert again[0].dtype == np.float32
    assert again[1].tolist() == [True, True, True, False, True, True]
    assert again[2][0][0] == 3
    assert again[2][0][1].startswith(str(dataset.items[3]))
    assert said() == ""
    assert len(list(folder.iterdir())) == 1


def test_other_data_settings_or_version_have_entries_of_their_own(dataset, folder, extractions, monkeypatch):
    load_features(dataset, SPEECH)
    load_features(replace(dataset, fingerprint="0" * 64), SPEECH)
    load_features(dataset, replace(SPEECH, trim_db=30.0))
    monkeypatch.setattr(SpeechExtractor, "version", SPEECH.version + 1)
    load_features(dataset, SPEECH)
    assert len(extractions) == len(list(folder.iterdir())) == 4


def make_damages(content):
    """Yield contents of an entry that is not what was written, with a word for each damage."""
    yield "empty", b""
    yield "a hash and nothing else", content[:32]
    yield "cut short", content[: len(content) // 2]
    yield "a byte short", content[:-1]
    yield "a byte too long", content + b"\0"
    yield "random", np.random.default_rng(9).bytes(len(content))
    for place in (0, 40, len(content) // 2, len(content) - 1):
        yield f"byte {place} changed", content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def test_a_damaged_entry_is_noticed_said_and_made_again(dataset, folder, extractions, said):
    first = load_features(dataset, SPEECH)
    (path,) = folder.iterdir()
    content = path.read_bytes()
    for count, (damage, bad) in enumerate(make_damages(content), 2):
        path.write_bytes(bad)
        said()
        assert same(load_features(dataset, SPEECH), first), damage
        lines = said().splitlines()
        assert lines[0].startswith(f"WARNING {path}: "), damage
        assert "damaged" in lines[0], damage
        assert len(extractions) == count, damage
        assert path.read_bytes() == content, damage


@pytest.mark.parametrize("wrong", ["rows", "columns", "dtype", "failures", "names"])
def test_an_entry_that_is_whole_but_does_not_fit_is_made_again(dataset, folder, extractions, said, wrong):
    stored, ok, failures = load_features(dataset, SPEECH)
    (path,) = folder.iterdir()
    entry = {
        "rows": (stored[1:], ok, failures),
        "columns": (stored[:, 1:], ok, failures),
        "dtype": (stored.astype(np.float64), ok, failures),
        "failures": (stored, ok, []),
    }.get(wrong)
    if entry is None:
        content = io.BytesIO()
        np.savez(content, something=stored)
        path.write_bytes(content.getvalue() + cache.hashlib.sha256(content.getvalue()).digest())
    else:
        cache._save(path, entry)
    assert same(load_features(dataset, SPEECH), (stored, ok, failures))
    assert "damaged" in said()
    assert len(extractions) == 2


def test_a_folder_that_cannot_be_written_costs_a_warning_and_no_more(dataset, tmp_path, monkeypatch, said):
    (tmp_path / "file").touch()
    monkeypatch.setenv("BACKPROP_DATA", str(tmp_path / "file"))
    stored, ok, _ = load_features(dataset, SPEECH)
    assert len(stored) == ok.sum() == 5
    shown = said()
    assert "WARNING " in shown
    assert "cannot be cached" in shown


def test_a_disk_that_fills_up_leaves_no_half_made_entry(dataset, folder, monkeypatch, said):
    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        load_features(dataset, SPEECH)
    assert "No space left on device" in said()
    assert list(folder.iterdir()) == []


def test_pixels_in_memory_are_not_cached(folder, said):
    pixels = np.random.default_rng(0).integers(0, 256, (4, 5, 5), dtype=np.uint8)
    stored, ok, failures = load_features(of_items(pixels), ImageExtractor(5, 5, "grey"))
    assert np.array_equal(stored, pixels.reshape(4, 25))
    assert ok.all()
    assert failures == []
    assert not folder.exists()
    assert said() == ""


def test_a_part_of_texts_has_an_entry_of_its_own(folder):
    whole = of_items(["good morning", "good night", "thank you", "come in"])
    extractor = TextExtractor()
    for rows in ([0, 1], [2, 3]):
        stored, _, _ = load_features(whole.only(np.array(rows)), extractor)
        expected = extractor.extract_rows([whole.items[row] for row in rows])
        assert stored.data.tolist() == expected.data.tolist()
        assert stored.columns.tolist() == expected.columns.tolist()
