"""`backprop crossval`: train and test in turn."""

import sys

import click

from pipelines.cli import results, terminal
from pipelines.cli.command import Command
from pipelines.cli.options import option_jobs, option_json, options_training, options_trainings


@click.command(cls=Command)
@options_training
@click.option("--group", type=click.Choice(["speaker"]), help="Test each speaker by a network trained on the others.")
@click.option("--folds", type=click.IntRange(2), help="Number of folds.")
@click.option(
    "--seeds",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Number of seeds; the cross-validation is repeated with each.",
)
@options_trainings
@option_jobs
@option_json
def crossval(task_name, dataset, preset, config, entries, seed, group, folds, seeds, dask, fresh, jobs, as_json):
    """Cross-validate: every sample is tested by a network that has not learned from it.

    Example: backprop crossval speech --group speaker

    Without --group and --folds, the folds are the speakers if the data names fewer than 20, else there are 5 folds;
    with 20 speakers or more, each speaker is in one fold only. The data's own split is not used. --jobs is the number
    of folds that are trained at a time, on one thread each; the result does not depend on it.

    Each finished training is stored in the cache folder: after Ctrl-C, the same command trains the rest.

    With --dask, the workers of a cluster train; ADDRESS is that of the scheduler, such as tcp://10.0.0.1:8786. The
    workers need this version of backprop. They do not need your files, because the features are computed here and sent.
    (pip install 'visible-backprop[cluster]')
    """
    from pipelines.door.crossval import crossval as run

    validated = run(
        task_name,
        dataset,
        preset=preset,
        seed=seed,
        config=config,
        group=group,
        folds=folds,
        seeds=seeds,
        dask=dask,
        keep=True,
        fresh=fresh,
        jobs=jobs,
        progress=True,
        **entries,
    )
    record = validated.record()
    if record["interrupted"]:
        terminal.note("interrupted: these are the finished folds; the same command trains the rest")
    click.echo(terminal.as_json(record) if as_json else results.crossval_summary(record, validated.most_confused))
    if record["interrupted"]:
        sys.exit(terminal.INTERRUPTED)
