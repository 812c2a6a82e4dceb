"""Results of a command, as tables for people or as JSON for programs."""

import shlex
from dataclasses import asdict
from pathlib import Path

import click

from pipelines.cli.terminal import as_json, line, note, program, table
from pipelines.errors import UsageError
from pipelines.wording import csv_line, escape, percent


def training_summary(trained):
    """Return the summary of a training: a table of the scores, the model's file, and what to try next."""
    record = trained.record()
    shares = ("accuracy",) if record["balance"] is None else ("accuracy", "balanced_accuracy")
    rows = [
        (role, str(record[f"n_{role}"]), f"{record[role]['loss']:.4f}", *(percent(record[role][key]) for key in shares))
        for role in ("train", "valid", "test")
        if record[role]
    ]
    substitute = " (bundled, because the default could not be downloaded)" if record["bundled_fallback"] else ""
    words = [_after_options(record["model"]), *_example_words(trained)]
    return "\n".join(
        [
            table(rows, ("split", "samples", "loss", *(key.replace("_", " ") for key in shares))),
            *_apart(record),
            *_of_groups(record),
            "",
            f"data:  {escape(record['dataset'])}{substitute}, preset {record['preset']}, seed {record['seed']}",
            f"time:  {record['seconds']:.1f} s, best epoch {record['best_epoch']} of {record['epochs']}",
            f"doubt: {_doubt(record)}",
            f"model: {record['model']}",
            *([f"try:   {program()} predict {shlex.join(words)}"] if trained.example else []),
        ]
    )


def _example_words(trained):
    return ["--text", trained.example] if trained.example_is_text else [_after_options(trained.example)]


def _after_options(path):
    """Return a path as a word that no command takes for an option."""
    return f"./{path}" if path.startswith("-") else path


def _doubt(record):
    if record["threshold"] == 0:
        return "no threshold refuses foreign samples, and at most 1 % of the validation samples"
    found = f"predict --threshold {record['threshold']:g}"
    if record.get("n_foreign", {}).get("valid"):
        return f"{found} refuses foreign samples, and 1 % of the validation samples"
    return f"{found} would refuse 5 % of the validation samples"


def _describe_confused(most_confused):
    """Return a line for each pair of classes that are taken for each other most often."""
    lines = [f"  {escape(true)} taken for {escape(predicted)}: {count}" for true, predicted, count in most_confused]
    return lines or ["  none"]


def evaluation_summary(record, most_confused):
    """Return an evaluation as text: its accuracy with the interval, the table by class, and the most confused pairs."""
    low, high = record["ci95"]
    rows = [
        (label, percent(c["precision"]), percent(c["recall"]), percent(c["f1"]), str(c["support"]))
        for label, c in record["per_class"].items()
    ]
    return "\n".join(
        [
            f"{escape(record['dataset'])}, {record['split']} split, {record['n']} samples{_name_answering(record)}",
            f"accuracy {percent(record['accuracy'])}  (95 % interval {percent(low)} to {percent(high)})",
            f"balanced accuracy {percent(record['balanced_accuracy'])}  (mean over the classes)",
            f"loss {record['loss']:.4f}, expected calibration error {percent(record['ece'])}",
            *_apart(record),
            *_of_groups(record),
            *_describe_refused(record),
            "",
            table(rows, ("class", "precision", "recall", "f1", "support")),
            "",
            "most confused",
            *_describe_confused(most_confused),
        ]
    )


def _apart(record):
    """Return a line for each of several data sets: its accuracy."""
    return [
        f"  of {escape(name)}: {percent(of['accuracy'])} of {of['n']} {record.get('split', 'test')} samples"
        for name, of in record.get("by_dataset", {}).items()
    ]


def _of_groups(record):
    """Return a line about known speakers or sources, and one about new ones, if the data names them."""
    found = record.get("by_group") or {}
    lines = [
        f"  of {of['groups']} {which} speakers or sources: {percent(of['accuracy'])} on average, the worst, "
        f"{escape(of['worst'])}, {percent(of['worst_accuracy'])}"
        for which in ("known", "new")
        if (of := found.get(which))
    ]
    if found and not found["new"]:
        lines.append(
            "  new speakers or sources were not tested; crossval tests each by a network that has not learned from it"
        )
    return lines


def _describe_refused(record):
    """Return lines about foreign samples; an empty list if there are none."""
    found = record.get("foreign")
    if not found:
        return []
    precision = "-" if found["precision"] is None else percent(found["precision"])
    learned = (
        f"has learned from {found['learned_from']} others"
        if found["learned_from"]
        else "has not learned from samples of this kind"
    )
    return [
        f"foreign: {found['n']} samples, recall {percent(found['recall'])}, precision {precision} "
        f"at the threshold {found['threshold']:g}",
        f"  where {percent(found['accuracy'])} of the others are right and not refused; the model {learned}",
    ]


def _name_answering(record):
    together = f", {1 + len(record['with'])} models together" if "with" in record else ""
    return together + (", averaged over views" if "averaged" in record else "")


