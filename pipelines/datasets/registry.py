"""The registry: data sets with a name.

For each, `data/sources.toml` gives the addresses of its files, their size and SHA-256, who made them, and their
licence. This module reads that file into records and finds the record that a name means.
"""

import tomllib
from dataclasses import dataclass
from functools import cache

from pipelines.errors import UsageError
from pipelines.machine.locations import data_folder
from pipelines.wording import article, suggest


@dataclass(frozen=True)
class SourceFile:
    """One file to download.

    Attributes
    ----------
    name : str
        Where it belongs below the downloads folder, and below a mirror; parts are separated by `/`.
    size : int
        In bytes.
    sha256 : str
        Hexadecimal.
    addresses : tuple of str
        Where it can be had, the preferred address first.
    """

    name: str
    size: int
    sha256: str
    addresses: tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """One registered data set; `data/sources.toml` explains each entry.

    `files` is empty for data that comes with the program or with one of its dependencies.
    """

    name: str
    task: str
    reader: str
    description: str
    licence: str
    citation: str
    homepage: str = ""
    default: bool = False
    fallback: bool = False
    samples: int | None = None
    labels: tuple[str, ...] = ()
    root: str = "."
    unpacked_bytes: int = 0
    unpacked_files: int = 0
    bundled: str | None = None
    files: tuple[SourceFile, ...] = ()

    @property
    def is_archive(self):
        """Whether the data is one archive that has to be unpacked: bool."""
        return self.unpacked_files > 0


@cache
def sources():
    """Return every registered data set by name: dict of str to Source, in the registry's order."""
    with (data_folder() / "sources.toml").open("rb") as file:
        tables = tomllib.load(file)
    return {name: _source(name, table) for name, table in tables.items()}


def names(task=None):
    """Return the registered names, of one task if given, the task's default first: list of str."""
    chosen = [source for source in sources().values() if task in (None, source.task)]
    return [source.name for source in sorted(chosen, key=lambda source: not source.default)]


def default_name(task):
    """Return the name of the data set that `task` trains on when none is named: str. Raises UsageError if none is."""
    return _name_of(task, [source for source in sources().values() if source.default])


def fallback_name(task):
    """Return the name of the data set of `task` that needs no network: str. Raises UsageError if it has none."""
    return _name_of(task, [source for source in sources().values() if source.fallback])


def _name_of(task, some):
    for source in some:
        if source.task == task:
            return source.name
    raise UsageError(f"{task}: no data set is registered for this task; give a folder or a CSV manifest")


def find(name):
    """Return the Source of that name.

    Raises
    ------
    UsageError
        If there is none, or this is no name; the message offers the nearest name.
    """
    if not isinstance(name, str):
        raise UsageError(f"dataset: give the name of one data set, not {article(name)}")
    if name in sources():
        return sources()[name]
    raise UsageError(f"{name}: no such data set; {suggest(name, sources())} (or give a folder or a CSV manifest)")


def _source(name, table):
    files = tuple(SourceFile(**{**file, "addresses": tuple(file["addresses"])}) for file in table.get("files", ()))
    return Source(name, **{**table, "labels": tuple(table.get("labels", ())), "files": files})
