"""`backprop lab`: the local page."""

import click

from pipelines.cli import terminal
from pipelines.cli.command import Command


@click.command(cls=Command)
@click.argument("models", nargs=-1, metavar="[MODEL]...", type=click.Path())
@click.option(
    "--port", type=click.IntRange(1, 65_535), help="The port to listen at; default: 8765, or the next free one."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option("--open/--no-open", "open_browser", default=True, help="Open the page in the browser.")
def lab(models, port, host, open_browser):
    """Open a page on this computer: draw, speak, teach, and watch a network learn.

    The page offers each MODEL, and the models in the folder models. Samples that you teach are stored in the folder
    lessons. Nothing leaves this computer; Ctrl-C ends the lab.

    Example: backprop lab models/images.safetensors
    """
    from pipelines.lab.server import serve
    from pipelines.models import bundle

    for model in models:
        bundle.load(model)  # a broken file is reported at once
    serve(models, host=host, port=port, open_browser=open_browser, say=terminal.note)
