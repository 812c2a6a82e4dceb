"""The command line: parse the words, call a verb, print what it returns.

Results go to standard output; progress, warnings and errors to standard error. Verbs are imported where they are
called, so that `--help` answers at once.
"""

import math
import sys
from pathlib import Path

import click

from backprop_core.errors import BackpropError, DivergedError
from pipelines import printing
from pipelines.errors import InputFileError, QualityError, UsageError

INTERRUPTED = 130


class Commands(click.Group):
    """A group that answers every error raised on purpose with one line and its exit code."""

    def invoke(self, ctx):
        """Run a command; `--debug` lets the traceback through."""
        try:
            return super().invoke(ctx)
        except BackpropError as error:
            if ctx.params["debug"]:
                raise
            self._fail(ctx, error, 6 if isinstance(error, DivergedError) else getattr(error, "exit_code", 1))
        except BrokenPipeError:
            raise
        except (OSError, MemoryError) as error:
            if ctx.params["debug"]:
                raise
            where = f"{error.filename}: " if getattr(error, "filename", None) else ""
            self._fail(ctx, f"{where}{getattr(error, 'strerror', None) or str(error) or 'not enough memory'}", 1)
        except KeyboardInterrupt:
            self._fail(ctx, "interrupted", INTERRUPTED)

    @staticmethod
    def _fail(ctx, message, code):
        printing.note(f"error: {message}")
        ctx.exit(code)


def _version(ctx, param, asked):
    if asked:
        from pipelines.train import versions

        click.echo(f"backprop {versions()['backprop']}")
        ctx.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def cli(debug):
    """Learn to recognise spoken words and pictures, and recognise them."""


class Share(click.FloatRange):
    """A number from 0 to 1; NaN, which no comparison refuses, is none."""

    def __init__(self):
        super().__init__(0, 1)

    def convert(self, value, param, ctx):
        """Return the number, or answer with a usage error."""
        share = super().convert(value, param, ctx)
        return self.fail("nan is not a number from 0 to 1.", param, ctx) if math.isnan(share) else share


def option_jobs(command):
    """Add --jobs, the number of threads."""
    return click.option("--jobs", type=click.IntRange(1), help="Threads to use; default: as many as pay.")(command)


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


@cli.command()
@click.argument("task_name", metavar="{speech|images}", type=click.Choice(["speech", "images"]))
@click.option("--dataset", help="A registered name, a folder of class folders, or a CSV manifest.")
@click.option("--preset", type=click.Choice(["fast", "best"]), default="fast", show_default=True)
@click.option("--config", type=click.Path(), help="A TOML file of recipe entries that replace the preset's.")
@click.option("--out", type=click.Path(), help="Model file; default: models/{speech|images}.safetensors.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--epochs", type=click.IntRange(1), help="How often every sample is seen.")
@click.option("--hidden", callback=_widths, help="Widths of the hidden layers, such as 512,256.")
@click.option("--resume", is_flag=True, help="Go on from where an interrupted training of the same kind stopped.")
@option_jobs
@option_json
def train(task_name, dataset, preset, config, out, seed, epochs, hidden, resume, jobs, as_json):
    """Train a model.

    Example: backprop train images --dataset fashion-mnist
    """
    from pipelines import tasks
    from pipelines.train import train as run

    task = tasks.find(task_name)
    recipe = task.presets[preset]
    recipe = recipe.with_file(config) if config else recipe
    chosen = {"epochs": epochs, "hidden": hidden}
    recipe = recipe.changed({name: value for name, value in chosen.items() if value is not None})
    with printing.EpochLines() as on_epoch:
        trained = run(
            task,
            recipe,
            out or Path("models") / f"{task_name}.safetensors",
            dataset_name=dataset,
            preset=preset,
            seed=seed,
            resume=resume,
            n_jobs=jobs,
            on_dataset=printing.dataset_notes,
            on_epoch=on_epoch,
        )
    for warning in trained.warnings:
        printing.note(f"warning: {warning}")
    if trained.stopped == "interrupted":
        goes_on = "; --resume goes on from the last checkpoint" if trained.resumable else ""
        printing.note(f"interrupted: the best model so far is kept{goes_on}")
    click.echo(printing.as_json(trained.record) if as_json else printing.training_summary(trained))
    if trained.stopped == "interrupted":
        sys.exit(INTERRUPTED)


