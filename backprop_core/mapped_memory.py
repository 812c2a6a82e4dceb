"""Mapped memory: features that lie in a file and may be larger than the machine's memory.

A `numpy.memmap` looks like an array, but its rows are read from the disk when they are touched, and then they stay in
memory: a training that has seen every row holds the whole file. So the rows of a batch are copied a few at a time, and
their memory is returned to the system at once; the file still has the data. A few at a time, because the system may map
two megabytes for a single row that is touched.
"""

import mmap
import tempfile

import numpy as np

AT_ONCE = 32
LARGE = 64e6  # bytes; a larger copy goes into a file
PIECE = 1 << 20  # numbers


def mapping_of(X):
    """Return the mmap object behind an array, or a view of one, if its memory can be handed back safely, else None.

    This is not possible if the file was opened copy-on-write (mode "c"), because its changes are only in memory, nor on
    systems without `madvise`.
    """
    while isinstance(X, np.ndarray):
        if isinstance(X, np.memmap) and X.mode == "c":
            return None
        X = X.base
    return X if isinstance(X, mmap.mmap) and hasattr(X, "madvise") else None


def take_rows(X, rows, out):
    """Copy the given rows of X to `out` and return it: as `numpy.take`, but a mapped X leaves nothing in memory.

    Parameters
    ----------
    X : ndarray or memmap [shape=(n_samples, n_features)]
    rows : int ndarray [shape=(n,)]
    out : ndarray of X's dtype [shape=(n, n_features)]
    """
    mapping = mapping_of(X)
    if mapping is None:
        # mode="clip" lets numpy write straight into `out`; with the default it would fill a copy first.
        return np.take(X, rows, axis=0, out=out, mode="clip")
    for start in range(0, len(rows), AT_ONCE):
        few = slice(start, start + AT_ONCE)
        np.take(X, rows[few], axis=0, out=out[few], mode="clip")
        mapping.madvise(mmap.MADV_DONTNEED)
    return out


def chunks(X, rows=1024):
    """Yield X in consecutive pieces of `rows` rows; of a mapped X, no piece stays in memory after its turn."""
    mapping = mapping_of(X)
    for start in range(0, len(X), rows):
        yield X[start : start + rows]
        if mapping is not None:
            mapping.madvise(mmap.MADV_DONTNEED)


def spare_copy(vector):
    """Return a copy of a flat array that may never be needed; a large copy is in a file without a name.

    Then its memory is free for other data, and `overwrite` keeps it free. If no file can be written, the copy is an
    ordinary array.
    """
    if vector.nbytes < LARGE:
        return vector.copy()
    try:
        with tempfile.TemporaryFile() as file:
            # Write before mapping: a disk that fills up after the mapping would end the program.
            for start in range(0, len(vector), PIECE):
                vector[start : start + PIECE].tofile(file)
            file.flush()
            return np.memmap(file, vector.dtype, "r+", shape=vector.shape)
    except OSError:
        return vector.copy()


def overwrite(copy, vector):
    """Set `copy`, from `spare_copy`, or what it was made of, to `vector`, without holding both in memory."""
    mappings = [mapping for mapping in map(mapping_of, (copy, vector)) if mapping is not None]
    for start in range(0, len(vector), PIECE):
        copy[start : start + PIECE] = vector[start : start + PIECE]
        for mapping in mappings:
            mapping.madvise(mmap.MADV_DONTNEED)
