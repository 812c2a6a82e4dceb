"""`backprop diagnose`: say what went wrong with the learning."""

import sys
from pathlib import Path

import click

from pipelines.cli import terminal
from pipelines.cli.options import option_jobs, option_json, options_recipe, options_trainings


@click.command()
@click.argument("target", metavar="{speech|images|text}|MODEL")
@options_recipe
@click.option("--out", type=click.Path(file_okay=False), help="A folder for the report: one HTML page, and its data.")
@options_trainings
@option_jobs
@option_json
def diagnose(target, out, dask, fresh, jobs, as_json, **chosen):
    """Say in words what went wrong with the learning, prove it, and name the next thing to try.

    Trains a network, or takes a MODEL file, and looks at it from all sides: training against validation rows, the same
    network on fewer rows, wider and narrower, on shuffled labels, the health of its gradients, copies and wrong labels
    in the data. The test rows are not used.

    Each training that is finished is kept below the cache folder: the same command does not repeat it.

    Example: backprop diagnose images --dataset fashion-mnist --set dropout=0.3 --out report
    """
    from pipelines.cli.diagnosis import diagnosis_text
    from pipelines.door.diagnose import diagnose as run

    if out:
        Path(out).mkdir(parents=True, exist_ok=True)  # before all the work: whether it can be made
    context = click.get_current_context()
    for name in ("preset", "seed"):  # a model has its own, unless it is told otherwise
        if context.get_parameter_source(name) is not click.core.ParameterSource.COMMANDLINE:
            chosen[name] = None
    dataset, settings = chosen.pop("dataset"), chosen.pop("settings")
    diagnosis = run(target, dataset, dask=dask, keep=True, fresh=fresh, jobs=jobs, progress=True, **settings, **chosen)
    record = diagnosis.record()
    if diagnosis.interrupted:
        terminal.note("interrupted: this is what was found until then; the same command continues")
    click.echo(terminal.as_json(record) if as_json else diagnosis_text(record))
    if out:
        terminal.note(f"written: {diagnosis.write_report(out)[0]}")
    if diagnosis.interrupted:
        sys.exit(terminal.INTERRUPTED)
