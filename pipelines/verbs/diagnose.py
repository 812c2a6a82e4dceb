"""Diagnosing: what went wrong with the learning, how that is known, and what to try next.

A training is looked at from all sides: how it went, what the same network does under other conditions, whether the
samples can teach what they are meant to. Everything is measured on training and validation rows; the test rows are only
compared with the others, to find copies, and are left for the number that is reported in the end.
"""

import time
from dataclasses import dataclass

import numpy as np

from backprop_core.calibration import calibrated
from backprop_core.metrics import most_confused
from pipelines.diagnosis import curves, fit, gradients, mislabelled, references, spread, thresholds, verdict
from pipelines.diagnosis.calibration import calibration
from pipelines.diagnosis.data import copies, own_samples
from pipelines.diagnosis.probes import LONGER, MAIN, Probes, main_result, network_of
from pipelines.errors import DataError, UsageError
from pipelines.learning.preparation import augmented, load_dataset, prepare
from pipelines.learning.recipe import Recipe
from pipelines.learning.scoring import scores
from pipelines.machine.versions import versions
from pipelines.models import bundle as bundles
from pipelines.models.answers import Answers, confident_errors, least_certain
from pipelines.models.bundle import Bundle
from pipelines.models.explanation import explain_row
from pipelines.runs import trainings
from pipelines.runs.store import Store

ERRORS = 24  # that are recorded, and of doubts as many
HOW = {
    "history": "After each epoch, in evaluation mode, on all training rows as they are (not varied) and all validation "
    "rows, before calibration.",
    "scores": "The weights of the best epoch, views averaged, probabilities calibrated on the validation rows; "
    "intervals are Wilson's, of 95 %.",
    "spread": "Validation rows; a class or speaker lies behind where Bonferroni's correction leaves no doubt of it.",
    "mislabelled": "Each training row is judged by a network that was trained on the other two thirds of them.",
    "test": "Test rows were compared with the others to find copies, and asked nothing.",
}


@dataclass(frozen=True)
class Diagnosis:
    """What a diagnosis found.

    Attributes
    ----------
    record : dict of JSON types
        What the contract asks for, and everything that a report tells; see `report.page.write_report`.
    answers : Answers of the validation rows, or None where the training diverged
    extractor : the extractor that read the samples
    interrupted : bool
        Whether Ctrl-C came before all probes were done; the record is about those that were.
    """

    record: dict
    answers: Answers | None
    extractor: object
    interrupted: bool


@dataclass(frozen=True)
class Subject:
    """What is diagnosed.

    Attributes
    ----------
    task : Task
    prepared : Prepared, with all its roles and what makes its training rows vary
    recipe : Recipe, as it is for so many rows
    seed : int >= 0
    preset : str
    model : Bundle or None, where one is there already
    """

    task: object
    prepared: object
    recipe: Recipe
    seed: int = 0
    preset: str = "fast"
    model: Bundle | None = None


def of_training(task, recipe, *, dataset_name=None, preset="fast", seed=0, n_jobs=None):
    """Return (Subject, whether bundled data stands in) of a training that is still to come; see `train.train`."""
    dataset, fallback = load_dataset(task, dataset_name)
    prepared = augmented(prepare(dataset, task.extractor_for(dataset), n_jobs), task, recipe, n_jobs)
    return Subject(task, prepared, recipe, seed, preset), fallback


def of_model(path, *, dataset_name=None, n_jobs=None):
    """Return the Subject of the model in a file, with the recipe and on the data set that it was trained on.

    Parameters
    ----------
    path : Path or str
    dataset_name : str or None
        Where that data set is now; None means where it was.

    Raises
    ------
    ModelFileError, DataError
    UsageError
        The data set has other classes.
    """
    from pipelines import datasets

    model = bundles.load(path)
    name = dataset_name or model.provenance["dataset"]
    dataset = datasets.load(name, model.task.name)
    if tuple(dataset.labels) != tuple(model.labels):
        raise UsageError(
            f"{name}: does not have the classes of {path}; give the data set that the model was trained on"
        )
    try:
        settings = {**model.provenance["recipe"], "least_steps": 0}
        recipe = Recipe(**settings)
        seed, preset = model.provenance["seed"], model.provenance["preset"]
    except (KeyError, TypeError):
        raise UsageError(f"{path}: does not say how it was trained; train it again to have it diagnosed") from None
    prepared = augmented(prepare(dataset, model.extractor, n_jobs), model.task, recipe, n_jobs)
    return Subject(model.task, prepared, recipe, seed, preset, model)


