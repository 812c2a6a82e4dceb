"""Checked rows: rows whose numbers are looked at where they are multiplied anyway.

A NaN or an infinity among the inputs makes every answer meaningless, so somebody has to look for it. To read ten
thousand rows of pictures once more, only for this, takes a third as long as a small network needs to answer them. But
the first layer's product reads them all, and tells: a row with such a number has no finite sum in any unit,

    x_j = NaN or infinity   =>   x_j W_ju, and with it the sum over all j, is NaN or infinity, for every u

since infinity times 0 is NaN. So one unit's sums are looked at, a number for each row. Where they are finite, so are
the rows. Where they are not, the weights or an overflow may be the reason, and the rows are read to know.
"""

import math

import numpy as np


class CheckedRows:
    """Rows for a first layer that is dense; `check` is called if their product shows something that is not finite.

    Parameters
    ----------
    rows : ndarray of float [shape=(n_samples, n_features)]
    check : function without arguments; what it raises ends the work
    """

    ndim = 2

    def __init__(self, rows, check):
        self._rows, self._check = rows, check
        self.shape, self.dtype = rows.shape, rows.dtype

    def __len__(self):
        return len(self._rows)

    def astype(self, dtype, copy=True):
        """Return the same rows with numbers of another type, and the same check."""
        return CheckedRows(self._rows.astype(dtype, copy=copy), self._check)

    def times(self, W, out):
        """Write X W to `out` and return it."""
        with np.errstate(over="ignore", invalid="ignore"):
            np.matmul(self._rows, W, out=out)
            finite = math.isfinite(out[:, 0].sum())
        if not finite:
            self._check()
        return out
