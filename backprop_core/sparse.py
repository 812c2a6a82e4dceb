"""Sparse rows: rows in which nearly every number is zero; only the other numbers are stored.

A text of sixty words, described by which of 65,536 words it holds, is a row of sixty numbers and 65,476 zeros. Written
out, 15,000 texts take 4 GB; as pairs of a column and its number they take 7 MB. A first layer needs no more than the
pairs, for a zero adds nothing to any unit, and teaches the weights behind it nothing:

    y_i  = sum over the row's pairs of x_ij W_j                     one row of W for each number that is not zero
    dW_j = sum over the rows that hold column j of x_ij dy_i        and 0 for every column that the batch does not hold

The form is CSR, compressed sparse rows, as in scipy: the numbers of all rows one after another, the column of each
number, and where in this list each row begins.
"""

import sys

import numpy as np

from backprop_core.errors import BackpropError

# From this number of rows on, loading scipy pays: its product takes a third of the time, and other threads can work.
MANY = 512


class SparseRows:
    """Rows as pairs of column and number; they support these operations of an array.

    `len(X)`, `X.shape`, `X.dtype`, `X.astype(dtype)`, and `X[rows]`, the rows named by a slice or an int array.

    Parameters
    ----------
    data : ndarray [shape=(n_numbers,)]
        The numbers that are not zero, row by row.
    columns : int ndarray [shape=(n_numbers,)]
        The column of each. A row's columns need no order; a column that occurs twice in a row stands for the sum.
    starts : int ndarray [shape=(n_samples + 1,)]
        Row i has the numbers from starts[i] up to starts[i + 1].
    n_features : int > 0
    """

    ndim = 2

    def __init__(self, data, columns, starts, n_features):
        self.data, self.columns, self.starts = data, columns, starts
        self.shape = len(starts) - 1, int(n_features)
        self.dtype, self.size = data.dtype, (len(starts) - 1) * int(n_features)

    @classmethod
    def of_array(cls, X):
        """Return the rows of an array [shape=(n_samples, n_features)]."""
        rows, columns = np.nonzero(X)
        starts = np.searchsorted(rows, np.arange(len(X) + 1))
        return cls(X[rows, columns], columns.astype(np.int32), starts, X.shape[1])

    @classmethod
    def join(cls, parts, n_features):
        """Return the rows of several, one after another; none where there are no parts."""
        if not parts:
            return cls(np.zeros(0, np.float32), np.zeros(0, np.int32), np.zeros(1, np.int64), n_features)
        starts = np.concatenate([[0], np.cumsum(np.concatenate([np.diff(part.starts) for part in parts]))])
        data, columns = (np.concatenate([getattr(part, name) for part in parts]) for name in ("data", "columns"))
        return cls(data, columns, starts, n_features)

    def __len__(self):
        return self.shape[0]

    def __getitem__(self, rows):
        if isinstance(rows, slice):
            start, stop, step = rows.indices(len(self))
            if step == 1:
                return self._take_run(start, max(start, stop))
            rows = np.arange(start, stop, step)
        rows = np.asarray(rows)
        if rows.dtype == bool:
            rows = np.flatnonzero(rows)
        first, lengths = self.starts[rows], self.starts[rows + 1] - self.starts[rows]
        starts = np.zeros(len(rows) + 1, np.int64)
        np.cumsum(lengths, out=starts[1:])
        places = np.arange(starts[-1]) + np.repeat(first - starts[:-1], lengths)
        return SparseRows(self.data[places], self.columns[places], starts, self.shape[1])

    def _take_run(self, start, stop):
        """Return consecutive rows; their numbers are views."""
        numbers = slice(int(self.starts[start]), int(self.starts[stop]))
        starts = self.starts[start : stop + 1] - self.starts[start]
        return SparseRows(self.data[numbers], self.columns[numbers], starts, self.shape[1])

    def astype(self, dtype, copy=True):
        """Return the same rows with numbers of another type; the columns are shared."""
        return self.with_data(self.data.astype(dtype, copy=copy))

    def with_data(self, data):
        """Return rows with other numbers in the same places."""
        return SparseRows(data, self.columns, self.starts, self.shape[1])

    def rows_of_numbers(self):
        """Return the row of each number: int ndarray [shape=(n_numbers,)]."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))

    def by_column(self):
        """Return the same numbers column by column, for the columns that hold any.

        Returns
        -------
        columns : int ndarray [shape=(n,)], rising
        starts : int ndarray [shape=(n + 1,)]
            Column columns[i] has the numbers from starts[i] up to starts[i + 1].
        rows : int ndarray [shape=(n_numbers,)], the row of each number, rising within a column
        data : ndarray [shape=(n_numbers,)]
        """
        order = np.argsort(self.columns, kind="stable")
        columns, starts = np.unique(self.columns[order], return_index=True)
        return columns, np.append(starts, len(order)), self.rows_of_numbers()[order], self.data[order]

    def times(self, W, out):
        """Write X W to `out` [shape=(n_samples, width)] and return it: a few rows of W for each row of X."""
        if form := _scipy_form(len(self)):
            out[...] = form((self.data, self.columns, self.starts), shape=self.shape) @ W
            return out
        for i in range(len(self)):  # sums in the same order give the same bits
            numbers = slice(self.starts[i], self.starts[i + 1])
            rows = W[self.columns[numbers]]
            rows *= self.data[numbers, None]
            np.add.reduce(rows, axis=0, out=out[i])
        return out

    def gradient(self, dy, out):
        """Write dW = X^T dy to `out` [shape=(n_features, width)] and return it."""
        out[...] = 0
        columns, starts, rows, data = self.by_column()
        for i, j in enumerate(columns):
            numbers = slice(starts[i], starts[i + 1])
            np.matmul(data[numbers], dy[rows[numbers]], out=out[j])
        return out

    def mix_with(self, partner, share):
        """Return (1 - share) X + share X[partner], `partner` an int ndarray [shape=(n_samples,)]; as sparse."""
        theirs = self[partner]
        rows = np.concatenate([self.rows_of_numbers(), theirs.rows_of_numbers()])
        order = np.argsort(rows, kind="stable")
        share = self.dtype.type(share)
        data = np.concatenate([self.data * (1 - share), theirs.data * share])[order]
        columns = np.concatenate([self.columns, theirs.columns])[order]
        return SparseRows(data, columns, self.starts + theirs.starts, self.shape[1])

    def toarray(self):
        """Return the rows with their zeros: ndarray [shape=(n_samples, n_features)]. For a handful of rows."""
        dense = np.zeros(self.shape, self.dtype)
        np.add.at(dense, (self.rows_of_numbers(), self.columns), self.data)
        return dense


def _scipy_form(n_rows):
    """Return scipy's csr_array if it is loaded, or worth loading for so many rows; None otherwise."""
    if n_rows < MANY and "scipy.sparse" not in sys.modules:
        return None
    try:
        from scipy.sparse import csr_array
    except ImportError:
        return None
    return csr_array


