"""Copies: test samples that the network has already learned from, so that it has memorised the answer.

A score on copies of training samples measures memory. The score without them is the right one.
"""

from dataclasses import replace

import numpy as np

from pipelines.diagnosis.data.duplicates import find_duplicates
from pipelines.diagnosis.data.soundness import duplicate_findings
from pipelines.diagnosis.finding import FINE, PROBLEM, Finding, Kind
from pipelines.diagnosis.thresholds import DATA_THRESHOLDS

LEAK = DATA_THRESHOLDS["leak"].value


def look_for_copies(prepared, likeness):
    """Find samples that are in the data more than once.

    Parameters
    ----------
    prepared : Prepared
    likeness : function, as `Task.likeness`

    Returns
    -------
    record : list of dict of JSON types, pairs; see `Duplicates.evidence`
    findings : list of Finding, the first one about leakage
    copied : bool ndarray [shape=(n_valid,)]
        Which validation rows are copies of training rows.
    """
    duplicates = find_duplicates(prepared, likeness)
    dataset = prepared.dataset
    leaking = duplicates.find_leaking()
    second = np.unique(leaking.pairs[:, 1])
    counts = {role: int((dataset.role[second] == role).sum()) for role in ("valid", "test")}
    sizes = {role: len(dataset.rows(role)) for role in counts}
    share = max(counts[role] / sizes[role] if sizes[role] else 0.0 for role in counts)
    evidence = {"copies": counts, "of": sizes, "share": share, "limit": LEAK, "exact": int(leaking.exact.sum())}
    by_kind = {finding.kind: finding for finding in duplicate_findings(duplicates)}
    leak = by_kind.pop(Kind.LEAKING_DUPLICATES, None)
    if share > LEAK:
        leakage = Finding(Kind.LEAKAGE, PROBLEM, evidence, leak.advice)
    elif leak:
        few = f"{sum(counts.values())} of {sum(sizes.values()):,} validation and test rows are copies of training rows"
        leakage = Finding(Kind.LEAKAGE, FINE, evidence, f"{few}. These are too few to matter.")
    else:
        checked = f"No validation or test row is a copy of a training row, among {len(dataset):,}."
        leakage = Finding(Kind.LEAKAGE, FINE, evidence, checked)
    others = [replace(finding, evidence={"n_pairs": len(duplicates)}) for finding in by_kind.values()]
    copied = np.isin(dataset.rows("valid"), second)
    return duplicates.evidence(), [leakage, *others], copied
