"""`backprop gradcheck`: compare gradients with numerical ones."""

import click

from pipelines.cli import results, terminal
from pipelines.cli.command import Command
from pipelines.cli.options import option_json
from pipelines.errors import QualityError


@click.command(cls=Command)
@click.argument("model", type=click.Path(), required=False)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@option_json
def gradcheck(model, seed, as_json):
    """Compare gradients by backpropagation with numerical ones.

    Without MODEL, small networks with every layer, activation and loss are checked; else the network of the model file.

    Example: backprop gradcheck models/speech.safetensors
    """
    from pipelines.verbs import gradcheck as verb

    record = verb.check_parts(seed) if model is None else verb.check_model(model, seed)
    click.echo(terminal.as_json(record) if as_json else results.gradcheck_summary(record))
    if record["verdict"] != "ok":
        raise QualityError(verb.complaint(record))
