"""`backprop demonstrate`: make learning fail on purpose, and cure it."""

import click

from pipelines.cli import terminal
from pipelines.cli.command import Command
from pipelines.cli.options import option_json


@click.command(cls=Command)
@click.argument("name", metavar="NAME", type=click.Choice(["overfit", "underfit", "vanish", "explode", "no-backprop"]))
@click.option(
    "--dataset", help="A registered name, a folder of class folders of pictures, or a CSV file that lists pictures."
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@option_json
def demonstrate(name, dataset, seed, as_json):
    """Make learning fail on purpose, and cure it: you see how the verdict changes.

    NAME is overfit, underfit, vanish (gradients that fade), explode (gradients that grow), or no-backprop (what happens
    without backpropagation at all). Each trial is judged by the same rules as in diagnose.

    Example: backprop demonstrate vanish
    """
    from pipelines.cli.demonstration import demonstration_text, trial_note
    from pipelines.verbs.demonstrate import demonstrate as run

    record = run(name, dataset_name=dataset, seed=seed, on_trial=trial_note)
    click.echo(terminal.as_json(record) if as_json else demonstration_text(record))
