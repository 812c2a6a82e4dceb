"""Prediction: what is in these files?

Files are read and classified a chunk at a time; one that cannot be read gets its reason and the others their answers.
Nothing about features is asked: the model file knows.
"""

from collections.abc import Iterator

import numpy as np

from pipelines.features.extraction import extract_all
from pipelines.models.bundle import Bundle

CHUNK = 256


def predict(model: Bundle, chosen, top=3, threshold=0.0, n_jobs=None, explain=None, show=None) -> Iterator[dict]:
    """Classify samples; yield the contract's record of each, in order.

    Parameters
    ----------
    top : int > 0, how many labels to list
    threshold : float in [0, 1]
        A best label less probable than this is answered as unknown.
    explain : function of (Sample, record), or None
        Explains an answer and returns where; the record then has this as its "explanation".
    show : function of (Sample, record), or None
        Shows what the network was given and returns where; the record then has this as its "input".
    """
    for start in range(0, len(chosen), CHUNK):
        chunk = chosen[start : start + CHUNK]
        stored, ok, failures = extract_all(model.extractor, [sample.source for sample in chunk], n_jobs)
        reasons = dict(failures)
        probabilities = iter(model.probabilities(stored))
        for i, sample in enumerate(chunk):
            if ok[i]:
                answer = record(sample.name, next(probabilities), model.labels, top, threshold)
                beside = {"explanation": explain, "input": show}
                yield answer | {name: write(sample, answer) for name, write in beside.items() if write}
            else:
                yield {"path": sample.name, "error": reasons[i]}


def record(name, probabilities, labels, top, threshold):
    """Return the contract's record of one answer; `probabilities`: float [shape=(n_classes,)]."""
    order = np.argsort(-probabilities, kind="stable")[:top]
    listed = [{"label": labels[k], "probability": round(float(probabilities[k]), 6)} for k in order]
    best = {"path": name, "label": listed[0]["label"], "probability": listed[0]["probability"], "top": listed}
    if probabilities[order[0]] < threshold:
        best |= {"label": None, "unknown": True}
    return best
