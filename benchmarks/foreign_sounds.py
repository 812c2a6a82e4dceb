"""Foreign sounds: how often is one taken for a digit, where hardly a digit is refused?

With `--threshold` an answer that is not probable enough is "unknown". A low threshold lets foreign sounds pass as
digits (false acceptance), a high one refuses digits (false rejection). So the threshold is set where one digit in
twenty of the validation takes is refused, and both rates are then measured on others: the test takes of FSDD, and the
sounds of `foreign_corpus`. What the reader refuses, such as digital silence, is not accepted.

Beside the two rates stand the area below the ROC curve, which needs no threshold (the probability that a digit is
answered with more certainty than a foreign sound), and the expected calibration error on the test digits. Near digits
are measured, but count in no total.

A recipe may have the network learn from foreign sounds too. Those are made of the training words, and of noise and
tones of their own; so noise and tones are kinds that it has met, and words, hums, clicks, music and breath are not.
"""

import statistics
import tempfile
from pathlib import Path

import numpy as np

from backprop_core.metrics import accuracy, expected_calibration_error, wilson_interval
from benchmarks import results_file
from benchmarks.foreign_corpus import foreign_corpus
from pipelines import datasets
from pipelines.features.extraction import extract_all
from pipelines.learning.preparation import prepare
from pipelines.learning.tasks.speech import TASK as SPEECH
from pipelines.verbs.train import train

PRESET = "best"
SEEDS = (0, 1, 2)
FALSE_REJECTS = 0.05
APART = "near digits"


def run():
    """Measure, and write results/foreign_sounds.json."""
    with tempfile.TemporaryDirectory() as folder:
        corpus = foreign_corpus(Path(folder), np.random.default_rng(0))
        measured = []
        for seed in SEEDS:
            out = Path(folder) / "model.safetensors"
            model = train(
                SPEECH,
                SPEECH.presets[PRESET],
                out,
                dataset="fsdd",
                seed=seed,
            ).bundle
            measured.append(measure(model, corpus))
            print(seed, measured[-1], flush=True)
    kinds = [sound.kind for sound in corpus]
    results_file.write(
        "foreign_sounds",
        {
            "preset": PRESET,
            "dataset": "fsdd",
            "seeds": SEEDS,
            "false_rejects_allowed": FALSE_REJECTS,
            "sounds": {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)},
            "mean": mean(measured),
            "by_seed": measured,
        },
    )


def measure(model, corpus):
    """Return what `rates` returns of a model of FSDD's digits (Bundle) and the sounds (list of Foreign), and its
    accuracy and calibration error on the test digits."""
    prepared = prepare(datasets.load("fsdd", "speech"), model.extractor)
    valid, (test, y) = prepared.rows("valid")[0], prepared.rows("test")
    stored, ok, _ = extract_all(model.extractor, [sound.path for sound in corpus])
    foreign = np.zeros((len(corpus), len(model.labels)))
    foreign[ok] = model.probabilities(stored)
    test = model.probabilities(test)
    return {
        "accuracy": accuracy(y, test.argmax(axis=1)),
        "calibration_error": expected_calibration_error(test, y),
        **rates(model.probabilities(valid), test, foreign, [sound.kind for sound in corpus]),
    }


def rates(valid, test, foreign, kinds, false_rejects=FALSE_REJECTS):
    """Return how well digits and foreign sounds are told apart by the probability of the best label.

    Parameters
    ----------
    valid, test, foreign : float ndarray [shape=(n_sounds, n_classes)]
        Probabilities that the model gave: to digits that the threshold is chosen by, to others, to foreign sounds. A
        row of zeros stands for a sound that was refused before it came to the model.
    kinds : sequence of str
        Of the foreign sounds; those of the kind `APART` count in no total.
    false_rejects : float in [0, 1)
        The share of `valid` that may be refused.

    Returns
    -------
    dict of JSON types
        "threshold"; "false_reject_rate" of the test digits; "false_accept_rate" of the foreign sounds, its 95 %
        interval "ci95", and "by_kind"; "roc_area".
    """
    from sklearn.metrics import roc_auc_score

    valid, test, foreign = (probabilities.max(axis=1) for probabilities in (valid, test, foreign))
    threshold = float(np.sort(valid)[int(false_rejects * len(valid))])
    accepted, kinds = foreign >= threshold, np.array(kinds)
    counted = kinds != APART
    share = float(accepted[counted].mean())
    return {
        "threshold": threshold,
        "false_reject_rate": float((test < threshold).mean()),
        "false_accept_rate": share,
        "ci95": list(wilson_interval(share, int(counted.sum()))),
        "by_kind": {str(kind): float(accepted[kinds == kind].mean()) for kind in dict.fromkeys(kinds)},
        "roc_area": float(
            roc_auc_score(np.repeat([1, 0], [len(test), counted.sum()]), np.concatenate([test, foreign[counted]]))
        ),
    }


def mean(measured):
    """Return the means of numbers that stand in the same place of several dictionaries, rounded."""
    first = measured[0]
    if isinstance(first, dict):
        return {key: mean([of[key] for of in measured]) for key in first if key != "ci95"}
    return round(statistics.mean(measured), 4)