def diagnose(subject, *, n_jobs=None, dask=None, keep=False, fresh=False, on_training=None):
    """Train the network and its probes, or the probes of a model that is there, and say what they tell.

    Parameters
    ----------
    subject : Subject
    n_jobs : int > 0 or None
        Processes, of one thread each; None means one for each core. The result does not depend on it.
    dask : str or None
        The address of a Dask cluster that trains instead, see `trainings.run`.
    keep, fresh : bool
        Whether finished trainings are kept for the next time, and whether those that were kept are forgotten first.
    on_training : function of (number done, number of all, number kept before), called before the first and after each

    Returns
    -------
    Diagnosis

    Raises
    ------
    ClusterError, UsageError, DataError
    KeyboardInterrupt
        Ctrl-C came before the network itself was trained.
    """
    began = time.perf_counter()
    prepared, task = subject.prepared, subject.task
    if not len(prepared.dataset.rows("valid")):
        raise DataError(f"{prepared.dataset.name}: has no validation rows; there is nothing to judge the learning by")
    probes = Probes(prepared.without_items(), task.per_feature, subject.recipe, subject.seed)
    results, interrupted = _trained(probes, subject.model, n_jobs, dask, keep, fresh, on_training)
    fitting, findings, evidence = _found(probes, results, prepared, task)
    model = subject.model or (None if results[MAIN]["diverged"] else _bundle(subject, probes, results[MAIN]))
    record, answers = _described(subject, probes, results, model)
    step = verdict.next_step(fitting, findings, subject.recipe, subject.preset, subject.model is not None)
    record = {
        "verdict": fitting.name,
        "summary": verdict.summary(fitting, findings),
        "next": {"text": step.text, "verb": step.verb, "changes": step.changes, "preset": step.preset},
        "findings": [finding.record() for finding in (fitting, *findings)],
        "thresholds": thresholds.record(),
        "interrupted": interrupted,
        **record,
        **evidence,
        "seconds": round(time.perf_counter() - began, 2),
    }
    return Diagnosis(record, answers, prepared.extractor, interrupted)


def _trained(probes, model, n_jobs, dask, keep, fresh, on_training):
    """Return (results by key, interrupted or not); a second round asks what the first one leaves open."""
    results, known = {}, 0
    store = Store(probes.identity()) if keep else None
    keys = probes.plan(with_main=model is None)
    if store and fresh:
        store.forget([*keys, LONGER])
    if model is not None:
        results[MAIN] = main_result(probes, model)
    interrupted = False
    for ahead in (keys, [LONGER]):
        if ahead == [LONGER] and not _is_open(probes, results):
            break
        n_all = len(results) + len(ahead)
        known += len(store.known(ahead)) if store else 0
        if on_training:
            on_training(max(len(results), known), n_all, known)
        try:
            for key, result in trainings.run(probes, ahead, n_jobs=n_jobs, dask=dask, store=store):
                results[key] = result
                if on_training and len(results) > known:
                    on_training(len(results), n_all, known)
        except KeyboardInterrupt:
            if MAIN not in results:
                raise
            interrupted = True
            break
    return results, interrupted


def _is_open(probes, results):
    """Whether only a longer training can tell a network that cannot learn from one that was not done learning."""
    main = results[MAIN]
    n_classes = len(probes.prepared.dataset.labels)
    if main["diverged"] or probes.base not in results or results[probes.base]["diverged"]:
        return False
    return fit.level(main["entries"][-1]["train"]["accuracy"], n_classes) < fit.LIMITS["level"]


def _found(probes, results, prepared, task):
    """Return the Finding of the fit, all others in the order they are told in, and what a report shows of them."""
    main = results[MAIN]
    pairs, of_copies, copied = copies.look_for_copies(prepared, task.likeness)
    fitting = _fit(probes, results, copied if of_copies[0].verdict == "problem" else np.zeros_like(copied))
    description = probes.description()
    learning, of_learning = curves.learning_curve(probes, results)
    validation, of_validation = curves.validation_curves(probes, results)
    initial, of_beginning = references.beginning(probes, results)
    wrong, of_labels = mislabelled.look_for_wrong_labels(probes, results, prepared.dataset)
    findings = [
        *of_copies,
        *own_samples.look_at_samples(prepared.dataset, task),
        *references.signal(probes, results),
        *references.best_epoch(main["entries"]),
        *of_learning,
        *of_validation,
        *curves.depth(probes, results),
        *references.memory(results),
        *of_beginning,
        *of_labels,
        *_spreads(prepared, main),
        *gradients.findings(main["entries"], description),
    ]
    evidence = {
        "history": main["entries"],
        "learning_curve": learning,
        "validation_curves": validation,
        "baselines": references.baselines(probes, results),
        "initial_loss": initial,
        "duplicates": pairs,
        "mislabelled": wrong,
    }
    return fitting, findings, evidence


