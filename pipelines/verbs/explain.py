"""Explaining: one sample goes through the network, forward, backward and into the weights, and every number is shown.

The sample is read as in predict, and goes without variation through one training step of a copy of the network. If an
extractor describes a sample in several views, this is the first one; predict averages the answers to all of them.
"""

import os
from collections.abc import Collection
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

from pipelines.errors import InputFileError, NothingToSeeError, UsageError
from pipelines.features.inputs import Sample, samples
from pipelines.learning.ranges import COUNT, STRING, Several, Whole, require
from pipelines.models.explanation import explain_row, index_of
from pipelines.models.opening import open_bundle
from pipelines.records import ExplainRecord

MOST_STEPS = 10_000  # steps before the one that is shown
LAYERS = Several("a list of positions of layers, such as [0, 2]", Whole(0))
PLACES = Several("a list of places, such as ['3:17']", STRING)


def explain(
    model: Any,
    path: Any,
    *,
    label: str | None = None,
    learning_rate: float | None = None,
    top: int = 3,
    layers: Collection[int] | None = None,
    steps: int = 0,
    frozen: bool = False,
    at: Collection[str] = (),
    stdin: BinaryIO | None = None,
) -> ExplainRecord:
    """Return the record of one training step on one sample.

    Parameters
    ----------
    model : Model, or the path of a model file; it is not changed
    path : path of one file
    label : str or None
        The true label. None means the name of the file's folder, if that is a label of the model; else the model's own
        answer.
    learning_rate : float > 0 or None
        Of a plain step against the gradient; None means the rate of the model's recipe.
    top : int > 0, how many of the largest numbers to show
    layers : collection of int or None
        Positions of the layers to show; None means all.
    steps : int in [0, MOST_STEPS], the number of steps of this length before the one that is shown
    frozen : bool, whether only the last layer learns, which needs no backpropagation
    at : collection of str
        Places to show: LAYER:UNIT is a unit, LAYER:FROM:TO is a weight, LAYER:b:TO is a bias.
    stdin : binary file object, or None
        The file for the path "-".

    Returns
    -------
    record : dict of JSON types
        That of `explain_row`, with "path" first, and "label_from": "option", "folder" or "prediction".

    Raises
    ------
    InputFileError
        The file cannot be read.
    UsageError
        The label or the layer is not in the model, the learning rate is not a finite number above 0, or there is not
        exactly one file.
    ModelFileError
    """
    top, steps = require("top", top, COUNT), require("steps", steps, Whole(0, MOST_STEPS))
    layers, at = require("layers", layers, LAYERS, optional=True), require("at", at, PLACES)
    opened, sample = open_bundle(model, "explain"), _one_sample(path, stdin)
    if label is not None:
        index_of(opened, label, "--label")
    decoded, stored = _read(opened, sample.source)
    folder = sample.source.absolute().parent.name if isinstance(sample.source, Path) else None
    found = "option"
    if label is None:
        found, label = ("folder", folder) if folder in opened.labels else ("prediction", None)
    text = decoded if isinstance(decoded, str) else None
    record = explain_row(opened, stored, label, learning_rate, top, layers, steps, frozen, at, text)
    return cast(ExplainRecord, {"path": sample.name, "label_from": found, **record})


def row_of(model: Any, source: Any) -> Any:
    """Return the stored row of the most probable reading of a sample (Path, bytes or str) [shape=(1, n)].

    Raises InputFileError.
    """
    return _read(model, source)[1]


def _read(model: Any, source: Any) -> tuple[Any, Any]:
    """Return the decoded sample and its stored row."""
    try:
        decoded = model.reading_of(model.extractor.read(source))
        stored = model.extractor.extract_row(decoded)
    except NothingToSeeError as error:
        raise InputFileError.about(source, error) from None
    return decoded, stored if stored.ndim == 2 else stored[np.newaxis]


def _one_sample(path: Any, stdin: BinaryIO | None) -> Sample:
    chosen = samples(path, stdin)
    if len(chosen) != 1:
        given = f"{os.fsdecode(path)} contains" if isinstance(path, str | os.PathLike) else "these are"
        raise UsageError(
            f"explain: shows one file, and {given} {len(chosen)} files; name one of them, or use predict for all"
        )
    return chosen[0]
