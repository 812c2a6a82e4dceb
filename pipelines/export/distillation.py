"""Distillation: a smaller network that fits a budget and learns from the large one.

The large network gives not only the class of a sample, but also how similar it is to each other class. A small network
that learns these probabilities is better than one that learns the labels. It learns from the training samples in all
their views. The target of each view is the answer of the large network to the sample, averaged over its views and
softened. Hinton, Vinyals and Dean 2015, https://arxiv.org/abs/1503.02531
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from backprop_core import Adam, Network, multilayer_perceptron
from backprop_core.calibration import calibrated, fit_temperature
from backprop_core.losses import SoftmaxCrossEntropy
from backprop_core.schedules import one_cycle
from backprop_core.step import Step
from pipelines import datasets
from pipelines.errors import BackpropError, UsageError
from pipelines.export.integer_layers import integer_layers, twin_probabilities
from pipelines.export.subject import Subject
from pipelines.learning.preparation import Prepared, prepare
from pipelines.learning.views import logits_of
from pipelines.machine.log import piece_of_work
from pipelines.models.bundle import Bundle

SOFTENED = 2.0  # factor on the temperature of the large network
STEPS, BATCH, RATE = 3000, 128, 3e-3
DECAY = 0.02
WIDEST, NARROWEST = 4096, 4
SECOND = 2  # width of the first layer by that of the second


@dataclass(frozen=True)
class Distilled:
    """A smaller model, and its loss of accuracy.

    Attributes
    ----------
    bundle : Bundle
    hidden : tuple of int, the widths of its layers
    accuracy, accuracy_before : float, of the exported smaller model and of the large model, on `n` test samples
    n : int
    """

    bundle: Bundle
    hidden: tuple[int, ...]
    accuracy: float
    accuracy_before: float
    n: int


def distil(
    subject: Subject, fits: Callable[[Subject], bool], rng: np.random.Generator, int8: bool = False
) -> Distilled:
    """Return the widest model that `fits`, which learns from the subject's model.

    With `int8` its accuracy is that of its layers in whole numbers, see `integer_layers`. Raises UsageError if even the
    narrowest does not fit, or if the data set of the model is missing.
    """
    hidden = _widest(subject, fits)
    prepared = _prepare(subject)
    teacher = subject.bundle
    student = _teach(teacher, prepared, hidden, rng)
    stored, y = prepared.rows("test")
    answers = _answers_in_integers(student, stored) if int8 else student.probabilities(stored)
    scores = [float((found.argmax(axis=1) == y).mean()) for found in (answers, teacher.probabilities(stored))]
    return Distilled(student, hidden, *scores, len(y))


def _answers_in_integers(student: Bundle, stored: np.ndarray) -> np.ndarray:
    small = Subject(student, "student")
    return twin_probabilities(small, integer_layers(small), stored)


def with_hidden(teacher: Bundle, hidden: tuple[int, ...], rng: np.random.Generator) -> Bundle:
    """Return a bundle like the teacher's with an untrained network of other widths."""
    layers = multilayer_perceptron(teacher.extractor.n_features, list(hidden), len(teacher.labels), "relu")
    return replace(teacher, network=Network(layers, rng), golden_probabilities=None, path=None)


def _widest(subject: Subject, fits: Callable[[Subject], bool]) -> tuple[int, ...]:
    """Return the widths of the widest network that fits: two layers, the second half as wide."""

    def fit(width: int) -> bool:
        bundle = with_hidden(subject.bundle, _widths(width), np.random.default_rng(0))
        return fits(Subject(bundle, subject.name))

    low, high = NARROWEST, WIDEST
    if not fit(low):
        raise UsageError("export --budget: the code for the features does not fit into it; give a larger budget")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fit(middle) else (low, middle)
    return _widths(low)


def _widths(width: int) -> tuple[int, ...]:
    return width, max(NARROWEST, width // SECOND)


def _prepare(subject: Subject) -> Prepared:
    bundle = subject.bundle
    try:
        return prepare(datasets.load(bundle.provenance["dataset"], subject.task), bundle.extractor)
    except (BackpropError, KeyError) as error:
        raise UsageError(
            f"export --budget: needs the data set that the model learned from ({error}); export it where the data are "
            "available"
        ) from None


def _teach(teacher: Bundle, prepared: Prepared, hidden: tuple[int, ...], rng: np.random.Generator) -> Bundle:
    student = with_hidden(teacher, hidden, rng)
    stored, _ = prepared.rows("train")
    z = logits_of(teacher.network, teacher.standardizer, teacher.extractor, stored)
    target = calibrated(z, SOFTENED * teacher.temperature)
    X = [teacher.standardizer.transform(view) for view in teacher.extractor.views(stored)]
    network, optimizer = student.network, Adam()
    step = Step(network, optimizer, SoftmaxCrossEntropy(), weight_decay=DECAY)
    memory = optimizer.init(network.params.flat.size, network.dtype)
    with piece_of_work(f"training a small network of {hidden[0]} and {hidden[1]} units", STEPS) as advance:
        for number in range(STEPS):
            rows = rng.integers(len(target), size=BATCH)
            view = X[rng.integers(len(X))]
            step(view[rows], target[rows], RATE * one_cycle(number / STEPS), memory, rng)
            advance(1)
    valid, y = prepared.rows("valid")
    temperature = fit_temperature(logits_of(network, student.standardizer, student.extractor, valid), y)
    provenance = {**teacher.provenance, "taught_by": teacher.path, "hidden": list(hidden)}
    return replace(student, temperature=temperature, provenance=provenance)
