"""The output of `backprop datasets check`: a few lines about the data set, a table of the classes, and the problems."""

import shlex

from pipelines.cli.terminal import program, table
from pipelines.wording import escape, list_some

MOST_CLASSES = 30


def check_summary(record):
    """Return the record of `verbs.check.check` as text."""
    about = [
        ("task", record["task"] + (" (most files are of this kind)" if record["task_guessed"] else "")),
        ("layout", record["layout"]),
        ("samples", f"{record['n']:,} in {record['n_classes']} classes"),
        ("split", _split(record["split"])),
        ("groups", _groups(record["groups"])),
        *_describe_measured(record["measured"]),
    ]
    if record["noise"]:
        about.append(("noise", f"{record['noise']} recordings, no samples"))
    parts = [escape(record["path"]), _lines(about), "", _classes(record["classes"])]
    if passed := record["passed_over"]:
        parts += _describe_passed(passed)
    parts += [f"note: {escape(note)}" for note in record["notes"]]
    parts += [f"{'error' if each['grave'] else 'warning'}: {escape(each['text'])}" for each in record["problems"]]
    if not any(problem["grave"] for problem in record["problems"]):
        parts.append(f"try: {program()} train {record['task']} --dataset {shlex.quote(record['path'])}")
    return "\n".join(parts)


def _lines(pairs):
    return "\n".join(f"  {name + ':':<10} {escape(text)}" for name, text in pairs)


def _split(split):
    sizes = ", ".join(f"{split[role]:,} {role}" for role in ("train", "valid", "test"))
    if not split["given"]:
        return f"{sizes} (training sets rows aside; the data has no split)"
    if len(split["given"]) == 1:
        return f"{sizes} (the data has {split['given'][0]} rows; training sets the others aside)"
    return f"{sizes} (as the data has it)"


def _groups(groups):
    if groups is None:
        return "not known"
    return f"{groups['n']:,} (the largest: {list_some([f'{name} {n}' for name, n in groups['largest'].items()], 5)})"


def _describe_measured(measured):
    lines = []
    if length := measured.get("seconds"):
        lines.append(
            ("length", f"{length['shortest']:g} to {length['longest']:g} s, median {length['median']:g} s, "
             f"{length['total'] / 60:.1f} min in all")
        )  # fmt: skip
    if rates := measured.get("sampling_rates"):
        lines.append(("rate", list_some([f"{int(rate) / 1000:g} kHz ({n:,})" for rate, n in rates.items()], 5)))
    if sizes := measured.get("sizes"):
        lines.append(("size", list_some([f"{size} ({n:,})" for size, n in sizes.items()], 5)))
    for name in ("channels", "modes", "formats"):
        if counts := measured.get(name):
            lines.append((name, list_some([f"{kind} ({n:,})" for kind, n in counts.items()], 6)))
    if unknown := measured.get("n_unknown"):
        lines.append(("unknown", f"the headers of {unknown:,} files"))
    return lines


def _classes(classes):
    rows = [(label, f"{n:,}") for label, n in list(classes.items())[:MOST_CLASSES]]
    more = f"\nand {len(classes) - MOST_CLASSES} more classes" if len(classes) > MOST_CLASSES else ""
    return table(rows, ("class", "samples")) + more + "\n"


def _describe_passed(passed):
    if not passed["n"]:
        return []
    lines = [
        f"left out: {n:,} {'file' if n == 1 else 'files'}: {escape(reason)}" for reason, n in passed["reasons"].items()
    ]
    return [*lines[:10], *[f"  such as {escape(passed['first'][0].split(': left out')[0])}"]]
