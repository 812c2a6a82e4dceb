"""Words with uncertain ends: which cuts are answered, and how the answers are averaged."""

import numpy as np
import pytest
from scipy.stats import gmean

from pipelines.features.speech.uncertain_ends import FARTHEST, answer_together, cut_with_other_ends
from pipelines.models import bundle

SR = 1000
SOUND = np.arange(1, 1001, dtype=np.float32) / 1000 * (-1) ** np.arange(1000)  # each sample tells its place


def ends_of(cuts):
    """Return the first sample of each cut of SOUND and the one behind its last."""
    return [(int(np.flatnonzero(cut[0] == SOUND)[0]), int(np.flatnonzero(cut[-1] == SOUND)[0]) + 1) for cut in cuts]


def test_one_end_at_a_time_is_moved_to_both_sides():
    ends = ends_of(cut_with_other_ends(SOUND, 300, 700, SR))
    assert ends[0] == (300, 700)
    assert set(ends[1:]) == {
        (240, 700),
        (270, 700),
        (330, 700),
        (360, 700),
        (300, 640),
        (300, 670),
        (300, 730),
        (300, 760),
    }


@pytest.mark.parametrize(("start", "stop"), [(0, 1000), (10, 990), (400, 420), (500, 504), (0, 100)])
def test_ends_stay_within_the_sound_and_leave_three_quarters_of_the_word(start, stop):
    ends = ends_of(cut_with_other_ends(SOUND, start, stop, SR))
    assert ends[0] == (start, stop)
    assert all(0 <= a < b <= len(SOUND) for a, b in ends)
    assert min(b - a for a, b in ends) >= 0.75 * (stop - start)
    assert max(b - a for a, b in ends) <= stop - start + FARTHEST * SR


def test_a_silent_word_has_no_cuts_and_no_cut_is_silent():
    sound = np.zeros(1000, np.float32)
    sound[480:500] = SOUND[480:500]
    assert cut_with_other_ends(sound, 0, 400, SR) == []
    cuts = cut_with_other_ends(sound, 300, 500, SR)
    assert cuts
    assert all(cut.any() for cut in cuts)
    assert len(cuts) == 7  # those that end 30 and 60 ms sooner are left out


@pytest.fixture(scope="module")
def model(speech_model):
    return bundle.load(speech_model)


def test_a_word_has_the_geometric_mean_of_its_cuts_whatever_words_are_beside_it(model):
    rng = np.random.default_rng(0)
    words = [
        [rng.normal(0, 0.1, n).astype(np.float32) for n in lengths]
        for lengths in ((3000, 2500), (4000,), (900, 5000, 2000))
    ]
    together = answer_together(model, words)
    for word, found in zip(words, together, strict=True):
        each = model.probabilities(model.extractor.extract_rows(word)).astype(np.float64)
        expected = gmean(each, axis=0)
        np.testing.assert_allclose(found, expected / expected.sum(), atol=1e-5)
        assert np.array_equal(answer_together(model, [word])[0], found)
    assert answer_together(model, []) == []
