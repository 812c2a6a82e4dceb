"""Extraction gives a row to every readable file, in order, however many threads work at it."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import soundfile
from PIL import Image

from pipelines.door.progress import telling
from pipelines.features import extraction
from pipelines.features.extraction import CHUNK, extract_all, way_for
from pipelines.features.images.extractor import ImageExtractor
from pipelines.features.speech.extractor import SpeechExtractor

SPEECH = SpeechExtractor(statistics=False, frames=4)


@pytest.fixture(scope="module")
def words(tmp_path_factory):
    """Somewhat more files than two chunks hold."""
    folder = tmp_path_factory.mktemp("words")
    rng = np.random.default_rng(7)
    paths = [folder / f"{number:03d}.wav" for number in range(2 * CHUNK + 5)]
    for path in paths:
        noise = rng.normal(size=rng.integers(800, 3000))
        soundfile.write(path, 0.1 * noise * np.hanning(len(noise)), 8000)
    return paths


@pytest.fixture(scope="module")
def picture_files(tmp_path_factory):
    """As many pictures as there are words."""
    folder, rng = tmp_path_factory.mktemp("pictures"), np.random.default_rng(3)
    paths = [folder / f"{number:03d}.png" for number in range(2 * CHUNK + 5)]
    for path in paths:
        Image.fromarray(rng.integers(0, 256, (9, 7, 3), dtype=np.uint8)).save(path)
    return paths


@pytest.mark.parametrize("n_jobs", [1, 2, 5, None])
def test_rows_come_in_the_order_of_the_files_whatever_the_number_of_threads(words, n_jobs):
    stored, ok, failures = extract_all(SPEECH, words, n_jobs)
    assert stored.dtype == SPEECH.stored_dtype
    assert ok.all()
    assert failures == []
    assert np.array_equal(stored, [SPEECH.extract_row(SPEECH.read(path)) for path in words])


@pytest.mark.parametrize(
    ("seconds", "n_left", "n_jobs", "way"),
    [
        (6e-5, 50_000, 2, "alone"),  # small pictures: threads would stand in each other's way
        (4e-4, 12_000, 2, "processes"),  # recordings: 5 s
        (4e-4, 3_000, 2, "alone"),
        (2e-2, 100, 2, "threads"),  # photographs
        (2e-2, 1_000, 2, "processes"),
        (2e-2, 1_000, 1, "alone"),
        (2e-2, 1, 2, "alone"),
    ],
)
def test_the_way_follows_from_how_long_a_file_and_all_of_them_take(seconds, n_left, n_jobs, way):
    assert way_for(seconds, n_left, n_jobs) == way


@pytest.mark.parametrize("way", ["alone", "threads", "processes"])
@pytest.mark.parametrize("extractor", [SPEECH, ImageExtractor(5, 6, "colour")], ids=["speech", "images"])
def test_every_way_leads_to_the_same_bytes_and_failures(words, picture_files, tmp_path, monkeypatch, extractor, way):
    items = list(words if extractor is SPEECH else picture_files)
    for index in (0, 4, CHUNK, len(items) - 1):
        items[index] = tmp_path / f"none-{index}"
    monkeypatch.setattr(extraction, "way_for", lambda *_: "alone")
    stored, ok, failures = extract_all(extractor, items)
    monkeypatch.setattr(extraction, "way_for", lambda *_: way)
    again = extract_all(extractor, items, n_jobs=2)
    assert again[0].tobytes() == stored.tobytes()
    assert np.array_equal(again[1], ok)
    assert again[2] == failures
    assert [index for index, _ in failures] == [0, 4, CHUNK, len(items) - 1]


@pytest.mark.parametrize("way", ["alone", "threads", "processes"])
@pytest.mark.parametrize("extractor", [SPEECH, ImageExtractor(5, 6, "colour")], ids=["speech", "images"])
def test_a_note_of_each_file_that_was_read_stands_beside_its_row(
    words, picture_files, tmp_path, monkeypatch, extractor, way
):
    items = list(words if extractor is SPEECH else picture_files)
    expected = [len(extractor.read(item)) for item in items]
    items[4] = tmp_path / "none"
    monkeypatch.setattr(extraction, "way_for", lambda *_: way)
    stored, _, failures, notes = extraction.extract_noted(extractor, items, len, n_jobs=2)
    assert notes == expected[:4] + expected[5:]
    assert len(notes) == len(stored)
    assert [index for index, _ in failures] == [4]


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_bad_files_lose_their_rows_and_no_others(words, tmp_path, n_jobs):
    bad = {0: tmp_path / "none.wav", 5: tmp_path / "empty.wav", CHUNK: tmp_path, 2 * CHUNK + 4: tmp_path / "last.wav"}
    (tmp_path / "empty.wav").touch()
    items = [bad.get(index, path) for index, path in enumerate(words)]
    stored, ok, failures = extract_all(SPEECH, items, n_jobs)
    assert [index for index, _ in failures] == sorted(bad)
    assert all(message.startswith(f"{bad[index]}: ") for index, message in failures)
    assert np.flatnonzero(~ok).tolist() == sorted(bad)
    assert np.array_equal(stored, extract_all(SPEECH, words)[0][ok])


def test_a_whole_chunk_of_bad_files_is_no_obstacle(words, tmp_path):
    items = [tmp_path / "none.wav"] * (CHUNK + 1) + words[:2]
    stored, ok, failures = extract_all(SPEECH, items)
    assert stored.shape == (2, SPEECH.n_stored)
    assert ok.tolist() == [False] * (CHUNK + 1) + [True] * 2
    assert len(failures) == CHUNK + 1


@pytest.mark.parametrize("extractor", [SPEECH, ImageExtractor(8, 8, "grey")], ids=["speech", "images"])
def test_no_files_are_no_rows(extractor, tmp_path):
    for items in ([], [tmp_path / "none"]):
        stored, ok, failures = extract_all(extractor, items)
        assert stored.shape == (0, extractor.n_stored)
        assert stored.dtype == extractor.stored_dtype
        assert len(ok) == len(failures) == len(items)


def test_pixels_in_memory_are_converted_like_pictures():
    pixels = np.random.default_rng(0).integers(0, 256, (10, 6, 5), dtype=np.uint8)
    same = ImageExtractor(5, 6, "grey")
    stored, ok, failures = extract_all(same, pixels)
    assert np.array_equal(stored, pixels.reshape(10, 30))
    assert ok.all()
    assert failures == []
    other = ImageExtractor(4, 4, "colour")
    assert np.array_equal(extract_all(other, pixels)[0], [other.extract_row(one) for one in pixels])


def test_contents_and_paths_give_the_same_rows(words):
    assert np.array_equal(extract_all(SPEECH, [path.read_bytes() for path in words])[0], extract_all(SPEECH, words)[0])


def test_progress_is_a_line_on_standard_error_where_somebody_asks_and_there_is_no_terminal(words, capsys):
    with telling(True):
        extract_all(SPEECH, words, progress="listening")
    assert capsys.readouterr() == ("", "listening\n")
    extract_all(SPEECH, words, progress="listening")
    with telling(True):
        extract_all(SPEECH, words)
    assert capsys.readouterr() == ("", "")


def test_progress_is_a_bar_that_ends_at_the_end_where_there_is_a_terminal(words, capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with telling(True):
        stored, _, _ = extract_all(SPEECH, words, progress="listening")
    shown = capsys.readouterr()
    assert len(stored) == len(words)
    assert shown.out == ""
    assert "listening" in shown.err
    assert "100%" in shown.err


def test_an_error_in_the_program_is_not_taken_for_a_bad_file(words):
    class Broken(SpeechExtractor):
        def extract_rows(self, waveforms):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        extract_all(Broken(), words, n_jobs=2)


@pytest.mark.skipif(os.name == "nt", reason="sends a POSIX signal")
def test_ctrl_c_ends_a_long_extraction_at_once(words):
    program = f"""
import sys
from pathlib import Path
from pipelines.features.extraction import extract_all
from pipelines.features.speech.extractor import SpeechExtractor
extractor = SpeechExtractor()
extractor.matrices()  # librosa's import takes seconds where it is the first
print("ready", flush=True)
extract_all(extractor, [Path({str(words[0])!r})] * 300_000, n_jobs=2, progress="listening")
"""
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell that runs the tests in the background has SIGINT ignored, and what it starts inherits that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.5)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=20)
        assert time.monotonic() - began < 5
        assert process.returncode != 0
        assert "KeyboardInterrupt" in stderr
    finally:
        process.kill()
