"""`backprop transcribe`: find and recognise the words in recordings, or the drawings in pictures."""

import sys

import click

from pipelines.cli import results, streams, terminal
from pipelines.cli.command import Command
from pipelines.cli.options import SHARE
from pipelines.errors import InputFileError, UsageError


@click.command(cls=Command)
@click.argument("model", type=click.Path())
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@click.option("--threshold", type=SHARE, default=0.0, help="Less probable words are unknown.")
@click.option("--words", type=click.IntRange(1, 200), help="The number of words in each recording.")
@click.option(
    "--grammar",
    type=click.Path(),
    metavar="FILE",
    help="A file of possible sequences of words; each recording is one of its lines.",
)
@click.option("--json", "form", flag_value="json", help="Print a list of records.")
@click.option("--srt", "form", flag_value="srt", help="Print subtitles; for one recording.")
@click.option("--textgrid", "form", flag_value="textgrid", help="Print a TextGrid for Praat; for one recording.")
def transcribe(model, files, threshold, words, grammar, form):
    """Find the words in longer recordings and recognise each; FILE may be a folder, or - for standard input.

    Example: backprop transcribe models/speech.safetensors telephone-number.wav

    With --words or --grammar, each place gets the word that fits best, even if it is improbable. Each line of a grammar
    is a sequence of words, such as: lights on

    A model of drawings, such as MNIST's digits, reads pictures with several drawings, line by line.
    """
    from pipelines.door.model import load
    from pipelines.features.inputs import samples

    loaded = load(model)
    chosen = samples(files, streams.standard_input(), loaded.task, terminal.note)
    if form in ("srt", "textgrid") and len(chosen) > 1:
        raise UsageError(f"transcribe: --{form} writes one recording, not {len(chosen)}; name one at a time")
    if results.print_transcripts(loaded.transcribe(chosen, threshold=threshold, words=words, grammar=grammar), form):
        sys.exit(InputFileError.exit_code)
