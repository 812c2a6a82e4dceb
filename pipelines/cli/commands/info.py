"""`backprop info`: show what is in a model file."""

import click

from pipelines.cli import results, terminal
from pipelines.cli.command import Command
from pipelines.cli.options import option_json


@click.command(cls=Command)
@click.argument("model", type=click.Path())
@click.option("--verify", is_flag=True, help="Recompute the golden sample.")
@option_json
def info(model, verify, as_json):
    """Show what is in a model file.

    Example: backprop info models/images.safetensors --verify
    """
    from pipelines.verbs.info import info as run

    described = run(model, verify=verify)
    click.echo(terminal.as_json(described) if as_json else results.info_summary(described))
