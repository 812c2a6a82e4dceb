"""Explaining: one sample's way through the network, forward, backward and into the weights, every number shown.

The sample is read as predict reads it, and goes as it is through one training step of a copy of the network. Where an
extractor describes a sample in several views, this is the first one; predict would average the answers to all of them.
"""

from collections.abc import Collection
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

from pipelines.errors import InputFileError, NothingToSeeError, UsageError
from pipelines.features.inputs import Sample, samples
from pipelines.learning.ranges import Whole, require
from pipelines.models.explanation import explain_row, index_of
from pipelines.models.opening import open_bundle
from pipelines.records import ExplainRecord


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
    model : Model, or the path of a model file; it is left as it is
    path : path of one file
    label : str or None
        What the sample truly is. None means the name of the folder that the file is in, if that is a label of the
        model; else the model's own answer.
    learning_rate : float > 0 or None
        Of a plain step against the gradient; None means the rate that the model's recipe has for its optimizer.
    top : int > 0, how many of the largest numbers to tell
    layers : collection of int or None
        Positions of the layers to tell of; None means all.
    steps : int >= 0, how many steps of this length are taken before the one that is told of
    frozen : bool, whether only the last layer learns, which needs no backpropagation
    at : collection of str
        Places to look at: LAYER:UNIT works out a unit, LAYER:FROM:TO tells of a weight, LAYER:b:TO of a bias.
    stdin : binary file object, or None
        What the path "-" stands for.

    Returns
    -------
    record : dict of JSON types
        That of `explain_row`, with "path" first, and "label_from": "option", "folder" or "prediction".

    Raises
    ------
    InputFileError
        The file cannot be read.
    UsageError
        No label or layer of the model has this name or number, the learning rate is no finite number above 0, or there
        is not one file alone.
    ModelFileError
    """
    require("top", top, Whole(1))
    require("steps", steps, Whole(0))
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
    """Return the stored row of the reading of a sample (Path, bytes or str) that predict is surest of [shape=(1, n)].

    Raises InputFileError.
    """
    return _read(model, source)[1]


def _read(model: Any, source: Any) -> tuple[Any, Any]:
    """Return what was read, and its stored row."""
    try:
        decoded = model.reading_of(model.extractor.read(source))
        stored = model.extractor.extract_row(decoded)
    except NothingToSeeError as error:
        raise InputFileError.about(source, error) from None
    return decoded, stored if stored.ndim == 2 else stored[np.newaxis]


def _one_sample(path: Any, stdin: BinaryIO | None) -> Sample:
    chosen = samples(path, stdin)
    if len(chosen) != 1:
        raise UsageError(f"explain: {path} holds {len(chosen)} files; name one of them")
    return chosen[0]
