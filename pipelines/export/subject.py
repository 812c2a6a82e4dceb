"""The subject: the model that is exported, with what travels in every artefact beside it.

An artefact leaves its training behind, so it carries what somebody who finds it has to know: the labels, the rate, the
threshold, whose data it learned from and under which licence, and a golden sample. The model file's golden sample is a
row of features; an artefact begins earlier, so the golden sample here is a sound, a picture or a text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from backprop_core.calibration import calibrated
from pipelines.datasets import registry
from pipelines.export.golden import golden_sample
from pipelines.export.layers import Step, steps_of
from pipelines.machine.extras import own_version
from pipelines.models.bundle import Bundle

NOT_KNOWN = "not known; the owner of the data can tell"


@dataclass(frozen=True)
class Subject:
    """A model that is to be exported.

    Attributes
    ----------
    bundle : Bundle
    name : str, of the files without a suffix
    """

    bundle: Bundle
    name: str

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
        """What an extractor would have `read`: float32 waveform, uint8 pixels, or text."""
        return golden_sample(self.bundle)

    @cached_property
    def golden_probabilities(self) -> np.ndarray:
        """The model's answer to the golden sample: float32 [shape=(n_classes,)]."""
        return self.answer(self.golden)

    def answer(self, decoded: Any, all_readings: bool = False) -> np.ndarray:
        """Return the model's own answer to what its extractor read: float32 [shape=(n_classes,)].

        Where a picture has several readings, that is the answer to the first, or with `all_readings` to the surest, as
        `predict` answers. Raises NothingToSeeError.
        """
        row = (self.bundle.reader if all_readings else self.bundle.extractor).extract_row(decoded)
        return self.bundle.probabilities(row if row.ndim == 2 else row[np.newaxis])[0]

    @cached_property
    def identifier(self) -> str:
        """The name as languages take it: letters, digits and _ alone, no digit first."""
        plain = re.sub(r"[^A-Za-z0-9_]", "_", self.name)
        return plain if plain[:1].isalpha() else f"m_{plain}"

    @cached_property
    def metadata(self) -> dict[str, Any]:
        """What travels in every artefact: dict of JSON types."""
        provenance, extractor = self.bundle.provenance, self.bundle.extractor
        found: dict[str, Any] = {
            "made_by": f"backprop {own_version()}",
            "task": self.task,
            "labels": list(self.bundle.labels),
            "threshold": provenance.get("threshold", 0.0),
            "data": data_of(provenance),
        }
        if hasattr(extractor, "sr"):
            found["sr"] = extractor.sr
        return found


def data_of(provenance: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return whose data a model has learned from, set by set: dicts of "name", "licence" and "citation"."""
    known, found = registry.sources(), []
    names = [part.strip() for part in str(provenance.get("dataset", "")).split(" + ")]
    for name in names:
        given = vars(known[name]) if name in known else dict(provenance) if len(names) == 1 else {}
        told = {key: given.get(key) or NOT_KNOWN for key in ("licence", "citation")}
        found.append({"name": name if name in known else Path(name).name, **told})
    return found


def probabilities_of_features(subject: Subject, X: np.ndarray) -> np.ndarray:
    """Return the probabilities of one view of each row, calibrated: what follows the features."""
    bundle = subject.bundle
    rows = X if bundle.extractor.sparse else bundle.standardizer.transform(X)
    return calibrated(bundle.network.logits(rows), bundle.temperature)