def stream_summary(found):
    """Return misses and false alarms at some thresholds, drawn as bars, and the threshold for the wanted rate."""
    about, minutes = found.about, 60 * found.hours
    rows = [found.at(threshold / 10) for threshold in range(10)]
    most = max([row["false_alarms_per_hour"] for row in rows]) or 1.0
    lines = [
        (
            f"{row['threshold']:.1f}",
            percent(row["misses"]),
            "#" * round(BAR * row["misses"]),
            f"{row['false_alarms_per_hour']:.1f}",
            "#" * round(BAR * row["false_alarms_per_hour"] / most),
        )
        for row in rows
    ]
    sounds = "recordings without them" if about["foreign"] == "recordings" else "sounds that are made of them"
    chosen = found.threshold
    if chosen is None:
        advice = f"no threshold gives {found.per_hour:g} false alarms an hour or fewer"
    else:
        at = found.at(chosen)
        advice = (
            f"listen --threshold {at['threshold']:g}: {at['false_alarms_per_hour']:.1f} false alarms an hour, and "
            f"{percent(at['misses'])} of the words missed"
        )
    return "\n".join(
        [
            f"{escape(about['dataset'])}, {about['split']} split: {about['n_words']} words, and {sounds}: "
            f"{minutes:.1f} min",
            "",
            table(lines, ("threshold", "misses", "", "false alarms an hour", "")),
            "",
            advice,
        ]
    )


BAR = 20  # largest number of characters in a bar


def crossval_summary(record, most_confused):
    """Return a cross-validation as text: the table by fold, the mean with the interval over folds, and the worst
    fold.
    """
    from backprop_core.metrics import wilson_interval  # imports numpy, which --help should not wait for

    by = record["by"]
    rows = []
    for name, fold in record["folds"].items():
        low, high = wilson_interval(fold["accuracy"], fold["n"])
        rows.append((name, str(fold["n"]), percent(fold["accuracy"]), f"{percent(low)} to {percent(high)}"))
    interval = ""
    if record["ci95"]:
        low, high = record["ci95"]
        interval = f"  (95 % interval over {len(rows)} {by}s: {percent(low)} to {percent(high)})"
    lines = [
        table(rows, (by, "samples", "accuracy", "95 % interval")),
        "",
        f"mean    {percent(record['mean'])}{interval}",
        f"worst   {percent(record['worst'])}  ({by} {escape(record['worst_fold'])})",
        f"pooled  {percent(record['pooled'])}  (over all samples)",
    ]
    if record["sd"] is not None:
        lines.append(f"seeds   {len(record['seeds'])}, standard deviation of their means {percent(record['sd'])}")
    substitute = " (bundled, because the default could not be downloaded)" if record["bundled_fallback"] else ""
    lines.append(
        f"data    {escape(record['dataset'])}{substitute}, preset {record['preset']}, {record['seconds']:.1f} s"
    )
    lines += ["", f"most confused in {by} {escape(record['worst_fold'])}"]
    lines += _describe_confused(most_confused)
    return "\n".join(lines)


def prediction_line(record):
    """Return the answer for one file as a line of text."""
    best = "unknown" if record["label"] is None else _one_line(record["label"])
    others = ", ".join(f"{_one_line(entry['label'])} {percent(entry['probability'])}" for entry in record["top"])
    return f"{_one_line(record.get('text', record['path']))}: {best}  ({others})"


def _one_line(text):
    """Return a text or a path on one line: only the beginning of a long text, or of a text with line ends."""
    line = " ".join(text.split()) if "\n" in text else text
    return line if len(line) <= SHOWN else f"{line[: SHOWN - 1]}…"


SHOWN = 200  # characters of a text
UNDONE = {"explanation": "its answer cannot be explained", "input": "its input cannot be shown"}
CSV_COLUMNS = ("path", "label", "probability", "error")


def print_predictions(answers, form):
    """Print answers as they come, or as one list for "json"; errors go to standard error.

    Return the number of failures.
    """
    failed, records = 0, []
    if form == "csv":
        click.echo(csv_line(CSV_COLUMNS))
    for answer in answers:
        record = answer.record()
        if answer.error is not None:
            failed += 1
            note(f"error: {answer.error}")
        for warning in answer.warnings:
            note(f"warning: {answer.path}: {warning}")
        for name, undone in UNDONE.items() if answer.pictures else ():
            if answer.pictures.get(name, "") is None:
                note(f"warning: {answer.path}: cannot be read a second time, so {undone}")
        if form == "json":
            records.append(record)
        elif form == "jsonl":
            line(as_json(record))
        elif form == "csv":
            line(csv_line([record.get(column) for column in CSV_COLUMNS]))
        elif answer.error is None:
            line(prediction_line(record))
    if form == "json":
        click.echo(as_json(records))
    return failed


def transcript_text(transcript):
    """Return a transcript as text: a line for each word with its time and probability, then all words in one line."""
    rows = [(*word.place, word.text, percent(word.probability)) for word in transcript.words]
    said = transcript.text or "(no words)"
    return "\n".join([*([table(rows)] if rows else []), f"{transcript.path}: {said}"])


