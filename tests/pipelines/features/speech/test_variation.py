"""Variants differ from their recording as they should, and are drawn from its own samples and the seed alone."""

from dataclasses import fields, replace

import numpy as np
import pytest
import soundfile

from pipelines.features.speech.extractor import SpeechExtractor
from pipelines.features.speech.librosa_reference import reference_variants
from pipelines.features.speech.variation import LOUD_SHARE, Variation, VariedWords, noise_like, overdrive

EXTRACTOR = SpeechExtractor()
MASKED = SpeechExtractor(maskings=(200.0, 25.0, 200.0))
STILL = Variation().scale(0)


def recording(seed=0, seconds=0.5):
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * 8000)) / 8000
    voiced = sum(np.sin(2 * np.pi * k * (110 + 10 * seed) * t) / k for k in range(1, 15))
    return (voiced * np.hanning(len(t)) + 1e-3 * rng.normal(size=len(t))).astype(np.float32)


RECORDINGS = [recording(seed, 0.3 + 0.1 * seed) for seed in range(5)]


@pytest.mark.parametrize(
    "variation",
    [Variation(), Variation(reverberation_share=1.0, overdrive_share=1.0, band_share=1.0), STILL],
    ids=["default", "all", "none"],
)
def test_variants_equal_a_plain_computation_with_librosa(tmp_path, variation):
    varied = VariedWords(EXTRACTOR, variation, 3, n_foreign=3)
    for number, waveform in enumerate([*RECORDINGS, recording(seconds=0.08)]):
        path = tmp_path / f"{number}.wav"
        soundfile.write(path, waveform / np.abs(waveform).max(), 8000, subtype="FLOAT")
        ours = varied.extract_rows([varied.read(path)])[0]
        assert np.abs(ours - reference_variants(path, varied)).max() < 1e-4


@pytest.mark.parametrize("extractor", [EXTRACTOR, MASKED], ids=["plain", "masked"])
def test_no_strength_varies_nothing(extractor):
    words = VariedWords(extractor, STILL, 3)
    rows = words.extract_rows(RECORDINGS).reshape(5, 3, -1)
    plain = extractor.to_features(extractor.extract_rows(RECORDINGS))
    assert np.abs(rows - plain[:, np.newaxis]).max() < 1e-4


def test_variants_differ_from_each_other_and_more_so_with_more_strength():
    def spread(strength):
        rows = VariedWords(EXTRACTOR, Variation().scale(strength), 8).extract_rows(RECORDINGS).reshape(5, 8, -1)
        return rows.std(axis=1).mean()

    assert 0 < spread(0.2) < spread(0.5) < spread(1)


def test_a_recordings_variants_do_not_depend_on_its_neighbours():
    words = VariedWords(EXTRACTOR, Variation(reverberation_share=0.5), 4, n_foreign=2)
    together = words.extract_rows(RECORDINGS)
    assert together.shape == (5, words.n_stored)
    alone = np.concatenate([words.extract_rows([recording]) for recording in RECORDINGS[::-1]])[::-1]
    assert np.array_equal(together, alone)


def test_the_seed_decides():
    rows = {seed: VariedWords(EXTRACTOR, Variation(), 2, seed=seed).extract_rows(RECORDINGS) for seed in (0, 1)}
    assert np.array_equal(rows[0], VariedWords(EXTRACTOR, Variation(), 2, seed=0).extract_rows(RECORDINGS))
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
        {"band_share": 1.0},
        {"overdrive": 20.0, "overdrive_share": 1.0},
        {"gate_share": 1.0},
        {"gain": 0.5, "gain_share": 1.0},
        {"trim": 15.0},
    ],
    ids=lambda one: next(iter(one)),
)
def test_each_variation_alone_changes_the_features_and_leaves_them_finite(one):
    words = VariedWords(EXTRACTOR, replace(STILL, mild_share=0.0, **one), 4)
    rows = words.extract_rows(RECORDINGS).reshape(5, 4, -1)
    assert np.isfinite(rows).all()
    assert (rows.std(axis=1).max(axis=1) > 0.01).sum() >= 3  # a word in silence ends at the same place for most cuts


def test_the_tempo_changes_the_duration_and_the_warp_does_not():
    duration = {}
    for name in ("tempo", "warp"):
        rows = VariedWords(EXTRACTOR, replace(STILL, **{name: 1.3}), 20).extract_rows(RECORDINGS)
        duration[name] = rows.reshape(5, 20, -1)[..., -1]
    assert np.ptp(duration["warp"], axis=1).max() == 0
    reach = np.exp(np.abs(duration["tempo"] - duration["warp"]).max())
    assert 1.15 < reach < 1.4


def test_noise_is_as_far_below_the_word_without_its_pauses_as_asked():
    word = RECORDINGS[0].astype(float)
    power = np.square(word)
    loud = power[power > LOUD_SHARE * power.max()].mean()
    for level in (0, 10, 30):
        for sound in (word, np.concatenate([np.zeros(4000), word])):
            noise = noise_like(sound, level, 0.5, np.random.default_rng(0))
            assert 10 * np.log10(loud / np.square(noise).mean()) == pytest.approx(level)


@pytest.mark.parametrize("soft", [False, True])
def test_overdrive_bounds_a_sound_at_full_scale_and_flattens_its_peaks(soft):
    loud = overdrive(RECORDINGS[0].astype(float), 12.0, soft)
    assert 0.99 < np.abs(loud).max() <= 1
    assert (np.abs(loud) > 0.9).mean() > 3 * (np.abs(overdrive(RECORDINGS[0], 0.0, soft=False)) > 0.9).mean()


def test_the_shortest_word_survives():
    click = np.ones(401, np.float32)
    click[200] = -1
    rows = VariedWords(EXTRACTOR, Variation().scale(3), 16, n_foreign=16).extract_rows([click])
    assert np.isfinite(rows).all()


def test_scaling_by_one_is_the_variation_itself():
    assert Variation().scale(1) == Variation()


def test_everything_that_decides_the_rows_is_in_the_settings():
    settings = VariedWords(EXTRACTOR, Variation(), 1).settings()
    assert settings["variation"].keys() == {field.name for field in fields(Variation)}
    assert EXTRACTOR.settings().items() <= settings.items()


def test_mild_variants_lie_nearer_to_the_recording_than_the_others():
    plain = EXTRACTOR.to_features(EXTRACTOR.extract_rows(RECORDINGS))[:, np.newaxis]

    def distance(share):
        rows = VariedWords(EXTRACTOR, replace(Variation(), mild_share=share), 16).extract_rows(RECORDINGS)
        return np.abs(rows.reshape(5, 16, -1) - plain).mean()

    assert 0 < distance(1.0) < distance(0.5) < distance(0.0)


def test_some_variants_are_masked_if_a_view_at_prediction_is(tmp_path):
    varied = VariedWords(MASKED, Variation().scale(0.4), 40)
    *_, maskings = varied.draw(RECORDINGS[0], varied.rng_for(RECORDINGS[0]))
    masked = maskings[maskings < 200]
    assert 4 <= len(masked) <= 24  # 30 % of 40
    assert np.all((masked >= 15) & (masked <= 40))
    *_, none = VariedWords(EXTRACTOR, Variation(), 40).draw(RECORDINGS[0], np.random.default_rng(0))
    assert set(none) == {200.0}
    path = tmp_path / "word.wav"
    soundfile.write(path, RECORDINGS[0] / np.abs(RECORDINGS[0]).max(), 8000, subtype="FLOAT")
    ours = varied.extract_rows([varied.read(path)])[0]
    assert np.abs(ours - reference_variants(path, varied)).max() < 1e-4
