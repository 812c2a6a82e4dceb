"""New groups: the accuracy of a network on speakers, writers or sources that it has not learned from.

New takes of known voices say little about a new voice. So if the speakers are known, the same network is trained
without some of the speakers and tested on these, until each speaker was tested. The same network is also tested on new
samples of known speakers. The difference is the cost of a new speaker. The interval is over speakers, because ten takes
of one voice are not ten voices.
"""

import numpy as np

from pipelines.diagnosis import mislabelled, spread
from pipelines.diagnosis.finding import FINE, PROBLEM, UNCERTAIN, Finding, Kind
from pipelines.diagnosis.thresholds import PROBE_THRESHOLDS
from pipelines.diagnosis.uncertainty import t_interval

LIMIT = PROBE_THRESHOLDS["new_group"].value


def look_at_new_groups(probes, results):
    """Return (record, findings) of the probes that hold out whole groups.

    Returns
    -------
    record : dict of str to dict of JSON types
        For each group, the worst first: see `spread.table`.
    findings : list of Finding, one, or none if groups are not known or the probes were not trained
    """
    held_out = [result for (name, _), result in results.items() if name == "group" and not result.diverged]
    known = mislabelled.out_of_fold(probes, results)
    if not held_out or known is None or sum(len(each.asked) for each in held_out) < probes.n_train:
        return {}, []
    dataset = probes.prepared.dataset
    rows = np.concatenate([each.asked for each in held_out])
    right = np.concatenate([each.probabilities.argmax(axis=1) == dataset.y[each.asked] for each in held_out])
    table = spread.table(dataset.group[rows], right)
    shares = [row["accuracy"] for row in table.values()]
    mean, interval = float(np.mean(shares)), t_interval(shares)
    other = float((known[1].argmax(axis=1) == dataset.y[known[0]]).mean())
    worst = next(iter(table))
    evidence = {
        "groups": len(table),
        "accuracy": mean,
        "ci95": interval,
        "worst": worst,
        "worst_accuracy": table[worst]["accuracy"],
        "known_groups_accuracy": other,
        "limit": LIMIT,
    }
    low, high = interval
    said = (
        f"Of {len(table)} new speakers or sources, the network recognises {100 * mean:.1f} % "
        f"(95 % interval over these: {100 * low:.1f} to {100 * high:.1f} %), the worst, {worst}, "
        f"{100 * table[worst]['accuracy']:.1f} %; new samples of known ones, {100 * other:.1f} %."
    )
    if other - mean <= LIMIT:
        return table, [Finding(Kind.NEW_GROUPS, FINE, evidence, f"{said} The network is as good on new ones.")]
    if high > other:
        return table, [
            Finding(
                Kind.NEW_GROUPS,
                UNCERTAIN,
                evidence,
                f"{said} There are too few of them to know whether new ones are worse.",
            )
        ]
    advice = f"{said} Samples of more speakers or sources would help; more samples of these would not."
    return table, [Finding(Kind.NEW_GROUPS, PROBLEM, evidence, advice)]
