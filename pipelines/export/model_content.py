"""Model content: the model file inside an artefact for JavaScript.

It is the file that training writes, with three differences. The history of the training is left out, because only
Python uses it. A golden sample from before the features is added to the stored one. And weights may have 8 bits: then
each array is stored separately, as `network.<layer>.W` with `network.<layer>.W.scale`, and `params` are the others.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from pipelines.export.quantisation import quantise, quantise_subject
from pipelines.export.subject import Subject
from pipelines.models.bundle import KEY

KEPT = ("dataset", "preset", "seed", "best_epoch", "n_train", "n_valid", "train", "valid", "test", "trained")


def model_content(subject: Subject, int8: bool = False) -> bytes:
    """Return the model file, in the safetensors format.

    Its golden probabilities are those of the weights that are in it.
    """
    from safetensors.numpy import save as to_safetensors

    answering = quantise_subject(subject) if int8 else subject
    bundle = answering.bundle
    if bundle.golden_probabilities is None:
        bundle.remember_golden()
    tensors, header = bundle.tensors(), bundle.header()
    if int8:
        tensors = _in_eight_bits(subject, tensors)
    header["provenance"] = _provenance(subject)
    tensors["golden.sample.probabilities"] = answering.golden_probabilities
    if isinstance(subject.golden, str):
        header["provenance"]["golden_text"] = subject.golden
    else:
        tensors["golden.sample"] = np.ascontiguousarray(subject.golden)
    tensors.pop("scaling.feature_means", None)
    return to_safetensors(tensors, metadata={KEY: json.dumps(header, allow_nan=False)})


def _provenance(subject: Subject) -> dict[str, Any]:
    given = subject.bundle.provenance
    return {**{name: given[name] for name in KEPT if name in given}, **subject.metadata}


def _in_eight_bits(subject: Subject, tensors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the tensors with quantised weights; other parameters, such as biases, stay as they are."""
    network = subject.bundle.network
    kept = {name: tensor for name, tensor in tensors.items() if not name.startswith("params")}
    for place, views in enumerate(network.params.views):
        for name, array in views.items():
            if array.ndim == 2:
                q, scale = quantise(array)
                kept[f"network.{place}.{name}"], kept[f"network.{place}.{name}.scale"] = q, scale
    first = tensors.get("params.first.columns")
    if first is not None:  # for a network of sparse rows, columns without information are left out
        name = next(name for name in kept if name.startswith("network.") and name.endswith(".W"))
        kept["params.first"], kept["params.first.columns"] = kept.pop(name)[first], first
    kept["params"] = network.params.flat[network.params.n_weights :]
    return {name: np.ascontiguousarray(tensor) for name, tensor in kept.items()}
