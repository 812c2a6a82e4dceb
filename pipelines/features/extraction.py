"""Extraction: many files to one matrix of features, on all cores if that is faster.

Decoders let other threads run while they work, but the Python code around them does not. So threads help with large
pictures. With small files they hurt: two threads take 1.5 times as long for CIFAR-10. Processes help with all files,
but they need about a second to start. So the first few files are measured to choose the best way.

Files are taken in chunks, because an extractor describes many words together faster than one by one. A file that cannot
be read loses only its own row.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np

from backprop_core.sparse import SparseRows
from pipelines.errors import InputFileError, NothingToSeeError
from pipelines.machine import processes
from pipelines.machine.cores import blas_threads, cores
from pipelines.machine.log import piece_of_work

CHUNK = 32
SPARSE_CHUNK = 4096  # texts in a chunk
WARMING, TIMED = 1, 8  # files: the first one imports modules, the next ones show how long a file takes
SLOW_FILE = 5e-4  # seconds, most of them for decoding
LONG_WORK = 4.0  # seconds
_TASK_SECONDS = 0.2


def extract_all(extractor, items, n_jobs=None, progress=None):
    """Extract every item.

    Parameters
    ----------
    extractor : Describer; an Extractor where the items are decoded already
    items : sequence of Path, bytes or str, or ndarray of uint8 [shape=(n, height, width) or (n, height, width, 3)]
        Files, or their contents, or texts, or pixels that are decoded already.
    n_jobs : int > 0 or None
        Threads or processes at most; None means one for each core. The rows do not depend on it.
    progress : str or None
        The name of the work for the watcher; None keeps it silent.

    Returns
    -------
    stored : ndarray of the extractor's `stored_dtype`, or SparseRows where it makes them [shape=(n_ok, n_stored)]
        A row for each item that could be read, in order.
    ok : ndarray of bool [shape=(n,)]
        Which items have a row.
    failures : list of (int, str)
        Index of each item that could not be read, in order, and the sentence that says why.
    """
    return extract_noted(extractor, items, None, n_jobs, progress)[:3]


def extract_noted(extractor, items, note, n_jobs=None, progress=None):
    """Extract every item as `extract_all` does, and note something about each while what was read is at hand.

    Parameters
    ----------
    extractor, items, n_jobs, progress : as in `extract_all`
    note : function of what the extractor has read, which processes can be sent; or None

    Returns
    -------
    stored, ok, failures : as in `extract_all`
    notes : list
        What `note` returned, beside each row of `stored`; all None without a note, and where rows are sparse or items
        are decoded already.
    """
    if extractor.sparse:
        stored, ok, failures = _extract_sparse(extractor, items, progress)
        return stored, ok, failures, [None] * len(stored)
    stored = np.empty((len(items), extractor.n_stored), extractor.stored_dtype)
    ok = np.ones(len(items), bool)
    failures, notes = [], []
    if isinstance(items, np.ndarray):
        as_they_are = extractor.fits(items)
        if as_they_are.any():
            rows = items[as_they_are].reshape(int(as_they_are.sum()), -1)
            stored[as_they_are, : rows.shape[1]] = rows
            stored[as_they_are, rows.shape[1] :] = 0  # numbers that a reader keeps beside the row
        for index in np.flatnonzero(~as_they_are):
            try:
                stored[index] = extractor.extract_row(items[index])
            except NothingToSeeError as error:
                ok[index] = False
                failures.append((int(index), f"picture {index}: {error}"))
        return stored if ok.all() else stored[ok], ok, failures, [None] * int(ok.sum())
    extractor.matrices()  # make them once, before several threads need them
    chunks = _chunks(partial(_chunk, extractor, note), items, n_jobs or cores())
    for chunk, rows, failed, noted in _watch(chunks, len(items), progress):
        ok[[index for index, _ in failed]] = False
        stored[chunk.start : chunk.stop][ok[chunk.start : chunk.stop]] = rows
        failures += failed
        notes += noted
    return stored if ok.all() else stored[ok], ok, failures, notes


def _extract_sparse(extractor, items, progress):
    """Extract all items as sparse rows. This is quick, so one thread does it."""
    parts, ok, failures = [], np.ones(len(items), bool), []
    pieces = _pieces(range(len(items)), len(items), SPARSE_CHUNK)
    found = (_sparse_chunk(extractor, items, piece) for piece in pieces)
    for _, rows, failed in _watch(found, len(items), progress):
        ok[[index for index, _ in failed]] = False
        parts.append(rows)
        failures += failed
    return SparseRows.join(parts, extractor.n_stored), ok, failures


def _sparse_chunk(extractor, items, indices):
    """Return the indices of one chunk's items, the rows of those that can be read, and the failures of the others."""
    done, failed = {}, []
    for index in indices:
        try:
            done[index] = extractor.read(items[index])
        except InputFileError as error:
            failed.append((index, str(error)))
    rows = extractor.extract_rows(list(done.values()))
    empty = np.diff(rows.starts) == 0
    for index in np.array(list(done))[empty].tolist():
        try:
            extractor.extract_row(done[index])
        except NothingToSeeError as error:
            name = f"text {index}" if isinstance(items[index], str) else items[index]
            failed.append((index, str(InputFileError.about(name, error))))
    return indices, rows[~empty] if empty.any() else rows, sorted(failed)


