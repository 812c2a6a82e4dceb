"""Options that several commands share, such as the number of threads or the recipe of a training.

Each function adds options to a command, as click's decorators do.
"""

import functools
import math

import click

from pipelines.cli import streams
from pipelines.learning.tasks import NAMES


class Number(click.FloatRange):
    """A finite number in a range; NaN is refused, although no comparison refuses it."""

    def convert(self, value, param, ctx):
        """Return the number, or raise a usage error."""
        number = super().convert(value, param, ctx)
        return number if math.isfinite(number) else self.fail(f"{value} is not a finite number.", param, ctx)


SHARE = Number(0, 1)


class BinaryFile(click.File):
    """A file, read as bytes; - is standard input."""

    def __init__(self):
        super().__init__("rb")

    def convert(self, value, param, ctx):
        """Return the open file, or raise a usage error."""
        if value == "-" and streams.standard_input() is None:
            self.fail("-: there is no standard input here; name a file.", param, ctx)
        return super().convert(value, param, ctx)


def option_jobs(command):
    """Add --jobs, the number of threads."""
    return click.option("--jobs", type=click.IntRange(1), help="Threads to use; default: as many as make it faster.")(
        command
    )


def option_preset(command):
    """Add --preset."""
    return click.option("--preset", type=click.Choice(["fast", "best"]), default="fast", show_default=True)(command)


def options_trainings(command):
    """Add --dask and --fresh, for a command of many trainings."""
    for add in (
        click.option("--fresh", is_flag=True, help="Also repeat what an earlier run of the same kind has finished."),
        click.option("--dask", metavar="ADDRESS", help="Train on the Dask cluster with this scheduler."),
    ):
        command = add(command)
    return command


def options_answering(command):
    """Add --with and --average, for a command that predicts."""
    for add in (
        click.option("--average", is_flag=True, help="Average over slightly moved views of each picture; slower."),
        click.option(
            "--with",
            "others",
            multiple=True,
            type=click.Path(),
            help="Average the answers with this model; repeatable.",
        ),
    ):
        command = add(command)
    return command


DATASET_HELP = "A registered name, a folder of class folders, a table of files, or a zip or tar of either."


def option_dataset(text):
    """Return a decorator that adds --dataset, which can be repeated; several become one name, see
    `datasets.several`.
    """

    def join(ctx, param, values):
        return " + ".join(values) or None

    return click.option("--dataset", multiple=True, callback=join, metavar="NAME|PATH", help=text)


def option_json(command):
    """Add --json."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")(command)


def _widths(ctx, param, value):
    if value is None:
        return None
    try:
        return [int(width) for width in value.split(",") if width.strip()]
    except ValueError:
        raise click.BadParameter("give widths such as 512,256") from None


def _settings(ctx, param, values):
    """Return NAME=VALUE words as a dict; a value is read as in TOML, and else as a word."""
    if not values:
        return {}
    import tomllib

    settings = {}
    for word in values:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"{word} is not NAME=VALUE, such as dropout=0.3")
        try:
            settings[name] = tomllib.loads(f"value = {value}")["value"]
        except (tomllib.TOMLDecodeError, RecursionError):
            settings[name] = value
        except ValueError:  # Python converts no number of more than 4300 digits
            raise click.BadParameter(f"{name}: the number is too long; give one of a few digits") from None
    return settings


def _join_entries(settings, **options):
    """Return the recipe entries of --set and of the options that have a name of their own.

    Raises a usage error for a word that is no entry: it could be another argument of the function that trains.
    """
    if settings:
        from pipelines.learning.recipe import Recipe
        from pipelines.wording import suggest

        known = Recipe.names()
        for name in settings:
            if name not in known:
                raise click.UsageError(f"--set {name}: a recipe has no entry {name}; {suggest(name, known)}")
    given = {name: value for name, value in options.items() if value is not None}
    for name in settings.keys() & given.keys():
        if settings[name] != given[name]:
            raise click.UsageError(f"--{name} and --set {name} name different values; give one of them")
    return {**settings, **given}


def options_recipe(command):
    """Add the data set, and the options for the recipe; the command gets the entries that they change as `entries`."""

    @functools.wraps(command)
    def joining(*arguments, settings, epochs, hidden, **options):
        return command(*arguments, entries=_join_entries(settings, epochs=epochs, hidden=hidden), **options)

    decorated = joining
    for add in (
        click.option(
            "--set", "settings", multiple=True, callback=_settings, metavar="NAME=VALUE", help="Change a recipe entry."
        ),
        click.option("--hidden", callback=_widths, help="Widths of the hidden layers, such as 512,256."),
        click.option("--epochs", type=click.IntRange(1), help="Number of passes over the training samples."),
        click.option("--seed", type=click.IntRange(0), default=0, show_default=True),
        click.option("--config", type=click.Path(), help="A TOML file of recipe entries; they replace the preset's."),
        option_preset,
        option_dataset(f"{DATASET_HELP} Repeat the option to combine several."),
    ):
        decorated = add(decorated)
    return decorated


def options_training(command):
    """Add the task, its data set, and the options for the recipe."""
    command = options_recipe(command)
    return click.argument("task_name", metavar=f"{{{'|'.join(NAMES)}}}", type=click.Choice(NAMES))(command)
