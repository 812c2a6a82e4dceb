"""Sight: what there is to see of one answer.

The answer is that of `predict`. Beside it stand what the network was given, how active each layer became, and, where
the extractor can lay it over the sample, what spoke for the answer and what against.
"""

import base64

import numpy as np

from backprop_core.sparse import is_sparse
from pipelines.errors import InputFileError
from pipelines.lab.refusal import Refusal
from pipelines.models.evidence import evidence_for, has_words, words_for
from pipelines.verbs.explain import row_of
from pipelines.verbs.predict import predict

UNIT = "nats of log-odds"


def look(model, sample, threshold):
    """Return all there is to see of the answer to a sample, but for the evidence.

    Parameters
    ----------
    model : Bundle
    sample : Sample, whose source is bytes or str
    threshold : float in [0, 1]

    Returns
    -------
    dict of JSON types
        "answer" is the record of `predict` with all classes; "shown" what the network was given, a picture or None;
        "layers" the activity of each layer that has units of its own: {"name", "kind", "values"}.

    Raises Refusal where the sample cannot be read.
    """
    (answer,) = predict(model, [sample], top=len(model.labels), threshold=threshold, n_jobs=1)
    if answer.error is not None:
        raise Refusal(422, answer.error.replace("<stdin>: ", "", 1))
    stored = row_of(model, sample.source)
    return {
        "answer": answer.record(),
        "shown": show(model, sample),
        "layers": activity(model, stored),
    }


def show(model, sample):
    """Return what the network was given of a sample: {"width", "height", "channels", "pixels", "across", "upward"}.

    "pixels" are bytes in base64, row by row from the top. None where the extractor has no picture of it.
    """
    if not hasattr(model.extractor, "display"):
        return None
    display = model.extractor.display(model.reading_of(model.extractor.read(sample.source)))
    pixels = np.ascontiguousarray(display.pixels)
    return {
        "width": pixels.shape[1],
        "height": pixels.shape[0],
        "channels": 1 if pixels.ndim == 2 else 3,
        "pixels": base64.b64encode(pixels.tobytes()).decode(),
        "across": _axis(display.across),
        "upward": _axis(display.upward),
    }


def _axis(axis):
    return None if axis is None else {"label": axis.label, "ticks": [list(tick) for tick in axis.ticks]}


def find_given_row(model, stored):
    """Return the features that the network is given of a stored row: ndarray of its dtype [shape=(1, n_features)]."""
    X = model.standardizer.transform(next(iter(model.extractor.views(stored)))).astype(model.network.dtype)
    return X.toarray() if is_sparse(X) else X


def activity(model, stored):
    """Return what came out of each activation, and of the last layer: list of {"name", "kind", "values"}."""
    passages = list(enumerate(model.network.passes(find_given_row(model, stored))))
    last = passages[-1][0]
    return [
        {"name": str(i), "kind": passage.layer.kind, "values": round_values(passage.y[0])}
        for i, passage in passages
        if passage.layer.kind in ("activate", "residual") or i == last
    ]


def evidence(model, sample, label):
    """Return what in a sample speaks for a label and what against: {"label", "unit"}, and its places or its words.

    Places are "width", "height" and "values"; words are what `WordEvidence.record` has.

    Raises Refusal where the extractor cannot tell.
    """
    if label is not None and label not in model.labels:
        raise Refusal(404, "The model knows no such class.")
    index = None if label is None else model.labels.index(label)
    if has_words(model):
        return {**words_for(model, model.extractor.read(sample.source), index).record(), "unit": UNIT}
    if not hasattr(model.extractor, "evidence"):
        raise Refusal(409, "Of this kind of sample the evidence cannot be drawn yet.")
    try:
        found = evidence_for(model, model.extractor.read(sample.source), index)
    except InputFileError as error:
        raise Refusal(422, str(error)) from None
    height, width = found.values.shape
    return {
        "label": found.label,
        "width": width,
        "height": height,
        "values": round_values(found.values.ravel()),
        "unit": UNIT,
    }


def round_values(values):
    """Return numbers as JSON has them, with five digits; None where one is not finite."""
    return [float(f"{value:.5g}") if np.isfinite(value) else None for value in values.tolist()]