def way_for(seconds, n_left, n_jobs):
    """Decide how the rest of the files is extracted: "alone", "threads" or "processes".

    Parameters
    ----------
    seconds : float, what one file takes
    n_left, n_jobs : int
    """
    if n_jobs == 1 or n_left <= 1:
        return "alone"
    if seconds * n_left > LONG_WORK:
        return "processes"
    return "threads" if seconds > SLOW_FILE else "alone"


def _chunks(describe, items, n_jobs):
    """Yield the result of each chunk, in order; `describe` is `_chunk` without its items."""
    with blas_threads(1):
        warming, timed, rest = (
            range(*ends) for ends in ((0, WARMING), (WARMING, WARMING + TIMED), (WARMING + TIMED, len(items)))
        )
        yield from _alone(describe, items, warming)
        began = time.perf_counter()
        yield from _alone(describe, items, timed)
        seconds = (time.perf_counter() - began) / TIMED
        way = way_for(seconds, len(rest), n_jobs)
        if way == "alone":
            yield from _alone(describe, items, rest)
        elif way == "threads":
            yield from _in_threads(describe, items, rest, n_jobs)
        else:
            yield from _in_processes(describe, items, rest, n_jobs, seconds)


def _alone(describe, items, indices):
    for chunk in _pieces(indices, len(items), CHUNK):
        yield describe(items[chunk.start : chunk.stop], chunk)


def _in_threads(describe, items, indices, n_jobs):
    chunks = _pieces(indices, len(items), CHUNK)
    with ThreadPoolExecutor(n_jobs) as pool:
        try:
            yield from pool.map(lambda chunk: describe(items[chunk.start : chunk.stop], chunk), chunks)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)  # after Ctrl-C, wait only for chunks that have begun


def _in_processes(describe, items, indices, n_jobs, seconds):
    size = CHUNK * max(1, round(_TASK_SECONDS / seconds / CHUNK))
    calls = ((describe, items[task.start : task.stop], task) for task in _pieces(indices, len(items), size))
    for done in processes.results(_chunks_of, calls, n_jobs, ordered=True, advice="use --jobs 1"):
        yield from done


def _chunks_of(describe, items, task):
    """Return the results of one task's chunks; `items` are the task's own items."""
    return [
        describe(items[chunk.start - task.start : chunk.stop - task.start], chunk)
        for chunk in _pieces(task, task.stop, CHUNK)
    ]


def _pieces(indices, end, size):
    """Cut a range, up to `end`, into ranges of at most `size`: list."""
    stop = min(indices.stop, end)
    return [range(start, min(start + size, stop)) for start in range(indices.start, stop, size)]


def _chunk(extractor, note, items, indices):
    """Return the indices of one chunk's items, the rows of those that can be read, the others' failures, and notes."""
    done, failed, notes = [], [], []
    for index, item in zip(indices, items, strict=True):
        try:
            decoded = extractor.read(item)
            done.append(decoded if extractor.together else extractor.extract_rows([decoded]))
            notes.append(None if note is None else note(decoded))
        except InputFileError as error:
            failed.append((index, str(error)))
        except NothingToSeeError as error:
            failed.append((index, str(InputFileError.about(item, error))))
    if extractor.together:
        return indices, extractor.extract_rows(done), failed, notes
    return indices, np.concatenate([np.empty((0, extractor.n_stored), extractor.stored_dtype), *done]), failed, notes


def _watch(results, n_items, progress):
    """Pass the results of chunks on; if the work has a name, report how many files are done."""
    if progress is None:
        yield from results
        return
    with piece_of_work(progress, n_items) as advance:
        for result in results:
            yield result
            advance(len(result[0]))
