"""Evaluation: how often a model is right on samples it has not learned from, and where it is wrong."""

from dataclasses import dataclass

import numpy as np

from backprop_core import metrics
from pipelines.errors import DataError, UsageError
from pipelines.learning.preparation import extract, prepare
from pipelines.learning.scoring import by_source, scores
from pipelines.models import ensemble
from pipelines.models.answers import Answers, review


@dataclass(frozen=True)
class Evaluation:
    """The record of the contract, and what a reader may want beside it.

    Attributes
    ----------
    record : dict of JSON types
    most_confused : list of (true label, predicted label, count)
    warnings : list of str
    model : Bundle or Ensemble
    answers : Answers, sample by sample
    """

    record: dict
    most_confused: list
    warnings: list
    model: object
    answers: Answers


def evaluate(path, dataset_name=None, role="test", n_jobs=None, others=(), averaged=False):
    """Measure the model in the file `path`.

    Parameters
    ----------
    dataset_name : str or None
        None means the data set that the model was trained on.
    role : str
        Which part of the data set: "train", "valid" or "test". The split of the data set that the model was trained on
        is made again, sample for sample. Of another data set without a split, every sample is a test sample.
    others : sequence of str or Path, models that answer together with this one
    averaged : bool, whether answers to more views of each sample are averaged

    Raises
    ------
    ModelFileError, DataError, UsageError
    """
    from pipelines import datasets

    model = ensemble.load(path, others, averaged)
    name = dataset_name or model.provenance["dataset"]
    own = name == model.provenance["dataset"]
    dataset = datasets.load(name, model.task.name, to_train=own)
    unknown = sorted(set(dataset.labels) - set(model.labels))
    if unknown:
        raise UsageError(f"{name}: has classes that the model does not know: {', '.join(unknown[:5])}")
    if own:
        prepared = prepare(dataset, model.extractor, n_jobs)
    else:
        prepared = extract(dataset.all_tests() if (dataset.role == "train").all() else dataset, model.extractor, n_jobs)
    stored, y = prepared.rows(role)
    if len(y) == 0:
        raise DataError(f"{name}: has no {role} samples; choose another --split")
    y = np.array([model.labels.index(label) for label in dataset.labels])[y]
    probabilities = model.probabilities(stored)
    return Evaluation(
        record={
            "model": str(path),
            **({"with": [str(other) for other in others]} if others else {}),
            **({"averaged": True} if averaged else {}),
            "dataset": name,
            "split": role,
            **scores(probabilities, y, model.labels),
            **by_source(prepared.dataset, role, probabilities.argmax(axis=1), y),
        },
        most_confused=metrics.most_confused(
            metrics.confusion_matrix(y, probabilities.argmax(axis=1), len(model.labels)), model.labels
        ),
        warnings=_warnings(model, name, prepared.dataset, role),
        model=model,
        answers=Answers(prepared.dataset, prepared.dataset.rows(role), y, probabilities, model.labels),
    )


def report(evaluation, folder):
    """Write contact sheets of the samples that deserve a look, and their list, into a folder; return the paths.

    Raises OSError.
    """
    from pipelines.report.sheets import display_of, write_review

    about = {key: evaluation.record[key] for key in ("model", "dataset", "split")}
    displays = display_of(evaluation.answers.dataset, evaluation.model.extractor)
    return write_review({**about, **review(evaluation.answers)}, displays, folder)


def _warnings(model, name, dataset, role):
    warnings = []
    if dataset.skipped:
        warnings.append(f"{name}: {len(dataset.skipped)} of its files are left out; the first: {dataset.skipped[0]}")
    if name == model.provenance["dataset"] and dataset.fingerprint != model.provenance["fingerprint"]:
        warnings.append(f"{name}: has changed since the model was trained, which may know its {role} samples")
    elif role != "test":
        warnings.append(
            f"these are {role} samples: the model, or a choice about it, has seen them; judge it by --split test"
        )
    return warnings
