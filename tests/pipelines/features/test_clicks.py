"""A click beside a word is taken out, whatever it sounds like; a word that has none is left as it is, to the bit."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipelines.features.clicks import without_clicks
from pipelines.features.speech import SpeechExtractor

WORDS = sorted((Path(__file__).resolve().parents[3] / "data" / "bundled" / "spoken-digits").glob("[fm]1/*.flac"))
SR = 8000


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
    """Some words of two voices, well below full scale: list of float64 ndarray."""
    read = [soundfile.read(path)[0] for path in WORDS[::7]]
    return [0.25 * word / np.abs(word).max() for word in read]


def test_words_are_left_as_they_are(words):
    assert all(without_clicks(word, SR) is word for word in words)


@pytest.mark.parametrize("kind", ["one sample", "ringing", "rough"])
@pytest.mark.parametrize("gap", [0.1, 0.4])
def test_a_word_is_described_alike_with_clicks_before_and_after_it(words, kind, gap):
    extractor, pause, shifted = SpeechExtractor(), hiss(gap), 0
    for word in words:
        alone = np.concatenate([pause, word, pause])
        clicked = np.concatenate([hiss(0.2), click(kind), alone, click(kind), hiss(0.2)])
        plain, other = (extractor.word(each.astype(np.float32)) for each in (alone, clicked))
        assert np.abs(other).max() == pytest.approx(np.abs(plain).max(), rel=0.02)
        shifted += abs(len(other) - len(plain)) > 2 * extractor.hop_length
    assert shifted <= 1  # a soft end may lie just on one side of the threshold


def test_only_what_is_around_a_click_changes(words):
    clicked = np.concatenate([hiss(0.2), click("rough"), hiss(0.2), words[0]])
    changed = np.flatnonzero(without_clicks(clicked, SR) != clicked)
    assert changed.min() >= 0.18 * SR
    assert changed.max() < 0.26 * SR


def test_the_level_does_not_matter(words):
    clicked = np.concatenate([click("ringing"), hiss(0.2), words[0]])
    np.testing.assert_array_equal(without_clicks(2**-7 * clicked, SR), 2**-7 * without_clicks(clicked, SR))


@pytest.mark.parametrize("sr", [8000, 16000, 44100, 192_000])
def test_no_rate_hides_a_click(sr):
    t = np.arange(sr // 2) / sr
    word = 0.2 * np.sin(2 * np.pi * 300 * t)
    clicked = np.concatenate([np.zeros(sr // 10), [1.0, -1.0], np.zeros(sr // 10), word])
    np.testing.assert_array_equal(without_clicks(clicked, sr)[-len(word) :], word)
    assert np.abs(without_clicks(clicked, sr)).max() <= 0.2


@pytest.mark.parametrize(
    "sound",
    [
        np.concatenate([hiss(0.3), click("rough"), hiss(0.3)]),
        np.concatenate([np.zeros(400), click("one sample"), np.zeros(400)]),
        click("ringing"),
        np.ones(1),
        np.zeros(1000),
    ],
    ids=["in hiss", "in silence", "nothing else", "one sample", "silence"],
)
def test_a_click_that_is_all_there_is_stays(sound):
    assert without_clicks(sound, SR) is sound