def print_transcripts(transcripts, form):
    """Print transcripts as they come, or as one list for "json"; errors go to standard error.

    Return the number of failures.
    """
    from pipelines.report.transcripts import as_srt, as_textgrid

    forms = {"srt": as_srt, "textgrid": as_textgrid}
    failed, records = 0, []
    for transcript in transcripts:
        if transcript.error is not None:
            failed += 1
            note(f"error: {transcript.error}")
        for warning in transcript.warnings:
            note(f"warning: {transcript.path}: {warning}")
        if form == "json":
            records.append(transcript.record())
        elif transcript.error is not None:
            continue
        elif form in forms:
            if transcript.seconds is None:
                raise UsageError(f"transcribe: --{form} needs times of words; use --json for pictures")
            click.echo(forms[form](transcript), nl=False)
        else:
            click.echo(transcript_text(transcript))
    if form == "json":
        click.echo(as_json(records))
    return failed


def info_summary(described):
    """Return a model file's description as text."""
    provenance = described["provenance"]
    rows = [
        ("model", described["model"]),
        ("task", described["task"]),
        ("labels", ", ".join(described["labels"])),
        ("network", f"{layers_in_a_row(described['network'])} ({described['n_parameters']:,} parameters)"),
        ("extractor", ", ".join(f"{name} {value}" for name, value in described["extractor"].items())),
        *((name, _short(value)) for name, value in provenance.items()),
    ]
    if "golden_error" in described:
        rows.append(("golden sample", f"reproduced to within {described['golden_error']:.1g}"))
    return "\n".join(f"{name:16s} {escape(text)}" for name, text in rows)


def export_summary(record):
    """Return an export as text: its files, the stages outside, the cost, and the comparison with the model."""
    rows = [(path, f"{size:,} bytes") for path, size in zip(record["files"], record["bytes"], strict=True)]
    lines = [table(rows)]
    if record["outside"]:
        lines.append(f"outside: {', '.join(record['outside'])}")
    lines += [f"{name.replace('_', ' ')}: {value}" for name, value in record.get("cost", {}).items()]
    if check := record.get("check"):
        asked = f"{check['n']} test samples of {check['dataset'] or 'no data set'} and {check['n_odd']} unusual ones"
        lines.append(
            f"checked: {asked}; the same label for {check['same_label_decided']} of {check['decided']} clear ones, "
            f"probabilities within {check['largest_difference']:.2g}"
        )
    return "\n".join(lines)


def layers_in_a_row(described):
    """Return layers as text; layers that a residual connection bypasses are in brackets."""
    texts = []
    for layer in described:
        inner = [f"({layers_in_a_row(layer['layers'])})"] if "layers" in layer else []
        values = [str(value) for key, value in layer.items() if key not in ("initializer", "layers")]
        texts.append(" ".join([*values, *inner]))
    return " -> ".join(texts)


def _short(value):
    if isinstance(value, dict):
        return ", ".join(f"{k} {_short(v)}" for k, v in value.items())
    if isinstance(value, list):
        return " ".join(map(_short, value)) or "none"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def gradcheck_summary(record):
    """Return a gradient check as text: its table and its result."""
    header = ("part", "name") if record["model"] is None else ("layer", "parameter")
    rows = [
        (*(row[column] for column in header), str(row["n_checked"]), _error(row), row["verdict"])
        for row in record["checks"]
    ]
    n_ok = sum(row["verdict"] == "ok" for row in record["checks"])
    return "\n".join(
        [
            table(rows, (*header, "checked", "worst error", "verdict")),
            "",
            f"{n_ok} of {len(rows)} ok: relative error of the gradient below {record['tolerance']:g}",
        ]
    )


def _error(row):
    if row["n_checked"] == 0:
        return "-"
    return "not finite" if row["error"] is None else f"{row['error']:.1e}"


def datasets_summary(listings):
    """Return the list of data sets as a table."""
    rows = [(entry.name, entry.task, f"{entry.size / 1e6:.1f} MB", entry.state, entry.licence) for entry in listings]
    return table(rows, ("name", "task", "size", "state", "licence"))


def datasets_json(listings):
    """Return the list of data sets as one JSON document."""
    return as_json([asdict(entry) for entry in listings])


def prompt(take):
    """Ask for a take of a word, a Take."""
    note(f"{take.number:3d}/{take.total}  say: {take.label}")


def problem_of_take(reason):
    """Print why a take must be repeated."""
    note(f"         again, please: {reason}")


def recording_summary(record):
    """Return as text: the number of takes of each word, the manifest, and the command to train on them."""
    folder = Path(record["manifest"]).parent
    model = Path("models") / f"{folder.name or 'words'}.safetensors"
    counts = ", ".join(f"{label} {count}" for label, count in record["takes"].items())
    missing = f", {record['missing']} still missing" if record["missing"] else ""
    words = shlex.join(["--dataset", record["manifest"], "--out", str(model)])
    return "\n".join(
        [
            f"takes: {counts} by {record['speaker']}; {record['recorded']} of them now{missing}",
            f"data:  {record['manifest']}",
            f"try:   {program()} train speech {words}",
        ]
    )
