"""`backprop predict`: classify files with a model."""

import sys

import click

from pipelines.cli import results, streams, terminal
from pipelines.cli.command import Command
from pipelines.cli.options import SHARE, BinaryFile, option_jobs, options_answering
from pipelines.errors import InputFileError, UsageError


@click.command(cls=Command, may_be_empty=("texts",))
@click.argument("model", type=click.Path())
@click.argument("files", nargs=-1, metavar="FILE…")
@click.option("--top", type=click.IntRange(1), default=3, show_default=True, help="How many labels to list.")
@click.option(
    "--threshold",
    type=SHARE,
    default=0.0,
    help="Less probable answers are unknown; train and info name a threshold that refuses 5 % of validation samples.",
)
@click.option(
    "--files-from",
    type=BinaryFile(),
    help="A list of files, one in each line; - is standard input.",
)
@click.option("--explain", type=click.Path(file_okay=False), help="A folder for sheets of what led to each answer.")
@click.option("--show-input", type=click.Path(file_okay=False), help="A folder for pictures of the network's input.")
@click.option("--json", "form", flag_value="json", help="Print a list of records.")
@click.option("--jsonl", "form", flag_value="jsonl", help="Print one record in each line.")
@click.option("--csv", "form", flag_value="csv", help="Print path, label, probability, error.")
@click.option("--text", "texts", multiple=True, help="A text to classify; repeatable.")
@click.option("--lines", is_flag=True, help="Each line of a FILE is a text; the answer comes at once.")
@click.option("--column", help="Column of FILE that contains the texts; FILE is CSV with headings, or JSON lines.")
@click.option("--encoding", help="Encoding of texts that are not Unicode, such as latin-1.")
@options_answering
@option_jobs
def predict(
    model,
    files,
    top,
    threshold,
    files_from,
    explain,
    show_input,
    form,
    texts,
    lines,
    column,
    encoding,
    others,
    average,
    jobs,
):
    """Recognise what is in recordings, pictures or texts; FILE may be a folder, or - for standard input.

    Example: backprop predict models/speech.safetensors my-word.wav

    A file is one recording, one picture or one text; --lines, --column and --encoding are for files of texts.
    """
    from pipelines.door.model import load
    from pipelines.features.inputs import names_in_list, samples

    listed = names_in_list(files_from.read()) if files_from else []
    if not files and not listed and not texts:
        raise UsageError("predict: name at least one file, a folder, or - for standard input")
    loaded = load(model, *others, average=average)
    many = lines or column is not None
    chosen = samples([*files, *listed], streams.standard_input(), loaded.task, terminal.note, streams=many)
    answers = loaded.predict(
        chosen,
        top=top,
        threshold=threshold,
        explain=explain,
        show_input=show_input,
        texts=texts,
        lines=lines,
        column=column,
        encoding=encoding,
        jobs=jobs,
    )
    if results.print_predictions(answers, form):
        sys.exit(InputFileError.exit_code)
