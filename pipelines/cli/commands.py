"""The command line: parse the words, call a verb, print what it returns.

Results go to standard output; progress, warnings and errors to standard error. Verbs are imported where they are
called, so that `--help` answers at once.
"""

import sys
from pathlib import Path

import click

from backprop_core.errors import BackpropError, DivergedError
from pipelines.cli import progress, results, terminal
from pipelines.cli.options import (
    Share,
    option_jobs,
    option_json,
    options_answering,
    options_recipe,
    options_training,
    options_trainings,
)
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
        terminal.note(f"error: {message}")
        ctx.exit(code)


def _version(ctx, param, asked):
    if asked:
        from pipelines.machine.versions import versions

        click.echo(f"backprop {versions()['backprop']}")
        ctx.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def cli(debug):
    """Learn to recognise spoken words and pictures, and recognise them."""


def _recipe(task, preset, config, settings, **chosen):
    """Return the preset's recipe as the file and then the options, where they are given, change it."""
    recipe = task.presets[preset]
    recipe = recipe.with_file(config) if config else recipe
    return recipe.changed({**settings, **{name: value for name, value in chosen.items() if value is not None}})


@cli.command()
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
    recipe = _recipe(task, preset, config, settings, epochs=epochs, hidden=hidden)
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
        sys.exit(INTERRUPTED)


@cli.command()
@options_training
@click.option("--group", type=click.Choice(["speaker"]), help="Test each speaker by a network trained on the others.")
@click.option("--folds", type=click.IntRange(2), help="Test in so many folds.")
@click.option("--seeds", type=click.IntRange(1), default=1, show_default=True, help="Repeat with so many seeds.")
@options_trainings
@option_jobs
@option_json
def crossval(
    task_name, dataset, preset, config, settings, seed, epochs, hidden, group, folds, seeds, dask, fresh, jobs, as_json
):
    """Train and test in turn, so that every sample is tested by a network that has not learned from it.

    Example: backprop crossval speech --group speaker

    Without --group and --folds: by speaker where the data names fewer than 20, else in 5 folds; of 20 speakers or more,
    each is in one fold only. The split that the data comes with is not used. --jobs says how many folds are trained at
    a time, on one thread each; the result does not depend on it.

    Each training that is finished is kept below the cache folder: after Ctrl-C, the same command trains the rest.

    With --dask, the workers of a cluster train, such as tcp://10.0.0.1:8786. They need this version of backprop, and
    none of your files: features are made here and sent. (pip install 'visible-backprop[cluster]')
    """
    from pipelines.learning import tasks
    from pipelines.verbs.crossval import cross_validate

    if group and folds:
        raise UsageError("crossval: --group and --folds exclude each other; give one of them")
    task = tasks.find(task_name)
    validated = cross_validate(
        task,
        _recipe(task, preset, config, settings, epochs=epochs, hidden=hidden),
        dataset_name=dataset,
        preset=preset,
        by=group or ("fold" if folds else None),
        n_folds=folds,
        seed=seed,
        n_seeds=seeds,
        n_jobs=jobs,
        dask=dask,
        keep=True,
        fresh=fresh,
        on_dataset=results.folding_notes,
        on_known=results.known_note,
        on_fold=results.fold_line,
    )
    record = validated.record
    if record["interrupted"]:
        terminal.note("interrupted: these are the folds that were done; the same command trains the rest")
    click.echo(terminal.as_json(record) if as_json else results.crossval_summary(record, validated.most_confused))
    if record["interrupted"]:
        sys.exit(INTERRUPTED)


@cli.command()
@click.argument("model", type=click.Path())
@click.option("--dataset", help="Default: the data set that the model was trained on.")
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
    from pipelines.verbs import evaluate as verb

    evaluation = verb.evaluate(model, dataset, split, jobs, others, average)
    for warning in evaluation.warnings:
        terminal.note(f"warning: {warning}")
    record = evaluation.record
    click.echo(terminal.as_json(record) if as_json else results.evaluation_summary(record, evaluation.most_confused))
    for path in verb.report(evaluation, report) if report else ():
        terminal.note(f"written: {path}")
    if min_accuracy is not None and record["accuracy"] < min_accuracy:
        raise QualityError(f"{model}: accuracy {record['accuracy']:.4f} is below the {min_accuracy:g} asked for")


