"""Explaining: one sample's way through the network, forward, backward and into the weights, every number shown.

The sample is read as predict reads it, and goes as it is through one training step of a copy of the network. Where an
extractor describes a sample in several views, this is the first one; predict would average the answers to all of them.
"""

from pathlib import Path

import numpy as np

from pipelines.errors import InputFileError, NothingToSeeError
from pipelines.models.explanation import explain_row, index_of


def explain(model, sample, label=None, learning_rate=None, top=3, layers=None):
    """Return the record of one training step on one sample.

    Parameters
    ----------
    model : Bundle, left as it is
    sample : pipelines.features.inputs.Sample
    label : str or None
        What the sample truly is. None means the name of the folder that the file is in, if that is a label of the
        model; else the model's own answer.
    learning_rate : float > 0 or None
        Of a plain step against the gradient; None means the rate that the model's recipe has for its optimizer.
    top : int > 0, how many of the largest numbers to tell
    layers : collection of int or None
        Positions of the layers to tell of; None means all.

    Returns
    -------
    record : dict of JSON types
        That of `explain_row`, with "path" first, and "label_from": "option", "folder" or "prediction".

    Raises
    ------
    InputFileError
        The file cannot be read.
    UsageError
        No label or layer of the model has this name or number, or the learning rate is no finite number above 0.
    """
    if label is not None:
        index_of(model, label, "--label")
    try:
        stored = model.extractor.stored_row(model.extractor.read(sample.source))[np.newaxis]
    except NothingToSeeError as error:
        raise InputFileError.about(sample.source, error) from None
    folder = sample.source.absolute().parent.name if isinstance(sample.source, Path) else None
    found = "option"
    if label is None:
        found, label = ("folder", folder) if folder in model.labels else ("prediction", None)
    record = explain_row(model, stored, label, learning_rate, top, layers)
    return {"path": sample.name, "label_from": found, **record}
