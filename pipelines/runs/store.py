"""The store: what a training found is kept on disk, so that a run that was cut off goes on where it stopped.

A result is named by a hash over everything that decides it: what is trained on which rows and how, as the caller says,
and this program's own code and libraries. So a result is never out of date: a changed training has another name. A
file ends with a hash of its own content, so a damaged file is noticed, and the training is repeated.
"""

import hashlib
import io
import json
import platform
from contextlib import suppress
from importlib.metadata import version

import numpy as np

from backprop_core.whole_file import whole_file
from pipelines.machine.locations import cache_folder
from pipelines.machine.log import log
from pipelines.machine.versions import code

MOST_BYTES = 1 << 29  # of all results; above this, the results that were used least recently are removed
_DIGEST_BYTES = 32
_ARRAY = "\0array"  # a name that no result uses


class Store:
    """Remembers the results of finished trainings.

    Parameters
    ----------
    identity : dict of JSON types
        Everything that decides the results beside the keys: data, extractor, recipe, split. Code and versions of
        libraries need not be named.
    """

    def __init__(self, identity):
        decides = json.dumps([code(), _libraries(), identity], sort_keys=True)
        self._identity = hashlib.sha256(decides.encode()).hexdigest()
        self._folder = cache_folder() / "trainings"
        self._usable = True
        self._bytes = None

    def find_known(self, keys):
        """Return the keys that have a result: list."""
        return [key for key in keys if self._path(key).exists()]

    def load(self, key):
        """Return the result of a key; None if there is none, or it is damaged, or cannot be read."""
        path = self._path(key)
        try:
            content = path.read_bytes()
            with suppress(OSError):
                path.touch()  # it is used now, so others are removed first
        except OSError:
            return None
        content, digest = content[:-_DIGEST_BYTES], content[-_DIGEST_BYTES:]
        return _decode(content) if hashlib.sha256(content).digest() == digest else None

    def save(self, key, result):
        """Keep a result. If the disk is full, only log a warning.

        Parameters
        ----------
        key : tuple of JSON types
        result : JSON types (names are str, sequences are lists) and ndarrays, in each other in any way
        """
        if not self._usable:
            return
        content = _encode(result)
        path = self._path(key)
        try:
            with whole_file(path) as temporary:
                temporary.write_bytes(content + hashlib.sha256(content).digest())
            self._make_room(len(content))
        except OSError as error:
            self._usable = False
            log.warning(f"{path}: finished trainings cannot be kept ({error.strerror or error}); the work goes on")

    def forget(self, keys):
        """Remove the results of these keys, as far as there are any."""
        for key in keys:
            self._path(key).unlink(missing_ok=True)

    def _path(self, key):
        name = hashlib.sha256(json.dumps([self._identity, key]).encode()).hexdigest()[:32]
        return self._folder / f"{name}.training"

    def _make_room(self, n_new):
        """Remove the files that were used least recently, until the others are below the bound again."""
        self._bytes = None if self._bytes is None else self._bytes + n_new
        if self._bytes is not None and self._bytes <= MOST_BYTES:
            return
        entries = []
        for path in self._folder.glob("*.training"):
            with suppress(FileNotFoundError):  # another run makes room too
                state = path.stat()
                entries.append((state.st_mtime_ns, state.st_size, path))
        self._bytes = sum(size for _, size, _ in entries)
        for _, size, path in sorted(entries):
            if self._bytes <= MOST_BYTES:
                break
            path.unlink(missing_ok=True)
            self._bytes -= size


def _libraries():
    """Return library versions and the machine, which may change the last digits of a result: dict of str to str."""
    return {name: version(name) for name in ("numpy", "scipy", "numba")} | {"machine": platform.machine()}


def _encode(result):
    """Return a result as bytes: the contents of an .npz file, with the arrays separate from the JSON."""
    arrays = {}

    def aside(value):
        if not isinstance(value, np.ndarray) or value.dtype.hasobject:
            raise TypeError(f"a result has JSON types and arrays of numbers, not {type(value).__name__}")
        name = str(len(arrays))
        arrays[name] = value
        return {_ARRAY: name}

    text = json.dumps(result, default=aside)
    file = io.BytesIO()
    np.savez(file, text=np.frombuffer(text.encode(), np.uint8), **arrays)
    return file.getvalue()


def _decode(content):
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        arrays = dict(file)
    text = arrays.pop("text").tobytes().decode()
    return json.loads(text, object_hook=lambda found: arrays[found[_ARRAY]] if _ARRAY in found else found)
