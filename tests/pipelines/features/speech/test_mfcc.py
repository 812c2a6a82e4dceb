"""Every stage of the speech features equals librosa's, for one clip and for many at once."""

import librosa
import numpy as np
import pytest

from pipelines.features.speech.endpoints import word_endpoints
from pipelines.features.speech.mfcc import NO_MASKING, make_matrices, mask, mel_decibels, power_spectra, slopes
from pipelines.features.speech.time_normalisation import (
    area_weights,
    coverage,
    edges_of,
    mean_and_spread,
    normalise_time,
    time_weights,
)

TOLERANCE = 1e-4
FRAMINGS = [(256, 200, 80), (256, 256, 64), (512, 400, 80), (254, 200, 100), (200, 200, 200)]


def clips(*lengths, seed=0):
    """Return noise that swells and fades, so that frames differ: list of float64 [shape=(length,)]."""
    rng = np.random.default_rng(seed)
    return [rng.normal(size=length) * np.hanning(length + 2)[1:-1] for length in lengths]


def log_mel(words, window, mel, hop_length, top_db):
    power, bounds = power_spectra(words, window, hop_length)
    return mel_decibels(power, bounds, mel, top_db), bounds


def in_one(sequences):
    return np.concatenate(sequences), np.cumsum([0, *map(len, sequences)])


@pytest.mark.filterwarnings("ignore:n_fft=.* is too large for input signal")
@pytest.mark.parametrize(("n_fft", "win_length", "hop_length"), FRAMINGS)
@pytest.mark.parametrize("top_db", [80.0, 30.0])
def test_mfcc_equals_librosas_on_the_same_waveform(n_fft, win_length, hop_length, top_db):
    settings = {"n_mels": 24, "fmin": 50.0, "fmax": 3900.0}
    matrices = make_matrices(8000, n_fft, win_length, n_mfcc=13, **settings)
    words = clips(3000, 401, 8000, 1, hop_length, 2 * hop_length - 1)
    decibels, bounds = log_mel(words, matrices["window"], matrices["mel"][0], hop_length, top_db)
    for i, word in enumerate(words):
        ours = decibels[bounds[i] : bounds[i + 1]] @ matrices["dct"].T
        framing = {"n_fft": n_fft, "win_length": win_length, "hop_length": hop_length}
        bands = librosa.feature.melspectrogram(y=word, sr=8000, **framing, **settings)
        theirs = librosa.feature.mfcc(S=librosa.power_to_db(bands, top_db=top_db), n_mfcc=13)
        assert ours.shape == theirs.T.shape
        assert np.abs(ours - theirs.T).max() < TOLERANCE


def test_mfcc_with_librosas_own_defaults_is_its_one_call():
    matrices = make_matrices(8000, 256, 256, 40, 0.0, 4000.0, 20)
    (word,) = clips(5000)
    decibels, _ = log_mel([word], matrices["window"], matrices["mel"][0], 64, 80.0)
    theirs = librosa.feature.mfcc(y=word, sr=8000, n_mfcc=20, n_fft=256, hop_length=64, n_mels=40, fmax=4000.0)
    assert np.abs(decibels @ matrices["dct"].T - theirs.T).max() < TOLERANCE


def test_a_silent_stretch_is_at_the_floor_and_finite():
    matrices = make_matrices(8000, 256, 200, 24, 50.0, 3900.0, 13)
    word = np.concatenate([np.zeros(2000), clips(2000)[0], np.zeros(2000)])
    decibels, _ = log_mel([word], matrices["window"], matrices["mel"][0], 80, 80.0)
    assert np.isfinite(decibels).all()
    assert np.allclose(decibels[0], decibels.max() - 80.0)


def test_a_clip_has_the_same_bits_in_any_company():
    matrices = make_matrices(8000, 256, 200, 24, 50.0, 3900.0, 13)
    words = clips(3000, 500, 4321, 80)
    together, bounds = log_mel(words, matrices["window"], matrices["mel"][0], 80, 80.0)
    for i, word in enumerate(words):
        alone, _ = log_mel([word], matrices["window"], matrices["mel"][0], 80, 80.0)
        assert np.array_equal(alone, together[bounds[i] : bounds[i + 1]])


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("width", [3, 5, 9])
def test_slopes_equal_librosas_deltas_for_clips_of_any_length(width, order):
    rng = np.random.default_rng(2)
    sequences = [rng.normal(size=(length, 4)) * 50 for length in (30, 1, 2, width - 1, width, 60)]
    ours = slopes(*in_one(sequences), width, order)
    theirs = [librosa.feature.delta(one, width=width, order=order, axis=0, mode="nearest") for one in sequences]
    assert np.abs(ours - np.concatenate(theirs)).max() < TOLERANCE


