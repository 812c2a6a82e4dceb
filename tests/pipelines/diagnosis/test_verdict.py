from dataclasses import replace

import pytest

from pipelines.diagnosis import fit, gradients
from pipelines.diagnosis.finding import FINE, PROBLEM, Finding, Kind
from pipelines.diagnosis.verdict import ABOUT_DATA, CAUSES, choose_next_step, find_causes, give_reason, summarise
from pipelines.learning.recipe import Recipe

RECIPE = Recipe(hidden=(64,), epochs=10, dropout=0.1, augmentation=1.0)
VANISHING = Finding(Kind.VANISHING, PROBLEM, {}, "They vanish.", {"activation": "gelu"})
LEAKAGE = Finding(Kind.LEAKAGE, PROBLEM, {}, "Copies.")
BETTER = Finding(Kind.VALIDATION_CURVE, PROBLEM, {"gain": 0.02}, "Use 0.6.", {"dropout": 0.6}, "dropout curve")


def fitting(name):
    return Finding(Kind.FIT, FINE if name == fit.GOOD else PROBLEM, {}, "Told.", name=name)


def step(name, *findings, recipe=RECIPE, preset="fast", has_model=False):
    return choose_next_step(fitting(name), findings, recipe, preset, has_model)


def test_causes_come_before_effects_and_what_is_fine_is_none():
    fine = Finding(Kind.DEAD, FINE, {}, "None.")
    assert find_causes([VANISHING, fine, BETTER, LEAKAGE]) == [LEAKAGE, VANISHING]
    assert give_reason(fitting(fit.UNDER), [VANISHING, fine]) == "Told. They vanish."
    assert summarise(fitting(fit.UNDER), [VANISHING, fine]) == "Underfitting. Told. They vanish."


@pytest.mark.parametrize(
    ("verdict", "verb", "changes"),
    [
        (fit.DIVERGED, "diagnose", {"learning_rate": pytest.approx(2e-4), "clip_norm": 1.0}),
        (fit.UNFINISHED, "diagnose", {"epochs": 30}),
        (fit.OVER, "diagnose", {"dropout": 0.3}),
        (fit.UNDER, "diagnose", {"hidden": [128]}),
        (fit.UNKNOWN, "crossval", {}),
        (fit.GOOD, "train", {}),
    ],
)
def test_each_verdict_has_its_next_step(verdict, verb, changes):
    found = step(verdict)
    assert (found.verb, found.changes) == (verb, changes)
    RECIPE.replace(found.changes)


def test_the_gravest_cause_decides():
    assert step(fit.UNDER, VANISHING).changes == {"activation": "gelu"}
    assert step(fit.UNDER, VANISHING, LEAKAGE).changes == {}
    assert "Correct the data" in step(fit.UNDER, VANISHING, LEAKAGE).text


def test_a_better_value_that_was_found_is_used():
    assert step(fit.OVER, BETTER).changes == {"dropout": 0.6}
    assert step(fit.GOOD, BETTER).changes == {"dropout": 0.6}


def test_an_underfitting_network_grows_by_more_than_the_curve_has_tried():
    tiny = RECIPE.replace({"hidden": [2]})
    wider = Finding(Kind.VALIDATION_CURVE, PROBLEM, {"gain": 0.1}, "", {"hidden": [4]}, "width curve")
    assert step(fit.UNDER, wider, recipe=tiny).changes == {"hidden": [64]}
    assert step(fit.GOOD, wider, recipe=tiny).changes == {"hidden": [4]}


def test_a_good_fit_leads_to_the_better_preset_and_then_to_the_test_rows():
    assert step(fit.GOOD).preset == "best"
    assert step(fit.GOOD, preset="best", has_model=True).verb == "evaluate"


def test_more_samples_are_spoken_of_where_they_would_help():
    rising, flat = (Finding(Kind.LEARNING_CURVE, FINE, {"rising": value}, "") for value in (True, False))
    assert "More samples" in step(fit.OVER, rising).text
    assert "More samples" not in step(fit.OVER, flat).text
    assert "More samples" not in step(fit.OVER).text


@pytest.mark.parametrize("verdict", fit.VERDICTS)
def test_no_decision_depends_on_the_words_of_a_finding(verdict):
    rising = Finding(Kind.LEARNING_CURVE, FINE, {"rising": True}, "More samples would help.")
    found = [rising, BETTER, VANISHING, LEAKAGE]
    for chosen in (found[:1], found[:2], found[:3], found):
        reworded = [replace(each, advice="Anders gesagt.", name="Überschrift") for each in chosen]
        assert step(verdict, *chosen) == step(verdict, *reworded)
        assert [each.kind for each in find_causes(reworded)] == [each.kind for each in find_causes(chosen)]


def test_every_cause_is_a_kind_of_finding_and_those_about_data_are_causes():
    assert set(ABOUT_DATA) < set(CAUSES) < set(Kind)
    assert set(gradients.CHECKS) < set(CAUSES)


def test_what_holds_a_network_back_is_varied_in_turn():
    varied = RECIPE.replace({"augmentation": 0.0})
    assert step(fit.OVER, recipe=varied).changes == {"augmentation": 1.0}
    dropped = RECIPE.replace({"dropout": 0.6})
    assert set(step(fit.OVER, recipe=dropped).changes) == {"weight_decay"}
    held = RECIPE.replace({"weight_decay": 30.0})
    assert step(fit.UNDER, recipe=held).changes == {"weight_decay": 0.02}
    linear = RECIPE.replace({"hidden": ()})
    assert step(fit.UNDER, recipe=linear).changes["hidden"]
