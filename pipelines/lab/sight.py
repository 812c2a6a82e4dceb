"""Sight: everything that the page shows about one answer.

The answer is that of `predict`. The page also shows the network's input, how active each layer was, and, if the
extractor supports it, the evidence for and against the answer.
"""

import base64

import numpy as np

from backprop_core.sparse import is_sparse
from pipelines.errors import InputFileError
from pipelines.features.extractor import Visible
from pipelines.lab.refusal import Refusal
from pipelines.models.evidence import evidence_for, has_words, words_for
from pipelines.verbs.explain import row_of
from pipelines.verbs.predict import predict

UNIT = "nats of log-odds"


def look(model, sample, threshold):
    """Return everything that the page shows about the answer to a sample, except the evidence.

    Parameters
    ----------
    model : Bundle
    sample : Sample, whose source is bytes or str
    threshold : float in [0, 1]

    Returns
    -------
    dict of JSON types
        "answer" is the record of `predict` with all classes; "shown" is the network's input, a picture or None;
        "layers" is the activity of each layer with units of its own: {"name", "kind", "values"}. Raises Refusal if the
        sample cannot be read.
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
    """Return the network's input for a sample: {"width", "height", "channels", "pixels", "across", "upward"}.

    "pixels" are bytes in base64, row by row from the top. None if the extractor has no picture of it.
    """
    if not isinstance(model.extractor, Visible):
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
    """Return the features of a stored row, which are the network's input: ndarray of its dtype [shape=(1,
    n_features)].
    """
    X = model.standardizer.transform(next(iter(model.extractor.views(stored)))).astype(model.network.dtype)
    return X.toarray() if is_sparse(X) else X


def activity(model, stored):
    """Return the output of each activation, and of the last layer: list of {"name", "kind", "values"}."""
    passages = list(enumerate(model.network.passes(find_given_row(model, stored))))
    last = passages[-1][0]
    return [
        {"name": str(i), "kind": passage.layer.kind, "values": round_values(passage.y[0])}
        for i, passage in passages
        if passage.layer.kind in ("activate", "residual") or i == last
    ]


def evidence(model, sample, label):
    """Return the evidence of a sample for and against a label: {"label", "unit"}, and its places or its words.

    Places are "width", "height" and "values"; words are those of `WordEvidence.record`. Raises Refusal if the extractor
    does not support it.
    """
    if label is not None and label not in model.labels:
        raise Refusal(404, "The model does not have this class.")
    index = None if label is None else model.labels.index(label)
    if has_words(model):
        return {**words_for(model, model.extractor.read(sample.source), index).record(), "unit": UNIT}
    if not isinstance(model.extractor, Visible):
        raise Refusal(409, "The lab cannot draw the evidence of this kind of sample.")
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
    """Return numbers for JSON, with five digits; None for a number that is not finite."""
    return [float(f"{value:.5g}") if np.isfinite(value) else None for value in values.tolist()]