def test_slopes_of_a_parabola_are_its_derivatives():
    t = np.arange(40.0)[:, np.newaxis]
    sequence = 3 * t**2 - 5 * t + 7
    middle = slice(4, -4)
    assert np.allclose(slopes(sequence, np.array([0, 40]), 9, 1)[middle], 6 * t[middle] - 5)
    assert np.allclose(slopes(sequence, np.array([0, 40]), 9, 2)[middle], 6)


@pytest.mark.parametrize("trim_db", [10.0, 25.0, 60.0])
@pytest.mark.parametrize(("n_fft", "hop_length"), [(256, 80), (254, 64), (512, 100)])
def test_endpoints_are_those_of_librosas_trim(trim_db, n_fft, hop_length):
    rng = np.random.default_rng(4)
    for length in (100, 1000, 7919):
        waveform = rng.normal(size=length) * np.hanning(length) ** 4
        _, expected = librosa.effects.trim(waveform, top_db=trim_db, frame_length=n_fft, hop_length=hop_length)
        assert word_endpoints(waveform, 8000, n_fft, hop_length, trim_db, 0) == tuple(expected)


def test_endpoints_find_a_word_between_silences_and_do_not_depend_on_its_level():
    word = clips(3000)[0] / 3
    waveform = np.concatenate([np.full(4000, 1e-5), word, np.full(2000, -1e-5)])
    start, stop = word_endpoints(waveform, 8000, 256, 80, 25.0, 400)
    assert 3000 < start < 4800
    assert 6000 < stop < 7600
    for level in (1e-3, 100.0):
        assert word_endpoints(level * waveform, 8000, 256, 80, 25.0, 400) == (start, stop)


def test_padding_keeps_more_of_the_recording_but_never_more_than_there_is():
    waveform = np.concatenate([np.full(500, 1e-5), clips(3000)[0], np.full(500, 1e-5)])
    start, stop = word_endpoints(waveform, 8000, 256, 80, 25.0, 0)
    assert word_endpoints(waveform, 8000, 256, 80, 25.0, 100) == (start - 100, stop + 100)
    assert word_endpoints(waveform, 8000, 256, 80, 25.0, 10_000) == (0, 4000)


@pytest.mark.parametrize("length", [1, 2, 79, 80, 81])
def test_endpoints_of_the_shortest_clips_are_never_empty(length):
    start, stop = word_endpoints(np.ones(length), 8000, 256, 80, 25.0, 0)
    assert 0 <= start < stop <= length


@pytest.mark.parametrize("n_given", [1, 2, 7, 20, 21, 133])
@pytest.mark.parametrize("frames", [1, 5, 20])
def test_time_normalisation_is_repeating_then_averaging(n_given, frames):
    sequence = np.random.default_rng(3).normal(size=(n_given, 3))
    averaged = normalise_time(*in_one([sequence]), frames)[0]
    by_hand = sequence.repeat(frames, axis=0).reshape(frames, n_given, 3).mean(axis=1)
    assert np.allclose(averaged, by_hand)
    assert np.allclose(averaged.mean(axis=0), sequence.mean(axis=0))


def test_a_sequence_of_the_right_length_stays_as_it_is():
    assert np.allclose(area_weights(20, 20), np.eye(20))


@pytest.mark.parametrize("n_given", [1, 2, 7, 20, 133])
def test_where_all_changes_alike_or_nothing_does_time_decides(n_given):
    for changes in (np.full(n_given, 3.0), np.zeros(n_given)):
        assert np.allclose(time_weights(n_given, 20, changes, 0.5), area_weights(n_given, 20))
        assert np.allclose(coverage(n_given, 20, changes, 0.5), area_weights(20, n_given).T)


