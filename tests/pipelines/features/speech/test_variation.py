"""Variants differ from their recording as they should, and are drawn from its own samples and the seed alone."""

from dataclasses import fields, replace

import numpy as np
import pytest
import scipy.signal
import soundfile

from pipelines.features.speech.extractor import SpeechExtractor
from pipelines.features.speech.librosa_reference import reference_variants
from pipelines.features.speech.variation import Variation, VariedWords, noise_like, reverberated

EXTRACTOR = SpeechExtractor()
STILL = Variation().scaled(0)


def recording(seed=0, seconds=0.5):
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * 8000)) / 8000
    voiced = sum(np.sin(2 * np.pi * k * (110 + 10 * seed) * t) / k for k in range(1, 15))
    return (voiced * np.hanning(len(t)) + 1e-3 * rng.normal(size=len(t))).astype(np.float32)


RECORDINGS = [recording(seed, 0.3 + 0.1 * seed) for seed in range(5)]


@pytest.mark.parametrize(
    "variation", [Variation(), Variation(mask=0.2, reverberation_share=1.0), STILL], ids=["default", "all", "none"]
)
def test_variants_equal_a_plain_computation_with_librosa(tmp_path, variation):
    varied = VariedWords(EXTRACTOR, variation, 3, n_foreign=3)
    for number, waveform in enumerate([*RECORDINGS, recording(seconds=0.08)]):
        path = tmp_path / f"{number}.wav"
        soundfile.write(path, waveform / np.abs(waveform).max(), 8000, subtype="FLOAT")
        ours = varied.stored_rows([varied.read(path)])[0]
        assert np.abs(ours - reference_variants(path, varied)).max() < 1e-4


def test_no_strength_varies_nothing():
    words = VariedWords(EXTRACTOR, STILL, 3)
    rows = words.stored_rows(RECORDINGS).reshape(5, 3, -1)
    plain = EXTRACTOR.to_features(EXTRACTOR.stored_rows(RECORDINGS))
    assert np.abs(rows - plain[:, np.newaxis]).max() < 1e-4


def test_variants_differ_from_each_other_and_more_so_with_more_strength():
    def spread(strength):
        rows = VariedWords(EXTRACTOR, Variation().scaled(strength), 8).stored_rows(RECORDINGS).reshape(5, 8, -1)
        return rows.std(axis=1).mean()

    assert 0 < spread(0.2) < spread(0.5) < spread(1)


def test_a_recordings_variants_do_not_depend_on_its_neighbours():
    words = VariedWords(EXTRACTOR, Variation(mask=0.2, reverberation_share=0.5), 4, n_foreign=2)
    together = words.stored_rows(RECORDINGS)
    assert together.shape == (5, words.n_stored)
    alone = np.concatenate([words.stored_rows([recording]) for recording in RECORDINGS[::-1]])[::-1]
    assert np.array_equal(together, alone)


def test_the_seed_decides():
    rows = {seed: VariedWords(EXTRACTOR, Variation(), 2, seed=seed).stored_rows(RECORDINGS) for seed in (0, 1)}
    assert np.array_equal(rows[0], VariedWords(EXTRACTOR, Variation(), 2, seed=0).stored_rows(RECORDINGS))
    assert not np.array_equal(rows[0], rows[1])


@pytest.mark.parametrize(
    "one",
    [
        {"warp": 1.2},
        {"tempo": 1.2},
        {"shift": 0.05},
        {"silence": 0.1, "silence_share": 1.0},
        {"reverberation": 0.3, "reverberation_share": 1.0},
        {"noise": (5.0, 10.0), "noise_share": 1.0},
        {"tone": 6.0},
        {"mask": 0.3},
    ],
    ids=lambda one: next(iter(one)),
)
def test_each_variation_alone_changes_the_features_and_leaves_them_finite(one):
    words = VariedWords(EXTRACTOR, replace(STILL, **one), 4)
    rows = words.stored_rows(RECORDINGS).reshape(5, 4, -1)
    assert np.isfinite(rows).all()
    assert (rows.std(axis=1).max(axis=1) > 0.01).all()


def test_the_tempo_changes_the_duration_and_the_warp_does_not():
    duration = {}
    for name in ("tempo", "warp"):
        rows = VariedWords(EXTRACTOR, replace(STILL, **{name: 1.3}), 20).stored_rows(RECORDINGS)
        duration[name] = rows.reshape(5, 20, -1)[..., -1]
    assert np.ptp(duration["warp"], axis=1).max() == 0
    reach = np.exp(np.abs(duration["tempo"] - duration["warp"]).max())
    assert 1.15 < reach < 1.4


def test_noise_is_as_far_below_the_word_as_asked():
    word = RECORDINGS[0].astype(float)
    for level in (0, 10, 30):
        noise = noise_like(word, level, 0.5, np.random.default_rng(0))
        assert 10 * np.log10(np.square(word).mean() / np.square(noise).mean()) == pytest.approx(level)


def test_echo_is_the_word_through_a_filter_that_begins_with_the_word_itself():
    click = np.zeros(4000)
    click[0] = 1
    response = reverberated(click, 1600.0, np.random.default_rng(0))
    assert response[0] == pytest.approx(1)
    assert np.square(response[1600:]).sum() < 1e-4 * np.square(response[1:400]).sum()
    word = RECORDINGS[0].astype(float)
    echoed = reverberated(word, 1600.0, np.random.default_rng(0))
    assert np.allclose(echoed, scipy.signal.fftconvolve(word, response)[: len(word)])


def test_the_shortest_word_survives():
    click = np.ones(401, np.float32)
    click[200] = -1
    rows = VariedWords(EXTRACTOR, Variation().scaled(3), 16, n_foreign=16).stored_rows([click])
    assert np.isfinite(rows).all()


def test_scaling_by_one_is_the_variation_itself():
    assert Variation().scaled(1) == Variation()


def test_everything_that_decides_the_rows_is_in_the_settings():
    settings = VariedWords(EXTRACTOR, Variation(), 1).settings()
    assert settings["variation"].keys() == {field.name for field in fields(Variation)}
    assert EXTRACTOR.settings().items() <= settings.items()
