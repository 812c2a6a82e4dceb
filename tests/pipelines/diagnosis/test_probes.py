import math
from dataclasses import fields, replace

import numpy as np
import pytest

from pipelines.diagnosis import probes as room
from pipelines.diagnosis.probes import LINEAR, LONGER, MAIN, MEMORISE, PROBES, SHUFFLED, Probes
from pipelines.diagnosis.results import network_of
from pipelines.learning.recipe import Recipe
from pipelines.learning.views import logits_of


def split_of(probes, key):
    """Return the Prepared and the Recipe that a probe is trained with."""
    conditions = probes.conditions(key)
    return conditions.prepared, conditions.recipe


def rows_of(probes, key, role):
    return set(split_of(probes, key)[0].dataset.rows(role).tolist())


def test_every_probe_has_an_answer(small, results):
    assert set(results) == set(small.plan())
    for result in results.values():
        assert result.diverged is None
        assert 0 <= result.train["accuracy"] <= 1
        assert result.right.dtype == bool


def test_a_probe_answers_the_same_each_time(small, results):
    again = small.result(("width", 2.0))
    np.testing.assert_array_equal(again["right"], results["width", 2.0].right)
    assert again["train"] == results["width", 2.0].train


def test_accuracy_is_the_share_of_right_answers(small, results):
    for key in (MAIN, LINEAR, ("rows", 75)):
        assert results[key].right.mean() == pytest.approx(results[key].valid["accuracy"])
        assert len(results[key].right) == len(small.prepared.dataset.rows("valid"))


def test_all_but_the_main_probe_take_as_many_steps(small):
    for key in small.plan():
        prepared, recipe = split_of(small, key)
        steps = recipe.epochs * math.ceil(len(prepared.dataset.rows("train")) / recipe.batch_size)
        if key != MEMORISE:
            assert abs(steps - small.n_steps) <= math.ceil(len(prepared.dataset.rows("train")) / recipe.batch_size) / 2


def test_each_point_of_the_learning_curve_has_the_rows_of_the_one_before_and_its_share_of_each_class(small):
    before = set()
    for key in sorted(key for key in small.plan() if key[0] == "rows"):
        rows = rows_of(small, key, "train")
        assert before < rows
        assert len(rows) == key[1]
        y = small.prepared.dataset.y
        shares = np.bincount(y[list(rows)], minlength=10) / len(rows)
        of_all = np.bincount(y[small.prepared.dataset.rows("train")], minlength=10) / small.n_train
        assert np.abs(shares - of_all).max() < 10 / len(rows)
        before = rows


def test_folds_test_each_training_row_once_and_learn_from_the_others(small, results):
    asked = [set(small.conditions(("fold", k)).asked.tolist()) for k in range(room.FOLDS)]
    assert set.union(*asked) == set(small.prepared.dataset.rows("train").tolist())
    assert sum(map(len, asked)) == small.n_train
    for k, rows in enumerate(asked):
        assert not rows & rows_of(small, ("fold", k), "train")
        assert set(results["fold", k].asked.tolist()) == rows
        np.testing.assert_allclose(results["fold", k].probabilities.sum(axis=1), 1, rtol=1e-4)


def test_no_probe_touches_a_test_row(small):
    test = set(small.prepared.dataset.rows("test").tolist())
    assert test
    for key in [*small.plan(), LONGER]:
        conditions = small.conditions(key)
        used = set(np.flatnonzero(conditions.prepared.dataset.role != room.SPARE).tolist())
        assert not (used | set(conditions.asked.tolist())) & test


def test_every_probe_that_is_planned_is_in_the_table(small):
    linear = replace(small, recipe=Recipe(hidden=(), epochs=2))
    assert {name for name, _ in [*small.plan(), *linear.plan(), LONGER]} == set(PROBES) - {"group"}


def test_a_result_survives_being_kept(small, results, tmp_path, monkeypatch):
    from pipelines.runs.store import Store

    monkeypatch.setenv("BACKPROP_DATA", str(tmp_path))
    store = Store(small.identity())
    for key in (MAIN, ("fold", 0)):
        store.save(key, results[key].record())
        again = small.read(key, store.load(key))
        for field in fields(again):
            np.testing.assert_equal(getattr(again, field.name), getattr(results[key], field.name))


def test_shuffled_labels_are_the_same_labels_on_other_rows(small):
    dataset, before = split_of(small, SHUFFLED)[0].dataset, small.prepared.dataset
    used = np.flatnonzero(dataset.role != room.SPARE)
    np.testing.assert_array_equal(np.bincount(dataset.y[used]), np.bincount(before.y[used]))
    assert (dataset.y[used] == before.y[used]).mean() < 0.3
    np.testing.assert_array_equal(before.y[used], small.prepared.dataset.y[used])


def test_a_network_that_can_learn_learns_few_rows_by_heart(results):
    assert results[MEMORISE].train["accuracy"] == 1


def test_of_many_rows_most_probes_learn_from_a_part(small, monkeypatch):
    monkeypatch.setattr(room, "MOST_ROWS", 100)
    monkeypatch.setattr(room, "MOST_STEPS", 20)
    assert small.n_part == 75
    assert small.base == ("rows", 75)
    assert ("rows", 300) in small.plan()
    assert len(rows_of(small, LINEAR, "train")) == 75


def test_the_main_probe_holds_the_network(small, results):
    standardizer, network = network_of(small, results[MAIN])
    stored = small.prepared.rows("valid")[0]
    logits = logits_of(network, standardizer, small.prepared.extractor, stored)
    np.testing.assert_array_equal(logits, results[MAIN].valid_logits)


def test_a_training_that_diverges_is_a_result_too(small):
    recipe = small.recipe.replace(
        {"optimizer": "sgd", "learning_rate": 1e4, "clip_norm": 0.0, "activation": "identity"}
    )
    result = replace(small, recipe=recipe).result(MAIN)
    assert "learning rate" in result["diverged"]
    assert result["entries"]


def test_a_linear_network_is_held_back_by_weight_decay_and_has_no_widths(small):
    linear = Probes(small.prepared, small.scaling, Recipe(hidden=(), epochs=2), 0)
    names = {name for name, _ in linear.plan()}
    assert "weight_decay" in names
    assert not names & {"width", "linear", "dropout"}
