"""The comparison of two models: the differences of their recipes, and whether one is better by more than chance."""

import math

from pipelines.diagnosis.uncertainty import measure_paired_gain
from pipelines.errors import UsageError
from pipelines.verbs.evaluate import evaluate


def compare(a, b):
    """Compare two models (Bundle) on the test samples of the first one's data set.

    Returns
    -------
    dict of JSON types
        "recipe": entries that differ, {"name", "a", "b"}; "a" and "b": those of `evaluate --json`; "gain": how much
        more often b is right; "error": its standard error (McNemar 1947); "chance": how often a difference as large or
        larger is chance (two-sided, exact); "only_a", "only_b": how many only the one gets right; "sentence".

    Raises UsageError if they cannot be compared, and DataError.
    """
    if a.task.name != b.task.name:
        raise UsageError(
            f"one model is for {a.task.name}, the other for {b.task.name}; compare two models of the same task"
        )
    if set(a.labels) != set(b.labels):
        raise UsageError("the two models have different classes; compare two models with the same classes")
    name = a.provenance["dataset"]
    measured = [evaluate(model, name) for model in (a, b)]
    right = [each.answers.probabilities.argmax(axis=1) == each.answers.y for each in measured]
    gain, error = measure_paired_gain(right[1], right[0])
    only_a, only_b = int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum())
    chance = sign_test(only_a, only_b)
    return {
        "dataset": name,
        "n": len(right[0]),
        "recipe": differences(a.provenance.get("recipe") or {}, b.provenance.get("recipe") or {}),
        "a": _score(measured[0]),
        "b": _score(measured[1]),
        "gain": gain,
        "error": error,
        "only_a": only_a,
        "only_b": only_b,
        "chance": chance,
        "sentence": _sentence(only_a, only_b, len(right[0]), chance),
        "unfair": _unfair(a, b),
    }


def differences(before, after):
    """Return the entries of two recipes that differ: list of {"name", "a", "b"}."""
    names = dict.fromkeys([*before, *after])
    return [
        {"name": name, "a": before.get(name), "b": after.get(name)}
        for name in names
        if before.get(name) != after.get(name)
    ]


def sign_test(n, m):
    """Return the probability that two counts out of n + m differ as much or more by chance: float in [0, 1].

    Two-sided and exact, from the binomial distribution with 1/2; that of McNemar's test on pairs that disagree.
    """
    total, most = n + m, max(n, m)
    if total == 0:
        return 1.0
    logs = [math.lgamma(total + 1) - math.lgamma(k + 1) - math.lgamma(total - k + 1) for k in range(most, total + 1)]
    tail = sum(math.exp(value - total * math.log(2)) for value in logs)
    return min(1.0, 2 * tail)


def _score(evaluation):
    record = evaluation.record()
    return {name: record[name] for name in ("model", "accuracy", "loss", "ece", "ci95", "n")}


def _sentence(only_a, only_b, n, chance):
    if only_a == only_b:
        return f"On {n:,} test samples, each model is right on {only_a:,} where the other is wrong: no difference."
    better, more, fewer = ("The second", only_b, only_a) if only_b > only_a else ("The first", only_a, only_b)
    counts = f"{better} is right on {more:,} samples where the other is wrong, and wrong on {fewer:,} where it is right"
    if chance < 0.05:
        return f"{counts}. Chance alone would give this in {100 * chance:.2g} of 100 cases: the difference is real."
    return (
        f"{counts}. Chance alone would give this in {100 * chance:.0f} of 100 cases: this does not prove a difference."
    )


def _unfair(a, b):
    same = a.provenance.get("fingerprint") == b.provenance.get("fingerprint")
    return (
        None
        if same
        else "The two models have learned from different data; one of them may have seen these test samples."
    )
