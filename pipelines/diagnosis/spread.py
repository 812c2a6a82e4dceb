"""Spread: whether the network is far worse on some classes, or on some speakers, than on others.

A mean hides this. With few samples each, some look bad by chance, and the more there are, the more often; only
differences that chance does not explain are reported.
"""

import math

import numpy as np

from backprop_core.metrics import wilson_interval
from pipelines.diagnosis.finding import FINE, PROBLEM, Finding, Kind
from pipelines.diagnosis.thresholds import DATA_THRESHOLDS
from pipelines.diagnosis.uncertainty import standard_error

BEHIND = DATA_THRESHOLDS["behind"].value


def table(kinds, right):
    """Return the accuracy of each kind of sample: dict of name to {"n", "accuracy", "ci95"}, the worst first.

    Parameters
    ----------
    kinds : ndarray of str [shape=(n,)], such as the label or the speaker of each sample
    right : bool ndarray [shape=(n,)]
    """
    rows = {}
    for name in np.unique(kinds):
        of_kind = right[kinds == name]
        share = float(of_kind.mean())
        rows[str(name)] = {"n": len(of_kind), "accuracy": share, "ci95": list(wilson_interval(share, len(of_kind)))}
    return dict(sorted(rows.items(), key=lambda row: row[1]["accuracy"]))


def finding(name, rows):
    """Return the finding on a `table`; `name` says of what, such as "class" or "speaker".

    One of m kinds is reported if it is worse than all others together by more than the limit, and by so many standard
    errors that chance would do this to one of the m in one case of 20 (Dunn 1961,
    https://doi.org/10.1080/01621459.1961.10482090).
    """
    from scipy.special import ndtri

    n_all = sum(row["n"] for row in rows.values())
    n_right = sum(row["n"] * row["accuracy"] for row in rows.values())
    errors = float(-ndtri(0.05 / max(1, len(rows))))
    behind = []
    for kind, row in rows.items():
        n_others = n_all - row["n"]
        if not n_others:
            continue
        others = (n_right - row["n"] * row["accuracy"]) / n_others
        error = math.hypot(standard_error(row["accuracy"], row["n"]), standard_error(others, n_others))
        if others - row["accuracy"] - errors * error > 0 and others - row["accuracy"] > BEHIND:
            behind.append(kind)
    worst = next(iter(rows))
    evidence = {"n": len(rows), "worst": worst, **rows[worst], "behind": behind, "limit": BEHIND}
    heading = f"spread by {name}"
    if behind:
        listed = ", ".join(f"{kind} ({100 * rows[kind]['accuracy']:.1f} %)" for kind in behind[:5])
        are = "is" if len(behind) == 1 else "are"
        advice = f"{name.capitalize()} {listed} {are} clearly worse than the others. Add samples there."
        return Finding(Kind.SPREAD, PROBLEM, evidence, advice, name=heading)
    advice = (
        f"The worst {name} is {worst} with {100 * rows[worst]['accuracy']:.1f} %. Among {len(rows)}, this difference "
        "may be chance."
    )
    return Finding(Kind.SPREAD, FINE, evidence, advice, name=heading)
