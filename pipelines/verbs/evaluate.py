"""Evaluation: the accuracy of a model on samples that it has not learned from, and its errors."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from backprop_core import metrics
from pipelines import datasets
from pipelines.errors import DataError, UsageError
from pipelines.learning.preparation import extract, name_dataset, prepare
from pipelines.learning.ranges import COUNT, require
from pipelines.learning.scoring import by_group, by_source, refusals, scores
from pipelines.models.answers import Answers, review
from pipelines.models.bundle import Bundle
from pipelines.models.ensemble import Ensemble
from pipelines.models.evidence import has_words, with_words
from pipelines.models.opening import open_model
from pipelines.records import ClassRecord, EvaluateRecord
from pipelines.wording import suggest


@dataclass(frozen=True)
class Evaluation:
    """The scores of a model on one part of a data set.

    Attributes
    ----------
    model : Bundle or Ensemble
    dataset : str
    split : str, "train", "valid" or "test"
    answers : Answers, sample by sample
    warnings : list of str, why this may be the wrong number
    measured : dict of JSON types, see `scoring.scores`
    """

    model: Bundle | Ensemble
    dataset: str
    split: str
    answers: Answers
    warnings: list[str]
    measured: dict[str, Any]

    @property
    def accuracy(self) -> float:
        """The share of samples whose answer is right."""
        return self.measured["accuracy"]

    @property
    def ci95(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the accuracy."""
        low, high = self.measured["ci95"]
        return low, high

    @property
    def per_class(self) -> dict[str, ClassRecord]:
        """By label: "precision", "recall", "f1" and "support", the number of samples."""
        return self.measured["per_class"]

    @property
    def most_confused(self) -> list[tuple[str, str, int]]:
        """The most frequent errors: (true label, predicted label, count)."""
        return metrics.find_most_confused(np.array(self.measured["confusion"]), self.model.labels)

    def record(self) -> EvaluateRecord:
        """Return the record of the evaluation, a dict of JSON types."""
        members = self.model.members
        record: dict[str, Any] = {"model": self.model.path}
        if len(members) > 1:
            record["with"] = [member.path for member in members[1:]]
        if members[0].views is not None:
            record["averaged"] = True
        return {**record, "dataset": self.dataset, "split": self.split, **self.measured}  # type: ignore[typeddict-item]

    def _repr_html_(self) -> str:
        from pipelines.report.notebook import evaluation_html

        return evaluation_html(self)


def evaluate(
    model: Any,
    dataset: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | None = None,
    *,
    split: str = "test",
    n_jobs: int | None = None,
) -> Evaluation:
    """Measure a model.

    Parameters
    ----------
    model : Model, or the path of a model file
    dataset : str, Path or None
        None means the data set that the model was trained on.
    split : str
        Which part of the data set: "train", "valid" or "test". For the data set that the model was trained on, the
        split is the same, sample for sample. In another data set without a split, every sample is a test sample.
    n_jobs : int > 0 or None
        Threads or processes that read files; None means one for each core.

    Raises
    ------
    ModelFileError, DataError, UsageError
    """
    if split not in datasets.ROLES:
        raise UsageError(f"split {split}: this split does not exist; {suggest(split, datasets.ROLES)}")
    n_jobs = require("jobs", n_jobs, COUNT, optional=True)
    opened = open_model(model)
    name = name_dataset(dataset) or opened.provenance["dataset"]
    own = name == opened.provenance["dataset"]
    found = datasets.load(name, opened.task.name, to_train=own)
    unknown = sorted(set(found.labels) - set(opened.labels))
    if unknown:
        raise UsageError(f"{name}: some of its classes are unknown to the model: {', '.join(unknown[:5])}")
    if own:
        prepared = prepare(found, opened.reader, n_jobs)
    else:
        prepared = extract(found.all_tests() if (found.role == "train").all() else found, opened.reader, n_jobs)
    stored, y = prepared.rows(split)
    if len(y) == 0:
        raise DataError(f"{name}: has no {split} samples; choose another --split")
    y = np.array([opened.labels.index(label) for label in found.labels])[y]
    probabilities = opened.probabilities(stored)
    return Evaluation(
        model=opened,
        dataset=name,
        split=split,
        answers=Answers(prepared.dataset, prepared.dataset.rows(split), y, probabilities, opened.labels),
        warnings=_warnings(opened, name, prepared.dataset, split),
        measured={
            **scores(probabilities, y, opened.labels),
            **_refusals(opened, prepared, split, probabilities, y),
            **by_source(prepared.dataset, split, probabilities.argmax(axis=1), y),
            **by_group(prepared.dataset, split, probabilities.argmax(axis=1), y, None if own else ()),
        },
    )


def report(evaluation: Evaluation, folder: str | os.PathLike[str]) -> list[Path]:
    """Write sheets of the errors and uncertain answers, and their list, into a folder; return the paths.

    Raises OSError.
    """
    from pipelines.report.sheets import display_of, write_review

    model, dataset = evaluation.model, evaluation.answers.dataset
    about = {"model": model.path, "dataset": evaluation.dataset, "split": evaluation.split}
    found = review(evaluation.answers)
    for name in ("confident_errors", "least_certain"):
        found[name] = with_words(found[name], dataset, model)
    displays = None if has_words(model) else display_of(dataset, model.extractor)
    return write_review({**about, **found}, displays, folder)


def _refusals(model, prepared, split, probabilities, y):
    """Return {"foreign": the effect of the model's threshold}; empty without a threshold or foreign samples."""
    stored, threshold = prepared.foreign_rows(split), model.provenance.get("threshold")
    if stored is None or threshold is None:
        return {}
    learned_from = (model.provenance.get("augmentation") or {}).get("n_foreign", 0)
    found = refusals(probabilities, y, model.probabilities(stored), threshold)
    return {"foreign": {**found, "learned_from": learned_from}}


def _warnings(model: Bundle | Ensemble, name: str, dataset: datasets.Dataset, split: str) -> list[str]:
    warnings = []
    if dataset.skipped:
        warnings.append(f"{name}: {len(dataset.skipped)} of its files are skipped; the first: {dataset.skipped[0]}")
    if name == model.provenance["dataset"] and dataset.fingerprint != model.provenance["fingerprint"]:
        warnings.append(
            f"{name}: this data set has changed since the training, so the model may know its {split} samples"
        )
    elif split != "test":
        warnings.append(f"the model, or a choice about it, has used these {split} samples; judge it by --split test")
    return warnings
