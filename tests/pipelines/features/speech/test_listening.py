"""Listening answers each word once, soon after its end, and whatever the size of the blocks."""

import numpy as np
import pytest

from pipelines.features.speech.extractor import SpeechExtractor
from pipelines.features.speech.listening import LONGEST, MUTED, PATIENCE, Listener
from pipelines.features.speech.segmentation import Segmentation

SR = 8000
PLACES = (0.5, 1.4, 2.6)


class Sure:
    """A model that is sure of the same word each time."""

    extractor, labels, provenance = SpeechExtractor(), ("yes", "no"), {}

    def probabilities(self, stored):
        return np.tile(np.array([[0.9, 0.1]], np.float32), (len(stored), 1))


def word(seconds=0.4):
    t = np.arange(round(seconds * SR)) / SR
    return 0.2 * np.hanning(len(t)) * sum(np.sin(2 * np.pi * k * (120 * t + 40 * t**2)) / k for k in range(1, 20))


def stream(seconds=4.0, places=PLACES):
    sound = np.random.default_rng(0).normal(0, 1e-4, round(seconds * SR))
    for place in places:
        sound[round(place * SR) :][: round(0.4 * SR)] += word()
    return sound.astype(np.float32)


def listen(sound, size, **options):
    blocks = [sound[start : start + size] for start in range(0, len(sound), size)]
    return [word for heard in Listener(Sure(), **options).hear(blocks) for word in heard.words]


def test_each_word_is_answered_once_where_it_is():
    words = listen(stream(), 800)
    assert [word.word for word in words] == ["yes"] * 3
    for word, place in zip(words, PLACES, strict=True):
        assert abs(word.start - place) < 0.1
        assert abs(word.end - place - 0.4) < 0.1


@pytest.mark.parametrize("size", [80, 997, 5000, 32_000])
def test_the_answers_do_not_depend_on_the_size_of_the_blocks(size):
    assert listen(stream(), size) == listen(stream(), 160)


def test_an_answer_comes_soon_after_the_end_of_its_word():
    sound, fed = stream(), 0

    def blocks():
        nonlocal fed
        for start in range(0, len(sound), 80):
            fed = start + 80
            yield sound[start : start + 80]

    late = [fed / SR - word.end for heard in Listener(Sure()).hear(blocks()) for word in heard.words]
    assert len(late) == 3
    assert max(late) < PATIENCE + 0.1


def test_a_word_that_the_end_cuts_off_is_answered_too():
    assert len(listen(stream()[: round(2.9 * SR)], 800)) == 3


def test_less_probable_words_are_unknown_and_repeated_ones_can_be_left_out():
    assert [word.word for word in listen(stream(), 800, threshold=0.95)] == [None] * 3
    assert len(listen(stream(), 800, refractory=1.0)) == 2


def test_a_word_in_doubt_tells_how_it_is_unlike_those_learned_from():
    listener = Listener(Sure())
    listener.model = model = Sure()
    limits = {"noise": [50.0, 80.0], "band": [100.0, 4000.0], "seconds": [5.0, 6.0]}
    noisy = stream() + np.random.default_rng(1).normal(0, 0.01, 4 * SR).astype(np.float32)
    for threshold, sound, expected in ((0.95, noisy, "noise is only"), (0.95, stream(), None), (0.5, noisy, None)):
        model.provenance = {"threshold": threshold, "usual": limits}
        told = {each for heard in listener.hear(np.split(sound, 40)) for each in heard.unlike.values()}
        assert all(expected and expected in each for each in told)
        assert bool(told) == bool(expected)


def test_digital_silence_is_noticed_after_a_second_and_noise_is_not():
    silence = np.zeros(2 * SR, np.float32)
    heard = list(Listener(Sure()).hear(silence[start : start + 800] for start in range(0, 2 * SR, 800)))
    assert [step.muted for step in heard].index(True) >= MUTED * SR / 800 - 2
    assert heard[-1].muted
    noise = Listener(Sure()).hear([stream(places=())])
    assert not any(step.muted or step.words for step in noise)


def test_a_sound_of_ten_seconds_is_answered_in_parts(monkeypatch):
    t = np.arange(10 * SR) / SR
    sway = 0.2 * np.sin(2 * np.pi * (300 * t + 20 * np.sin(3 * t))) * (1.2 + np.sin(5 * t))
    sound = np.concatenate([stream(1.0, ()), sway.astype(np.float32), stream(1.0, ())])
    monkeypatch.setattr(Segmentation, "words", lambda *_: [])  # each part counts as one word
    words = listen(sound, 800)
    assert words
    assert all(word.end - word.start < LONGEST + 1 for word in words)


@pytest.mark.parametrize("size", [160, 4000])
def test_a_sound_whose_peaks_are_cut_off_is_told_of(size):
    loud = np.clip(20 * stream(), -1, 1)
    steps = [loud[start : start + size] for start in range(0, len(loud), size)]
    assert any(heard.clipped for heard in Listener(Sure()).hear(steps))
    steps = [stream()[start : start + size] for start in range(0, len(loud), size)]
    assert not any(heard.clipped for heard in Listener(Sure()).hear(steps))
