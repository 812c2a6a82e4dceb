"""`backprop evaluate`: measure a model."""

import click

from pipelines.cli import results, terminal
from pipelines.cli.command import Command
from pipelines.cli.options import SHARE, Number, option_dataset, option_jobs, option_json, options_answering
from pipelines.errors import QualityError, UsageError


@click.command(cls=Command)
@click.argument("model", type=click.Path())
@option_dataset("Default: the data set that the model was trained on. Repeat it to evaluate on several.")
@click.option("--split", type=click.Choice(["train", "valid", "test"]), default="test", show_default=True)
@click.option("--min-accuracy", type=SHARE, help="Exit with 6 if the accuracy is lower.")
@click.option(
    "--report", type=click.Path(file_okay=False), help="A folder for sheets of the errors and of the uncertain answers."
)
@click.option("--stream", is_flag=True, help="Treat the words as live sound; measure misses, and false alarms an hour.")
@click.option("--foreign", multiple=True, type=click.Path(), help="With --stream: recordings without any of the words.")
@click.option("--per-hour", type=Number(0), help="With --stream: accepted false alarms an hour; default: 1.")
@options_answering
@option_jobs
@option_json
def evaluate(model, dataset, split, min_accuracy, report, stream, foreign, per_hour, others, average, jobs, as_json):
    """Measure a model on samples that it has not learned from.

    Example: backprop evaluate models/speech.safetensors --min-accuracy 0.95
    """
    if stream:
        if report or others or average or min_accuracy is not None:
            raise UsageError(
                "evaluate: --stream measures one model while it listens; leave out --with and the other options"
            )
        _stream(model, dataset, split, foreign, per_hour, jobs, as_json)
        return
    if foreign or per_hour is not None:
        raise UsageError("evaluate: --foreign and --per-hour need --stream; add it")
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
        raise QualityError(f"{model}: accuracy {evaluation.accuracy:.4f} is below --min-accuracy {min_accuracy:g}")


def _stream(model, dataset, split, foreign, per_hour, jobs, as_json):
    from pipelines.verbs.stream import PER_HOUR, evaluate_stream

    wanted = PER_HOUR if per_hour is None else per_hour
    found = evaluate_stream(model, dataset, split=split, foreign=foreign, per_hour=wanted, n_jobs=jobs)
    click.echo(terminal.as_json(found.record()) if as_json else results.stream_summary(found))
