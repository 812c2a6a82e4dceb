import numpy as np
import pytest

from pipelines.diagnosis.curves import depth, learning_curve, validation_curves
from pipelines.diagnosis.probes import LINEAR, MAIN
from pipelines.diagnosis.results import ProbeResult


def result(right, train=1.0):
    right = np.asarray(right, bool)
    return ProbeResult(
        train={"accuracy": train, "loss": 0.1}, valid={"accuracy": float(right.mean()), "loss": 0.1}, right=right
    )


def first(share, n=1000):
    """Right answers to the first so many of n rows."""
    return np.arange(n) < share * n


def test_the_curves_hold_what_was_trained(small, results):
    record, findings = learning_curve(small, results)
    assert record["rows"] == [37, 75, 150, 300]
    assert record["valid"][-1] == results[MAIN].valid["accuracy"]
    assert all(low <= share <= high for share, (low, high) in zip(record["valid"], record["valid_ci95"], strict=True))
    assert [finding.name for finding in findings] == ["learning curve"]
    records, _ = validation_curves(small, results)
    assert [curve["parameter"] for curve in records] == ["width", "dropout"]
    for curve in records:
        assert curve["values"] == sorted(curve["values"])
        chosen = curve["values"].index(curve["chosen"])
        assert curve["valid"][chosen] == results[MAIN].valid["accuracy"]


@pytest.mark.parametrize(
    ("before", "last", "verdict", "rising"),
    [(0.8, 0.9, "fine", True), (0.9, 0.9, "fine", False), (0.898, 0.905, "inconclusive", False)],
)
def test_the_end_of_a_learning_curve_says_whether_more_samples_help(small, before, last, verdict, rising):
    results = {MAIN: result(first(last)), ("rows", 150): result(first(before)), ("rows", 75): result(first(0.5))}
    _, (finding,) = learning_curve(small, results)
    assert (finding.verdict, finding.evidence["rising"]) == (verdict, rising)


def test_another_value_is_advised_only_where_it_is_clearly_better(small):
    results = {MAIN: result(first(0.9)), ("width", 2.0): result(first(0.903)), ("dropout", 0.3): result(first(0.95))}
    _, (width, dropout) = validation_curves(small, results)
    assert (width.verdict, width.changes) == ("fine", {})
    assert (dropout.verdict, dropout.changes) == ("problem", {"dropout": 0.3})


def test_a_wider_network_is_advised_by_its_widths(small):
    results = {MAIN: result(first(0.9)), ("width", 2.0): result(first(0.95))}
    _, (width,) = validation_curves(small, results)
    assert width.changes == {"hidden": [64]}


def test_what_diverged_is_no_point_of_a_curve(small):
    gone = ProbeResult(diverged="the loss is not finite")
    results = {MAIN: result(first(0.9)), ("rows", 150): gone, ("rows", 75): result(first(0.8)), ("width", 2.0): gone}
    assert learning_curve(small, results)[0]["rows"] == [75, 300]
    assert validation_curves(small, results) == ([], [])
    assert learning_curve(small, {MAIN: gone}) == (None, [])


@pytest.mark.parametrize(("linear", "verdict"), [(0.7, "fine"), (0.9, "inconclusive"), (0.97, "problem")])
def test_hidden_layers_have_to_be_better_than_none(small, linear, verdict):
    (finding,) = depth(small, {MAIN: result(first(0.9)), LINEAR: result(first(linear))})
    assert finding.verdict == verdict
