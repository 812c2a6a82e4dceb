"""The fit: did the network learn too little, enough, or only by heart?

Two numbers tell, if they are measured alike: how well it does on the rows that it learned from, and how well on rows
that it did not. Low on both: it learned too little, because it cannot (underfitting), or because it was stopped on the
way (not converged). High on the former and clearly lower on the latter: it learned rows by heart (overfitting). And a
loss that is no longer a number says that nothing was learned at all (diverged).
"""

import math

from pipelines.diagnosis.finding import FINE, PROBLEM, UNCERTAIN, Finding, Kind
from pipelines.diagnosis.thresholds import FIT_THRESHOLDS
from pipelines.diagnosis.uncertainty import count_samples_needed, gap_error, standard_error

GOOD, OVER, UNDER = "good fit", "overfitting", "underfitting"
UNFINISHED, DIVERGED, UNKNOWN = "not converged", "diverged", "inconclusive"
VERDICTS = (GOOD, OVER, UNDER, UNFINISHED, DIVERGED, UNKNOWN)

LIMITS = {name: threshold.value for name, threshold in FIT_THRESHOLDS.items()}


def of_history(entries, n_train, n_valid, n_classes):
    """Return the fit at the end of a training, from what was measured in each epoch.

    Parameters
    ----------
    entries : sequence of dict of JSON types
        The history's, or those of a DivergedError, whose last one was not finished and has no "train".
    n_train, n_valid, n_classes : int > 0

    Returns
    -------
    finding : Finding, whose name is one of `VERDICTS`
    """
    finished = [entry for entry in entries if "train" in entry]
    if not finished or len(finished) < len(entries):
        return report_divergence(entries)
    last = finished[-1]
    return of_scores(
        last["train"]["accuracy"],
        n_train,
        last["valid"]["accuracy"],
        n_valid,
        n_classes,
        still_learning=falling(finished) > LIMITS["falling"],
        why_unfinished=f"its training loss fell by {100 * falling(finished):.0f} % in the last fifth of the epochs",
    )


def report_divergence(entries):
    """Return the finding about a training whose loss stopped being a number; `entries` as in `of_history`."""
    finished = sum("train" in entry for entry in entries)
    advice = (
        f"The loss stopped being a number in epoch {finished + 1}, because the steps were too long. Lower the learning "
        "rate, and clip the gradient."
    )
    return _finding(DIVERGED, PROBLEM, {"epochs_finished": finished}, advice)


def falling(finished):
    """Return by what share the training loss fell in the last fifth of the epochs: float; 0 of a single epoch."""
    if len(finished) < 2:
        return 0.0
    before = finished[-1 - max(1, len(finished) // 5)]["train"]["loss"]
    return 1 - finished[-1]["train"]["loss"] / before if before else 0.0


def level(accuracy, n_classes):
    """Return how far an accuracy is on the way from guessing among so many classes, 0, to no error, 1: float."""
    return (accuracy - 1 / n_classes) / (1 - 1 / n_classes) if n_classes > 1 else 1.0


def of_scores(train, n_train, valid, n_valid, n_classes, still_learning, why_unfinished=""):
    """Return the fit of a network that is this accurate.

    Parameters
    ----------
    train, valid : float in [0, 1], accuracies
    n_train, n_valid, n_classes : int > 0
    still_learning : bool, whether more of the same training would teach it much more
    why_unfinished : str, how that is known: the end of a sentence

    Returns
    -------
    finding : Finding, whose name is one of `VERDICTS`
    """
    gap, error = train - valid, gap_error(train, n_train, valid, n_valid)
    learned = level(train, n_classes)
    evidence = {
        "train_accuracy": train,
        "valid_accuracy": valid,
        "gap": gap,
        "gap_error": error,
        "limit_gap": LIMITS["gap"],
        "level": learned,
        "limit_level": LIMITS["level"],
        "still_learning": bool(still_learning),
    }
    scores = (
        f"The network recognises {100 * train:.1f} % of {n_train:,} training rows and {100 * valid:.1f} % of "
        f"{n_valid:,} validation rows: {_points(gap)} ± {200 * error:.1f}"
    )
    if gap - 2 * error > LIMITS["gap"]:
        advice = f"{scores}. Much of what was learned holds for the training rows alone."
        return _finding(OVER, PROBLEM, evidence, advice)
    if learned < LIMITS["level"]:
        name = UNFINISHED if still_learning else UNDER
        advice = f"The network does not recognise {100 - 100 * train:.1f} % even of the training rows. "
        advice += f"It was still learning: {why_unfinished}." if still_learning else "Longer training will not help."
        return _finding(name, PROBLEM, evidence, advice)
    if gap > LIMITS["gap"] or (2 * error > LIMITS["gap"] and gap + 2 * error > LIMITS["gap"]):
        distance = max(abs(gap - LIMITS["gap"]), LIMITS["gap"] / 2)
        of_train = min(standard_error(train, n_train), distance / 4)
        evidence["valid_needed"] = needed = max(count_samples_needed(valid, distance, of_train), n_valid + 1)
        advice = (
            f"{scores}. These rows are too few to tell a good fit from overfitting ({100 * LIMITS['gap']:g} points); "
            f"about {needed - n_valid:,} more validation rows would tell."
        )
        return _finding(UNKNOWN, UNCERTAIN, evidence, advice)
    advice = f"{scores}. What was learned holds for new rows too."
    return _finding(GOOD, FINE, evidence, advice)


def _finding(name, verdict, evidence, advice):
    return Finding(Kind.FIT, verdict, evidence, advice, name=name)


def _points(gap):
    return f"{abs(100 * gap):.1f} points {'more' if gap < 0 else 'fewer'}"


def learns_from_more_epochs(train, epochs, longer, longer_epochs, n_classes):
    """Return whether a longer training learns much more of its rows, and how that is known, as a sentence's end.

    Either it removes a good part of the errors, or it gets much farther down from the loss of guessing, ln K: a network
    that has only begun to learn makes few errors less at first.

    Parameters
    ----------
    train, longer : dict with "loss" and "accuracy"
        Of training rows, in probes of the same kind.
    epochs, longer_epochs : int, how many each of them had
    n_classes : int > 1
    """
    errors = 1 - train["accuracy"]
    closed = (longer["accuracy"] - train["accuracy"]) / errors if errors else 0.0
    guessing = math.log(max(2, n_classes))
    descent, longer_descent = guessing - train["loss"], guessing - longer["loss"]
    farther = longer_descent > LIMITS["begun"] * guessing and longer_descent > LIMITS["farther"] * descent
    why = (
        f"with {longer_epochs} epochs instead of {epochs}, it recognises {100 * longer['accuracy']:.1f} % of the "
        f"training rows instead of {100 * train['accuracy']:.1f} %, and their loss is {longer['loss']:.2f} instead of "
        f"{train['loss']:.2f}"
    )
    return closed > LIMITS["closed"] or farther, why
