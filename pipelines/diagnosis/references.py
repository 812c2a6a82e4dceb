"""References: results for comparison.

An accuracy of 80 % means nothing if one class has 80 % of the samples, or if the network is as good on labels in random
order. A network that cannot even memorise 20 rows cannot learn. If the loss at the beginning is far from that of
guessing, ln K for K classes, the first answers of the network are sure without a reason.
"""

import math

import numpy as np

from pipelines.diagnosis.finding import FINE, PROBLEM, UNCERTAIN, Finding, Kind
from pipelines.diagnosis.probes import LINEAR, MAIN, MEMORISE, MEMORISED, SHUFFLED
from pipelines.diagnosis.thresholds import PROBE_THRESHOLDS
from pipelines.diagnosis.uncertainty import in_points, measure_paired_gain

TRUE_LABELS = ("main", "rows", "width", "dropout", "weight_decay", "linear", "longer")  # probes that learn from these

LIMITS = {name: threshold.value for name, threshold in PROBE_THRESHOLDS.items()}


def baselines(probes, results):
    """Return the table of simple baselines: list of {"name", "train", "valid", "note"}, accuracies."""
    prepared = probes.prepared
    y, y_valid = prepared.rows("train")[1], prepared.rows("valid")[1]
    largest = np.bincount(y).argmax()
    label = prepared.dataset.labels[largest]
    table = [_entry("constant", (y == largest).mean(), (y_valid == largest).mean(), f'always "{label}"')]
    for name, key, note in (
        ("linear", LINEAR, "no hidden layer"),
        ("shuffled labels", SHUFFLED, "the network on labels in random order"),
    ):
        result = results.get(key)
        if result and not result.diverged:
            note = f"{note}; {probes.n_part:,} training rows"
            table.append(_entry(name, result.train["accuracy"], result.valid["accuracy"], note))
    return table


def _entry(name, train, valid, note):
    return {"name": name, "train": float(train), "valid": float(valid), "note": note}


def signal(probes, results):
    """Return the finding on whether the labels belong to the samples, in a list.

    They do if a network that was trained on them is better than a constant answer. If another network is better and the
    diagnosed one is not, the labels are not the cause.
    """
    if results[MAIN].diverged:
        return []
    _, y_valid = probes.prepared.rows("valid")
    constant = y_valid == np.bincount(probes.prepared.rows("train")[1]).argmax()
    tried = {key: r for key, r in results.items() if key[0] in TRUE_LABELS and not r.diverged}
    best = max(tried, key=lambda key: tried[key].valid["accuracy"])
    (gain, error), (best_gain, best_error) = (measure_paired_gain(tried[key].right, constant) for key in (MAIN, best))
    evidence = {"valid_accuracy": float(tried[MAIN].right.mean()), "constant": float(constant.mean())}
    evidence |= {"gain": gain, "gain_error": error, "best_probe": list(best), "best_gain": best_gain}
    shuffled = results.get(SHUFFLED)
    if shuffled and not shuffled.diverged:
        evidence["shuffled"] = shuffled.valid["accuracy"]
    name = Kind.SIGNAL
    comparison = f"Validation accuracy is {in_points(gain, error)} better than that of a constant answer"
    if gain - 2 * error > 0:
        return [Finding(name, FINE, evidence, f"{comparison}.")]
    if best_gain - LIMITS["gain_errors"] * best_error > 0:
        other = in_points(best_gain, best_error)
        advice = f"{comparison}. But another network gains {other}, so the labels are not the cause."
        return [Finding(name, FINE, evidence, advice)]
    if 2 * error > LIMITS["signal_error"]:
        advice = f"{comparison}. {len(y_valid)} rows are too few to know whether the network learned anything."
        return [Finding(name, UNCERTAIN, evidence, advice)]
    advice = (
        f"{comparison}, which may be chance, and no other network here is better. Either the labels do not belong to "
        "these samples, or the features do not show the difference between the classes."
    )
    return [Finding(name, PROBLEM, evidence, advice)]


def memory(results):
    """Return the finding on whether the network can memorise a few rows, in a list."""
    result = results.get(MEMORISE)
    if not result:
        return []
    if result.diverged:
        advice = f"The network diverged while it memorised {MEMORISED} rows. Lower the learning rate."
        return [Finding(Kind.MEMORISING, PROBLEM, {"diverged": True}, advice)]
    share = result.train["accuracy"]
    evidence = {"rows": MEMORISED, "train_accuracy": share, "limit": LIMITS["memorised"]}
    if share >= LIMITS["memorised"]:
        advice = f"Without regularisation, the network memorises {MEMORISED} rows ({100 * share:.0f} %)."
        return [Finding(Kind.MEMORISING, FINE, evidence, advice)]
    advice = (
        f"The network cannot even memorise {MEMORISED} rows ({100 * share:.0f} %). Either it is far too small, "
        "its gradients vanish, its learning rate is very wrong, or rows of different classes are equal."
    )
    return [Finding(Kind.MEMORISING, PROBLEM, evidence, advice)]


def beginning(probes, results):
    """Return ({"measured", "expected"}, findings) about the loss before the first step; None and none if unknown."""
    measured = results[MAIN].initial_loss
    expected = math.log(max(2, len(probes.prepared.dataset.labels)))
    if measured is None or not math.isfinite(measured):
        return None, []
    evidence = {"measured": measured, "expected": expected, "limit": LIMITS["initial_loss"]}
    record = {"measured": measured, "expected": expected}
    beginning = f"The loss begins at {measured:.2f}; the loss of guessing is ln K = {expected:.2f}"
    if measured > LIMITS["initial_loss"] * expected:
        advice = f"{beginning}. The initial weights are too large, and the first steps only undo their effect."
        return record, [Finding(Kind.INITIAL_LOSS, PROBLEM, evidence, advice)]
    return record, [Finding(Kind.INITIAL_LOSS, FINE, evidence, f"{beginning}. This is right.")]


def best_epoch(entries):
    """Return the finding on the harm of the epochs after the best one, in a list."""
    finished = [entry for entry in entries if "train" in entry]
    if not finished:
        return []
    best, last = min(finished, key=lambda entry: entry["valid"]["loss"]), finished[-1]
    rise = last["valid"]["loss"] / best["valid"]["loss"] - 1 if best["valid"]["loss"] else 0.0
    evidence = {
        "best_epoch": best["epoch"],
        "last_epoch": last["epoch"],
        "best": {role: best[role] for role in ("train", "valid")},
        "last": {role: last[role] for role in ("train", "valid")},
        "rise": rise,
        "limit": LIMITS["rise"],
    }
    lowest = f"The validation loss was lowest in epoch {best['epoch']} of {last['epoch']}"
    fell = last["train"]["loss"] < best["train"]["loss"]
    if rise > LIMITS["rise"] and fell:
        advice = (
            f"{lowest}, and {100 * rise:.0f} % higher at the end, while the training loss went on falling. After that "
            "epoch the network learned only things that are true for the training rows. The weights of the best epoch "
            "are kept."
        )
        return [Finding(Kind.BEST_EPOCH, PROBLEM, evidence, advice, {"epochs": best["epoch"]})]
    return [Finding(Kind.BEST_EPOCH, FINE, evidence, f"{lowest}. The epochs after it did little harm.")]