def rows_of(X):
    """Return a scipy matrix as `SparseRows`, and any other X unchanged.

    The matrix does not change. The result shares its numbers, unless they must be sorted first; entries that name one
    place twice are added up.

    Raises
    ------
    BackpropError
        A column or a row's beginning is outside the matrix.
    """
    if isinstance(X, np.ndarray | SparseRows) or not hasattr(X, "tocsr"):
        return X
    matrix = X.tocsr()
    _check_places(matrix)
    if not matrix.has_canonical_format:
        matrix = matrix.copy()
        matrix.sum_duplicates()
    return SparseRows(matrix.data, matrix.indices, matrix.indptr, matrix.shape[1])


def is_sparse(X):
    """Return whether X is `SparseRows`."""
    return isinstance(X, SparseRows)


def _check_places(matrix):
    """Raise BackpropError if a CSR matrix points outside itself; scipy notices this only sometimes."""
    starts, columns = matrix.indptr, matrix.indices
    if starts[0] != 0 or starts[-1] > len(columns) or (np.diff(starts) < 0).any() or len(columns) != len(matrix.data):
        raise BackpropError(
            "the sparse matrix's indptr does not fit its data: build it anew, from scipy.sparse.coo_array"
        )
    if len(columns) and (columns.min() < 0 or columns.max() >= matrix.shape[1]):
        found, last = f"{columns.min()} to {columns.max()}", matrix.shape[1] - 1
        raise BackpropError(f"the sparse matrix has columns from {found}: expected 0 to {last}")


def multiply(x, W, out):
    """Write x W to `out` and return it; x is an array or `SparseRows`."""
    return np.matmul(x, W, out=out) if isinstance(x, np.ndarray) else x.times(W, out)


def multiply_transposed(x, dy, out):
    """Write x^T dy, the gradient of W in x W, to `out` and return it; x is an array or `SparseRows`."""
    return np.matmul(x.T, dy, out=out) if isinstance(x, np.ndarray) else x.gradient(dy, out)