def test_a_vowel_that_is_held_twice_as_long_hardly_moves_the_other_sounds():
    def word(held):
        changes = np.ones(30 + held)
        changes[10 : 10 + held] = 1e-9
        return np.repeat([0.0, 1.0, 2.0], [10, held, 20])[:, np.newaxis], changes

    def moved(share):
        brought = (normalise_time(*in_one([frames]), 20, changes, share)[0] for frames, changes in map(word, (20, 40)))
        return np.abs(np.subtract(*brought)).mean()

    assert moved(0.99) < 0.02
    assert moved(0.5) < 0.7 * moved(0)


@pytest.mark.parametrize("change_share", [0.0, 0.5, 0.9])
def test_every_given_frame_is_somewhere_once(change_share):
    changes = np.random.default_rng(1).random(37)
    covered = coverage(37, 20, changes, change_share)
    assert np.allclose(covered.sum(axis=0), 1)
    assert np.allclose(time_weights(37, 20, changes, change_share).sum(axis=1), 1)
    edges = edges_of(np.append(0, np.cumsum(changes)), np.array([0]), np.array([37]), 20, change_share)[0]
    assert np.allclose(covered.sum(axis=1), np.diff(edges))


def test_stretches_of_a_phrase_have_the_edges_they_have_alone():
    changes = np.random.default_rng(2).random(90)
    sums, starts, stops = np.append(0, np.cumsum(changes)), np.array([0, 0, 13, 89]), np.array([90, 7, 60, 90])
    edges = edges_of(sums, starts, stops, 20, 0.5)
    for start, stop, found in zip(starts, stops, edges, strict=True):
        alone = coverage(stop - start, 20, changes[start:stop], 0.5).sum(axis=1)
        assert np.allclose(np.diff(found), alone)
        assert (found[0], found[-1]) == (start, stop)


def test_mean_and_spread_are_those_of_each_word_alone():
    sequences = [np.random.default_rng(n).normal(size=(n, 3)) for n in (1, 5, 50)]
    mean, spread = mean_and_spread(*in_one(sequences))
    assert np.allclose(mean, [one.mean(axis=0) for one in sequences])
    assert np.allclose(spread, [one.std(axis=0) for one in sequences])


def test_clips_with_hops_and_filters_of_their_own_are_as_they_would_be_alone():
    words, hops = clips(3000, 500, 4321), [80, 64, 97]
    matrices = make_matrices(8000, 256, 200, 24, 50.0, 3900.0, 13, warps=(1.0, 0.9, 1.1))
    power, bounds = power_spectra(words, matrices["window"], hops)
    together = mel_decibels(power, bounds, list(matrices["mel"]), 80.0)
    for i, (word, hop, mel) in enumerate(zip(words, hops, matrices["mel"], strict=True)):
        alone, _ = log_mel([word], matrices["window"], mel, hop, 80.0)
        assert np.array_equal(together[bounds[i] : bounds[i + 1]], alone)


def test_masking_adds_the_mean_power_of_white_noise_that_is_so_much_softer():
    rng, window = np.random.default_rng(0), make_matrices(8000, 256, 200, 24, 50.0, 3900.0, 13)["window"]
    [word] = clips(8000)
    noise = rng.normal(size=(200, len(word))) * np.sqrt(np.square(word).mean() / 100)
    drawn = np.mean([power_spectra([word + each], window, 80)[0] for each in noise], axis=0)
    masked = mask(*power_spectra([word], window, 80), [word], window, 20.0)
    inside = slice(2, -2)  # beyond the ends of a clip there is no noise
    assert masked[inside].sum() == pytest.approx(drawn[inside].sum(), rel=0.01)
    floor = np.median(drawn[inside, 60:] / masked[inside, 60:])
    assert floor == pytest.approx(1, rel=0.05)


def test_masking_follows_each_clips_own_loudness_and_200_decibels_are_none():
    window = make_matrices(8000, 256, 200, 24, 50.0, 3900.0, 13)["window"]
    soft, loud = clips(3000, 4000)
    loud *= 100
    plain, bounds = power_spectra([soft, loud], window, 80)
    assert np.array_equal(mask(plain.copy(), bounds, [soft, loud], window, NO_MASKING), plain)
    added = mask(plain.copy(), bounds, [soft, loud], window, 30.0) - plain
    for clip, (start, stop) in zip((soft, loud), ((bounds[0], bounds[1]), (bounds[1], bounds[2])), strict=True):
        np.testing.assert_allclose(
            added[start:stop], 1e-3 * np.square(window).sum() * np.square(clip).mean(), rtol=1e-6
        )