def _fit(probes, results, copied):
    """Return the Finding of the fit, by the validation rows that are no copies of training rows."""
    main, prepared = results[MAIN], probes.prepared
    n_classes, n_train = len(prepared.dataset.labels), probes.n_train
    if main["diverged"]:
        return fit.diverged(main["entries"])
    last = main["entries"][-1]
    train, right = last["train"]["accuracy"], main["right"]
    valid = last["valid"]["accuracy"]
    if copied.any():
        valid, right = float(right[~copied].mean()) if not copied.all() else 1.0, right[~copied]
        train = main["train"]["accuracy"]
    longer, base = results.get(LONGER), results.get(probes.base)
    if longer is None or longer["diverged"] or base["diverged"]:
        share = fit.falling(main["entries"])
        still, why = share > fit.LIMITS["falling"], f"its training loss fell by {100 * share:.0f} % in the last fifth"
    else:
        still, why = fit.learns_from_more_epochs(
            base["train"], base["epochs"], longer["train"], longer["epochs"], n_classes
        )
    return fit.of_scores(train, n_train, valid, len(right), n_classes, still, why)


def _spreads(prepared, main):
    if main["diverged"]:
        return []
    dataset = prepared.dataset
    rows = dataset.rows("valid")
    kinds = {"class": np.array(dataset.labels)[dataset.y[rows]]}
    if dataset.group is not None and len(np.unique(dataset.group[rows])) < len(rows):
        kinds["speaker or source"] = dataset.group[rows]
    return [spread.finding(name, spread.table(of_rows, main["right"])) for name, of_rows in kinds.items()]


def _bundle(subject, probes, main):
    """Return the trained network as a Bundle, which is not saved."""
    standardizer, network = network_of(probes, main)
    dataset, extractor = subject.prepared.dataset, subject.prepared.extractor
    return Bundle(
        task=subject.task,
        labels=dataset.labels,
        extractor=extractor,
        standardizer=standardizer,
        network=network,
        provenance={"recipe": subject.recipe.settings()},
        golden_row=subject.prepared.rows("train")[0][:1],
        temperature=main["temperature"],
    )


def _described(subject, probes, results, model):
    """Return what the record tells beside the findings, and the Answers of the validation rows, or None."""
    prepared, recipe, main = subject.prepared, subject.recipe, results[MAIN]
    dataset, extractor = prepared.dataset, prepared.extractor
    about = {
        "task": subject.task.name,
        "dataset": dataset.name,
        "preset": subject.preset,
        "seed": subject.seed,
        "labels": list(dataset.labels),
        "n_train": len(dataset.rows("train")),
        "n_valid": len(dataset.rows("valid")),
        "n_test": len(dataset.rows("test")),
        "recipe": recipe.settings(),
        "network": probes.description(),
        "n_parameters": probes.n_parameters(),
        "extractor": extractor.settings(),
        "licence": dataset.licence,
        "citation": dataset.citation,
        "versions": versions(),
        "how": HOW,
    }
    if main["diverged"]:
        return about | {"scores": {}, "diverged": main["diverged"]}, None
    measured, of_role = {}, {}
    for role in ("train", "valid"):
        probabilities = calibrated(main[f"{role}_logits"], main["temperature"])
        of_role[role] = scores(probabilities, prepared.rows(role)[1], dataset.labels)
        measured[role] = {
            key: of_role[role][key] for key in ("loss", "accuracy", "balanced_accuracy", "ci95", "n", "ece")
        }
    rows = dataset.rows("valid")
    answers = Answers(dataset, rows, dataset.y[rows], probabilities, dataset.labels)
    confusion = of_role["valid"]["confusion"]
    doubted = least_certain(answers, 1)[0]["index"]
    explained = explain_row(model, prepared.stored[[doubted]], dataset.labels[dataset.y[doubted]])
    about |= {
        "scores": measured,
        "temperature": main["temperature"],
        "threshold": main["threshold"],
        "confusion": confusion,
        "confusion_role": "valid",
        "per_class": of_role["valid"]["per_class"],
        "per_group": None if dataset.group is None else spread.table(dataset.group[rows], main["right"]),
        "most_confused": [list(pair) for pair in most_confused(np.array(confusion), dataset.labels)],
        "calibration": calibration(probabilities, answers.y),
        "errors": confident_errors(answers, ERRORS),
        "least_certain": least_certain(answers, ERRORS),
        "explanation": {"index": int(doubted), "path": dataset.path_of(doubted), **explained},
    }
    return about, answers
