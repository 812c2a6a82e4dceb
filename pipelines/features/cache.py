"""The feature cache: features that were computed once are read from disk the next time.

An entry is named by a hash over everything that decides its content: the data's fingerprint, the extractor's settings
and its version. So an entry is never out of date, because changed settings give another name. An entry ends with a hash
of its own content, so a damaged entry is noticed and made again.
"""

import hashlib
import json

import numpy as np

from backprop_core.sparse import SparseRows, is_sparse
from backprop_core.whole_file import whole_file
from pipelines.features.extraction import extract_all
from pipelines.machine.locations import cache_folder
from pipelines.machine.log import log

_FORMAT = 3
_DIGEST_BYTES = 32


def load_features(dataset, extractor, n_jobs=None, work="extracting features"):
    """Return what `extract_all` returns for a data set's items, from the cache where it is there.

    Pixels that are decoded already are converted each time, which is quicker than reading them. A damaged entry is
    computed again, and a cache folder that cannot be used costs a warning in the log and the time saved.

    Parameters
    ----------
    dataset : Dataset
    extractor : Describer
    n_jobs : int > 0 or None
        Threads; None means one for each core.
    work : str, the name of the work for the watcher

    Returns
    -------
    stored, ok, failures
        See `extraction.extract_all`.
    """
    if isinstance(dataset.items, np.ndarray):
        return extract_all(extractor, dataset.items, n_jobs)
    path = cache_folder() / f"{extractor.name}-{_key(dataset, extractor)}.features"
    entry = _load(path, extractor, len(dataset))
    if entry is None:
        what = "texts" if extractor.sparse else "files"
        entry = extract_all(extractor, dataset.items, n_jobs, f"{work} of {len(dataset)} {what}")
        _save(path, entry)
    return entry


def _key(dataset, extractor):
    """Return the hash that names an entry.

    It covers all paths and texts: a part of a data set has the fingerprint of the whole, and sentences about failures
    contain paths.
    """
    decides = [_FORMAT, dataset.fingerprint, extractor.name, extractor.version, extractor.settings()]
    items = [str(item) for item in dataset.items]
    return hashlib.sha256(json.dumps([decides, items], sort_keys=True).encode()).hexdigest()[:32]


def _save(path, entry):
    """Write an entry, one array after another and without a copy in memory, and check that it reads back."""
    stored, ok, failures = entry
    try:
        with whole_file(path) as temporary:
            with temporary.open("wb") as file:
                hashing = _Hashing(file)
                for array in (*_arrays_of(stored), ok, np.array(json.dumps(failures))):
                    np.save(hashing, array, allow_pickle=False)
                file.write(hashing.digest())
            with temporary.open("rb") as file:
                _check(file)
    except (OSError, ValueError) as error:
        log.warning(f"{path}: features cannot be cached ({_reason(error)}); the work goes on")


def _arrays_of(stored):
    """Return the arrays that rows consist of."""
    return (stored.data, stored.columns, stored.starts) if is_sparse(stored) else (stored,)


class _Hashing:
    """A file to write to, and the hash of everything written."""

    def __init__(self, file):
        self._file, self._hash = file, hashlib.sha256()
        self.digest = self._hash.digest

    def write(self, content):
        self._hash.update(content)
        return self._file.write(content)


def _load(path, extractor, n_items):
    """Return the entry, or None if there is none or it is damaged."""
    try:
        with path.open("rb") as file:
            _check(file)
            n_arrays = 3 if extractor.sparse else 1
            *arrays, ok, failures = (np.load(file, allow_pickle=False) for _ in range(n_arrays + 2))
        stored = SparseRows(*arrays, extractor.n_stored) if extractor.sparse else arrays[0]
        failures = [(index, message) for index, message in json.loads(str(failures))]
    except FileNotFoundError:
        return None
    except OSError as error:
        log.warning(f"{path}: cached features cannot be read ({_reason(error)}); computing them")
        return None
    except (ValueError, TypeError, EOFError):
        return _warn_damaged(path)
    fits = ok.shape == (n_items,) and stored.shape == (ok.sum(), extractor.n_stored)
    if not fits or stored.dtype != extractor.stored_dtype or [i for i, _ in failures] != np.flatnonzero(~ok).tolist():
        return _warn_damaged(path)
    return stored, ok, failures


def _warn_damaged(path):
    log.warning(f"{path}: the cached features are damaged; computing them again")


def _check(file):
    """Compare an entry with the hash at its end, and go back to its beginning. Raises ValueError if they differ."""
    left = file.seek(0, 2) - _DIGEST_BYTES
    file.seek(0)
    digest = hashlib.sha256()
    while left > 0 and (content := file.read(min(left, 1 << 20))):
        digest.update(content)
        left -= len(content)
    if left or digest.digest() != file.read():
        raise ValueError("what was written does not read back")
    file.seek(0)


def _reason(error):
    return getattr(error, "strerror", None) or error
