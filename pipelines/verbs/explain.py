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
    opened, sample = open_bundle(model, "explain"), _one_sample(path, stdin)
    if label is not None:
        index_of(opened, label, "--label")
    try:
        stored = opened.extractor.stored_row(opened.reading_of(opened.extractor.read(sample.source)))
        stored = stored if stored.ndim == 2 else stored[np.newaxis]
    except NothingToSeeError as error:
        raise InputFileError.about(sample.source, error) from None
    folder = sample.source.absolute().parent.name if isinstance(sample.source, Path) else None
    found = "option"
    if label is None:
        found, label = ("folder", folder) if folder in opened.labels else ("prediction", None)
    record = explain_row(opened, stored, label, learning_rate, top, layers)
    return cast(ExplainRecord, {"path": sample.name, "label_from": found, **record})


def _one_sample(path: Any, stdin: BinaryIO | None) -> Sample:
    chosen = samples(path, stdin)
    if len(chosen) != 1:
        raise UsageError(f"explain: {path} holds {len(chosen)} files; name one of them")
    return chosen[0]
