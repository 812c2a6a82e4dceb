"""Diagnosing: what went wrong with the learning, the evidence for it, and what to try next.

A diagnosis examines the training, the same network under other conditions, and the samples. Everything is measured on
training and validation rows. The test rows are only compared with the others, to find copies; they are kept for the
number that is reported in the end.
"""

import shlex
import time
from dataclasses import dataclass

import numpy as np

from backprop_core.calibration import calibrated
from backprop_core.metrics import find_most_confused
from pipelines.datasets import ROLES
from pipelines.diagnosis import next_command, spread, thresholds, verdict
from pipelines.diagnosis.calibration import calibration
from pipelines.diagnosis.examination import examine, needs_longer_training
from pipelines.diagnosis.probes import LONGER, MAIN, Probes
from pipelines.diagnosis.results import measure_model, network_of
from pipelines.errors import DataError, UsageError
from pipelines.learning.preparation import augment, load_dataset, name_dataset, prepare
from pipelines.learning.recipe import Recipe
from pipelines.learning.scoring import scores
from pipelines.machine.versions import versions
from pipelines.models.answers import Answers, confident_errors, least_certain
from pipelines.models.bundle import Bundle
from pipelines.models.evidence import with_texts, with_words
from pipelines.models.explanation import explain_row
from pipelines.models.opening import open_bundle
from pipelines.runs import trainings
from pipelines.runs.store import Store

ERRORS = 24  # errors in the record, and as many uncertain answers
HOW = {
    "history": "After each epoch, in evaluation mode, on all training rows without variation and all validation rows, "
    "before calibration.",
    "scores": "The weights of the best epoch, views averaged, probabilities calibrated on the validation rows; "
    "intervals are Wilson's 95 % intervals.",
    "spread": "Validation rows; a class or speaker is reported only if chance does not explain it "
    "(Bonferroni's correction).",
    "mislabelled": "Each training row is judged by a network that was trained on the other two thirds of them.",
    "test": "Test rows were compared with the others to find copies. No network was measured on them.",
}


@dataclass(frozen=True)
class Diagnosis:
    """The result of a diagnosis.

    Attributes
    ----------
    verdict : str, such as "good fit" or "overfitting"
    summary : str, the verdict in a sentence or two
    findings : list of dict, each with a name, a verdict, its evidence and an advice
    next : dict
        What to try next: "words" and "command" are its command line.
    subject : Subject, the diagnosed network and data
    answers : Answers of the validation rows, or None if the training diverged
    extractor : the extractor that read the samples
    interrupted : bool
        Whether Ctrl-C came before all probes were finished; the record is about the finished ones.
    """

    _record: dict
    subject: "Subject"
    answers: Answers | None
    extractor: object
    interrupted: bool

    verdict = property(lambda self: self._record["verdict"])
    summary = property(lambda self: self._record["summary"])
    findings = property(lambda self: self._record["findings"])
    next = property(lambda self: self._record["next"])

    def record(self):
        """Return the record, with everything that a report shows: dict of JSON types."""
        return self._record

    def write_report(self, folder):
        """Write one HTML page that shows all of it, and the data behind its figures; return their paths.

        Parameters
        ----------
        folder : Path or str, made if it does not exist

        Raises
        ------
        OSError
            It cannot be written.
        """
        from pipelines.report.page import write_report
        from pipelines.report.samples import samples_of

        return write_report(self._record, samples_of(self.subject.prepared.dataset, self.extractor), folder)

    def _repr_html_(self):
        from pipelines.report.notebook import diagnosis_html

        return diagnosis_html(self._record)


@dataclass(frozen=True)
class Subject:
    """The network and the data of a diagnosis.

    Attributes
    ----------
    task : Task
    prepared : Prepared, with all its roles and its augmentation
    recipe : Recipe, for so many rows
    seed : int >= 0
    preset : str or None
    model : Bundle or None, if one exists already
    fallback : bool, whether bundled data replace the default
    """

    task: object
    prepared: object
    recipe: Recipe
    seed: int = 0
    preset: str | None = None
    model: Bundle | None = None
    fallback: bool = False

    @property
    def asked(self):
        """The requested epochs and least steps, as far as they are known: dict."""
        if self.model is None:
            return {"epochs": self.recipe.epochs, "least_steps": self.recipe.least_steps}
        settled = self.model.provenance["recipe"]["least_steps"] == 0  # in this case its epochs are the requested ones
        return {"epochs": self.recipe.epochs, "least_steps": 0} if settled else {}