@cli.command()
@click.argument("model", type=click.Path())
@click.argument("files", nargs=-1, metavar="FILE…")
@click.option("--top", type=click.IntRange(1), default=3, show_default=True, help="How many labels to list.")
@click.option(
    "--threshold",
    type=Share(),
    default=0.0,
    help="Less probable answers are unknown; train and info name a threshold that refuses 5 % of validation samples.",
)
@click.option(
    "--files-from",
    type=click.File("r", errors="surrogateescape"),
    help="A list of files, one a line; - is standard input.",
)
@click.option("--explain", type=click.Path(file_okay=False), help="A folder for pictures of what led to each answer.")
@click.option("--show-input", type=click.Path(file_okay=False), help="A folder for pictures of what the network saw.")
@click.option("--json", "form", flag_value="json", help="Print a list of records.")
@click.option("--jsonl", "form", flag_value="jsonl", help="Print one record a line.")
@click.option("--csv", "form", flag_value="csv", help="Print path, label, probability, error.")
@options_answering
@option_jobs
def predict(model, files, top, threshold, files_from, explain, show_input, form, others, average, jobs):
    """Recognise what is in recordings or pictures; FILE may be a folder, or - for standard input.

    Example: backprop predict models/speech.safetensors my-word.wav
    """
    from pipelines.features.inputs import samples
    from pipelines.models import ensemble
    from pipelines.verbs.predict import predict as run

    listed = [line.rstrip("\n") for line in files_from if line.strip()] if files_from else []
    if not files and not listed:
        raise UsageError("predict: name at least one file, a folder, or - for standard input")
    if explain and (others or average):
        raise UsageError("predict: --explain tells of one model and one view; leave out --with and --average")
    loaded, chosen = ensemble.load(model, others, average), samples([*files, *listed], sys.stdin.buffer)
    explained = shown = None
    if explain:
        from pipelines.report.explanations import Explanations

        explained = Explanations(loaded, explain, chosen).write
    if show_input:
        from pipelines.report.shown_inputs import ShownInputs

        shown = ShownInputs(loaded, show_input, chosen).write
    records = run(loaded, chosen, top, threshold, jobs, explained, shown)
    failed = results.print_predictions(records, form)
    if failed:
        sys.exit(InputFileError.exit_code)


@cli.command()
@click.argument("model", type=click.Path())
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@click.option("--threshold", type=Share(), default=0.0, help="Less probable words are unknown.")
@click.option("--json", "form", flag_value="json", help="Print a list of records.")
@click.option("--srt", "form", flag_value="srt", help="Print subtitles; for one recording.")
@click.option("--textgrid", "form", flag_value="textgrid", help="Print a TextGrid for Praat; for one recording.")
def transcribe(model, files, threshold, form):
    """Find the words in longer recordings and recognise each; FILE may be a folder, or - for standard input.

    Example: backprop transcribe models/speech.safetensors telephone-number.wav
    """
    from pipelines.features.inputs import samples
    from pipelines.models import bundle
    from pipelines.verbs.transcribe import transcribe as run

    loaded, chosen = bundle.load(model), samples(files, sys.stdin.buffer)
    if form in ("srt", "textgrid") and len(chosen) > 1:
        raise UsageError(f"transcribe: --{form} writes one recording, not {len(chosen)}; name one at a time")
    failed = results.print_transcripts(run(loaded, chosen, threshold), form)
    if failed:
        sys.exit(InputFileError.exit_code)


