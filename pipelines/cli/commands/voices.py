"""`backprop voices`: make a data set of words in synthetic voices."""

import shlex

import click

from pipelines.cli import terminal
from pipelines.cli.command import Command
from pipelines.cli.options import Number, option_json
from pipelines.cli.terminal import program
from pipelines.errors import UsageError
from pipelines.wording import escape


@click.command(cls=Command)
@click.argument("words", nargs=-1, metavar="WORD…")
@click.option("--lang", "language", default="en", show_default=True, help="The language, as espeak-ng calls it.")
@click.option("--out", type=click.Path(), default="words", show_default=True, help="The folder of the data set.")
@click.option(
    "--takes", type=click.IntRange(4, 2000), default=60, show_default=True, help="Number of recordings of each word."
)
@click.option("--near", type=Number(0, 5), default=0.5, show_default=True, help="Number of near misses for each take.")
@click.option("--tts", metavar="COMMAND", help="Speak with this command, which contains {text} and {wav}.")
@click.option(
    "--voice", "tts_voices", multiple=True, help="A voice of the --tts command, which replaces {voice}; repeatable."
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@option_json
def voices(words, language, out, takes, near, tts, tts_voices, seed, as_json):
    """Make a data set of words in synthetic voices, to begin without recording.

    Example: backprop voices "lights on" "lights off" --lang en

    espeak-ng says each WORD in many voices, at many speeds and pitches. It also says near misses: words that differ in
    one sound, which the network learns to refuse. The command writes OUT/WORD/N.wav, OUT/_foreign_/N.wav, and
    OUT/manifest.csv for train --dataset. A few takes of your own make the data much better: record them, and give both
    sets to train.
    """
    from pipelines.verbs.voices import voices as run

    is_asked = click.get_current_context().get_parameter_source("near") is click.core.ParameterSource.COMMANDLINE
    if tts and near and is_asked:
        raise UsageError("voices: a command of --tts says no near misses; leave out --near, or speak with espeak-ng")

    made = run(words, out, language=language, takes=takes, near=near, tts=tts, tts_voices=tts_voices, seed=seed)
    if as_json:
        click.echo(terminal.as_json(made))
        return
    click.echo(
        f"{escape(made['manifest'])}: {sum(made['takes'].values())} takes of {len(made['takes'])} words in "
        f"{made['voices']} voices, {made['near_misses']} near misses\n"
        f"try: {program()} train speech --dataset {shlex.quote(out)} --out models/words.safetensors"
    )
