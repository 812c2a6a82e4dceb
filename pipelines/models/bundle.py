"""The bundle: one file with everything that a prediction needs.

A network alone is useless without the features it was trained on. So the file contains the extractor's settings and
fixed matrices, the standardiser, the labels and the weights together, and training and prediction cannot differ. The
file is in the safetensors format (a JSON header, then raw numbers), which cannot carry code.

    tensors    params · statistics · scaling.<name> … · extractor.<name> … · golden.row · golden.probabilities
    header     format · task · labels · extractor · network · temperature · provenance · digest

The golden sample is a stored row of features with the probabilities that it must give, by which any machine can check
that it reproduces the machine that trained.

Of a network that reads sparse rows, the first weights are stored by themselves, without the columns that say nothing:
`params.first.columns`, and `params.first` in half precision, to which training has rounded them. `params` are then all
the others. Its golden row is `golden.row.data` and `golden.row.columns`.
"""

from __future__ import annotations

import functools
import hashlib
import json
import math
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from backprop_core.architecture import layer_from
from backprop_core.calibration import calibrated
from backprop_core.errors import BackpropError
from backprop_core.network import Network
from backprop_core.sparse import SparseRows, is_sparse
from backprop_core.whole_file import whole_file
from pipelines.errors import ModelFileError
from pipelines.features.extractor import Extractor, Reader
from pipelines.learning import tasks
from pipelines.learning.task import Task
from pipelines.learning.unseen import first_weights
from pipelines.learning.views import CHUNK, logits_of
from pipelines.machine.contents import first_bytes, task_of, what_it_is

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from backprop_core.layers import Layer
    from pipelines.learning.beginning import Beginning

FORMAT = 1
KEY = "backprop"
GOLDEN_TOLERANCE = 1e-4