def of_training(task, recipe, *, dataset=None, seed=0, n_jobs=None):
    """Return the Subject of a training that has not run yet; see `train.train`."""
    loaded, fallback = load_dataset(task, name_dataset(dataset))
    prepared = augment(prepare(loaded, task.extractor_for(loaded, recipe), n_jobs), task, recipe, n_jobs)
    return Subject(task, prepared, recipe, seed, recipe.preset, fallback=fallback)


def of_model(model, *, dataset=None, n_jobs=None):
    """Return the Subject of a model, with the recipe and on the data set that it was trained on.

    Parameters
    ----------
    model : Model, or the path of a model file
    dataset : str, Path or None
        The present place of that data set; None means its place at the training.

    Raises
    ------
    ModelFileError, DataError
    UsageError
        The data set has other classes.
    """
    from pipelines import datasets

    model = open_bundle(model, "diagnose")
    where = model.path or "the model"
    name = name_dataset(dataset) or model.provenance["dataset"]
    loaded = datasets.load(name, model.task.name)
    if tuple(loaded.labels) != tuple(model.labels):
        raise UsageError(
            f"{name}: its classes differ from those of {where}; give the data set that the model was trained on"
        )
    try:
        settings = {**model.provenance["recipe"], "least_steps": 0}
        recipe = Recipe(**settings)
        seed, preset = model.provenance["seed"], model.provenance["preset"]
    except (KeyError, TypeError):
        raise UsageError(f"{where}: the file does not contain its recipe; train it again to diagnose it") from None
    prepared = augment(prepare(loaded, model.extractor, n_jobs), model.task, recipe, n_jobs)
    return Subject(model.task, prepared, recipe, seed, preset, model)