@cli.command()
@click.argument("labels", nargs=-1, required=True, metavar="LABEL…")
@click.option("--out", type=click.Path(), default="words", show_default=True, help="The folder of the data set.")
@click.option("--speaker", default="me", show_default=True, help="Who speaks; in the files' names and the manifest.")
@click.option("--takes", type=click.IntRange(1), default=20, show_default=True, help="Of each word, in all.")
@click.option("--seconds", type=click.FloatRange(1, 30), default=5.0, show_default=True, help="To say a word in.")
@click.option("--device", help="Number or name of the microphone; default: the system's.")
@option_json
def record(labels, out, speaker, takes, seconds, device, as_json):
    """Record your own words from a microphone, as a data set to train on.

    Example: backprop record yes no --speaker anna

    Asks for each LABEL in turn, listens until it was said, and asks again if that was too quiet, too loud, too short or
    cut off. Writes OUT/LABEL/SPEAKER-N.wav, and OUT/manifest.csv for train --dataset. Ctrl-C stops; what is recorded is
    kept, and the same command goes on from there. With three speakers or more, the score of a training tells how well
    new voices are understood.
    """
    from pipelines.verbs.record import record as run

    recorded = run(
        labels,
        out,
        speaker=speaker,
        takes=takes,
        seconds=seconds,
        device=device,
        on_prompt=results.prompt,
        on_problem=results.problem_of_take,
    )
    if recorded["interrupted"]:
        terminal.note("interrupted: the takes so far are kept; the same command goes on")
    click.echo(terminal.as_json(recorded) if as_json else results.recording_summary(recorded))
    if recorded["interrupted"]:
        sys.exit(INTERRUPTED)


