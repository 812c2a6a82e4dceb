"""Results of probes.

A result is sent between processes and stored on disk as JSON types and arrays, so each type can be turned into a record
and back.
"""

import copy
from dataclasses import dataclass, field, fields

import numpy as np

from pipelines.learning.scoring import score
from pipelines.learning.views import logits_of


@dataclass(frozen=True)
class ProbeResult:
    """The result of one probe.

    Attributes
    ----------
    diverged : str or None
        Why the training diverged. Then only `entries` is set too.
    entries : list of dict of JSON types
        Those of the history; only the main probe, and probes that diverged, keep them.
    epochs : int
    train, valid : dict or None, {"loss", "accuracy", "balanced_accuracy"} of the best epoch
    right : bool ndarray [shape=(n_valid,)] or None, which validation rows are recognised
    asked : int ndarray [shape=(n,)] or None
        Rows that were held out of the training and the validation, in probes that have such rows.
    probabilities : float32 ndarray [shape=(n, n_classes)] or None, the calibrated answers to them
    """

    diverged: str | None = None
    entries: list = field(default_factory=list)
    epochs: int = 0
    train: dict | None = None
    valid: dict | None = None
    right: np.ndarray | None = None
    asked: np.ndarray | None = None
    probabilities: np.ndarray | None = None

    def record(self):
        """Return the result as JSON types and ndarrays: dict without None."""
        named = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: value for name, value in named.items() if value is not None}


@dataclass(frozen=True)
class MainResult(ProbeResult):
    """The result of the training of the network itself, and the network.

    Attributes
    ----------
    train_logits, valid_logits : float ndarray [shape=(n, n_classes)]
    temperature : float > 0, see `Fitted`
    threshold : float in [0, 1] or None, see `Fitted`
    initial_loss : float, the loss on training rows before the first step
    params, statistics : float ndarray, flat: those of the network
    scaling : dict of str to ndarray, the statistics of the features; see `Standardizer.arrays`
    """

    train_logits: np.ndarray | None = None
    valid_logits: np.ndarray | None = None
    temperature: float | None = None
    threshold: float | None = None
    initial_loss: float | None = None
    params: np.ndarray | None = None
    statistics: np.ndarray | None = None
    scaling: dict | None = None


def network_of(probes, main):
    """Return the scaling and the Network of the result of the main probe."""
    network = probes.new_trainer().network
    network.restore((main.params, main.statistics))
    return copy.copy(probes.scaling).restore(main.scaling), network


def measure_model(probes, model):
    """Return the MainResult of a model that has been trained already: a Bundle."""
    prepared = probes.prepared
    (stored, y), (stored_valid, y_valid) = prepared.rows("train"), prepared.rows("valid")
    logits = logits_of(model.network, model.standardizer, model.extractor, stored)
    valid_logits = logits_of(model.network, model.standardizer, model.extractor, stored_valid)
    return MainResult(
        entries=model.provenance["history"],
        epochs=len(model.provenance["history"]),
        train=score(logits, y),
        valid=score(valid_logits, y_valid),
        right=valid_logits.argmax(axis=1) == y_valid,
        train_logits=logits,
        valid_logits=valid_logits,
        temperature=model.temperature,
        threshold=model.provenance.get("threshold"),
        initial_loss=probes.initial_loss(model.standardizer),
    )