@cli.command()
@click.argument("model", type=click.Path())
@click.option("--dataset", help="Default: the data set that the model was trained on.")
@click.option("--split", type=click.Choice(["train", "valid", "test"]), default="test", show_default=True)
@click.option("--min-accuracy", type=Share(), help="Exit with 6 if the accuracy is lower.")
@option_jobs
@option_json
def evaluate(model, dataset, split, min_accuracy, jobs, as_json):
    """Measure a model on samples that it has not learned from.

    Example: backprop evaluate models/speech.safetensors --min-accuracy 0.95
    """
    from pipelines.evaluate import evaluate as run

    evaluation = run(model, dataset, split, jobs)
    for warning in evaluation.warnings:
        printing.note(f"warning: {warning}")
    record = evaluation.record
    click.echo(printing.as_json(record) if as_json else printing.evaluation_summary(record, evaluation.most_confused))
    if min_accuracy is not None and record["accuracy"] < min_accuracy:
        raise QualityError(f"{model}: accuracy {record['accuracy']:.4f} is below the {min_accuracy:g} asked for")


@cli.command()
@click.argument("model", type=click.Path())
@click.argument("files", nargs=-1, metavar="FILE…")
@click.option("--top", type=click.IntRange(1), default=3, show_default=True, help="How many labels to list.")
@click.option("--threshold", type=Share(), default=0.0, help="Less probable answers are unknown.")
@click.option(
    "--files-from",
    type=click.File("r", errors="surrogateescape"),
    help="A list of files, one a line; - is standard input.",
)
@click.option("--json", "form", flag_value="json", help="Print a list of records.")
@click.option("--jsonl", "form", flag_value="jsonl", help="Print one record a line.")
@click.option("--csv", "form", flag_value="csv", help="Print path, label, probability, error.")
@option_jobs
def predict(model, files, top, threshold, files_from, form, jobs):
    """Recognise what is in recordings or pictures; FILE may be a folder, or - for standard input.

    Example: backprop predict models/speech.safetensors my-word.wav
    """
    from pipelines import bundle
    from pipelines.predict import predict as run
    from pipelines.predict import samples

    listed = [line.rstrip("\n") for line in files_from if line.strip()] if files_from else []
    if not files and not listed:
        raise UsageError("predict: name at least one file, a folder, or - for standard input")
    loaded = bundle.load(model)
    records = run(loaded, samples([*files, *listed], sys.stdin.buffer), top, threshold, jobs)
    failed = printing.print_predictions(records, form)
    if failed:
        sys.exit(InputFileError.exit_code)


@cli.command()
@click.argument("model", type=click.Path())
@click.option("--verify", is_flag=True, help="Recompute the golden sample.")
@option_json
def info(model, verify, as_json):
    """Show what is in a model file.

    Example: backprop info models/images.safetensors --verify
    """
    from pipelines.info import info as run

    described = run(model, verify)
    click.echo(printing.as_json(described) if as_json else printing.info_summary(described))


@cli.group(invoke_without_command=True)
@option_json
@click.pass_context
def datasets(ctx, as_json):
    """List the data sets that have a name, or fetch some.

    Example: backprop datasets fetch fashion-mnist
    """
    if ctx.invoked_subcommand is None:
        from pipelines import datasets as room

        listings = [room.listing(name) for name in room.names()]
        click.echo(printing.datasets_json(listings) if as_json else printing.datasets_summary(listings))


@datasets.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME…")
def fetch(names):
    """Bring data sets to this computer, checked and unpacked."""
    from pipelines import datasets as room

    for name in names:
        click.echo(printing.datasets_summary([room.fetch(name)]))


def main():
    """Run the command line; what `backprop` and `python -m pipelines` call."""
    sys.stdout.reconfigure(errors="surrogateescape")  # a file's name need not be text, and is echoed as it was given
    cli(prog_name="backprop")
