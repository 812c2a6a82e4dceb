"""`backprop recipe`: show every entry of a recipe."""

import click

from pipelines.cli import terminal
from pipelines.cli.command import Command
from pipelines.cli.options import option_json, option_preset
from pipelines.learning.tasks import NAMES


@click.command(cls=Command)
@click.argument("task_name", metavar=f"{{{'|'.join(NAMES)}}}", type=click.Choice(NAMES))
@option_preset
@option_json
def recipe(task_name, preset, as_json):
    """Show every entry of a recipe: its meaning, its range, and its value in each preset.

    The output is a file for --config of train, crossval and diagnose. Change the entries that you like, and delete the
    rest.

    Example: backprop recipe speech --preset best > recipe.toml
    """
    from pipelines.learning import tasks

    task = tasks.find(task_name)
    chosen = task.recipe(preset)
    click.echo(terminal.as_json(chosen.settings()) if as_json else chosen.as_toml(task.presets), nl=as_json)
