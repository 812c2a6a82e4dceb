"""`backprop explain`: show one training step, number by number."""

import click

from pipelines.cli import streams, terminal
from pipelines.cli.command import Command
from pipelines.cli.options import option_json


@click.command(cls=Command)
@click.argument("model", type=click.Path())
@click.argument("file", metavar="FILE")
@click.option(
    "--label", help="The true label of FILE; default: the name of its folder, if this is one of the model's labels."
)
@click.option("--learning-rate", type=float, help="Learning rate of the step; default: that of the model's recipe.")
@click.option("--layer", "layers", type=click.IntRange(0), multiple=True, help="Show this layer; repeatable.")
@click.option(
    "--top", type=click.IntRange(1), default=3, show_default=True, help="How many of the largest numbers to show."
)
@click.option("--steps", type=click.IntRange(0, 10_000), default=0, help="Number of steps before the one shown.")
@click.option("--frozen", is_flag=True, help="Train only the last layer, which needs no backpropagation.")
@click.option(
    "--at", multiple=True, metavar="PLACE", help="Show a unit, such as 3:17, or a weight, such as 0:300:17; repeatable."
)
@option_json
def explain(model, file, label, learning_rate, layers, top, steps, frozen, at, as_json):
    """Show one training step on one sample, number by number; the model file is not changed.

    The step goes forward through every layer to the answer, computes its error, goes backward to the weights that
    caused it, and changes them against their gradients. FILE may be - for standard input.

    Example: backprop explain models/images.safetensors my-picture.png --label 7 --layer 0
    """
    from pipelines.cli.trace import trace_text
    from pipelines.verbs.explain import explain as run

    record = run(
        model,
        file,
        label=label,
        learning_rate=learning_rate,
        top=top,
        layers=layers,
        steps=steps,
        frozen=frozen,
        at=at,
        stdin=streams.standard_input(),
    )
    click.echo(terminal.as_json(record) if as_json else trace_text(record, model))
