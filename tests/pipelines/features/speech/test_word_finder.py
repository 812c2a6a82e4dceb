"""The word finder answers to the words and pauses alone: not to loudness, steady noise, or how the sound was read."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.features.speech.audio_file import read_waveform
from pipelines.features.speech.word_finder import HOP_SECONDS, WordFinder, band_power

SR = 8000
VOICE = Path(__file__).resolve().parents[4] / "data" / "bundled" / "spoken-digits" / "f1"


def find(waveform, sr=SR, **changes):
    """Return the words found in a waveform: list of (start, end)."""
    return WordFinder(**changes).find(band_power([waveform], sr))


def buzz(seconds=0.4, sr=SR, pitch=140.0):
    """Return a sound that begins and ends softly and is loud in between."""
    t = np.arange(round(seconds * sr)) / sr
    swell = np.minimum(1, 20 * np.minimum(t, t[::-1]))
    return 0.3 * swell * sum(np.sin(2 * np.pi * pitch * k * t) / k for k in range(1, 12))


def pause(seconds, sr=SR):
    return np.zeros(round(seconds * sr))


def row(*pauses, sr=SR):
    """Return buzzes with pauses before, between and after them, and where the buzzes are."""
    parts, places = [pause(pauses[0], sr)], []
    for after in pauses[1:]:
        start = sum(map(len, parts)) / sr
        parts += [buzz(sr=sr), pause(after, sr)]
        places.append((start, start + 0.4))
    return np.concatenate(parts), places


def noise(n, seed=0, scale=0.01):
    return scale * np.random.default_rng(seed).standard_normal(n)


@pytest.mark.parametrize("sr", [4000, 8000, 11025, 16000, 22050, 44100])
def test_words_are_found_where_they_are_at_any_rate(sr):
    waveform, places = row(0.5, 0.3, 0.15, 0.6, 0.2, sr=sr)
    words = find(waveform, sr)
    assert len(words) == len(places)
    assert np.abs(np.array(words) - places).max() < 0.07


def test_words_are_in_order_apart_and_inside_the_recording():
    rng = np.random.default_rng(3)
    for _ in range(20):
        bursts = np.repeat(rng.choice([0.001, 0.1, 0.3], 60), rng.integers(200, 3000, 60))
        waveform = bursts * rng.standard_normal(len(bursts))
        edges = np.array(find(waveform)).ravel()
        assert (np.diff(edges) >= 0).all()
        assert edges[0] >= 0
        assert edges[-1] <= -(-len(waveform) // (HOP_SECONDS * SR)) * HOP_SECONDS


def test_a_pause_in_front_shifts_the_words():
    waveform, _ = row(0.5, 0.3, 0.4, 0.5)
    shifted = find(np.concatenate([pause(0.7), waveform]))
    assert np.array(shifted) == pytest.approx(np.array(find(waveform)) + 0.7, abs=HOP_SECONDS)


def test_two_recordings_with_a_pause_between_have_the_words_of_both():
    first, second = row(0.4, 0.3, 0.5)[0], row(0.6, 0.2, 0.3, 0.5)[0]
    behind = (len(first) + len(pause(0.3))) / SR
    words = find(np.concatenate([first, pause(0.3), second]))
    apart = find(first) + [(start + behind, end + behind) for start, end in find(second)]
    assert np.array(words) == pytest.approx(np.array(apart), abs=HOP_SECONDS)


@settings(max_examples=20, deadline=None)
@given(st.floats(0.001, 3.0))
def test_loudness_changes_nothing(gain):
    waveform, _ = row(0.5, 0.3, 0.2, 0.5)
    waveform += noise(len(waveform))
    assert find(gain * waveform) == find(waveform)


def test_words_of_a_thousandth_of_full_scale_are_found():
    waveform, places = row(0.5, 0.3, 0.2, 0.5)
    words = find(0.001 / np.abs(waveform).max() * waveform)
    assert np.abs(np.array(words) - places).max() < 0.07


@pytest.mark.parametrize("size", [1, 79, 80, 4096])
def test_blocks_of_any_size_give_the_same_power_to_the_last_bit(size):
    waveform = row(0.3, 0.2)[0].astype(np.float32)
    blocks = [waveform[start : start + size] for start in range(0, len(waveform), size)]
    assert np.array_equal(band_power(blocks, SR), band_power([waveform], SR))


@pytest.mark.parametrize("n_samples", [0, 1, 79, 80, 81, 255, 256, 257, 8000])
def test_every_hop_begun_has_a_frame(n_samples):
    assert len(band_power([np.ones(n_samples)], SR)) == -(-n_samples // 80)


def test_the_power_of_a_tone_is_in_its_band():
    t = np.arange(SR) / SR
    power = band_power([np.sin(2 * np.pi * 1000 * t)], SR)[10:-10]
    assert (power.argmax(axis=1) == 3).all()
    assert power[:, 3] == pytest.approx(power.sum(axis=1), rel=1e-3)


@pytest.mark.parametrize("snr", [20, 10, 5])
def test_steady_noise_hides_no_word_and_adds_none(snr):
    waveform, places = row(0.5, *[0.3] * 8)
    speech_power = np.square(waveform[waveform != 0]).mean()
    for seed in range(5):
        hiss = noise(len(waveform), seed, np.sqrt(speech_power / 10 ** (snr / 10)))
        words = find(waveform + hiss)
        assert len(words) == len(places)
        assert np.abs(np.array(words) - places).max() < 0.1


@pytest.mark.parametrize(
    "waveform",
    [
        np.empty(0),
        np.ones(1),
        np.zeros(40_000),
        np.full(40_000, 0.5),
        noise(240_000),
        np.cumsum(noise(80_000, scale=1e-4)),
        np.random.default_rng(0).integers(-1, 2, 80_000) / 32768,
        np.random.default_rng(0).integers(-1, 2, 80_000) / 32768 * (np.arange(80_000) % 16_000 < 3000),
        np.sin(np.arange(80_000) * 0.4),
        np.where(np.arange(40_000) % 10_000 < 20, 0.9, 0.0),
    ],
    ids=[
        "nothing",
        "one sample",
        "silence",
        "direct current",
        "hiss",
        "rumble",
        "dither",
        "gated dither",
        "a tone",
        "clicks",
    ],
)
def test_what_is_no_word_is_not_found(waveform):
    assert find(waveform) == []


def test_a_short_silence_belongs_to_the_word_and_a_long_one_parts_two():
    for silence, n_words in ((0.06, 1), (0.08, 1), (0.2, 2), (0.5, 2)):
        waveform = np.concatenate([pause(0.5), buzz(0.2), pause(silence), buzz(0.2), pause(0.5)])
        assert len(find(waveform)) == n_words


def test_a_burst_after_a_closure_belongs_to_the_word():
    waveform = np.concatenate([pause(0.5), buzz(0.25), pause(0.12), buzz(0.05), pause(0.5)])
    [(start, end)] = find(waveform)
    assert start < 0.52
    assert end > 0.9


def test_words_without_a_pause_are_parted_at_the_dip():
    soft = 0.1 * buzz(0.3)
    waveform = np.concatenate([pause(0.4), buzz(0.6)[:-100], soft, buzz(0.6)[100:], pause(0.4)])
    (_, end), (start, _) = find(waveform)
    assert 0.95 < end <= start < 1.35
    assert len(find(waveform, dip=60.0)) == 1


def test_no_word_is_longer_than_the_longest():
    rng = np.random.default_rng(0)
    melody = np.repeat(rng.uniform(200, 2000, 600), 800) * np.arange(480_000) / SR
    words = find(np.sin(2 * np.pi * melody), longest=3.0)
    assert all(end - start < 3.001 for start, end in words)


def test_a_voice_that_is_softer_than_another_is_still_heard():
    waveform = np.concatenate([pause(0.4), buzz(), pause(0.4), 0.15 * buzz(), pause(0.4), buzz(), pause(0.4)])
    assert len(find(waveform)) == 3


@pytest.mark.parametrize("path", sorted(VOICE.glob("*-0.flac")), ids=lambda path: path.stem)
def test_a_recording_of_one_word_holds_one_word(path):
    waveform, sr = read_waveform(path)
    [(start, end)] = find(waveform, sr)
    assert 0 <= start < end <= len(waveform) / sr + HOP_SECONDS
    assert end - start > 0.2


def test_breath_beside_a_clear_voice_is_no_word():
    waveform = np.concatenate([pause(0.4), buzz(), pause(0.4), 0.03 * buzz(), pause(0.4), buzz(), pause(0.4)])
    assert len(find(waveform)) == 2


def test_pads_reach_half_the_pause_and_the_ends_at_most():
    waveform, _ = row(0.2, 0.3, 0.5, 0.1)
    bare, padded = np.array(find(waveform)), np.array(find(waveform, pad=0.2))
    (first, second), last = (bare[:-1, 1] + bare[1:, 0]) / 2, len(waveform) / SR
    expected = [[bare[0, 0] - 0.2, first], [first, bare[1, 1] + 0.2], [bare[2, 0] - 0.2, last]]
    assert second - bare[1, 1] > 0.2
    assert padded == pytest.approx(np.clip(expected, 0, last))
