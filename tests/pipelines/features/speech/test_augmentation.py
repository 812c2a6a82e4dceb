"""Each epoch hears one variant of every training row, of no other, and foreign sounds beside them."""

from types import SimpleNamespace

import numpy as np
import pytest

from pipelines import datasets
from pipelines.features.speech import augmentation
from pipelines.features.speech.augmentation import SpeechAugmentation
from pipelines.features.speech.extractor import SpeechExtractor
from pipelines.features.speech.variation import Variation
from pipelines.learning.preparation import augment, augment_all, prepare
from pipelines.learning.tasks.speech import TASK as SPEECH

N, K, VARIANTS = 20, 3, 4
TRAIN = np.arange(5, 17)
PREPARED = SimpleNamespace(dataset=SimpleNamespace(rows=lambda role: TRAIN, y=np.arange(N) % K, labels=("a", "b", "c")))


def bank(n_variants, sign=1):
    """Rows that say which sample and which variant they are."""
    sample, variant = np.meshgrid(np.arange(N), np.arange(n_variants), indexing="ij")
    return np.stack([sign * sample, sign * variant], axis=-1).astype(np.float32)


def epoch(augmentation, batch_size=5, seed=0):
    batches = list(augmentation.batches(PREPARED, lambda X: X, batch_size, 0.0, np.random.default_rng(seed)))
    return [X for X, _ in batches], [y for _, y in batches]


def test_an_epoch_hears_each_training_row_once_in_one_of_its_variants():
    X, y = epoch(SpeechAugmentation(bank(VARIANTS), bank(0)))
    assert [len(part) for part in X] == [5, 5, 2]
    samples = np.concatenate(X)[:, 0].astype(int)
    assert sorted(samples) == sorted(TRAIN)
    assert np.array_equal(np.concatenate(y), PREPARED.dataset.y[samples])


def test_epochs_draw_other_variants_in_another_order():
    augmentation = SpeechAugmentation(bank(VARIANTS), bank(0))
    first, again, other = (np.concatenate(epoch(augmentation, seed=seed)[0]) for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert set(first[:, 1]) <= set(range(VARIANTS))
    assert len(set(first[:, 1])) > 1


def test_foreign_sounds_come_in_addition_with_all_classes_alike():
    X, y = epoch(SpeechAugmentation(bank(VARIANTS), bank(2, sign=-1), share=0.4), batch_size=10)
    assert [len(part) for part in X] == [14, 3]
    for rows, target in zip(X, y, strict=True):
        foreign = rows[:, 0] < 0
        assert set(-rows[foreign][:, 0].astype(int)) <= set(TRAIN)
        assert np.allclose(target[foreign], 1 / K)
        assert np.array_equal(target[~foreign].argmax(axis=1), PREPARED.dataset.y[rows[~foreign][:, 0].astype(int)])
        assert np.allclose(target.sum(axis=1), 1)


def test_variants_of_some_rows_alone_are_drawn_as_those_of_all_would_be():
    every, some = bank(VARIANTS), np.sort(np.concatenate([TRAIN, [2, 19]]))
    whole = epoch(SpeechAugmentation(every, bank(1), share=0.4))
    part = epoch(SpeechAugmentation(every[some], bank(1)[some], share=0.4, rows=some))
    for one, other in zip(whole, part, strict=True):
        assert all(np.array_equal(*pair) for pair in zip(one, other, strict=True))


def test_rows_that_played_no_part_when_variants_were_made_are_refused():
    without_one = TRAIN[1:]
    with pytest.raises(ValueError, match="no variants"):
        epoch(SpeechAugmentation(bank(VARIANTS)[without_one], bank(0)[without_one], rows=without_one))


def test_test_rows_are_not_varied_but_where_their_roles_will_change():
    spoken = datasets.load("spoken-digits", "speech")
    prepared = prepare(spoken, SPEECH.extractor_for(spoken))
    recipe = SPEECH.presets["fast"].replace({"epochs": 1})
    some, every = (of(prepared, SPEECH, recipe).augmentation for of in (augment, augment_all))
    n_test = len(prepared.dataset.rows("test"))
    assert len(some.variants) == len(spoken) - n_test < len(every.variants) == len(spoken)
    assert np.array_equal(
        some.variants, every.variants[np.delete(np.arange(len(spoken)), prepared.dataset.rows("test"))]
    )
    assert all(map(np.array_equal, some.calibrating(prepared), every.calibrating(prepared)))


def test_a_network_hesitates_the_more_the_more_foreign_sounds_it_heard():
    shares = (0.0, 0.4, 0.8)
    deaf, some, many = (SpeechAugmentation(bank(VARIANTS), bank(1), share=share).hesitation for share in shares)
    assert deaf == 1 < some < many
    assert SpeechAugmentation(bank(VARIANTS), bank(0), share=0.8).hesitation == 1  # there are none to hear


def test_words_are_blended_with_variants_of_training_rows_of_the_same_class_and_with_any_others():
    asked = []

    def blend(rows, alike, others, rng):
        asked.append((rows.copy(), alike, others))
        return -rows

    X, _ = epoch(SpeechAugmentation(bank(VARIANTS), bank(0), blend=blend))
    for rows, alike, others in asked:
        classes = [PREPARED.dataset.y[part[:, 0].astype(int)] for part in (rows, alike)]
        assert np.array_equal(*classes)
        assert set(alike[:, 0].astype(int)) | set(others[:, 0].astype(int)) <= set(TRAIN)
    assert np.array_equal(np.concatenate(X), -np.concatenate([rows for rows, *_ in asked]))


def test_words_are_touched_by_variants_of_training_rows_after_they_were_blended():
    asked = []

    def touch(rows, others, rng):
        asked.append(others)
        assert (rows < 0).all()
        return 2 * rows

    touched = SpeechAugmentation(bank(VARIANTS), bank(0), blend=lambda rows, *_: -1 - rows, touch=touch)
    X, _ = epoch(touched)
    assert sum(map(len, X)) == len(TRAIN) == sum(map(len, asked))
    assert set(np.concatenate(asked)[:, 0].astype(int)) <= set(TRAIN)
    assert "a little of the words beside" in touched.note()


@pytest.mark.parametrize(("fitting", "expected"), [(1000, (6, 2)), (0.3, (1, 1)), (4.1, (3, 1))])
def test_variants_stay_within_their_memory(monkeypatch, fitting, expected):
    made, five = {}, datasets.load("spoken-digits", "speech").only(np.arange(5))

    def cached(dataset, words, n_jobs, work):
        made["counts"] = (words.n_variants, words.n_foreign)
        return np.zeros((len(dataset), words.n_stored), np.float32), None, []

    monkeypatch.setattr(augmentation, "load_features", cached)
    monkeypatch.setattr(augmentation, "MOST_BYTES", round(fitting * 4 * 5 * SpeechExtractor().n_features))
    augmented = augmentation.of_recordings(five, SpeechExtractor(), Variation(), 6, 0.2)
    assert made["counts"] == expected
    assert (augmented.variants.shape[1], augmented.foreign.shape[1]) == expected


@pytest.mark.parametrize(("most", "expected"), [(40, (6, 2)), (25, (3, 2)), (20, (3, 1)), (0, (2, 1))])
def test_many_recordings_have_fewer_variants_each(monkeypatch, most, expected):
    five = datasets.load("spoken-digits", "speech").only(np.arange(5))
    monkeypatch.setattr(augmentation, "MOST_MADE", most)
    augmented = augmentation.of_recordings(five, SpeechExtractor(), Variation(), 6, 0.2, 1)
    assert (augmented.variants.shape[1], augmented.foreign.shape[1]) == expected
