"""Printing a diagnosis: one page of text, the verdict first."""

import shlex
import textwrap

from pipelines.cli.terminal import program, table
from pipelines.diagnosis.finding import FINE, PROBLEM
from pipelines.wording import escape, percent

WIDTH = 96
MARKS = {FINE: "ok", PROBLEM: "!!"}
LISTED = 5


def diagnosis_text(record):
    """Return a diagnosis as text: verdict, findings with their numbers, tables, and the command to try next.

    Parameters
    ----------
    record : dict of JSON types, that of `diagnose.diagnose`
    """
    parts = [
        _wrap(f"{record['verdict'].upper()}: {record['reason']}"),
        _scores(record),
        *[_finding(finding) for finding in record["findings"][1:]],
        "",
        *_curves(record),
        *_suspects(record),
        _wrap(f"next:  {record['next']['text']}", 7),
        f"       {program()} {shlex.join(record['next']['words'])}",
        _about(record),
    ]
    return "\n".join(part for part in parts if part is not None)


def _wrap(text, indent=0):
    return textwrap.fill(escape(text), WIDTH, subsequent_indent=" " * indent)


def _finding(finding):
    mark = MARKS.get(finding["verdict"], "??")
    return _wrap(f"{mark} {finding['name']}: {finding['advice']}", 3)


def _scores(record):
    if not record["scores"]:
        return ""
    rows = []
    for role, score in record["scores"].items():
        low, high = score["ci95"]
        interval = f"{percent(low)} to {percent(high)}"
        rows.append((role, f"{score['n']:,}", f"{score['loss']:.4f}", percent(score["accuracy"]), interval))
    rivals = [(r["name"], percent(r["train"]), percent(r["valid"]), r["note"]) for r in record["baselines"]]
    return "\n".join(
        [
            "",
            table(rows, ("the network", "rows", "loss", "accuracy", "95 % interval")),
            "",
            table(rivals, ("beside it", "train", "valid", "")),
            "",
        ]
    )


def _curves(record):
    curve = record["learning_curve"]
    if curve:
        header = ("training rows", *(f"{n:,}" for n in curve["rows"]))
        yield table(
            [("accuracy on them", *map(percent, curve["train"])), ("on validation", *map(percent, curve["valid"]))],
            header,
        )
        yield ""
    for curve in record["validation_curves"]:
        values = [f"{value:g}{'*' if value == curve['chosen'] else ''}" for value in curve["values"]]
        rows = [
            ("accuracy in training", *map(percent, curve["train"])),
            ("on validation", *map(percent, curve["valid"])),
        ]
        yield table(rows, (curve["parameter"].replace("_", " "), *values))
        yield ""


def _suspects(record):
    listed = record["mislabelled"][:LISTED]
    if not listed or not any(f["name"] == "mislabelled" and f["verdict"] == PROBLEM for f in record["findings"]):
        return
    rows = [
        (entry["path"] or f"sample {entry['index']}", entry["true"], entry["predicted"], percent(entry["probability"]))
        for entry in listed
    ]
    yield table(rows, ("most suspect labels", "label", "rather", "sure"))
    yield ""


def _about(record):
    fallback = " (bundled, because the default could not be downloaded)" if record["bundled_fallback"] else ""
    sizes = f"{record['n_train']:,} training and {record['n_valid']:,} validation rows"
    return (
        f"data:  {escape(record['dataset'])}{fallback}, {sizes}; {record['seconds']:.0f} s\n"
        "       test rows were not used; limits are in --json and in the report"
    )
