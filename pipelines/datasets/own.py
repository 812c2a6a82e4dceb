"""A user's own data: a folder, a table or an archive, each read by its own reader."""

import os
from collections import Counter
from itertools import islice
from pathlib import Path

from pipelines.datasets import folders, manifest, own_texts, packed, registry, tables, tree
from pipelines.datasets.listed_files import ListedFiles
from pipelines.errors import DataError
from pipelines.machine import contents
from pipelines.machine.leftovers import is_left_behind

LOOKED_AT = 2000  # number of files that decide which task a folder is for


def read(text, task, to_train=True):
    """Read what lies at a path.

    Parameters
    ----------
    text : str
        A folder of class folders, a table that lists files, or a zip or tar archive of either.
    task : str
    to_train : bool
        Whether the classes must be fit to train on.

    Returns
    -------
    Reading

    Raises
    ------
    DataError
        The path does not exist, or it is something else, or its reader refuses it.
    UsageError
        Nothing is there, and what was written looks like the name of a registered data set.
    """
    path, is_folder, is_file = _look_at(text)
    if task == "text" and (is_folder or is_file) and own_texts.are_here(path) and not _lists_files(path, task):
        return own_texts.read(path, to_train)
    if is_folder:
        return folders.read(path, task, to_train)
    if is_file:
        return _read_file(path, task, to_train)
    if len(path.parts) > 1 or tables.is_table(path) or path.name.lower().endswith(packed.SUFFIXES):
        raise DataError(f"{text}: no such file or folder")
    return registry.find(text)  # raises an error that suggests a similar name


def guess_task(text, names):
    """Return the task that most files at a path are for.

    Parameters
    ----------
    text : str, as `read` takes it, or a registered name
    names : sequence of str, the tasks to choose from

    Raises
    ------
    DataError
        Nothing is there, or no file of a known kind.
    """
    if text in registry.names():
        return registry.find(text).task
    path, is_folder, is_file = _look_at(text)
    if not (is_folder or is_file):
        return read(text, names[0])  # raises an error that says the reason
    counts = Counter()
    if path.is_file() and packed.is_packed(path):
        path = packed.unpack(path)
    if path.is_dir():
        counts.update(task for file in _some_files(path) for task in names if tree.usable(file, task))
    elif tables.is_table(path):
        files = {task: ListedFiles(path, task) for task in names}
        cells = {cell for _, line in tables.read_table(path).lines[:200] for cell in line if cell}
        for task in names:
            counts[task] = sum(
                1 for cell in cells if (found := files[task].look_for(cell)) and tree.usable(found, task)
            )
    if not counts.total() and "text" in names and own_texts.are_here(path):
        return "text"
    if not counts.total():
        raise DataError(f"{text}: contains no files of a kind that {' or '.join(names)} can use")
    return max(names, key=lambda task: counts[task])


def _lists_files(path, task):
    """Tell whether a table lists files of texts rather than the texts themselves."""
    if not path.is_file() or not tables.is_table(path):
        return False
    try:
        names = [tables.heading(column) for column in tables.read_table(path).columns]
    except DataError:
        return False
    return "path" in names and "text" not in names


def _some_files(folder):
    """Return enough files of a folder to tell its task; if there are few, also those behind links."""
    found = (Path(place, name) for place, _, names in os.walk(folder) for name in names if not is_left_behind(name))
    some = list(islice(found, LOOKED_AT))
    return some if len(some) == LOOKED_AT else list(tree.look_into(folder, tree.PassedOver()).all_files())


def _look_at(text):
    """Return (Path, whether it is a folder, whether it is a file). Raises DataError if this cannot be told."""
    path = _expand(text)
    try:
        found = path, path.is_dir(), path.is_file()
        is_other = not any(found[1:]) and path.exists()
    except (OSError, ValueError) as error:
        raise DataError(f"{text}: cannot be read ({getattr(error, 'strerror', None) or error})") from error
    if is_other:
        raise DataError(f"{text}: is neither a file nor a folder; give a folder, a table or an archive")
    return found


def _expand(text):
    return Path(os.path.expanduser(text))  # noqa: PTH111 - Path.expanduser raises on the name of a user who does not exist


def is_path(text):
    """Tell whether something lies in the working folder under this very name."""
    try:
        return Path(text).exists()
    except (OSError, ValueError):
        return False


def _read_file(path, task, to_train):
    try:
        problem = contents.what_it_is(contents.first_bytes(path)) if path.stat().st_size else None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    if problem:
        raise DataError(f"{path}: {problem}")
    if packed.is_packed(path):
        folder = packed.unpack(path)
        try:
            found = folders.read(folder, task, to_train)
        except DataError as error:  # the user does not know the folder that it names
            raise DataError(str(error).replace(str(folder), str(path))) from error
        found.layout = f"an archive of {found.layout}"
        return found
    if not tables.is_table(path):
        raise tables.unreadable(path)
    return manifest.read(path, task, to_train)
