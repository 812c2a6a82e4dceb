"""Examination: every check of a diagnosis, in the order of the report."""

import numpy as np

from pipelines.diagnosis import curves, fit, gradients, mislabelled, new_groups, references, spread
from pipelines.diagnosis.data import copies, own_samples, soundness
from pipelines.diagnosis.finding import PROBLEM
from pipelines.diagnosis.probes import LONGER, MAIN


def examine(probes, results, prepared, task):
    """Make all checks.

    Parameters
    ----------
    probes : Probes
    results : dict of key to ProbeResult, the main one among them; others may be missing
    prepared : Prepared, with its items and all its roles
    task : Task

    Returns
    -------
    fitting : Finding, of the fit, whose name is the verdict
    findings : list of Finding, all others
    evidence : dict of JSON types, the curves, tables and lists for a report
    """
    main = results[MAIN]
    pairs, of_copies, copied = copies.look_for_copies(prepared, task.likeness)
    fitting = _judge_fit(probes, results, copied if of_copies[0].verdict == PROBLEM else np.zeros_like(copied))
    learning, of_learning = curves.learning_curve(probes, results)
    validation, of_validation = curves.validation_curves(probes, results)
    initial, of_beginning = references.beginning(probes, results)
    wrong, of_labels = mislabelled.look_for_wrong_labels(probes, results, prepared.dataset)
    by_group, of_groups = new_groups.look_at_new_groups(probes, results)
    findings = [
        *of_copies,
        *own_samples.look_at_samples(prepared.dataset, task),
        *soundness.one_word_alone(prepared, task),
        *references.signal(probes, results),
        *references.best_epoch(main.entries),
        *of_learning,
        *of_validation,
        *curves.depth(probes, results),
        *references.memory(results),
        *of_beginning,
        *of_labels,
        *_judge_spreads(prepared.dataset, main),
        *of_groups,
        *gradients.findings(main.entries, probes.description()),
    ]
    evidence = {
        "history": main.entries,
        "learning_curve": learning,
        "validation_curves": validation,
        "baselines": references.baselines(probes, results),
        "initial_loss": initial,
        "duplicates": pairs,
        "mislabelled": wrong,
        "new_groups": by_group,
    }
    return fitting, findings, evidence


def needs_longer_training(probes, results):
    """Return whether only a longer training can show if the network cannot learn or was still learning."""
    main, base = results[MAIN], results.get(probes.base)
    if main.diverged or base is None or base.diverged:
        return False
    n_classes = len(probes.prepared.dataset.labels)
    return fit.level(main.entries[-1]["train"]["accuracy"], n_classes) < fit.LIMITS["level"]


def _judge_fit(probes, results, copied):
    """Return the Finding of the fit, measured on the validation rows that are not copies of training rows."""
    main = results[MAIN]
    n_classes = len(probes.prepared.dataset.labels)
    if main.diverged:
        return fit.report_divergence(main.entries)
    last = main.entries[-1]
    train, valid, right = last["train"]["accuracy"], last["valid"]["accuracy"], main.right
    if copied.any():
        valid, right = float(right[~copied].mean()) if not copied.all() else 1.0, right[~copied]
        train = main.train["accuracy"]
    still_learning, why = _judge_length(probes, results)
    return fit.of_scores(train, probes.n_train, valid, len(right), n_classes, still_learning, why)


def _judge_length(probes, results):
    """Return whether more epochs would help much, and the reason as the end of a sentence."""
    main, longer, base = results[MAIN], results.get(LONGER), results.get(probes.base)
    if longer is None or base is None or longer.diverged or base.diverged:
        share = fit.falling(main.entries)
        return share > fit.LIMITS["falling"], f"its training loss fell by {100 * share:.0f} % in the last fifth"
    n_classes = len(probes.prepared.dataset.labels)
    return fit.learns_from_more_epochs(base.train, base.epochs, longer.train, longer.epochs, n_classes)


def _judge_spreads(dataset, main):
    if main.diverged:
        return []
    rows = dataset.rows("valid")
    kinds = {"class": np.array(dataset.labels)[dataset.y[rows]]}
    if dataset.group is not None and len(np.unique(dataset.group[rows])) < len(rows):
        kinds["speaker or source"] = dataset.group[rows]
    return [spread.finding(name, spread.table(of_rows, main.right)) for name, of_rows in kinds.items()]
