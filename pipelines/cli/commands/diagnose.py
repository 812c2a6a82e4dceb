"""`backprop diagnose`: say what went wrong with the learning."""

import sys
from pathlib import Path

import click

from pipelines.cli import progress, results, terminal
from pipelines.cli.options import option_jobs, option_json, options_recipe, options_trainings, recipe_of
from pipelines.errors import UsageError


@click.command()
@click.argument("target", metavar="{speech|images}|MODEL")
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
    from pipelines.runs import cluster
    from pipelines.verbs.diagnose import diagnose as run

    if dask:
        cluster.check(dask)
    if out:
        Path(out).mkdir(parents=True, exist_ok=True)  # before all the work: whether it can be made
    subject = _subject(target, jobs, **chosen)
    with progress.TrainingLines() as lines:
        diagnosis = run(subject, n_jobs=jobs, dask=dask, keep=True, fresh=fresh, on_training=lines)
    record = diagnosis.record
    if diagnosis.interrupted:
        terminal.note("interrupted: this is what was found until then; the same command continues")
    click.echo(terminal.as_json(record) if as_json else diagnosis_text(record))
    if out:
        from pipelines.report.page import write_report
        from pipelines.report.samples import samples_of

        paths = write_report(record, samples_of(subject.prepared.dataset, diagnosis.extractor), out)
        terminal.note(f"written: {paths[0]}")
    if diagnosis.interrupted:
        sys.exit(terminal.INTERRUPTED)


def _subject(target, jobs, dataset, preset, config, settings, seed, epochs, hidden):
    """Return what is to be diagnosed: Subject."""
    from pipelines.learning import tasks
    from pipelines.verbs import diagnose as verb

    context = click.get_current_context()
    if target in tasks.NAMES:
        task = tasks.find(target)
        recipe = recipe_of(task, preset, config, settings, epochs=epochs, hidden=hidden)
        subject = verb.of_training(task, recipe, dataset_name=dataset, preset=preset, seed=seed, n_jobs=jobs)
        results.dataset_notes(subject.prepared.dataset, subject.fallback)
        return subject
    given = [
        name
        for name in ("preset", "config", "settings", "seed", "epochs", "hidden")
        if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
    ]
    if given:
        words = ", ".join("--set" if name == "settings" else f"--{name}" for name in given)
        raise UsageError(f"{words}: a model file has its own recipe; leave this out, or name a task to train anew")
    return verb.of_model(target, dataset_name=dataset, n_jobs=jobs)
