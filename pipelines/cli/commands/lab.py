"""`backprop lab`: the local page."""

import click

from pipelines.cli import terminal


@click.command()
@click.argument("models", nargs=-1, metavar="[MODEL]...", type=click.Path())
@click.option(
    "--port", type=click.IntRange(1, 65_535), help="Where to listen; default: 8765, or the next that is free."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option("--open/--no-open", "open_browser", default=True, help="Open the page in the browser.")
def lab(models, port, host, open_browser):
    """Draw, speak and teach on a page of this computer, and watch a network learn and think.

    The page offers the models that are named, and those in the folder models. What is taught is kept in the folder
    lessons. Nothing leaves this computer; Ctrl-C ends it.

    Example: backprop lab models/images.safetensors
    """
    from pipelines.lab.server import serve
    from pipelines.models import bundle

    for model in models:
        bundle.load(model)  # a file that is broken is said at once
    serve(models, host=host, port=port, open_browser=open_browser, say=terminal.note)
