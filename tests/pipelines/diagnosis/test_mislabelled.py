import numpy as np
import pytest

from pipelines.diagnosis.mislabelled import look_for_wrong_labels, margins, out_of_fold
from pipelines.diagnosis.probes import FOLDS
from pipelines.diagnosis.results import ProbeResult


def answers(y, sure, rng, n_classes=10):
    """Probabilities of a network that is this sure of y."""
    probabilities = rng.random((len(y), n_classes)).astype(np.float32)
    probabilities[np.arange(len(y)), y] = 0
    probabilities *= (1 - sure) / probabilities.sum(axis=1, keepdims=True)
    probabilities[np.arange(len(y)), y] = sure
    return probabilities


def fold(rows, probabilities):
    parts = np.array_split(np.arange(len(rows)), FOLDS)
    return {
        ("fold", k): ProbeResult(asked=rows[part], probabilities=probabilities[part]) for k, part in enumerate(parts)
    }


def test_the_margin_is_between_the_label_and_the_best_of_the_others():
    probabilities = np.array([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8], [0.3, 0.4, 0.3]])
    np.testing.assert_allclose(margins(np.array([0, 1, 1]), probabilities), [0.5, -0.7, 0.1])


def test_labels_that_were_made_wrong_come_first(small, rng):
    dataset = small.prepared.dataset
    rows = dataset.rows("train")
    y = dataset.y.copy()
    wrong = rng.permutation(rows)[:15]
    probabilities = answers(y[rows], 0.99, rng)
    y[wrong] = (y[wrong] + 1) % 10
    from dataclasses import replace

    record, (found,) = look_for_wrong_labels(small, fold(rows, probabilities), replace(dataset, y=y))
    assert {entry["index"] for entry in record} == set(wrong.tolist())
    assert all(entry["predicted"] != entry["true"] for entry in record)
    assert found.verdict == "problem"
    assert found.evidence["share"] == pytest.approx(15 / 300)


def test_clean_labels_are_not_suspected(small, results):
    _, (found,) = look_for_wrong_labels(small, results, small.prepared.dataset)
    assert found.verdict == "fine"


def test_a_network_that_knows_little_is_no_judge(small, rng):
    rows = small.prepared.dataset.rows("train")
    guessed = answers(rng.integers(0, 10, len(rows)), 0.99, rng)
    _, (found,) = look_for_wrong_labels(small, fold(rows, guessed), small.prepared.dataset)
    assert found.verdict == "inconclusive"


def test_without_all_folds_nothing_is_said(small, results):
    del (some := dict(results))["fold", 0]
    assert out_of_fold(small, some) is None
    assert look_for_wrong_labels(small, some, small.prepared.dataset) == ([], [])
