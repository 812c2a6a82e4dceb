"""Groups that a network has not learned from are asked apart, and cost what they cost."""

from dataclasses import replace

import numpy as np
import pytest

from pipelines.diagnosis.finding import FINE, PROBLEM
from pipelines.diagnosis.new_groups import look_at_new_groups
from pipelines.diagnosis.probes import Probes
from pipelines.diagnosis.verdict import give_reason

GROUPS = 6


@pytest.fixture(scope="module")
def grouped(small):
    """A function of the stored rows that each group has: Probes whose rows are shared out among groups."""

    def make(change):
        dataset, stored = small.prepared.dataset, small.prepared.stored.copy()
        group = np.array([f"g{i % GROUPS}" for i in range(len(dataset))])
        for number in range(GROUPS):
            rows = group == f"g{number}"
            stored[rows] = change(stored[rows], np.random.default_rng(number))
        prepared = replace(small.prepared, dataset=replace(dataset, group=group), stored=stored)
        return Probes(prepared, small.scaling, small.recipe, small.seed)

    return make


@pytest.fixture(scope="module")
def alike(grouped):
    return grouped(lambda rows, rng: rows)


def ask(probes):
    return {key: probes.read(key, probes.result(key)) for key in probes.plan() if key[0] in ("fold", "group")}


def test_each_row_is_asked_once_by_a_network_that_knows_nothing_of_its_group(alike):
    group, rows = alike.prepared.dataset.group, []
    for key in alike.plan():
        if key[0] == "group":
            conditions = alike.conditions(key)
            dataset = conditions.prepared.dataset
            seen = group[(dataset.role == "train") | (dataset.role == "valid")]
            assert not set(seen) & set(group[conditions.asked])
            rows += conditions.asked.tolist()
    assert sorted(rows) == alike.prepared.dataset.rows("train").tolist()


def test_groups_that_are_alike_are_no_problem(alike):
    table, (finding,) = look_at_new_groups(alike, ask(alike))
    assert finding.verdict == FINE
    assert len(table) == finding.evidence["groups"] == GROUPS
    assert finding.evidence["ci95"][0] <= finding.evidence["accuracy"] <= finding.evidence["ci95"][1]


def test_groups_that_are_each_another_matter_are_a_problem(grouped):
    own = grouped(lambda rows, rng: rows[:, rng.permutation(rows.shape[1])])
    _, (finding,) = look_at_new_groups(own, ask(own))
    assert finding.verdict == PROBLEM
    assert finding.advice in give_reason(finding, [finding])


def test_without_groups_or_with_two_there_is_nothing_to_hold_out(small, grouped):
    two = replace(small.prepared.dataset, group=np.array(["a", "b"])[np.arange(len(small.prepared.dataset)) % 2])
    for dataset in (small.prepared.dataset, two):
        probes = replace(small, prepared=replace(small.prepared, dataset=dataset))
        assert "group" not in {name for name, _ in probes.plan()}
        assert look_at_new_groups(probes, {}) == ({}, [])
