"""`backprop evaluate`: measure a model."""

import click

from pipelines.cli import results, terminal
from pipelines.cli.options import Share, option_dataset, option_jobs, option_json, options_answering
from pipelines.errors import QualityError


@click.command()
@click.argument("model", type=click.Path())
@option_dataset("Default: the data set that the model was trained on. Repeat it to evaluate on several.")
@click.option("--split", type=click.Choice(["train", "valid", "test"]), default="test", show_default=True)
@click.option("--min-accuracy", type=Share(), help="Exit with 6 if the accuracy is lower.")
@click.option("--report", type=click.Path(file_okay=False), help="A folder for sheets of the errors and the doubts.")
@options_answering
@option_jobs
@option_json
def evaluate(model, dataset, split, min_accuracy, report, others, average, jobs, as_json):
    """Measure a model on samples that it has not learned from.

    Example: backprop evaluate models/speech.safetensors --min-accuracy 0.95
    """
    from pipelines.door.model import load
    from pipelines.verbs.evaluate import report as write_report

    evaluation = load(model, *others, average=average).evaluate(dataset, split=split, jobs=jobs)
    for warning in evaluation.warnings:
        terminal.note(f"warning: {warning}")
    record = evaluation.record()
    click.echo(terminal.as_json(record) if as_json else results.evaluation_summary(record, evaluation.most_confused))
    for path in write_report(evaluation, report) if report else ():
        terminal.note(f"written: {path}")
    if min_accuracy is not None and evaluation.accuracy < min_accuracy:
        raise QualityError(f"{model}: accuracy {evaluation.accuracy:.4f} is below the {min_accuracy:g} asked for")
