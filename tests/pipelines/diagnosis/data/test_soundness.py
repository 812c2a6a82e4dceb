"""Each check finds what it is after, says it in one sentence with names and numbers, and is silent about sound data."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipelines.datasets import Dataset
from pipelines.diagnosis.data import soundness
from pipelines.diagnosis.data.duplicates import Duplicates


def dataset(*counts, group=None):
    """A data set of so many training samples of each class: a, b, c, ..."""
    y = np.repeat(np.arange(len(counts)), counts)
    return Dataset(
        name="words",
        task="speech",
        items=[Path(f"words/{k}/{number}.wav") for number, k in enumerate(y)],
        y=y.astype(np.int64),
        labels=tuple("abcdefgh"[: len(counts)]),
        role=np.full(len(y), "train", dtype="<U5"),
        group=None if group is None else np.array(group),
        fingerprint="f" * 64,
    )


def the_only(findings, name):
    """Return the evidence of the one finding there is, and its sentence."""
    (finding,) = findings
    assert finding.name == name
    json.dumps(finding.evidence, allow_nan=False)
    sentence = finding.advice
    assert "\n" not in sentence
    assert 40 < len(sentence) < 400
    return finding.evidence, sentence


def test_sound_data_gives_no_finding():
    sound = dataset(12, 15, 20, group=["anna", "ben", "eve"] * 15 + ["ben", "eve"])
    rates = {"sampling rate": np.full(47, "16 kHz")}
    assert soundness.few_samples(sound) == []
    assert soundness.unequal_classes(sound) == []
    assert soundness.one_group_alone(sound) == []
    assert soundness.mixed_conditions(sound, rates) == []
    assert soundness.mixed_conditions(sound, {}) == []


def test_classes_with_few_training_samples_are_counted_and_the_smallest_named_first():
    few = dataset(30, 9, 4, 10, 7, 8)
    evidence, sentence = the_only(soundness.few_samples(few), "few samples")
    assert evidence == {"enough": 10, "n_train": {"b": 9, "c": 4, "e": 7, "f": 8}}
    assert "4 classes have fewer than 10 training samples" in sentence
    assert "c (4), e (7), f (8) and 1 more" in sentence


def test_samples_that_are_not_learned_from_do_not_count():
    words = dataset(12, 12)
    role = words.role.copy()
    role[:5] = "test"
    evidence, _ = the_only(soundness.few_samples(replace(words, role=role)), "few samples")
    assert evidence["n_train"] == {"a": 7}


def test_very_unequal_classes_are_named_with_their_sizes():
    evidence, sentence = the_only(soundness.unequal_classes(dataset(50, 400, 80)), "unequal classes")
    assert evidence == {"ratio": 8.0, "largest": {"b": 400}, "smallest": {"a": 50}}
    assert "from 50 training samples of a to 400 of b" in sentence


def test_a_class_spoken_by_one_speaker_alone_is_named_where_others_have_several():
    group = ["anna"] * 10 + ["anna", "ben"] * 5
    evidence, sentence = the_only(soundness.one_group_alone(dataset(10, 10, group=group)), "one group alone")
    assert evidence == {"groups": {"a": "anna"}}
    assert "1 class comes from only one group" in sentence
    assert "a (anna)" in sentence


def test_where_every_class_has_one_speaker_or_nobody_recorded_who_spoke_nothing_is_said():
    assert soundness.one_group_alone(dataset(10, 10, group=["anna"] * 20)) == []
    assert soundness.one_group_alone(dataset(10, 10)) == []


def test_different_sampling_rates_are_counted():
    rates = np.array(["8 kHz", "44.1 kHz", "8 kHz", "8 kHz"] * 10)
    words = dataset(20, 20)
    evidence, sentence = the_only(soundness.mixed_conditions(words, {"sampling rate": rates}), "mixed conditions")
    assert evidence == {"condition": "sampling rate", "counts": {"8 kHz": 30, "44.1 kHz": 10}, "told_apart": {}}
    assert "30 at 8 kHz, 10 at 44.1 kHz" in sentence
    assert "does not reveal a class" in sentence


def test_a_class_that_a_sampling_rate_tells_apart_is_named():
    rates = np.array(["44.1 kHz"] * 18 + ["8 kHz"] * 42)
    words = dataset(20, 20, 20)
    evidence, sentence = the_only(soundness.mixed_conditions(words, {"sampling rate": rates}), "mixed conditions")
    assert evidence["told_apart"] == {"a": "44.1 kHz"}
    assert "a (44.1 kHz)" in sentence


def duplicates(words, pairs, exact):
    likeness = np.where(exact, 1, 0.9985).astype(np.float32)
    return Duplicates(words, np.array(pairs, np.int64).reshape(-1, 2), likeness, np.array(exact, bool))


@pytest.fixture
def words():
    words = dataset(6, 6)
    role = words.role.copy()
    role[[4, 5]], role[11] = "test", "valid"
    return replace(words, role=role)


def test_copies_across_splits_come_before_those_with_different_labels(words):
    findings = soundness.duplicate_findings(duplicates(words, [[0, 4], [1, 11], [2, 3]], [True, False, True]))
    assert [finding.name for finding in findings] == ["leaking duplicates", "contradicting duplicates"]
    leaking, contradicting = findings
    assert leaking.evidence["copies"] == {"valid": 1, "test": 1}
    assert (leaking.evidence["n_pairs"], leaking.evidence["exact"]) == (2, 1)
    assert "1 valid and 1 test samples are copies of training samples (1 of 2 exactly" in leaking.advice
    assert f"{Path('words/0/0.wav')} = 4.wav" in leaking.advice
    assert contradicting.evidence["pairs"][0]["labels"] == ["a", "b"]
    assert "(a and b)" in contradicting.advice


def test_copies_within_a_split_are_said_where_there_is_nothing_worse(words):
    evidence, sentence = the_only(soundness.duplicate_findings(duplicates(words, [[0, 1]], [True])), "duplicates")
    assert evidence["copies"] == {"train": 1}
    assert "1 sample is a copy of another of the same split (exactly)" in sentence
    assert soundness.duplicate_findings(duplicates(words, [], [])) == []