@dataclass
class Bundle:
    """A trained model.

    Attributes
    ----------
    task : Task
    labels : tuple of str
    extractor : Extractor
    standardizer : Standardizer or the like, see `Task.scaling`
    network : Network
    provenance : dict of JSON types
        What it was trained on and how: data set, fingerprint, seed, recipe, versions, history, scores.
    golden_row : ndarray of the extractor's stored dtype, or SparseRows [shape=(1, n_stored)]
    golden_probabilities : float32 ndarray [shape=(1, n_classes)]
    temperature : float > 0
        What the logits are divided by so that the probabilities are calibrated; 1 in files from before there was one.
    views : function of stored rows, or None
        Yields the views that answers are averaged over; None means those of the extractor. It is not saved.
    path : str or None
        The file that it was read from or saved to last; None before that.
    """

    task: Task
    labels: tuple[str, ...]
    extractor: Extractor
    standardizer: Any
    network: Network
    provenance: dict[str, Any]
    golden_row: Any
    golden_probabilities: np.ndarray | None = None
    temperature: float = 1.0
    views: Callable | None = None
    path: str | None = None

    @property
    def members(self) -> tuple[Bundle, ...]:
        """The models that answer together: this one alone."""
        return (self,)

    @functools.cached_property
    def reader(self) -> Extractor | Reader:
        """What makes rows of samples to be answered: the extractor, or a Reader of several readings of each."""
        return self.task.reader(self.extractor)

    def probabilities(self, stored: NDArray, chunk: int = CHUNK) -> NDArray:
        """Return class probabilities of rows as extractor or reader store them: float32 [shape=(n_samples, n_classes)].

        Where a row holds several readings, the answer is the one that the network is surest of.
        """
        if stored.shape[1] == self.extractor.n_stored:
            return self._probabilities(stored, chunk)
        if not isinstance(self.reader, Reader):
            raise ValueError(f"rows have {stored.shape[1]} numbers, and the model takes {self.extractor.n_stored}")
        rows, owner, which = self.reader.alternatives(stored)
        probabilities = self._probabilities(rows, chunk)
        return probabilities[self.reader.surest(probabilities, owner, which)]

    def reading_of(self, decoded: Any) -> Any:
        """Return what the answer to a decoded sample was given for: its surest reading, or itself if it has but one.

        Raises NothingToSeeError if there is nothing to read.
        """
        if not isinstance(self.reader, Reader):
            return decoded
        rows, owner, which = self.reader.alternatives(self.reader.extract_rows([decoded]))
        return rows[self.reader.surest(self._probabilities(rows), owner, which)[0]]

    def _probabilities(self, stored: NDArray, chunk: int = CHUNK) -> NDArray:
        logits = logits_of(self.network, self.standardizer, self.extractor, stored, chunk, self.views)
        return calibrated(logits, self.temperature, out=logits)

    def beginning(self) -> Beginning:
        """Return what a training needs that goes on from this model."""
        from pipelines.learning.beginning import Beginning

        weights = hashlib.sha256(self.network.params.flat.tobytes() + self.network.statistics.flat.tobytes())
        return Beginning(
            self.path or "the model",
            self.labels,
            self.network,
            self.standardizer,
            self.provenance.get("recipe", {}),
            weights.hexdigest(),
            str(self.provenance.get("dataset", "")),
        )

    def average_views(self) -> Self:
        """Return the same model that averages its answers to more views of each sample, if its extractor has more.

        Mirror images are among them where the model has learned from such.
        """
        amounts = (self.provenance.get("augmentation") or {}).get("amounts", {})
        mirror = bool(amounts.get("mirror", False))
        return replace(self, views=functools.partial(self.extractor.more_views, mirror=mirror))

    def remember_golden(self) -> None:
        """Note which probabilities the golden sample has here and now."""
        self.golden_probabilities = self.probabilities(self.golden_row)

    def golden_error(self) -> float:
        """Return the largest difference between the golden probabilities and those computed here and now."""
        if self.golden_probabilities is None:
            raise ModelFileError("the model was never saved, so it has no golden sample to compare with; save it first")
        return float(np.abs(self.probabilities(self.golden_row) - self.golden_probabilities).max())

    def tensors(self) -> dict[str, np.ndarray]:
        """Return the tensors of the model file, by name, of a model whose golden sample is remembered."""
        tensors = {
            **_params_of(self.network, self.extractor.sparse),
            "statistics": self.network.statistics.flat,
            **{f"scaling.{name}": array for name, array in self.standardizer.arrays().items()},
            **_golden_of(self.golden_row),
            "golden.probabilities": self.golden_probabilities,
            **{f"extractor.{name}": matrix for name, matrix in self.extractor.matrices().items()},
        }
        return {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}

    def header(self) -> dict[str, Any]:
        """Return the header of the model file, but for its digest: dict of JSON types."""
        return {
            "format": FORMAT,
            "task": self.task.name,
            "labels": list(self.labels),
            "extractor": {"version": self.extractor.version, **self.extractor.settings()},
            "network": self.network.describe(),
            "temperature": self.temperature,
            "provenance": self.provenance,
        }

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the file: to a temporary name, read back and checked, then renamed.

        Raises ModelFileError if the file cannot be written, or does not read back as it should.
        """
        from safetensors.numpy import save as to_safetensors

        self.remember_golden()
        tensors, header = self.tensors(), self.header()
        header["digest"] = _digest(tensors, header)
        content = to_safetensors(tensors, metadata={KEY: json.dumps(header, allow_nan=False)})
        try:
            with whole_file(path) as temporary:
                temporary.write_bytes(content)
                load(temporary)
        except OSError as error:
            reason = error.strerror or error
            raise ModelFileError(f"{path}: cannot be written ({reason}); choose another place with --out") from None
        self.path = str(path)


def load(path: str | os.PathLike[str]) -> Bundle:
    """Read a model file and check all of it before any use.

    Returns
    -------
    Bundle

    Raises
    ------
    ModelFileError
        The file is missing, unreadable, truncated, no model file, of a newer format, or altered.
    """
    header, tensors = _read(path)
    if header.get("format") != FORMAT:
        raise ModelFileError(
            f"{path}: has model format {header.get('format')}, and this version of backprop reads {FORMAT}; "
            "upgrade backprop or train the model again"
        )
    digest = header.pop("digest", None)
    if digest != _digest(tensors, header):
        raise ModelFileError(f"{path}: was changed or damaged after it was written; train the model again")
    try:
        return replace(_assemble(header, tensors), path=str(path))
    except (
        KeyError,
        TypeError,
        ValueError,
        IndexError,
        AttributeError,
        OverflowError,
        MemoryError,
        BackpropError,
    ) as error:
        raise ModelFileError(f"{path}: does not describe a usable model ({error}); train the model again") from None


def _read(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    from safetensors import SafetensorError, safe_open

    if os.path.isdir(path):  # noqa: PTH112 - unlike Path's, this and the next one answer False to any odd name
        raise ModelFileError(f"{path}: is a folder; name the model file in it")
    if not os.path.isfile(path):  # noqa: PTH113
        raise ModelFileError(
            f"{path}: this model file does not exist; make one with 'make train-speech' or 'make train-images'"
        )
    try:
        with safe_open(str(path), "numpy") as file:
            header = json.loads((file.metadata() or {})[KEY])
            if not isinstance(header, dict):
                raise ValueError
            return header, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be read ({error.strerror or error})") from None
    except (SafetensorError, KeyError, ValueError, TypeError, RecursionError):
        first = first_bytes(Path(path))
        if (instead := what_it_is(first)) is not None:
            raise ModelFileError(f"{path}: {instead}") from None
        if task_of(first) is not None:
            raise ModelFileError(f"{path}: is not a model but a recording or a picture; name the model first") from None
        reason = "is truncated, or is not a backprop model file"
        raise ModelFileError(f"{path}: {reason}; copy it again, or train the model again") from None


def _assemble(header: dict[str, Any], tensors: dict[str, np.ndarray]) -> Bundle:
    task = tasks.find(header["task"])
    settings = dict(header["extractor"])
    if settings.pop("version") != task.extractor.version:
        raise ValueError("its features are of another version")
    matrices = {k.removeprefix("extractor."): t for k, t in tensors.items() if k.startswith("extractor.")}
    extractor = task.restore(settings, matrices or None)
    layers = [layer_from(entry) for entry in header["network"]]
    if _n_params(layers) > _count_stored(tensors, extractor):  # before memory is allocated
        raise ValueError("its network has more parameters than are stored")
    network = Network.blank(layers, tensors["params"].dtype)
    _restore_params(network, tensors)
    network.statistics.flat[...] = tensors.get("statistics", network.statistics.flat)
    measured = {k.removeprefix("scaling."): t for k, t in tensors.items() if k.startswith("scaling.")}
    standardizer = task.scaling().restore(measured)
    bundle = Bundle(
        task=task,
        labels=tuple(header["labels"]),
        extractor=extractor,
        standardizer=standardizer,
        network=network,
        provenance=header["provenance"],
        golden_row=_golden_row(tensors, extractor),
        golden_probabilities=tensors["golden.probabilities"],
        temperature=float(header.get("temperature", 1.0)),
    )
    if not 0 < bundle.temperature < math.inf:
        raise ValueError(f"its temperature is {bundle.temperature}")
    _check_provenance(bundle.provenance)
    n_outputs = bundle.probabilities(bundle.golden_row).shape[1]
    lengths = {*map(len, standardizer.arrays().values()), extractor.n_features}
    if n_outputs != len(bundle.labels) or len(lengths) > 1:
        raise ValueError("its parts do not match")
    return bundle


def _check_provenance(provenance: Any) -> None:
    """Raise ValueError if an entry of the provenance that predictions read has a wrong type; it may be missing."""

    def is_number(value: Any) -> bool:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)

    def is_range(value: Any) -> bool:
        return isinstance(value, list) and len(value) == 2 and all(map(is_number, value))

    kinds = {
        "threshold": is_number,
        "usual": lambda value: isinstance(value, dict) and all(map(is_range, value.values())),
        "recipe": lambda value: isinstance(value, dict),
        "augmentation": lambda value: value is None or isinstance(value, dict),
    }
    if not isinstance(provenance, dict):
        raise ValueError("its provenance is not a table")
    for name, holds in kinds.items():
        if name in provenance and not holds(provenance[name]):
            raise ValueError(f"its provenance has {name} {provenance[name]!r}")


def _params_of(network: Network, sparse: bool) -> dict[str, np.ndarray]:
    """Return the tensors of a network's parameters."""
    W, flat = first_weights(network), network.params.flat
    if not sparse or W is None:
        return {"params": flat}
    columns = np.flatnonzero(W.any(axis=1)).astype(np.int32)
    return {"params": flat[W.size :], "params.first": W[columns].astype(np.float16), "params.first.columns": columns}


