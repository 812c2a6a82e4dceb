"""`backprop train`: make a model from a data set."""

import sys
from pathlib import Path

import click

from pipelines.cli import progress, results, terminal
from pipelines.cli.options import option_jobs, option_json, options_training, recipe_of


@click.command()
@options_training
@click.option("--out", type=click.Path(), help="Model file; default: models/{speech|images}.safetensors.")
@click.option("--resume", is_flag=True, help="Go on from where an interrupted training of the same kind stopped.")
@click.option("--deterministic", is_flag=True, help="Weights that do not depend on the number of cores (see above).")
@option_jobs
@option_json
def train(
    task_name, dataset, preset, config, settings, out, seed, epochs, hidden, resume, deterministic, jobs, as_json
):
    """Train a model.

    Example: backprop train images --dataset fashion-mnist

    The same seed, data, recipe, versions, processor type and number of threads give the same weights, bit for bit, also
    after --resume. With --deterministic the number of threads is always one, so that it drops out of this list. Between
    processors of different types the last bits may differ: each has its own way through a matrix product.
    """
    from pipelines.learning import tasks
    from pipelines.verbs.train import train as run

    task = tasks.find(task_name)
    recipe = recipe_of(task, preset, config, settings, epochs=epochs, hidden=hidden)
    with progress.EpochLines() as on_epoch:
        trained = run(
            task,
            recipe,
            out or Path("models") / f"{task_name}.safetensors",
            dataset_name=dataset,
            preset=preset,
            seed=seed,
            resume=resume,
            n_jobs=jobs,
            deterministic=deterministic,
            on_dataset=results.dataset_notes,
            on_epoch=on_epoch,
        )
    for warning in trained.warnings:
        terminal.note(f"warning: {warning}")
    if trained.stopped == "interrupted":
        goes_on = "; --resume goes on from the last checkpoint" if trained.resumable else ""
        terminal.note(f"interrupted: the best model so far is kept{goes_on}")
    click.echo(terminal.as_json(trained.record) if as_json else results.training_summary(trained))
    if trained.stopped == "interrupted":
        sys.exit(terminal.INTERRUPTED)
