"""`backprop diagnose`: say what went wrong with the learning."""

import sys
from pathlib import Path

import click

from pipelines.cli import terminal
from pipelines.cli.command import Command
from pipelines.cli.options import option_jobs, option_json, options_recipe, options_trainings


@click.command(cls=Command)
@click.argument("target", metavar="{speech|images|text}|MODEL")
@options_recipe
@click.option("--out", type=click.Path(file_okay=False), help="A folder for the report: one HTML page, and its data.")
@options_trainings
@option_jobs
@option_json
def diagnose(target, out, dask, fresh, jobs, as_json, **chosen):
    """Say what went wrong with the learning, show the evidence, and name the next thing to try.

    The command trains a network, or takes a MODEL file. It compares training with validation rows, trains the same
    network on fewer rows, wider and narrower, and on shuffled labels, measures its gradients, and looks for copies and
    wrong labels in the data. The test rows are not used.

    Each finished training is stored in the cache folder: the same command does not repeat it.

    Example: backprop diagnose images --dataset fashion-mnist --set dropout=0.3 --out report
    """
    from pipelines.cli.diagnosis import diagnosis_text
    from pipelines.door.diagnose import diagnose as run

    if out:
        Path(out).mkdir(parents=True, exist_ok=True)  # check before the work that it can be made
    context = click.get_current_context()
    for name in ("preset", "seed"):  # a model has its own, unless an option changes it
        if context.get_parameter_source(name) is not click.core.ParameterSource.COMMANDLINE:
            chosen[name] = None
    dataset, entries = chosen.pop("dataset"), chosen.pop("entries")
    diagnosis = run(target, dataset, dask=dask, keep=True, fresh=fresh, jobs=jobs, progress=True, **entries, **chosen)
    record = diagnosis.record()
    if diagnosis.interrupted:
        terminal.note("interrupted: these are the findings so far; the same command continues")
    click.echo(terminal.as_json(record) if as_json else diagnosis_text(record))
    if out:
        terminal.note(f"written: {diagnosis.write_report(out)[0]}")
    if diagnosis.interrupted:
        sys.exit(terminal.INTERRUPTED)
