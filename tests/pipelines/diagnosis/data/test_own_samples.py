"""A user's own samples are looked at: what would lead a network astray is a problem, what is merely thin is said."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipelines.datasets import Dataset
from pipelines.diagnosis import verdict
from pipelines.diagnosis.data.own_samples import look_at_samples
from pipelines.diagnosis.finding import FINE, Finding, Kind
from pipelines.diagnosis.fit import GOOD
from pipelines.learning.tasks.images import TASK as IMAGES
from pipelines.learning.tasks.speech import TASK as SPEECH
from pipelines.learning.tasks.speech import Speech


def words(*counts, group=None):
    """A user's data set of so many training samples of each class."""
    y = np.repeat(np.arange(len(counts)), counts)
    return Dataset(
        name="words",
        task="images",
        items=[Path(f"words/{k}/{number}.png") for number, k in enumerate(y)],
        y=y,
        labels=tuple("abcdefgh"[: len(counts)]),
        role=np.full(len(y), "train", dtype="<U5"),
        group=None if group is None else np.array(group),
        fingerprint="f" * 64,
    )


def find(dataset, task=IMAGES):
    return [(finding.name, finding.verdict) for finding in look_at_samples(dataset, task)]


def test_sound_samples_are_said_to_be_sound():
    assert find(words(12, 15, group=["anna", "ben", "eve"] * 9)) == [("samples", "fine")]


def test_a_data_set_that_has_a_name_is_not_asked():
    assert find(replace(words(2, 40), registered=True)) == []


def test_a_class_of_one_speaker_alone_is_a_problem_and_named():
    (finding,) = look_at_samples(words(10, 10, group=["anna"] * 10 + ["anna", "ben"] * 5), IMAGES)
    assert (finding.name, finding.verdict) == ("one group alone", "problem")
    assert "a (anna)" in finding.advice
    assert finding.advice.endswith(".")


@pytest.mark.parametrize(
    ("rates", "meant"), [(["8 kHz", "44.1 kHz"] * 12, "fine"), (["8 kHz"] * 12 + ["44.1 kHz"] * 12, "problem")]
)
def test_a_sampling_rate_is_a_problem_only_where_it_tells_classes_apart(rates, meant, monkeypatch):
    monkeypatch.setattr(Speech, "conditions", lambda task, items: {"sampling rate": np.array(rates)})
    assert find(words(12, 12), SPEECH) == [("mixed conditions", meant)]


def test_few_samples_leave_open_what_they_teach_and_unequal_ones_are_told():
    assert find(words(9, 40)) == [("few samples", "inconclusive"), ("unequal classes", "fine")]


def test_what_leads_a_network_astray_is_to_be_put_right_first_however_good_the_fit():
    (alone,) = look_at_samples(words(10, 10, group=["anna"] * 10 + ["anna", "ben"] * 5), IMAGES)
    good = Finding(Kind.FIT, FINE, {}, "It fits.", name=GOOD)
    recipe = IMAGES.presets["fast"]
    step = verdict.choose_next_step(good, [alone], recipe, "fast", has_model=False)
    assert step.text.startswith("Correct the data first")
    assert alone.advice in verdict.summarise(good, [alone])
