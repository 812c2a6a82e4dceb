"""Copies: samples that the network has learned from and is then asked about, so that it knows the answer by heart.

Whoever measures on copies of training samples measures memory. What is left without them is what counts.
"""

import numpy as np

from pipelines.diagnosis.data.advice import advice
from pipelines.diagnosis.data.duplicates import find_duplicates
from pipelines.diagnosis.data.soundness import duplicate_findings
from pipelines.diagnosis.finding import FINE, PROBLEM, Finding, sentence
from pipelines.diagnosis.thresholds import DATA_THRESHOLDS

LEAK = DATA_THRESHOLDS["leak"].value
GRAVE = ("leaking duplicates", "contradicting duplicates")


def look_for_copies(prepared, likeness):
    """Look for samples that are in the data more than once.

    Parameters
    ----------
    prepared : Prepared
    likeness : function, as `Task.likeness`

    Returns
    -------
    record : list of dict of JSON types, pairs; see `Duplicates.evidence`
    findings : list of Finding, the first one named "leakage"
    copied : bool ndarray [shape=(n_valid,)]
        Which validation rows are copies of training rows.
    """
    duplicates = find_duplicates(prepared, likeness)
    dataset = prepared.dataset
    leaking = duplicates.leaking()
    second = np.unique(leaking.pairs[:, 1])
    counts = {role: int((dataset.role[second] == role).sum()) for role in ("valid", "test")}
    sizes = {role: len(dataset.rows(role)) for role in counts}
    share = max(counts[role] / sizes[role] if sizes[role] else 0.0 for role in counts)
    evidence = {"copies": counts, "of": sizes, "share": share, "limit": LEAK, "exact": int(leaking.exact.sum())}
    sentences = {each.name: advice(each) for each in duplicate_findings(duplicates)}
    told = sentences.pop("leaking duplicates", "")
    if share > LEAK:
        found = Finding("leakage", PROBLEM, evidence, sentence(told))
    elif told:
        few = f"{sum(counts.values())} of {sum(sizes.values()):,} validation and test rows are copies of training rows"
        found = Finding("leakage", FINE, evidence, f"{few}: too few to matter.")
    else:
        checked = f"No validation or test row is a copy of a training row, among {len(dataset):,}."
        found = Finding("leakage", FINE, evidence, checked)
    others = [
        Finding(name, PROBLEM if name in GRAVE else FINE, {"n_pairs": len(duplicates)}, sentence(text))
        for name, text in sentences.items()
    ]
    copied = np.isin(dataset.rows("valid"), second)
    return duplicates.evidence(), [found, *others], copied
