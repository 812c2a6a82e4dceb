"""`backprop transcribe`: find and recognise the words in recordings, or the drawings in pictures."""

import sys

import click

from pipelines.cli import results, streams, terminal
from pipelines.cli.options import Share
from pipelines.errors import InputFileError, UsageError


@click.command()
@click.argument("model", type=click.Path())
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@click.option("--threshold", type=Share(), default=0.0, help="Less probable words are unknown.")
@click.option("--json", "form", flag_value="json", help="Print a list of records.")
@click.option("--srt", "form", flag_value="srt", help="Print subtitles; for one recording.")
@click.option("--textgrid", "form", flag_value="textgrid", help="Print a TextGrid for Praat; for one recording.")
def transcribe(model, files, threshold, form):
    """Find the words in longer recordings and recognise each; FILE may be a folder, or - for standard input.

    Example: backprop transcribe models/speech.safetensors telephone-number.wav

    A model of drawings, such as MNIST's digits, reads pictures of several, line by line.
    """
    from pipelines.door.model import load
    from pipelines.features.inputs import samples

    loaded = load(model)
    chosen = samples(files, streams.standard_input(), loaded.task, terminal.note)
    if form in ("srt", "textgrid") and len(chosen) > 1:
        raise UsageError(f"transcribe: --{form} writes one recording, not {len(chosen)}; name one at a time")
    if results.print_transcripts(loaded.transcribe(chosen, threshold=threshold), form):
        sys.exit(InputFileError.exit_code)
