"""`backprop explain`: show one training step, number by number."""

import click

from pipelines.cli import streams, terminal
from pipelines.cli.options import option_json


@click.command()
@click.argument("model", type=click.Path())
@click.argument("file", metavar="FILE")
@click.option("--label", help="What FILE truly is; default: the name of its folder, if the model knows it as a label.")
@click.option("--learning-rate", type=float, help="How far the step goes; default: the rate of the model's recipe.")
@click.option("--layer", "layers", type=click.IntRange(0), multiple=True, help="Tell of this layer; repeatable.")
@click.option("--top", type=click.IntRange(1), default=3, show_default=True, help="How many numbers to show of many.")
@click.option("--steps", type=click.IntRange(0, 10_000), default=0, help="Take so many steps before the one shown.")
@click.option("--frozen", is_flag=True, help="Let the last layer alone learn, which needs no backpropagation.")
@click.option("--at", multiple=True, metavar="PLACE", help="Look at a unit, 3:17, or a weight, 0:300:17; repeatable.")
@option_json
def explain(model, file, label, learning_rate, layers, top, steps, frozen, at, as_json):
    """Show one training step on one sample, number by number; the model stays as it is.

    Forward through every layer to the answer, its error, backward to the weights that caused it, and what a step
    against their gradients changes. FILE may be - for standard input.

    Example: backprop explain models/images.safetensors my-picture.png --label 7 --layer 0
    """
    from pipelines.cli.trace import trace_text
    from pipelines.features.inputs import samples
    from pipelines.verbs.explain import explain as run

    record = run(
        model,
        samples([file], streams.standard_input()),
        label=label,
        learning_rate=learning_rate,
        top=top,
        layers=layers,
        steps=steps,
        frozen=frozen,
        at=at,
    )
    click.echo(terminal.as_json(record) if as_json else trace_text(record, model))