@cli.command()
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
    in the data. The test rows are asked nothing.

    Each training that is finished is kept below the cache folder: the same command does not repeat it.

    Example: backprop diagnose images --dataset fashion-mnist --set dropout=0.3 --out report
    """
    from pipelines.cli.diagnosis import command, diagnosis_text, next_words
    from pipelines.runs import cluster
    from pipelines.verbs.diagnose import diagnose as run

    if dask:
        cluster.check(dask)
    if out:
        Path(out).mkdir(parents=True, exist_ok=True)  # before all the work: whether it can be made
    subject, about, asked = _subject(target, jobs, **chosen)
    with progress.TrainingLines() as lines:
        diagnosis = run(subject, n_jobs=jobs, dask=dask, keep=True, fresh=fresh, on_training=lines)
    record = {**diagnosis.record, **about}
    words = next_words(record, target, asked)
    record["next"]["command"] = command(words)
    if diagnosis.interrupted:
        terminal.note("interrupted: this is what was found until then; the same command goes on")
    click.echo(terminal.as_json(record) if as_json else diagnosis_text(record))
    if out:
        from pipelines.report.page import write_report
        from pipelines.report.samples import samples_of

        paths = write_report(record, samples_of(subject.prepared.dataset, diagnosis.extractor), out)
        terminal.note(f"written: {paths[0]}")
    if diagnosis.interrupted:
        sys.exit(INTERRUPTED)


def _subject(target, jobs, dataset, preset, config, settings, seed, epochs, hidden):
    """Return what is to be diagnosed, what the record says of where it is from, and how long it was asked to train."""
    from pipelines.learning import tasks
    from pipelines.verbs import diagnose as verb

    context = click.get_current_context()
    if target in tasks.NAMES:
        task = tasks.find(target)
        recipe = _recipe(task, preset, config, settings, epochs=epochs, hidden=hidden)
        subject, fallback = verb.of_training(task, recipe, dataset_name=dataset, preset=preset, seed=seed, n_jobs=jobs)
        results.dataset_notes(subject.prepared.dataset, fallback)
        asked = {"epochs": recipe.epochs, "least_steps": recipe.least_steps}
        return subject, {"bundled_fallback": fallback, "model": None}, asked
    given = [
        name
        for name in ("preset", "config", "settings", "seed", "epochs", "hidden")
        if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
    ]
    if given:
        words = ", ".join("--set" if name == "settings" else f"--{name}" for name in given)
        raise UsageError(f"{words}: a model file has its own recipe; leave this out, or name a task to train anew")
    subject = verb.of_model(target, dataset_name=dataset, n_jobs=jobs)
    settled = subject.model.provenance["recipe"]["least_steps"] == 0  # then its epochs are those asked for
    asked = {"epochs": subject.recipe.epochs, "least_steps": 0} if settled else {}
    return subject, {"bundled_fallback": False, "model": target}, asked


@cli.command()
@click.argument("name", metavar="NAME", type=click.Choice(["overfit", "underfit", "vanish", "explode", "no-backprop"]))
@click.option("--dataset", help="A registered name, a folder of class folders of pictures, or a CSV manifest of some.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@option_json
def demonstrate(name, dataset, seed, as_json):
    """Make learning fail on purpose, and cure it: the verdict flips before your eyes.

    NAME is overfit, underfit, vanish (gradients that fade), explode (gradients that grow), or no-backprop (what happens
    without backpropagation at all). Each trial is judged as diagnose judges any training.

    Example: backprop demonstrate vanish
    """
    from pipelines.cli.demonstration import demonstration_text, trial_note
    from pipelines.verbs.demonstrate import demonstrate as run

    record = run(name, dataset_name=dataset, seed=seed, on_trial=trial_note)
    click.echo(terminal.as_json(record) if as_json else demonstration_text(record))


@cli.command()
@click.argument("model", type=click.Path())
@click.option("--verify", is_flag=True, help="Recompute the golden sample.")
@option_json
def info(model, verify, as_json):
    """Show what is in a model file.

    Example: backprop info models/images.safetensors --verify
    """
    from pipelines.verbs.info import info as run

    described = run(model, verify)
    click.echo(terminal.as_json(described) if as_json else results.info_summary(described))


@cli.command()
@click.argument("model", type=click.Path())
@click.argument("file", metavar="FILE")
@click.option("--label", help="What FILE truly is; default: the name of its folder, if the model knows it as a label.")
@click.option("--learning-rate", type=float, help="How far the step goes; default: the rate of the model's recipe.")
@click.option("--layer", "layers", type=click.IntRange(0), multiple=True, help="Tell of this layer; repeatable.")
@click.option("--top", type=click.IntRange(1), default=3, show_default=True, help="How many numbers to show of many.")
@option_json
def explain(model, file, label, learning_rate, layers, top, as_json):
    """Show one training step on one sample, number by number; the model stays as it is.

    Forward through every layer to the answer, its error, backward to the weights that caused it, and what a step
    against their gradients changes. FILE may be - for standard input.

    Example: backprop explain models/images.safetensors my-picture.png --label 7 --layer 0
    """
    from pipelines.cli.trace import trace_text
    from pipelines.features.inputs import samples
    from pipelines.models import bundle
    from pipelines.verbs.explain import explain as run

    loaded, chosen = bundle.load(model), samples([file], sys.stdin.buffer)
    if len(chosen) > 1:
        raise UsageError(f"explain: {file} holds {len(chosen)} files; name one of them")
    record = run(loaded, chosen[0], label, learning_rate, top, layers)
    click.echo(terminal.as_json(record) if as_json else trace_text(record, model))


@cli.command()
@click.argument("model", type=click.Path(), required=False)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@option_json
def gradcheck(model, seed, as_json):
    """Compare gradients by backpropagation with numerical ones.

    Without MODEL, in small networks of every layer, activation and loss; else in the network of the model file.

    Example: backprop gradcheck models/speech.safetensors
    """
    from pipelines.verbs import gradcheck as verb

    record = verb.check_parts(seed) if model is None else verb.check_model(model, seed)
    click.echo(terminal.as_json(record) if as_json else results.gradcheck_summary(record))
    if record["verdict"] != "ok":
        raise QualityError(verb.complaint(record))


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
        click.echo(results.datasets_json(listings) if as_json else results.datasets_summary(listings))


@datasets.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME…")
def fetch(names):
    """Bring data sets to this computer, checked and unpacked."""
    from pipelines import datasets as room

    for name in names:
        click.echo(results.datasets_summary([room.fetch(name)]))


def main():
    """Run the command line; what `backprop` and `python -m pipelines` call."""
    sys.stdout.reconfigure(errors="surrogateescape")  # a file's name need not be text, and is echoed as it was given
    cli(prog_name="backprop")
