"""Exporting: a trained model in another form, in files that need nothing else."""

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from backprop_core.whole_file import whole_file
from pipelines import export as exporters
from pipelines.errors import UsageError
from pipelines.export.exporter import Exporter, Made, Options
from pipelines.export.parity import Parity, parity
from pipelines.export.subject import Subject
from pipelines.learning.ranges import FILE, Whole, require
from pipelines.models.bundle import GOLDEN_TOLERANCE
from pipelines.models.opening import open_bundle
from pipelines.records import ExportRecord

SEED = 0  # seed of the training of a smaller network
LARGEST = 1 << 40  # bytes of a budget
MARK = b"backprop"  # every artefact contains it; a file that contains it may be replaced


@dataclass(frozen=True)
class Exported:
    """The result of an export.

    Attributes
    ----------
    subject : Subject, with the model
    exporter : Exporter
    paths : tuple of Path, the files, the main one first
    made : Made
    parity : Parity or None, the result of `check`
    """

    subject: Subject
    exporter: Exporter
    paths: tuple[Path, ...]
    made: Made
    parity: Parity | None = None

    @property
    def path(self) -> Path:
        """The main file."""
        return self.paths[0]

    def record(self) -> ExportRecord:
        """Return the record of the export, a dict of JSON types."""
        record: ExportRecord = {
            "model": self.subject.bundle.path,
            "to": self.exporter.name,
            "files": [str(path) for path in self.paths],
            "bytes": [len(content) for content in self.made.files.values()],
            "outside": list(self.made.outside),
        }
        if self.made.cost is not None:
            record["cost"] = dict(self.made.cost)
        if self.parity is not None:
            record["check"] = self.parity.record()
        return record


def export(
    model: Any,
    to: str,
    out: str | os.PathLike[str] | None = None,
    *,
    int8: bool = False,
    check: bool = False,
    budget: int | None = None,
) -> Exported:
    """Write a model in another form.

    Parameters
    ----------
    model : Model, or the path of a model file
    to : str, a name in `pipelines.export.NAMES`
    out : path or None
        The main file; None means the model's name with another suffix, in the same folder.
    int8 : bool, whether weights are stored in 8 bits
    check : bool
        Whether the files are run and compared with the model, on the test samples of its data set and on unusual ones.

    budget : int in [1, LARGEST] or None
        Bytes of flash for the files: a smaller network that fits is trained, see `distillation`.

    Raises
    ------
    UsageError
        The form does not exist, the model cannot have it, or another file would be replaced.
    ModelFileError
        The model is not usable, or was changed.
    """
    require("out", out, FILE, optional=True)
    budget = require("budget", budget, Whole(1, LARGEST), optional=True)
    exporter, bundle = exporters.find(to), open_bundle(model, "export")
    if bundle.views is not None:
        raise UsageError("export: an exported model does not average views of each picture; leave out average")
    if bundle.golden_probabilities is not None and not bundle.golden_error() <= GOLDEN_TOLERANCE:
        raise UsageError(
            "export: the model does not reproduce its own golden sample here; check it with 'backprop info --verify'"
        )
    if int8 and not exporter.int8:
        raise UsageError(f"export --to {to}: this form has no weights of 8 bits; leave out --int8")
    if check and exporter.running is None:
        raise UsageError(f"export --to {to}: this form cannot be run; leave out --check")
    paths = _paths(bundle.path, exporter, out)
    subject = Subject(bundle, paths[0].name.removesuffix(exporter.suffixes[0]))
    if lacking := [name for name in exporter.lacking if name in subject.stages]:
        raise UsageError(
            f"export --to {to}: this form has no {lacking[0]} of pictures; train with --set features=pixels, or use "
            "--to onnx"
        )
    options, taught = Options(int8=int8), {}
    if budget is not None:
        subject, taught = _within(budget, subject, exporter, options)
    made = exporter.make(subject, options)
    made = replace(made, cost={**(made.cost or {}), **taught}) if taught else made
    for path, content in zip(paths, made.files.values(), strict=True):
        _write(path, content)
    found = parity(subject, exporter, paths, int8) if check else None
    return Exported(subject, exporter, paths, made, found)


def _within(
    budget: int, subject: Subject, exporter: Exporter, options: Options
) -> tuple[Subject, dict[str, int | float | list[int]]]:
    """Return a smaller model that fits a budget, and its loss of accuracy."""
    flash = exporter.flash
    if flash is None:
        raise UsageError(f"export --to {exporter.name}: this form has no budget; leave out --budget, or use --to c")
    from pipelines.export.distillation import distil

    rng = np.random.default_rng(SEED)
    found = distil(subject, lambda smaller: flash(smaller, options) <= budget, rng, options.int8)
    return Subject(found.bundle, subject.name), {
        "hidden": list(found.hidden),
        "accuracy": found.accuracy,
        "accuracy_of_the_large": found.accuracy_before,
        "n_test": found.n,
    }


def _paths(model: str | None, exporter: Exporter, out: str | os.PathLike[str] | None) -> tuple[Path, ...]:
    """Return the paths of the files. Raises UsageError if a path cannot be used."""
    main = exporter.suffixes[0]
    if out is None:
        if model is None:
            raise UsageError("export: the model was never saved, so it has no name; give the file with --out")
        out = Path(model).with_suffix(main)
    path = Path(out)
    if str(path) == "-":
        raise UsageError("-: an exported model is not written to standard output; give --out the name of a file")
    if path.is_dir():
        raise UsageError(f"{out}: is a folder; name the file in it, such as {path / f'model{main}'}")
    if path.suffix and path.suffix not in {*exporter.suffixes, main, Path(main).suffix}:
        raise UsageError(f"{out}: export --to {exporter.name} writes {main}; name a file with this ending")
    stem = next((path.name.removesuffix(end) for end in exporter.suffixes if path.name.endswith(end)), path.name)
    paths = tuple(path.with_name(stem + suffix) for suffix in exporter.suffixes)
    for each in paths:
        if each.exists() and not _is_own(each):
            raise UsageError(f"{each}: this file exists and was not exported by backprop; choose another --out")
    return paths


def _is_own(path: Path) -> bool:
    """Tell whether a file may be replaced: it was exported before, and is not a model file."""
    if path.is_dir() or path.suffix == ".safetensors":
        return False
    try:
        return MARK in path.read_bytes()
    except OSError:
        return False


def _write(path: Path, content: bytes) -> None:
    try:
        with whole_file(path) as temporary:
            temporary.write_bytes(content)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror or error}); choose another --out") from None
