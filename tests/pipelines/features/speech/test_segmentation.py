"""The best way to lay words along a phrase is the best of all ways, and a stretch has the features it has alone."""

import itertools

import numpy as np
import pytest

from pipelines.features.speech.extractor import SpeechExtractor
from pipelines.features.speech.mfcc import mel_decibels, power_spectra
from pipelines.features.speech.segmentation import _best_path, _Phrase

EXTRACTOR = SpeechExtractor()


def phrase(seconds=0.5, seed=0):
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * 8000)) / 8000
    voiced = sum(np.sin(2 * np.pi * k * (110 * t + 30 * t**2)) / k for k in range(1, 15))
    return 0.3 * voiced * (1.2 + np.sin(9 * t)) + 0.01 * rng.normal(size=len(t))


def value(path, starts, stops, scores, gap_costs, n):
    by_ends = dict(zip(zip(starts, stops, strict=True), scores, strict=True))
    left = [*path, (n, n)]
    gaps = sum(
        gap_costs[b] - gap_costs[a] for a, b in zip([0, *(stop for _, stop in path)], (s for s, _ in left), strict=True)
    )
    return sum(by_ends[each] for each in path) - gaps


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("count", [None, 1, 2])
def test_no_other_way_to_lay_words_along_a_phrase_scores_higher(seed, count):
    rng, n = np.random.default_rng(seed), 6
    places = np.arange(n + 1)
    starts, stops = map(np.array, zip(*itertools.combinations(range(n + 1), 2), strict=True))
    scores = rng.normal(0, 1, len(starts))
    gap_costs = np.concatenate([[0], np.cumsum(rng.uniform(0, 1, n))])
    found = _best_path(places, starts, stops, scores, gap_costs, count)
    spans = list(zip(starts.tolist(), stops.tolist(), strict=True))
    ways = [
        list(way)
        for k in (range(n + 1) if count is None else [count])
        for way in itertools.combinations(sorted(spans), k)
        if all(a[1] <= b[0] for a, b in itertools.pairwise(way))
    ]
    best = max(value(way, starts.tolist(), stops.tolist(), scores, gap_costs, n) for way in ways)
    assert value(found, starts.tolist(), stops.tolist(), scores, gap_costs, n) == pytest.approx(best)
    assert count is None or len(found) == count


def test_the_whole_phrase_has_the_features_of_the_same_word_alone():
    waveform = phrase()
    alone = waveform / np.abs(waveform).max()
    power, bounds = power_spectra([alone], EXTRACTOR.matrices()["window"], EXTRACTOR.hop_length)
    n = len(power)
    rows = _Phrase(EXTRACTOR, waveform).rows(np.array([0, 0]), np.array([n, n]))
    for view, mel in zip(rows, EXTRACTOR.matrices()["mel"], strict=True):
        expected = EXTRACTOR.rows_of(mel_decibels(power, bounds, mel, EXTRACTOR.top_db), bounds)[0]
        np.testing.assert_allclose(view[0], expected, atol=2e-3)
        assert np.array_equal(view[0], view[1])


def test_a_stretch_has_nearly_the_features_that_it_has_alone():
    waveform = phrase(1.0)
    part = waveform[2400:5600]
    power, bounds = power_spectra([part / np.abs(part).max()], EXTRACTOR.matrices()["window"], EXTRACTOR.hop_length)
    alone = EXTRACTOR.rows_of(mel_decibels(power, bounds, EXTRACTOR.matrices()["mel"][0], EXTRACTOR.top_db), bounds)[0]
    inside = next(_Phrase(EXTRACTOR, waveform).rows(np.array([30]), np.array([71])))[0]
    assert np.corrcoef(inside, alone)[0, 1] > 0.99
