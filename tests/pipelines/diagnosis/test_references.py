import math

import numpy as np
import pytest

from pipelines.diagnosis import references
from pipelines.diagnosis.probes import MAIN, MEMORISE
from pipelines.diagnosis.results import MainResult, ProbeResult


def epoch(number, train, valid):
    score = {"accuracy": 0.5}
    return {"epoch": number, "train": {"loss": train, **score}, "valid": {"loss": valid, **score}}


def test_the_constant_rival_is_what_scikit_learn_calls_most_frequent(small, results):
    from sklearn.dummy import DummyClassifier

    (stored, y), (stored_valid, y_valid) = small.prepared.rows("train"), small.prepared.rows("valid")
    oracle = DummyClassifier(strategy="most_frequent").fit(stored, y)
    table = references.baselines(small, results)
    assert [entry["name"] for entry in table] == ["constant", "linear", "shuffled labels"]
    assert table[0]["valid"] == pytest.approx(oracle.score(stored_valid, y_valid))
    assert table[0]["train"] == pytest.approx(oracle.score(stored, y))


def test_true_labels_carry_a_signal_and_shuffled_ones_do_not(small, results):
    (found,) = references.signal(small, results)
    assert found.verdict == "fine"
    (found,) = references.signal(Answering(small, 400), {MAIN: answering(np.random.default_rng(0).random(400) < 0.1)})
    assert found.verdict == "problem"
    assert "better than that of a constant answer" in found.advice


def test_labels_that_another_network_learns_are_not_to_blame(small):
    none, some = answering(np.zeros(400, bool)), answering(np.arange(400) < 200)
    (found,) = references.signal(Answering(small, 400), {MAIN: none, ("linear", 0): some})
    assert found.verdict == "fine"
    assert "not the cause" in found.advice


def test_few_rows_cannot_tell_whether_there_is_a_signal(small):
    (found,) = references.signal(Answering(small, 8), {MAIN: answering(np.arange(8) < 1)})
    assert found.verdict == "inconclusive"


def answering(right):
    return ProbeResult(right=right, valid={"accuracy": float(right.mean())})


class Answering:
    """Probes of which only the labels of `n` validation rows, drawn at random, are looked at."""

    def __init__(self, probes, n):
        self.prepared, self.n_part = self, probes.n_part
        self._train, self._n = probes.prepared.rows("train"), n

    def rows(self, role):
        return self._train if role == "train" else (None, np.random.default_rng(1).integers(0, 10, self._n))


@pytest.mark.parametrize(("share", "verdict"), [(1.0, "fine"), (0.5, "problem")])
def test_a_network_that_cannot_learn_by_heart_cannot_learn(share, verdict):
    (found,) = references.memory({MEMORISE: ProbeResult(train={"accuracy": share})})
    assert found.verdict == verdict
    assert references.memory({}) == []


def test_the_loss_begins_near_that_of_guessing(small, results):
    record, (found,) = references.beginning(small, results)
    assert record["expected"] == pytest.approx(math.log(10))
    assert found.verdict == "fine"
    record, (found,) = references.beginning(small, {MAIN: MainResult(initial_loss=9.0)})
    assert (record["measured"], found.verdict) == (9.0, "problem")
    assert references.beginning(small, {MAIN: MainResult()}) == (None, [])


def test_an_epoch_that_was_better_than_the_last_is_told():
    (found,) = references.best_epoch([epoch(1, 1.0, 1.1), epoch(2, 0.5, 0.8), epoch(3, 0.1, 1.2)])
    assert (found.verdict, found.changes) == ("problem", {"epochs": 2})
    assert found.evidence["rise"] == pytest.approx(0.5)


def test_a_training_whose_both_losses_rise_does_not_learn_by_heart():
    (found,) = references.best_epoch([epoch(1, 0.5, 0.8), epoch(2, 3.0, 3.2)])
    assert found.verdict == "fine"
