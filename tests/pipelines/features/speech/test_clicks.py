"""A click beside a word is no part of it, be it louder or softer; without clicks, energy alone decides."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipelines.features.speech.clicks import beyond_clicks
from pipelines.features.speech.extractor import SpeechExtractor

WORDS = sorted((Path(__file__).resolve().parents[4] / "data" / "bundled" / "spoken-digits").glob("[fm]1/*.flac"))
SR = 8000
RATE, TRIM_DB = 100.0, 25.0


def click(kind, seconds=0.01):
    t = np.arange(round(seconds * SR))
    fading = np.exp(-4 * t / len(t))
    return {
        "one sample": np.eye(1, len(t), 3)[0],
        "ringing": fading * np.sin(2 * np.pi * 1200 * t / SR),
        "rough": fading * np.random.default_rng(0).uniform(-1, 1, len(t)),
    }[kind] / (1 if kind == "one sample" else 0.8)


def hiss(seconds):
    return 3e-4 * np.random.default_rng(1).standard_normal(round(seconds * SR))


@pytest.fixture(scope="module")
def words():
    """Some words of two voices, a quarter of full scale: list of float64 ndarray."""
    read = [soundfile.read(path)[0] for path in WORDS[::7]]
    return [0.25 * word / np.abs(word).max() for word in read]


@pytest.mark.parametrize("kind", ["one sample", "ringing", "rough"])
@pytest.mark.parametrize("gap", [0.25, 0.5])
@pytest.mark.parametrize("level", [1.0, 0.25, 0.1, 0.03], ids=["louder", "as loud", "softer", "soft"])
def test_a_word_is_cut_out_alike_with_clicks_before_and_after_it(words, kind, gap, level):
    extractor, pause, other = SpeechExtractor(), hiss(gap), 0
    for word in words:
        alone = np.concatenate([pause, word, pause])
        clicked = np.concatenate([hiss(0.2), level * click(kind), alone, level * click(kind), hiss(0.2)])
        plain, cut = (extractor.word(each.astype(np.float32)) for each in (alone, clicked))
        assert np.abs(cut).max() == 1
        other += abs(len(cut) - len(plain)) > extractor.hop_length
    assert other <= 1  # a soft end may lie just on one side of the threshold


def test_energy_alone_decides_where_there_is_no_click(words):
    for word in words:
        energies = np.square(word[: len(word) // 80 * 80]).reshape(-1, 80).sum(axis=1)
        loud = np.flatnonzero(energies > energies.max() * 10 ** (-TRIM_DB / 10))
        assert beyond_clicks(energies, RATE, TRIM_DB) == ((loud[0], loud[-1] + 1), (0, len(energies)))


@pytest.mark.parametrize("frame_rate", [50.0, 100.0, 125.0, 1000.0])
def test_times_are_in_seconds_not_in_frames(frame_rate):
    frames = np.arange(round(2 * frame_rate)) / frame_rate
    word, knock = (frames >= 1) & (frames < 1.4), (frames >= 0.2) & (frames < 0.22)
    (start, stop), (first, last) = beyond_clicks(word + 30.0 * knock + 1e-9, frame_rate, TRIM_DB)
    assert start / frame_rate == pytest.approx(1, abs=1.01 / frame_rate)
    assert stop / frame_rate == pytest.approx(1.4, abs=1.01 / frame_rate)
    assert 0.22 <= first / frame_rate < 0.3
    assert last == len(frames)


def frames_of(*loud):
    """Return the energies of 200 frames, some of them loud: (first, the one behind the last, energy)."""
    energies = np.full(200, 1e-9)
    for first, stop, energy in loud:
        energies[first:stop] = energy
    return energies


@pytest.mark.parametrize(
    ("sounds", "word", "around"),
    [
        ([(80, 120, 1.0)], (80, 120), (0, 200)),
        ([(20, 23, 0.1), (80, 120, 1.0)], (80, 120), (23, 200)),
        ([(80, 120, 1.0), (150, 153, 0.1)], (80, 120), (0, 150)),
        ([(10, 13, 9.0), (20, 23, 0.1), (80, 120, 1.0), (150, 153, 9.0)], (80, 120), (23, 147)),
        ([(80, 120, 1.0), (135, 138, 0.1)], (80, 138), (0, 200)),
        ([(50, 62, 0.1), (80, 120, 1.0)], (50, 120), (0, 200)),
        ([(40, 43, 1.0), (150, 153, 0.5)], (40, 153), (0, 200)),
        ([(40, 43, 1e6), (80, 120, 1.0)], (40, 43), (0, 200)),
    ],
    ids=[
        "a word",
        "a click before it",
        "a click after it",
        "clicks louder and softer than it",
        "the burst of a t",
        "a word of two parts",
        "nothing but clicks",
        "a click beside next to nothing",
    ],
)
def test_what_is_taken_for_the_word(sounds, word, around):
    energies = frames_of(*sounds)
    assert beyond_clicks(energies, RATE, TRIM_DB) == (word, around)
    mirrored = [(200 - stop, 200 - first) for first, stop in (word, around)]
    if word != (80, 138):  # a burst ends a word and begins none
        assert beyond_clicks(energies[::-1], RATE, TRIM_DB) == tuple(mirrored)
    assert beyond_clicks(2.0**-20 * energies, RATE, TRIM_DB) == (word, around)


@pytest.mark.parametrize("n", [1, 2, 7, 30])
def test_the_shortest_sound_is_all_of_it(n):
    assert beyond_clicks(np.ones(n), RATE, TRIM_DB) == ((0, n), (0, n))
