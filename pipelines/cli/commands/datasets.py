"""`backprop datasets`: list and fetch data sets, and check your own."""

import sys

import click

from pipelines.cli import results, terminal
from pipelines.cli.command import Command
from pipelines.cli.options import option_jobs, option_json
from pipelines.errors import DataError
from pipelines.learning.tasks import NAMES


@click.group(invoke_without_command=True)
@option_json
@click.pass_context
def datasets(ctx, as_json):
    """List the registered data sets, or fetch some.

    Example: backprop datasets fetch fashion-mnist
    """
    ctx.obj = as_json
    if ctx.invoked_subcommand is None:
        from pipelines import datasets as room

        listings = [room.listing(name) for name in room.names()]
        click.echo(results.datasets_json(listings) if as_json else results.datasets_summary(listings))


@datasets.command(cls=Command)
@click.argument("names", nargs=-1, required=True, metavar="NAME…")
@option_json
@click.pass_obj
def fetch(is_json, names, as_json):
    """Download data sets, check them, and unpack them."""
    from pipelines import datasets as room

    listings = []
    for name in names:
        listings.append(room.fetch(name))
        if not (is_json or as_json):
            click.echo(results.datasets_summary(listings[-1:]))
    if is_json or as_json:
        click.echo(results.datasets_json(listings))


@datasets.command(cls=Command)
@click.argument("path", metavar="PATH")
@click.option("--task", "task_name", type=click.Choice(NAMES), help="The task; default: that of most files.")
@option_jobs
@option_json
@click.pass_obj
def check(is_json, path, task_name, jobs, as_json):
    """Check a data set without training: how it is read, what is in it, what is wrong.

    PATH is a folder of class folders, a table that lists files, a zip or tar archive of either, or a registered name.
    The exit code is 4 if a training could not begin.

    Example: backprop datasets check my-words
    """
    from pipelines.cli.checked import check_summary
    from pipelines.verbs.check import check as run

    record = run(path, task_name, jobs)
    click.echo(terminal.as_json(record) if is_json or as_json else check_summary(record))
    if any(problem["grave"] for problem in record["problems"]):
        sys.exit(DataError.exit_code)
