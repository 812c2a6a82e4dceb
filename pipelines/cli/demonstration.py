"""Printing a demonstration: its question, a table of the trials, the result of each, and the lesson."""

import textwrap

from pipelines.cli.terminal import note, table
from pipelines.wording import escape, percent

WIDTH = 96


def trial_note(trial, done, total):
    """Print that a trial is finished, number `done` of `total`."""
    note(f"trial {done}/{total}  {trial['name']}: {_verdict(trial)}  ({trial['seconds']:.0f} s)")


def demonstration_text(record):
    """Return a demonstration as text.

    Parameters
    ----------
    record : dict of JSON types, as `demonstrate.demonstrate` returns it
    """
    fallback = " (bundled, because the default could not be downloaded)" if record["bundled_fallback"] else ""
    sizes = f"{record['n_train']:,} training and {record['n_valid']:,} validation rows"
    return "\n".join(
        [
            record["question"],
            "",
            _table(record["trials"]),
            "",
            *_reasons(record),
            "",
            _wrap(record["lesson"] if record["cured"] else _not_shown(record)),
            "",
            f"data:  {escape(record['dataset'])}{fallback}, {sizes}, seed {record['seed']}; {record['seconds']:.0f} s",
        ]
    )


def _table(trials):
    watched = any(trial["first_gradient"] is not None for trial in trials)
    rows = []
    for number, trial in enumerate(trials, 1):
        accuracies = [percent(trial[role]["accuracy"]) if trial[role] else "-" for role in ("train", "valid")]
        gradients = [_gradient(trial[key]) for key in ("first_gradient", "last_gradient")] if watched else []
        rows.append((f"{number}", trial["name"], *accuracies, *gradients, _verdict(trial)))
    header = ("first |dW|", "last |dW|") if watched else ()
    return table(rows, ("", "trial", "train", "valid", *header, "verdict"))


def _gradient(length):
    return "-" if length is None else f"{length:.1e}"


def _verdict(trial):
    """Return the problem of the gradients if there is one, because it is the cause; else the verdict on the fit."""
    return trial["gradients"][0] if trial["gradients"] else trial["verdict"]


def _reasons(record):
    for number, trial in enumerate(record["trials"], 1):
        remark = f" {trial['remark']}" if trial["remark"] else ""
        yield textwrap.fill(escape(f"{number}. {trial['why']}{remark}"), WIDTH, subsequent_indent="   ")


def _not_shown(record):
    first, last = record["trials"][0], record["trials"][-1]
    return (
        f"This data set does not show the effect: the verdict on the first trial is {_verdict(first)}, and on the last "
        f"one {_verdict(last)}. Try another data set, or another --seed."
    )


def _wrap(text):
    return textwrap.fill(text, WIDTH)
