"""Evidence: what in a sample spoke for the answer it was given, and what against.

The network says how its answer would change with each feature; the extractor knows where in the picture or in the word
a feature comes from. Put together, they make a map over what the sample looks like. Its unit is the nat of log-odds:
log(p / (1 - p)), p the probability of the answer.
"""

import functools
from dataclasses import dataclass

import numpy as np

from backprop_core.inspection.attribution import input_gradient, log_odds_gradient, smoothed_gradient
from pipelines.features.display import Display

SEED = 0


@dataclass(frozen=True)
class Evidence:
    """The evidence map of one answer.

    Attributes
    ----------
    label : str, the answer that the evidence is for
    display : Display, what the sample looks like
    values : float ndarray [shape=(height, width) of the display]
        Positive where the sample speaks for the answer, negative where against.
    """

    label: str
    display: Display
    values: np.ndarray


def evidence_for(model, decoded, answer=None):
    """Return the evidence that one sample holds for an answer.

    Where an extractor describes a sample in several views, whose answers are averaged, the evidence is that of the
    first: the sample as it is. The same sample gives the same evidence, whatever else is asked: the noise that smooths
    it begins from the same seed each time.

    Parameters
    ----------
    model : Bundle
    decoded : what the model's extractor `read`
    answer : int or None
        The index of a label; None means the most probable one.

    Returns
    -------
    Evidence
    """
    extractor, standardizer = model.extractor, model.standardizer
    decoded = model.reading_of(decoded)
    stored = extractor.stored_row(decoded)[np.newaxis]
    if answer is None:
        answer = int(model.probabilities(stored)[0].argmax())
    x = standardizer.transform(extractor.to_features(stored))[0]
    slope = functools.partial(_slope, answer=answer, temperature=model.temperature)
    smoothed = smoothed_gradient(lambda X: input_gradient(model.network, X, slope), x, np.random.default_rng(SEED))
    gradient = smoothed / standardizer.scale  # of the features themselves, by the chain rule
    values = extractor.evidence(decoded, gradient, standardizer.feature_means)
    return Evidence(model.labels[answer], extractor.display(decoded), values)


def _slope(logits, answer, temperature):
    """Return how the calibrated log-odds of the answer change with the logits."""
    return log_odds_gradient(logits / temperature, answer) / temperature