def diagnose(subject, *, n_jobs=None, dask=None, keep=False, fresh=False, on_training=None):
    """Train the network and its probes, or the probes of an existing model, and return the findings.

    Parameters
    ----------
    subject : Subject
    n_jobs : int > 0 or None
        Processes, of one thread each; None means one for each core. The result does not depend on it.
    dask : str or None
        The address of a Dask cluster that trains instead, see `trainings.run`.
    keep, fresh : bool
        Whether finished trainings are stored, and whether stored trainings are deleted first.
    on_training : function of (number finished, number of all, number stored before), called before the first and after
    each

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
        raise DataError(f"{prepared.dataset.name}: has no validation rows to judge the learning by")
    probes = Probes(prepared.without_items(), task.scaling(), subject.recipe, subject.seed)
    results, interrupted = _train(probes, subject.model, n_jobs, dask, keep, fresh, on_training)
    fitting, findings, evidence = examine(probes, results, prepared, task)
    measured, answers = _measure(subject, probes, results[MAIN])
    evidence["mislabelled"] = with_texts(evidence["mislabelled"], prepared.dataset, prepared.extractor)
    record = {
        "verdict": fitting.name,
        "reason": verdict.give_reason(fitting, findings),
        "summary": verdict.summarise(fitting, findings),
        "next": vars(verdict.choose_next_step(fitting, findings, subject.recipe, subject.preset, bool(subject.model))),
        "findings": [finding.record() for finding in (fitting, *findings)],
        "thresholds": thresholds.record(),
        "interrupted": interrupted,
        "bundled_fallback": subject.fallback,
        "model": subject.model.path if subject.model else None,
        **_describe(subject, probes),
        **measured,
        **evidence,
    }
    words = next_command.write_words(record, subject.asked)
    record["next"] = {**record["next"], "words": words, "command": f"backprop {shlex.join(words)}"}
    record["seconds"] = round(time.perf_counter() - began, 2)
    return Diagnosis(record, subject, answers, prepared.extractor, interrupted)


def _train(probes, model, n_jobs, dask, keep, fresh, on_training):
    """Return (results by key, whether interrupted). Train longer in a second round if the first leaves this open."""
    results, known = {}, 0
    store = Store(probes.identity()) if keep else None
    keys = probes.plan(with_main=model is None)
    if store and fresh:
        store.forget([*keys, LONGER])
    if model is not None:
        results[MAIN] = measure_model(probes, model)
    interrupted = False
    for ahead in (keys, [LONGER]):
        if ahead == [LONGER] and not needs_longer_training(probes, results):
            break
        n_all = len(results) + len(ahead)
        known += len(store.find_known(ahead)) if store else 0
        if on_training:
            on_training(max(len(results), known), n_all, known)
        try:
            for key, found in trainings.run(probes, ahead, n_jobs=n_jobs, dask=dask, store=store):
                results[key] = probes.read(key, found)
                if on_training and len(results) > known:
                    on_training(len(results), n_all, known)
        except KeyboardInterrupt:
            if MAIN not in results:
                raise
            interrupted = True
            break
    return results, interrupted


def _describe(subject, probes):
    """Return the description of the diagnosed network and data: dict of JSON types."""
    dataset, extractor = subject.prepared.dataset, subject.prepared.extractor
    return {
        "task": subject.task.name,
        "dataset": dataset.name,
        "preset": subject.preset,
        "seed": subject.seed,
        "labels": list(dataset.labels),
        **{f"n_{role}": len(dataset.rows(role)) for role in ROLES},
        "recipe": subject.recipe.settings(),
        "network": probes.description(),
        "n_parameters": probes.n_parameters(),
        "extractor": extractor.settings(),
        "licence": dataset.licence,
        "citation": dataset.citation,
        "versions": versions(),
        "how": HOW,
    }


def _measure(subject, probes, main):
    """Return the measurements of the network, dict of JSON types, and the Answers of the validation rows or None."""
    if main.diverged:
        return {"scores": {}, "diverged": main.diverged}, None
    dataset = subject.prepared.dataset
    scores_of = {role: _score(_answer(subject.prepared, main, role)) for role in ("train", "valid")}
    answers = _answer(subject.prepared, main, "valid")
    of_valid, model = scores_of["valid"], subject.model or _bundle(subject, probes, main)
    shown = ("loss", "accuracy", "balanced_accuracy", "ci95", "n", "ece")
    measured = {
        "scores": {role: {name: found[name] for name in shown} for role, found in scores_of.items()},
        "temperature": main.temperature,
        "threshold": main.threshold,
        "confusion": of_valid["confusion"],
        "confusion_role": "valid",
        "per_class": of_valid["per_class"],
        "per_group": None if dataset.group is None else spread.table(dataset.group[answers.rows], main.right),
        "most_confused": [list(pair) for pair in find_most_confused(np.array(of_valid["confusion"]), dataset.labels)],
        "calibration": calibration(answers.probabilities, answers.y),
        "errors": with_words(confident_errors(answers, ERRORS), dataset, model),
        "least_certain": with_words(least_certain(answers, ERRORS), dataset, model),
        "explanation": _explain_doubt(subject, model, answers),
    }
    return measured, answers


def _answer(prepared, main, role):
    """Return the Answers of the network to the training or the validation rows, calibrated."""
    logits = {"train": main.train_logits, "valid": main.valid_logits}[role]
    dataset, rows = prepared.dataset, prepared.dataset.rows(role)
    return Answers(dataset, rows, dataset.y[rows], calibrated(logits, main.temperature), dataset.labels)


def _score(answers):
    return scores(answers.probabilities, answers.y, answers.labels)


def _explain_doubt(subject, model, answers):
    """Return one step of learning from the validation row that the network is least certain of: dict of JSON types."""
    dataset, index = subject.prepared.dataset, least_certain(answers, 1)[0]["index"]
    label, text = dataset.labels[dataset.y[index]], dataset.text_of(index)
    explained = explain_row(model, subject.prepared.stored[[index]], label, decoded=text)
    return {"index": int(index), "path": dataset.path_of(index), **explained}


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
        temperature=main.temperature,
    )
