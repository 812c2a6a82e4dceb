"""Extraction: many files to one matrix of features, on all cores.

libsndfile, Pillow and numpy's Fourier transform let other threads run while they work, so threads are enough: nothing
is copied between processes and nothing needs starting. A thread takes a chunk of files at a time, since an extractor
describes many words in one go sooner than one by one. A file that cannot be read costs its row and no other.
"""

import sys
from concurrent.futures import ThreadPoolExecutor

import click
import numpy as np

from pipelines.cores import cores
from pipelines.errors import InputFileError, NothingToSeeError

CHUNK = 32


def extract_all(extractor, items, n_jobs=None, progress=None):
    """Extract every item.

    Parameters
    ----------
    extractor : SpeechExtractor or ImageExtractor
    items : sequence of Path or bytes, or ndarray of uint8 [shape=(n, height, width) or (n, height, width, 3)]
        Files, or their contents, or pixels that are decoded already.
    n_jobs : int > 0 or None
        Threads; None means one for each core.
    progress : str or None
        What to call the work on standard error; None keeps it silent.

    Returns
    -------
    stored : ndarray of the extractor's `stored_dtype` [shape=(n_ok, n_stored)]
        A row for each item that could be read, in order.
    ok : ndarray of bool [shape=(n,)]
        Which items have a row.
    failures : list of (int, str)
        Index of each item that could not be read, in order, and the sentence that says why.
    """
    stored = np.empty((len(items), extractor.n_stored), extractor.stored_dtype)
    ok = np.ones(len(items), bool)
    failures = []
    if isinstance(items, np.ndarray):
        as_they_are = extractor.fits(items)
        stored[as_they_are] = items[as_they_are].reshape(-1, extractor.n_stored)
        for index in np.flatnonzero(~as_they_are):
            try:
                stored[index] = extractor.stored_row(items[index])
            except NothingToSeeError as error:
                ok[index] = False
                failures.append((int(index), f"picture {index}: {error}"))
        return stored if ok.all() else stored[ok], ok, failures
    starts = range(0, len(items), CHUNK)
    for start, (rows, failed) in zip(starts, _chunks(extractor, items, starts, n_jobs, progress), strict=True):
        ok[[index for index, _ in failed]] = False
        stored[start : start + CHUNK][ok[start : start + CHUNK]] = rows
        failures += failed
    return stored if ok.all() else stored[ok], ok, failures


def _chunks(extractor, items, starts, n_jobs, progress):
    """Yield the result of each chunk in order, computed by threads, and show how far the work has come."""
    n_jobs = n_jobs or cores()
    if len(starts) <= 1 or n_jobs == 1:
        yield from _shown((_chunk(extractor, items, start) for start in starts), len(items), progress)
        return
    from threadpoolctl import threadpool_limits

    extractor.matrices()  # made once, before threads ask for them at the same time
    with threadpool_limits(1), ThreadPoolExecutor(n_jobs) as pool:
        try:
            yield from _shown(pool.map(lambda start: _chunk(extractor, items, start), starts), len(items), progress)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)  # after Ctrl-C, only chunks that have begun are waited for


def _chunk(extractor, items, start):
    """Return the rows of one chunk's readable items, and the failures of the others."""
    together = hasattr(extractor, "stored_rows")
    done, failed = [], []
    for index, item in enumerate(items[start : start + CHUNK], start):
        try:
            decoded = extractor.read(item)
            # A decoded picture can be large, so it is not kept until the chunk is complete.
            done.append(decoded if together else extractor.stored_row(decoded))
        except InputFileError as error:
            failed.append((index, str(error)))
        except NothingToSeeError as error:
            failed.append((index, str(InputFileError.about(item, error))))
    if together:
        return extractor.stored_rows(done), failed
    return np.array(done, extractor.stored_dtype).reshape(len(done), extractor.n_stored), failed


def _shown(results, n_items, progress):
    """Pass the results of chunks on; on standard error show a bar, or without a terminal a line."""
    if progress is None:
        yield from results
    elif not sys.stderr.isatty():
        click.echo(progress, err=True)
        yield from results
    else:
        with click.progressbar(length=n_items, label=progress, file=sys.stderr) as bar:
            for done, result in enumerate(results):
                yield result
                bar.update(min(CHUNK, n_items - done * CHUNK))
