"""`backprop datasets`: list and fetch data sets."""

import click

from pipelines.cli import results
from pipelines.cli.options import option_json


@click.group(invoke_without_command=True)
@option_json
@click.pass_context
def datasets(ctx, as_json):
    """List the data sets that have a name, or fetch some.

    Example: backprop datasets fetch fashion-mnist
    """
    if ctx.invoked_subcommand is None:
        from pipelines import datasets as room

        listings = [room.listing(name) for name in room.names()]
        click.echo(results.datasets_json(listings) if as_json else results.datasets_summary(listings))


@datasets.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME…")
def fetch(names):
    """Bring data sets to this computer, checked and unpacked."""
    from pipelines import datasets as room

    for name in names:
        click.echo(results.datasets_summary([room.fetch(name)]))
