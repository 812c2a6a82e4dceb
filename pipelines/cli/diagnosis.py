"""Printing a diagnosis: one page of text, the verdict first."""

import shlex
import textwrap

from pipelines.cli.terminal import program, table
from pipelines.diagnosis.finding import FINE, PROBLEM
from pipelines.wording import percent, shown

WIDTH = 96
MARKS = {FINE: "ok", PROBLEM: "!!"}
LISTED = 5


def diagnosis_text(record):
    """Return a diagnosis as text: verdict, findings with their numbers, tables, and the command to try next.

    Parameters
    ----------
    record : dict of JSON types, as `diagnose.diagnose` returns it, with "command" in its "next"
    """
    parts = [
        _wrapped(f"{record['verdict'].upper()}: {record['summary'].split('. ', 1)[-1]}"),
        _scores(record),
        *[_finding(finding) for finding in record["findings"][1:]],
        "",
        *_curves(record),
        *_suspects(record),
        _wrapped(f"next:  {record['next']['text']}", 7),
        f"       {record['next']['command']}",
        _about(record),
    ]
    return "\n".join(part for part in parts if part is not None)


def next_words(record, target, asked=None):
    """Return the words of the command to try next, without the program's name.

    Parameters
    ----------
    record : dict of JSON types, of a diagnosis
    target : str, the task, or the model file that was diagnosed
    asked : dict or None
        "epochs" and "least_steps" as they were asked for; in the record they are what so many rows made of them.
    """
    from pipelines.learning import tasks  # brings numpy, for which --help should not wait

    step = record["next"]
    if step["verb"] == "evaluate":
        return ["evaluate", target]
    preset = step["preset"] or record["preset"]
    words = [step["verb"], record["task"], *([] if record["bundled_fallback"] else ["--dataset", record["dataset"]])]
    words += ["--preset", preset] if preset != "fast" else []
    if preset in ("fast", "best"):
        usual = tasks.find(record["task"]).presets[preset].settings()
        settings = {**(record["recipe"] if not step["preset"] else usual), **step["changes"]}
        for name in ("epochs", "least_steps"):  # as they are for so many rows, unless they are to change
            if name not in step["changes"]:
                settings[name] = usual[name] if step["preset"] else (asked or {}).get(name, usual[name])
        words += _options({name: value for name, value in settings.items() if value != usual[name]})
    return [*words, *(["--seed", str(record["seed"])] if record["seed"] else [])]


def _options(changes):
    """Return recipe entries as options of the command line."""
    words = []
    if "epochs" in changes:
        changes = {name: value for name, value in changes.items() if name != "least_steps"}
    for name, value in changes.items():
        if name == "hidden" and value:
            words += ["--hidden", ",".join(map(str, value))]
        elif name == "epochs":
            words += ["--epochs", str(value)]
        else:
            told = (
                str(value).lower() if isinstance(value, bool) else f"{value:.6g}" if isinstance(value, float) else value
            )
            words += ["--set", f"{name}={told}"]
    return words


def _wrapped(text, indent=0):
    return textwrap.fill(shown(text), WIDTH, subsequent_indent=" " * indent)


def _finding(finding):
    mark = MARKS.get(finding["verdict"], "??")
    return _wrapped(f"{mark} {finding['name']}: {finding['advice']}", 3)


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
    fallback = " (bundled, because the default could not be had)" if record["bundled_fallback"] else ""
    sizes = f"{record['n_train']:,} training and {record['n_valid']:,} validation rows"
    return (
        f"data:  {shown(record['dataset'])}{fallback}, {sizes}; {record['seconds']:.0f} s\n"
        "       test rows were asked nothing; limits are in --json and in the report"
    )


def command(words):
    """Return words as a command that can be pasted."""
    return f"{program()} {shlex.join(words)}"
