"""`backprop export`: a model in another form, with the same answers."""

import re
import sys

import click

from pipelines.cli import results, terminal
from pipelines.cli.command import Command
from pipelines.cli.options import option_json
from pipelines.errors import QualityError
from pipelines.export import NAMES


class Size(click.ParamType):
    """A number of bytes, such as 262144, 256kB or 1MB; a kB has 1024."""

    name = "size"

    def convert(self, value, param, ctx):
        """Return the number of bytes as int, or raise a usage error."""
        found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kKmM]?)i?[bB]?\s*", str(value))
        n = float(found[1]) * {"": 1, "k": 1 << 10, "m": 1 << 20}[found[2].lower()] if found else 0
        return int(n) if 1 <= n < 1 << 40 else self.fail(f"{value} is not a size such as 256kB", param, ctx)


@click.command(cls=Command)
@click.argument("model", type=click.Path())
@click.option("--to", required=True, type=click.Choice(NAMES), help="The form.")
@click.option(
    "--out", type=click.Path(), help="The file; default: the model's name with another suffix, in the same folder."
)
@click.option(
    "--int8", is_flag=True, help="Store weights in 8 bits: a quarter of the size, and nearly the same answers."
)
@click.option("--check", is_flag=True, help="Compare with the model on its test samples and on unusual ones.")
@click.option(
    "--budget",
    type=Size(),
    help="With c: train a smaller network that fits, such as 256kB; it learns from the model's answers.",
)
@option_json
def export(model, to, out, int8, check, budget, as_json):
    """Write a model in another form, which needs no Python and gives the same answers.

    Example: backprop export models/speech.safetensors --to onnx --check

    onnx is for ONNX runtimes, c for microcontrollers, html is a page to try the model, js is for browsers and Node,
    sklearn is a pipeline that takes features, and card is a page about the model.
    """
    from pipelines.door.model import load

    exported = load(model).export(to, out, int8=int8, check=check, budget=budget)
    record = exported.record()
    click.echo(terminal.as_json(record) if as_json else results.export_summary(record))
    if exported.parity is not None and not exported.parity.holds:
        terminal.note("error: export: the answers differ from those of the model")
        sys.exit(QualityError.exit_code)
