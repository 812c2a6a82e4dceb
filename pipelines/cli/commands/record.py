"""`backprop record`: make a data set of your own words."""

import sys

import click

from pipelines.cli import results, terminal
from pipelines.cli.command import Command
from pipelines.cli.options import Number, option_json


@click.command(cls=Command)
@click.argument("labels", nargs=-1, required=True, metavar="LABEL…")
@click.option("--out", type=click.Path(), default="words", show_default=True, help="The folder of the data set.")
@click.option(
    "--speaker", default="me", show_default=True, help="Name of the speaker, for the files' names and the manifest."
)
@click.option(
    "--takes", type=click.IntRange(1), default=20, show_default=True, help="Number of recordings of each word, in all."
)
@click.option("--seconds", type=Number(1, 30), default=5.0, show_default=True, help="Time to say a word.")
@click.option("--device", help="Number or name of the microphone; default: the system's.")
@option_json
def record(labels, out, speaker, takes, seconds, device, as_json):
    """Record your own words from a microphone, as a data set to train on.

    Example: backprop record yes no --speaker anna

    The command asks for each LABEL in turn, listens until you have said it, and asks again if it was too quiet, too
    loud, too short or cut off. It writes OUT/LABEL/SPEAKER-N.wav, and OUT/manifest.csv for train --dataset. Ctrl-C
    stops; the recordings are kept, and the same command continues from there. With three speakers or more, the score of
    a training tells how well new voices are understood.
    """
    from pipelines.verbs.record import record as run

    recorded = run(
        labels,
        out,
        speaker=speaker,
        takes=takes,
        seconds=seconds,
        device=device,
        on_prompt=results.prompt,
        on_problem=results.problem_of_take,
    )
    if recorded["interrupted"]:
        terminal.note("interrupted: the takes so far are kept; the same command continues")
    click.echo(terminal.as_json(recorded) if as_json else results.recording_summary(recorded))
    if recorded["interrupted"]:
        sys.exit(terminal.INTERRUPTED)
