"""Evidence: the parts of a sample that speak for or against an answer.

The network gives the change of its answer with each feature; the extractor knows the place of each feature in the
picture or in the word. Together they give a map over the sample, or a number for each word of a text. Its unit is the
nat of log-odds: log(p / (1 - p)), p the probability of the answer.
"""

import functools
from dataclasses import dataclass

import numpy as np

from backprop_core.inspection.attribution import (
    input_gradient,
    integrate_gradient,
    log_odds,
    log_odds_gradient,
    narrow_network,
    smooth_gradient,
)
from pipelines.errors import InputFileError
from pipelines.features.display import Display
from pipelines.features.extractor import Reader, Worded

SEED = 0
LONGEST = 2000  # characters of a text that a list shows


@dataclass(frozen=True)
class Evidence:
    """The evidence map of one answer.

    Attributes
    ----------
    label : str, the answer that the evidence is for
    display : Display, what the sample looks like
    values : float ndarray [shape=(height, width) of the display]
        Positive where the sample speaks for the answer, negative where against.
    original : (Display, float ndarray) or None
        The same laid over the picture that a drawing was found in.
    """

    label: str
    display: Display
    values: np.ndarray
    original: tuple[Display, np.ndarray] | None = None


@dataclass(frozen=True)
class WordEvidence:
    """What each word of a text says for an answer.

    Attributes
    ----------
    label : str, the answer that the evidence is for
    words : list of str, in order, as they are written
    begins : list of bool, whether a blank stands before the word
    values : float64 ndarray [shape=(n_words,)], in nats
        Positive where the word speaks for the answer, negative where against.
    empty : float, the log-odds of the answer to a text without words
    total : float, those of the answer to this text: what `empty` and all values add up to
    """

    label: str
    words: list[str]
    begins: list[bool]
    values: np.ndarray
    empty: float
    total: float

    def record(self):
        """Return it as a dict of JSON types."""
        return {
            "label": self.label,
            "log_odds": round(self.total, 4),
            "log_odds_without_words": round(self.empty, 4),
            "words": [
                {"word": word, "evidence": round(float(value), 4), "begins": begins}
                for word, value, begins in zip(self.words, self.values, self.begins, strict=True)
            ],
        }


def has_words(model):
    """Return whether samples are texts, whose words can be told apart. `model` is a Bundle or an Ensemble."""
    return isinstance(model.extractor, Worded)


def with_words(entries, dataset, model):
    """Return the entries of samples that are texts, each with its text and what its words say for the answer.

    Parameters
    ----------
    entries : list of dict, see `answers.Answers.entry`
    dataset : Dataset, which they are of
    model : Bundle or Ensemble, whose answers they are; of several models, the first one is asked

    Returns
    -------
    entries : list of dict
        Where the samples are texts with "text" and "words", as `WordEvidence.record` has them; else as they were.
    """
    if not has_words(model):
        return entries
    return [
        {**entry, **_words_of(model.members[0], entry["text"], entry["predicted"])}
        for entry in with_texts(entries, dataset, model.extractor)
    ]


def with_texts(entries, dataset, extractor):
    """Return the entries of samples that are texts, each with its "text": its beginning, white space made one blank."""
    if not isinstance(extractor, Worded):
        return entries
    return [{**entry, "text": _text_at(dataset, extractor, entry["index"])} for entry in entries]


def _text_at(dataset, extractor, index):
    try:
        return " ".join(extractor.read(dataset.items[index])[:LONGEST].split())
    except InputFileError:  # its file is gone
        return ""


def _words_of(model, text, label):
    return {"words": words_for(model, text, model.labels.index(label)).record()["words"]} if text else {}


def words_for(model, text, answer=None):
    """Return what each word of a text says for an answer.

    Follow the log-odds along the straight line from the row of a text without words to this text's row. What each
    n-gram adds on this line is shared out among the words that it is made of.

    Parameters
    ----------
    model : Bundle of texts
    text : str
    answer : int or None
        The index of a label; None means the most probable one.

    Returns
    -------
    WordEvidence
    """
    stored = model.extractor.extract_row(text)
    if answer is None:
        answer = int(model.probabilities(stored)[0].argmax())
    columns, place = np.unique(stored.columns, return_inverse=True)
    factors = model.standardizer.factors(stored)
    x = np.bincount(place, stored.data * factors, len(columns)).astype(model.network.dtype)
    network = narrow_network(model.network, columns)
    slope = functools.partial(_slope, answer=answer, temperature=model.temperature)
    mean = integrate_gradient(lambda X: input_gradient(network, X, slope), x)
    slopes = np.zeros(model.extractor.n_stored, np.float32)
    slopes[stored.columns] = mean[place] * factors
    words, values = model.extractor.share_out(text, slopes)
    empty, total = log_odds(network.logits(np.stack([np.zeros_like(x), x])) / model.temperature, answer)
    return WordEvidence(model.labels[answer], words.texts, words.begins, values, float(empty), float(total))


def evidence_for(model, decoded, answer=None):
    """Return the evidence that one sample holds for an answer.

    If an extractor describes a sample in several views, the evidence is that of the first view: the unchanged sample.
    The same sample always gives the same evidence, because the noise that smooths it begins from the same seed.

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
    picture, decoded = decoded, model.reading_of(decoded)
    stored = extractor.extract_row(decoded)[np.newaxis]
    if answer is None:
        answer = int(model.probabilities(stored)[0].argmax())
    x = standardizer.transform(extractor.to_features(stored))[0]
    slope = functools.partial(_slope, answer=answer, temperature=model.temperature)
    smoothed = smooth_gradient(lambda X: input_gradient(model.network, X, slope), x, np.random.default_rng(SEED))
    gradient = smoothed / standardizer.scale  # the gradient for the features themselves, by the chain rule
    values = extractor.evidence(decoded, gradient, standardizer.feature_means)
    return Evidence(
        model.labels[answer], extractor.display(decoded), values, _on_original(model, picture, stored, values)
    )


def _on_original(model, picture, stored, values):
    """Return the evidence over the picture that contains the drawing; None if the model searches for no drawings."""
    if not isinstance(model.reader, Reader):
        return None
    laid = model.reader.lay_over(picture, stored[0], values)
    return laid and (Display(laid[0]), laid[1])


def _slope(logits, answer, temperature):
    """Return how the calibrated log-odds of the answer change with the logits."""
    return log_odds_gradient(logits / temperature, answer) / temperature
