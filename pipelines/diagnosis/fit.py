"""The fit: did the network learn too little, enough, or only memorise?

Two numbers answer this, if they are measured in the same way: the accuracy on training rows, and the accuracy on other
rows. If both are low, the network learned too little, because it cannot learn more (underfitting), or because it was
stopped too early (not converged). If the first is high and the second clearly lower, it memorised rows (overfitting).
If the loss is no longer a number, it learned nothing (diverged).
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
    """Return the fit at the end of a training, from the measurements of each epoch.

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
    """Return the finding about a training whose loss became infinite or NaN; `entries` as in `of_history`."""
    finished = sum("train" in entry for entry in entries)
    advice = (
        f"The loss became infinite or NaN in epoch {finished + 1}, because the steps were too long. Lower the learning "
        "rate, and clip the gradient."
    )
    return _finding(DIVERGED, PROBLEM, {"epochs_finished": finished}, advice)


def falling(finished):
    """Return the share by which the training loss fell in the last fifth of the epochs: float; 0 for a single epoch."""
    if len(finished) < 2:
        return 0.0
    before = finished[-1 - max(1, len(finished) // 5)]["train"]["loss"]
    return 1 - finished[-1]["train"]["loss"] / before if before else 0.0


def level(accuracy, n_classes):
    """Return an accuracy on a scale from 0, guessing among so many classes, to 1, no error: float."""
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
        advice = f"{scores}. The network has memorised much that is true only for the training rows."
        return _finding(OVER, PROBLEM, evidence, advice)
    if learned < LIMITS["level"]:
        name = UNFINISHED if still_learning else UNDER
        advice = f"The network does not even recognise its training rows: {100 - 100 * train:.1f} % of them are wrong. "
        advice += f"It was still learning: {why_unfinished}." if still_learning else "Longer training will not help."
        return _finding(name, PROBLEM, evidence, advice)
    if gap > LIMITS["gap"] or (2 * error > LIMITS["gap"] and gap + 2 * error > LIMITS["gap"]):
        distance = max(abs(gap - LIMITS["gap"]), LIMITS["gap"] / 2)
        of_train = min(standard_error(train, n_train), distance / 4)
        evidence["valid_needed"] = needed = max(count_samples_needed(valid, distance, of_train), n_valid + 1)
        advice = (
            f"{scores}. There are too few rows to distinguish a good fit from overfitting ({100 * LIMITS['gap']:g} "
            f"points); about {needed - n_valid:,} more validation rows are needed."
        )
        return _finding(UNKNOWN, UNCERTAIN, evidence, advice)
    advice = f"{scores}. The network is as good on new rows."
    return _finding(GOOD, FINE, evidence, advice)


def _finding(name, verdict, evidence, advice):
    return Finding(Kind.FIT, verdict, evidence, advice, name=name)


def _points(gap):
    return f"{abs(100 * gap):.1f} points {'more' if gap < 0 else 'fewer'}"


def learns_from_more_epochs(train, epochs, longer, longer_epochs, n_classes):
    """Return whether a longer training learns much more of its rows, and how that is known, as a sentence's end.

    This is so if it removes a good part of the errors, or if its loss is much lower than that of guessing, ln K; at
    first a network reduces the loss more than the number of errors.

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
