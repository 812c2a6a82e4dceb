"""A word in a noisy room begins and ends where it does in a quiet one; without noise around, it is left as it is."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipelines.features.speech.endpoints import WordSearch, word_endpoints
from pipelines.features.speech.noise import BROWN, PINK, WHITE, make_noise, noise_of_power
from pipelines.features.speech.room_noise import beyond_noise

WORDS = sorted((Path(__file__).resolve().parents[4] / "data" / "bundled" / "spoken-digits").glob("[fm]1/*.flac"))
SR = 8000
PAUSE = round(0.5 * SR)
LOUD = 25.0  # decibels, the extractor's trim_db


@pytest.fixture(scope="module")
def words():
    """Words of two voices, cut out: list of float64 ndarray, of the same mean power."""
    cut = []
    for path in WORDS[::3]:
        waveform = soundfile.read(path)[0]
        start, stop = endpoints(waveform)
        cut.append(waveform[start:stop] / np.sqrt(np.mean(waveform[start:stop] ** 2)))
    return cut


def endpoints(waveform):
    return word_endpoints(waveform, SR, frame_length=256, hop_length=80, trim_db=LOUD, pad=0)


def in_room(word, colour, snr, before=PAUSE, after=PAUSE):
    """Return a word of power 1 between two pauses, with noise."""
    quiet = np.pad(word, (before, after))
    return quiet + noise_of_power(len(quiet), 10 ** (-snr / 10), colour, np.random.default_rng(0))


def test_words_that_are_cut_out_are_left_as_they_are(words):
    assert all(beyond_noise(word, SR, LOUD) == (0, len(word)) for word in words)


@pytest.mark.parametrize("snr", [40, 20, 10])
def test_one_search_for_several_thresholds_finds_what_a_search_for_each_does(words, snr):
    click = np.zeros(PAUSE)
    click[PAUSE // 2] = 30.0
    for word in words[:4]:
        waveform = np.concatenate([click, in_room(word, PINK, snr), click])
        search = WordSearch(waveform, SR, 256, 80)
        for trim_db in (45.0, 15.0, LOUD, 35.0, LOUD):
            assert search.ends(trim_db, 40) == word_endpoints(waveform, SR, 256, 80, trim_db, 40)


@pytest.mark.parametrize("colour", [WHITE, PINK, BROWN], ids=["white", "pink", "brown"])
@pytest.mark.parametrize("snr", [30, 20, 10])
def test_a_word_begins_and_ends_where_it_does_in_silence(words, colour, snr):
    beyond = []
    for word in words:
        start, stop = endpoints(in_room(word, colour, snr))
        beyond.append((PAUSE - start, stop - PAUSE - len(word)))
    assert np.max(beyond) < 0.1 * SR  # next to no noise is taken for word
    assert np.median(beyond, axis=0).min() > -0.03 * SR  # and soft sounds alone drown in it


def test_the_hum_of_the_mains_is_noise(words):
    for word in words:
        quiet = np.pad(word, PAUSE)
        t = np.arange(len(quiet)) / SR
        hum = sum(np.sin(2 * np.pi * 50 * k * t + k) / k**2 for k in (1, 2, 3))
        start, stop = endpoints(quiet + 0.3 * hum)
        assert abs(start - PAUSE) < 0.1 * SR
        assert abs(stop - PAUSE - len(word)) < 0.1 * SR


def test_noise_on_one_side_moves_one_end(words):
    alone = in_room(words[0], WHITE, 10, after=0)
    start, stop = beyond_noise(alone, SR, LOUD)
    assert abs(start - PAUSE) < 0.05 * SR
    assert stop == len(alone)
    start, stop = beyond_noise(alone[::-1], SR, LOUD)
    assert start == 0
    assert abs(stop - len(words[0])) < 0.05 * SR


def test_the_level_does_not_matter(words):
    noisy = in_room(words[0], PINK, 10)
    assert beyond_noise(2**-7 * noisy, SR, LOUD) == beyond_noise(noisy, SR, LOUD) != (0, len(noisy))


@pytest.mark.parametrize("sr", [8000, 16000, 44100, 192_000])
def test_no_rate_hides_a_word(sr):
    t = np.arange(sr // 2) / sr
    voice = np.sin(2 * np.pi * 300 * t) * np.hanning(len(t))
    quiet = np.pad(voice, sr // 2)
    noisy = quiet + 0.02 * np.random.default_rng(0).standard_normal(len(quiet))
    start, stop = np.array(beyond_noise(noisy, sr, LOUD)) / sr
    assert 0.45 < start < 0.65
    assert 0.85 < stop < 1.05


@pytest.mark.parametrize(("louder", "snr"), [(3, 10), (16, 5)], ids=["louder", "far louder"])
def test_a_knock_before_the_word_is_not_the_word(words, louder, snr):
    for word in words:
        noisy = in_room(word, WHITE, snr)
        noisy[PAUSE // 2 : PAUSE // 2 + 240] += louder * np.abs(word).max() * np.hanning(240)
        start, stop = endpoints(noisy)
        assert abs(start - PAUSE) < 0.1 * SR
        assert PAUSE < stop < PAUSE + len(word) + 0.1 * SR


@pytest.mark.parametrize(
    "sound",
    [
        np.ones(1),
        np.ones(2000),
        np.zeros(1000) + np.eye(1, 1000, 500)[0],
        make_noise(2 * SR, WHITE, np.random.default_rng(1)),
        make_noise(round(0.3 * SR), PINK, np.random.default_rng(1)),
    ],
    ids=["one sample", "one level", "one click", "noise", "short noise"],
)
def test_where_there_is_no_word_all_of_it_stays(sound):
    assert beyond_noise(sound, SR, LOUD) == (0, len(sound))
