"""Level control leaves the loudest part alone, and changes how far the soft parts are below it."""

import numpy as np
import pytest

from pipelines.features.speech.level_control import MOST_DB, compress, gate

SR = 8000
TIME = np.arange(SR // 4) / SR
TONE = np.sin(2 * np.pi * 440 * TIME)


def steps(*levels):
    """Return tones of a quarter of a second, so many decibels below full scale each."""
    return np.concatenate([10 ** (level / 20) * TONE for level in levels])


def levels_of(sound):
    """Return the level of the middle of each quarter of a second, in decibels of a full tone."""
    middles = sound.reshape(-1, len(TONE))[:, 400:-400]
    return 10 * np.log10(2 * np.square(middles).mean(axis=1))


def test_a_gate_takes_away_its_slope_for_each_decibel_below_its_threshold():
    changed = levels_of(gate(steps(0, -10, -20, -30), SR, threshold=-20.0, slope=2.0))
    assert changed == pytest.approx([0, -10, -20, -50], abs=0.5)


def test_a_gate_takes_away_so_much_at_most():
    assert levels_of(gate(steps(0, -70), SR, -20.0, 3.0)) == pytest.approx([0, -70 - MOST_DB], abs=0.5)


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5])
def test_automatic_gain_brings_soft_parts_nearer_by_its_share(share):
    changed = levels_of(compress(steps(0, -10, -40), SR, share))
    assert changed == pytest.approx([0, -10 * (1 - share), -40 * (1 - share)], abs=0.5)


@pytest.mark.parametrize("control", [lambda x: gate(x, SR, -10.0, 1.0), lambda x: compress(x, SR, 0.5)])
def test_how_loud_a_recording_is_makes_no_difference(control):
    sound = steps(0, -15, -30)
    assert np.allclose(control(sound / 64), control(sound) / 64)


@pytest.mark.parametrize("n", [1, 47, 48, 49, 1000])
def test_any_length_and_silence_stay_finite(n):
    for sound in (np.zeros(n), np.ones(n)):
        for changed in (gate(sound, SR, -20.0, 2.0), compress(sound, SR, 0.5)):
            assert changed.shape == (n,)
            assert np.allclose(changed, sound)
