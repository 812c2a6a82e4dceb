"""What a recording sounds like is measured whatever was said, and what is unusual about it is named."""

import numpy as np
import pytest

from pipelines.features.speech.conditions import differences, measure, usual
from pipelines.features.speech.extractor import SpeechExtractor
from pipelines.features.speech.room import through_room

EXTRACTOR = SpeechExtractor()
SR = EXTRACTOR.sr


def word(rng, seconds=0.4, quiet=0.3):
    t = np.arange(round(seconds * SR)) / SR
    voiced = np.hanning(len(t)) ** 0.3 * sum(np.sin(2 * np.pi * k * 150 * t) / k**0.3 for k in range(1, 24))
    pause = np.zeros(round(quiet * SR))
    sound = np.concatenate([pause, 0.3 * voiced / np.abs(voiced).max(), pause])
    return (sound + rng.normal(0, 1e-4, len(sound))).astype(np.float32)


@pytest.fixture(scope="module")
def limits():
    rng = np.random.default_rng(0)
    return usual([measure(word(rng, rng.uniform(0.3, 0.5)), EXTRACTOR) for _ in range(40)])


@pytest.fixture
def one():
    return word(np.random.default_rng(100))


def test_a_recording_like_the_others_has_nothing_unusual(limits, one):
    assert differences(measure(one, EXTRACTOR), limits) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (lambda x, rng: x + rng.normal(0, 0.01, len(x)).astype(np.float32), "noise is only"),
        (lambda x, rng: np.convolve(x, np.hanning(33) / 16, "same").astype(np.float32), "hardly any sound above"),
        (lambda x, rng: through_room(x, 1.5 * SR, rng, SR).astype(np.float32), "to fade"),
        (lambda x, rng: np.clip(20 * x, -1, 1), "cut off"),
        (lambda x, rng: np.repeat(x, 3), "lasts"),
    ],
)
def test_what_is_unusual_is_named(limits, one, changed, said):
    found = differences(measure(changed(one, np.random.default_rng(1)), EXTRACTOR), limits)
    assert any(said in sentence for sentence in found), found


def test_loudness_alone_changes_no_number(one):
    loud, soft = (measure((factor * one).astype(np.float32), EXTRACTOR) for factor in (1.0, 0.05))
    assert loud == pytest.approx(soft, rel=1e-3, abs=1e-3)


def test_of_no_recordings_nothing_is_usual(one):
    assert usual([]) == {}
    assert differences(measure(one, EXTRACTOR), {}) == []
