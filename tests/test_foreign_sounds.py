"""Foreign sounds are the same for the same seed, sound as they are named, and are counted by the threshold's laws."""

import shutil

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import foreign_corpus
from benchmarks.foreign_sounds import APART, rates

SR = 16000
SHARES = st.lists(st.floats(0.1, 1), min_size=1, max_size=40)


def answers(confidences):
    """Return probabilities of ten classes whose best is as given."""
    probabilities = np.zeros((len(confidences), 10))
    probabilities[:, 3] = confidences
    return probabilities


def tell_apart(valid, test, foreign, kinds=None, **options):
    return rates(answers(valid), answers(test), answers(foreign), kinds or ["words"] * len(foreign), **options)


@settings(deadline=None, max_examples=50)
@given(SHARES, SHARES, st.floats(0, 0.99))
def test_no_more_digits_are_refused_than_allowed_and_one_more_would_be_by_a_higher_threshold(valid, foreign, allowed):
    found = tell_apart(valid, valid, foreign, false_rejects=allowed)
    assert found["false_reject_rate"] <= allowed
    assert np.mean(np.array(valid) <= found["threshold"]) > allowed


@settings(deadline=None, max_examples=50)
@given(SHARES, SHARES, SHARES)
def test_the_more_may_be_refused_the_less_is_accepted(valid, test, foreign):
    at = [tell_apart(valid, test, foreign, false_rejects=share) for share in (0, 0.05, 0.5)]
    accepted, rejected = ([of[name] for of in at] for name in ("false_accept_rate", "false_reject_rate"))
    assert accepted == sorted(accepted, reverse=True)
    assert rejected == sorted(rejected)
    assert len({of["roc_area"] for of in at}) == 1


def test_rates_by_hand():
    valid = np.linspace(0.05, 1, 20)
    found = tell_apart(valid, [0.05, 0.2, 0.9, 0.9], [0.95, 0, 0.01, 0.3, 0.9], ["words"] * 3 + ["hum"] + [APART])
    assert found["threshold"] == pytest.approx(0.1)
    assert found["false_reject_rate"] == 0.25
    assert found["false_accept_rate"] == 0.5
    assert found["by_kind"] == {"words": pytest.approx(1 / 3), "hum": 1.0, APART: 1.0}
    # Of 4 x 4 pairs, the digit is the surer one in 2 + 2 + 3 + 3.
    assert found["roc_area"] == pytest.approx((2 + 2 + 3 + 3) / 16)


def test_a_sound_that_the_reader_refuses_is_never_accepted():
    assert tell_apart([0.5], [0.5], [0, 0])["false_accept_rate"] == 0


def test_near_digits_count_in_no_total():
    with_them = tell_apart([0.5], [0.5], [0.1, 0.9, 0.9], ["words", APART, APART])
    assert with_them["false_accept_rate"] == 0
    assert with_them["roc_area"] == 1


def spectrum(waveform):
    power = np.square(np.abs(np.fft.rfft(waveform)))
    return power, np.fft.rfftfreq(len(waveform), 1 / SR)


def band_share(waveform, low, high):
    power, frequency = spectrum(waveform)
    return power[(frequency >= low) & (frequency < high)].sum() / power.sum()


@pytest.mark.parametrize(("color", "slope"), [("white", 0), ("pink", -3.01), ("brown", -6.02)])
def test_noise_falls_with_its_color_by_so_many_decibels_an_octave(color, slope):
    rng = np.random.default_rng(0)
    octaves = []
    for _ in range(40):
        power, frequency = spectrum(foreign_corpus.noise(color, rng, SR))
        edges = [(low, 2 * low) for low in (250, 500, 1000, 2000, 4000)]
        octaves.append([power[(frequency >= a) & (frequency < b)].mean() for a, b in edges])
    slopes = np.diff(10 * np.log10(np.mean(octaves, axis=0)))
    assert slopes == pytest.approx(slope, abs=0.8)


def test_a_telephones_keys_and_the_mains_have_their_frequencies():
    rng = np.random.default_rng(0)
    assert band_share(foreign_corpus.dtmf(rng, SR), 650, 1700) > 0.95
    assert band_share(foreign_corpus.hum(rng, SR), 40, 1500) > 0.95


@pytest.mark.parametrize("sr", foreign_corpus.RATES)
def test_every_computed_sound_is_finite_audible_and_as_long_as_a_word(sr):
    for seed in range(30):
        rng = np.random.default_rng(seed)
        sounds = [(kind, waveform, rate) for kind, _, waveform, rate in foreign_corpus.compute(rng)]
        for kind, waveform, rate in sounds:
            assert np.isfinite(waveform).all(), kind
            assert np.ptp(waveform) > 0.01, kind
            assert 0.05 < len(waveform) / rate < 3, kind


def test_a_recorded_sound_keeps_to_its_level_and_its_quiet():
    rng = np.random.default_rng(0)
    for _ in range(20):
        waveform = foreign_corpus.record(np.ones(800), 8000, rng)
        level = 20 * np.log10(np.abs(waveform).max())
        assert foreign_corpus.PEAK_DB[0] - 1e-9 <= level <= foreign_corpus.PEAK_DB[1] + 1e-9
        assert np.abs(waveform[: round(foreign_corpus.PAD_SECONDS[0] * 8000)]).max() < 0.03 * np.abs(waveform).max()


def test_no_word_is_a_digit():
    digits = "zero one two three four five six seven eight nine oh nought won to too for fore ate"
    assert not {*digits.split()} & {*foreign_corpus.WORDS.split(), *foreign_corpus.NEAR_DIGITS.split()}


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(foreign_corpus, "WORDS", "yes hello")
    monkeypatch.setattr(foreign_corpus, "NEAR_DIGITS", "tree")
    monkeypatch.setattr(foreign_corpus, "COMPUTED_TAKES", 1)


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
def test_the_same_seed_gives_the_same_corpus(few, tmp_path):
    made = []
    for name in "ab":
        (tmp_path / name).mkdir()
        made.append(foreign_corpus.foreign_corpus(tmp_path / name, np.random.default_rng(3)))
    assert [(a.kind, a.name, a.path.name) for a in made[0]] == [(b.kind, b.name, b.path.name) for b in made[1]]
    assert all(a.path.read_bytes() == b.path.read_bytes() for a, b in zip(*made, strict=True))
    assert len({sound.path for sound in made[0]}) == len(made[0])
    for sound in made[0]:
        peak = np.abs(soundfile.read(sound.path)[0]).max()
        assert (peak == 0) == (sound.kind == "silence")


def test_without_espeak_one_sentence_says_how_to_install_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SystemExit, match="apt install espeak-ng"):
        foreign_corpus.foreign_corpus(tmp_path, np.random.default_rng(0))