def _n_params(layers: list[Layer]) -> int:
    return sum(math.prod(shape) for layer in layers for shape in layer.parameter_shapes.values())


def _count_stored(tensors: dict[str, np.ndarray], extractor: Extractor) -> int:
    """Count the parameters that the tensors stand for; a sparse first layer does not store its rows of zeros."""
    first = tensors.get("params.first")
    return tensors["params"].size + (0 if first is None else extractor.n_features * first.shape[1])


def _restore_params(network: Network, tensors: dict[str, np.ndarray]) -> None:
    W, flat = first_weights(network), network.params.flat
    if "params.first" not in tensors or W is None:
        flat[...] = tensors["params"]
        return
    W[tensors["params.first.columns"]] = tensors["params.first"]
    flat[W.size :] = tensors["params"]


def _golden_of(row: Any) -> dict[str, np.ndarray]:
    return {"golden.row.data": row.data, "golden.row.columns": row.columns} if is_sparse(row) else {"golden.row": row}


def _golden_row(tensors: dict[str, np.ndarray], extractor: Extractor) -> Any:
    if not extractor.sparse:
        return tensors["golden.row"]
    data = tensors["golden.row.data"]
    return SparseRows(data, tensors["golden.row.columns"], np.array([0, len(data)]), extractor.n_stored)


def _digest(tensors: dict[str, np.ndarray], header: dict[str, Any]) -> str:
    digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    for name in sorted(tensors):
        digest.update(f"{name} {tensors[name].dtype} {tensors[name].shape}".encode())
        digest.update(np.ascontiguousarray(tensors[name]).data)
    return digest.hexdigest()
