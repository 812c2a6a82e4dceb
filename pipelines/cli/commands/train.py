"""`backprop train`: make a model from a data set."""

import sys
from pathlib import Path

import click

from pipelines.cli import results, terminal
from pipelines.cli.command import Command
from pipelines.cli.options import option_jobs, option_json, options_training


@click.command(cls=Command)
@options_training
@click.option("--out", type=click.Path(), help="Model file; default: models/{speech|images|text}.safetensors.")
@click.option(
    "--from", "origin", type=click.Path(), metavar="MODEL", help="Continue from this model; its file is not changed."
)
@click.option("--resume", is_flag=True, help="Continue an interrupted training of the same kind.")
@click.option(
    "--deterministic", is_flag=True, help="Make weights that do not depend on the number of cores (see above)."
)
@click.option("--rows", type=click.IntRange(1), help="Number of training samples to use; default: all.")
@option_jobs
@option_json
def train(
    task_name,
    dataset,
    preset,
    config,
    entries,
    out,
    origin,
    seed,
    resume,
    deterministic,
    rows,
    jobs,
    as_json,
):
    """Train a model.

    Example: backprop train images --dataset fashion-mnist

    The same seed, data, recipe, versions, processor type and number of threads give the same weights, bit for bit, also
    after --resume. With --deterministic the number of threads is always one, so the number of cores does not matter. On
    processors of different types the last bits may differ, because each type computes a matrix product in its own
    order.
    """
    from pipelines.door.train import train as run

    model = run(
        task_name,
        dataset,
        preset=preset,
        out=out or Path("models") / f"{task_name}.safetensors",
        seed=seed,
        config=config,
        origin=origin,
        resume=resume,
        deterministic=deterministic,
        rows=rows,
        jobs=jobs,
        progress=True,
        **entries,
    )
    trained = model.training
    click.echo(terminal.as_json(trained.record()) if as_json else results.training_summary(trained))
    if trained.stopped == "interrupted":
        sys.exit(terminal.INTERRUPTED)
