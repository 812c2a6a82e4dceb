"""The subject: the exported model, with the metadata of every artefact.

An artefact is used far from its training, so it contains what its users must know: the labels, the rate, the threshold,
the owner and the licence of the training data, and a golden sample. The model file's golden sample is a row of
features; an artefact begins earlier, so the golden sample here is a sound, a picture or a text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from backprop_core.calibration import calibrated
from pipelines.datasets import registry
from pipelines.export.golden import golden_sample
from pipelines.export.layers import Step, steps_of
from pipelines.features.extractor import Audible
from pipelines.machine.extras import own_version
from pipelines.models.bundle import Bundle
from pipelines.wording import as_unicode

NOT_KNOWN = "not known; ask the owner of the data"


@dataclass(frozen=True)
class Subject:
    """A model to export.

    Attributes
    ----------
    bundle : Bundle
        Its labels are Unicode here, because an artefact is; the name of a class folder may have any bytes.
    name : str, of the files without a suffix
    """

    bundle: Bundle
    name: str

    def __post_init__(self) -> None:
        labels = tuple(map(as_unicode, self.bundle.labels))
        if labels != self.bundle.labels:
            object.__setattr__(self, "bundle", replace(self.bundle, labels=labels))

    @property
    def task(self) -> str:
        """The task's name."""
        return self.bundle.task.name

    @cached_property
    def stages(self) -> dict[str, Any]:
        """The stages from a decoded sample to its row, by name, in order."""
        return {stage.name: stage for stage in self.bundle.extractor.stages()}

    @cached_property
    def layers(self) -> list[Step]:
        """The layers that a prediction goes through, with their arrays."""
        return steps_of(self.bundle.network)

    @cached_property
    def golden(self) -> Any:
        """The decoded golden sample: float32 waveform, uint8 pixels, or text."""
        return golden_sample(self.bundle)

    @cached_property
    def golden_probabilities(self) -> np.ndarray:
        """The model's answer to the golden sample: float32 [shape=(n_classes,)]."""
        return self.answer(self.golden)

    def answer(self, decoded: Any, all_readings: bool = False) -> np.ndarray:
        """Return the model's own answer to a decoded sample: float32 [shape=(n_classes,)].

        If a picture has several readings, it is the answer to the first, or with `all_readings` the answer with the
        highest probability, as in `predict`. Raises NothingToSeeError.
        """
        row = (self.bundle.reader if all_readings else self.bundle.extractor).extract_row(decoded)
        return self.bundle.probabilities(row if row.ndim == 2 else row[np.newaxis])[0]

    @cached_property
    def identifier(self) -> str:
        """The name for programming languages: only letters, digits and _, and no digit first."""
        plain = re.sub(r"[^A-Za-z0-9_]", "_", self.name)
        return plain if plain[:1].isalpha() else f"m_{plain}"

    @cached_property
    def metadata(self) -> dict[str, Any]:
        """The metadata of every artefact: dict of JSON types."""
        provenance, extractor = self.bundle.provenance, self.bundle.extractor
        found: dict[str, Any] = {
            "made_by": f"backprop {own_version()}",
            "task": self.task,
            "labels": list(self.bundle.labels),
            "threshold": provenance.get("threshold", 0.0),
            "data": data_of(provenance),
        }
        if isinstance(extractor, Audible):
            found["sr"] = extractor.sr
        return found


def data_of(provenance: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the data sets that a model has learned from: dicts of "name", "licence" and "citation"."""
    known, found = registry.sources(), []
    names = [part.strip() for part in str(provenance.get("dataset", "")).split(" + ")]
    for name in names:
        given = vars(known[name]) if name in known else dict(provenance) if len(names) == 1 else {}
        told = {key: given.get(key) or NOT_KNOWN for key in ("licence", "citation")}
        found.append({"name": name if name in known else as_unicode(Path(name).name), **told})
    return found


def probabilities_of_features(subject: Subject, X: np.ndarray) -> np.ndarray:
    """Return the probabilities of one view of each row, calibrated: the stages after the features."""
    bundle = subject.bundle
    rows = X if bundle.extractor.sparse else bundle.standardizer.transform(X)
    return calibrated(bundle.network.logits(rows), bundle.temperature)
