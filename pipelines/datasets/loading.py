"""Loading: from a name or a path to a data set.

A registered name is fetched if it is not here, and read by its reader; data at a path are a user's own, see `own`. Both
give a `Dataset`.
"""

import hashlib
import json
import os
from dataclasses import dataclass, replace

from pipelines.datasets import (
    banking77,
    cifar10,
    clinc150,
    digits,
    fetching,
    fsdd,
    idx,
    manifest,
    own,
    registry,
    several,
    snips,
    speech_commands,
    trec,
)
from pipelines.datasets.dataset import Dataset
from pipelines.datasets.rows import dataset_from_rows
from pipelines.datasets.texts import dataset_from_texts
from pipelines.errors import DataError, UsageError
from pipelines.machine.locations import data_folder
from pipelines.machine.suffixes import SUFFIXES
from pipelines.wording import article

_ARCHIVE_READERS = {
    "fsdd": fsdd.read_rows,
    "cifar10": cifar10.read_rows,
    "speech_commands": speech_commands.read_rows,
}
_TEXT_READERS = {
    "banking77": banking77.read_texts,
    "clinc150": clinc150.read_texts,
    "snips": snips.read_texts,
    "trec": trec.read_texts,
}


@dataclass(frozen=True)
class Listing:
    """One line of the list of data sets.

    `size` is what has to be downloaded, or, of bundled data, what it takes, in bytes. `state` is `"local"` (downloaded
    before), `"bundled"` (came with the program) or `"not fetched"`.
    """

    name: str
    task: str
    licence: str
    size: int
    state: str
    description: str


def load(name_or_path, task, to_train=True):
    """Load a data set, fetching it first if it is registered and not here yet.

    Parameters
    ----------
    name_or_path : str or Path
        A registered name, a folder of class folders, a table that lists files, or an archive of either. A folder
        that is called like a registered data set is meant when written as a path, `./mnist`.
        Several data sets are named with " + " between them, see `several`.
    task : str
        `"speech"`, `"images"` or `"text"`.
    to_train : bool
        Whether a user's own data must be fit to train on: two classes or more, with samples enough. A trained model can
        be tested on less.

    Returns
    -------
    Dataset
        Roles that the data lacks are not filled in yet; see `splits.with_split`.

    Raises
    ------
    UsageError
        If the name is unknown, or belongs to the other task.
    fetching.UnreachableError
        If the data is not here and cannot be downloaded.
    DataError
        If the data is missing, malformed, or not what the registry says.
    """
    if not isinstance(name_or_path, str | os.PathLike):
        raise UsageError(f"dataset: give a name, a folder or a CSV manifest, not {article(name_or_path)}")
    name_or_path = os.fsdecode(name_or_path)
    if not isinstance(task, str) or task not in SUFFIXES:
        raise UsageError(f"{task}: unknown task (known: {', '.join(SUFFIXES)})")
    if several.SEPARATOR in name_or_path and not own.is_path(name_or_path):
        return several.join([load(name, task, to_train=False) for name in several.names_in(name_or_path)])
    if name_or_path not in registry.sources():
        return _load_path(name_or_path, task, to_train)
    source = registry.find(name_or_path)
    if source.task != task:
        raise UsageError(
            f"{source.name}: contains {source.task}, not {task}; choose one of {', '.join(registry.names(task))}"
        )
    dataset = _load_source(source)
    if own.is_path(name_or_path):
        meant = f"{name_or_path}: the registered data set, not the folder here; write ./{name_or_path} for the folder."
        return replace(dataset, notes=(*dataset.notes, meant))
    return dataset


def fetch(name):
    """Bring a registered data set to this computer, unpacked and ready, and return its Listing.

    Bundled data is here already. Raises the errors of `load`.
    """
    source = registry.find(name)
    if source.is_archive:
        fetching.fetch_folder(source)
    else:
        fetching.fetch_files(source)
    return listing(name)


def state(name):
    """Return whether a registered data set is `"local"`, `"bundled"` or `"not fetched"`."""
    source = registry.find(name)
    if not source.files:
        return "bundled"
    return "local" if fetching.is_local(source) else "not fetched"


def listing(name):
    """Return what the list of data sets says about one of them: Listing."""
    source = registry.find(name)
    size = sum(file.size for file in source.files)
    if source.bundled:
        size = sum(path.stat().st_size for path in (data_folder() / source.bundled).rglob("*") if path.is_file())
    return Listing(source.name, source.task, source.licence, size, state(name), source.description)


def _load_path(text, task, to_train):
    found = own.read(text, task, to_train)
    about = {"skipped": tuple(found.skipped), "notes": tuple(found.notes), "noise": found.noise}
    if found.are_texts:
        return dataset_from_texts(found.rows, [], text, task, **about)
    return dataset_from_rows(found.rows, text, task, **about)


def _load_source(source):
    if source.reader in _TEXT_READERS:
        dataset = _load_texts(source)
    elif source.bundled:
        dataset = _load_bundled(source)
    elif source.is_archive:
        folder = fetching.fetch_folder(source)
        rows = _ARCHIVE_READERS[source.reader](folder)
        noise = tuple(speech_commands.background_noise(folder))
        dataset = dataset_from_rows(rows, source.name, source.task, _checksums(source), noise=noise, **_about(source))
    elif source.reader == "idx":
        dataset = _dataset_from_arrays(source, *idx.read_split_pair(fetching.fetch_files(source)), _checksums(source))
    else:
        images, y, role = digits.read_arrays()
        dataset = _dataset_from_arrays(source, images, y, role, [hashlib.sha256(images).hexdigest()])
    if source.samples not in (None, len(dataset)):
        raise DataError(f"{source.name}: has {len(dataset)} samples instead of {source.samples}; fetch it again")
    return dataset


def _load_texts(source):
    bundled = source.bundled and sorted((data_folder() / source.bundled).glob("*.json"))
    rows, foreign = _TEXT_READERS[source.reader](bundled or fetching.fetch_files(source))
    return dataset_from_texts(rows, foreign, source.name, source.task, **_about(source))


def _load_bundled(source):
    path = data_folder() / source.bundled / "manifest.csv"
    return dataset_from_rows(manifest.read(path, source.task).rows, source.name, source.task, **_about(source))


def _dataset_from_arrays(source, images, y, role, contents):
    if y.max() >= len(source.labels):
        raise DataError(
            f"{source.name}: has the class number {y.max()}, but only {len(source.labels)} classes are known"
        )
    digest = hashlib.sha256(json.dumps([source.labels, contents]).encode())
    digest.update(y.tobytes())
    digest.update(role.tobytes())
    return Dataset(
        source.name, source.task, images, y, source.labels, role, None, fingerprint=digest.hexdigest(), **_about(source)
    )


def _checksums(source):
    return [file.sha256 for file in source.files]


def _about(source):
    return {"licence": source.licence, "citation": source.citation, "registered": True}
