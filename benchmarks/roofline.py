"""Roofline: the matrix products of a network and nothing else, which no training or prediction can do without.

For every dense layer the way forward has one product, x W, and the way back two, x^T dy and dy W^T; the first layer has
only the first of these two, since nobody needs the error of its input. All results go to memory that is there already,
each in the place where the next product finds it. No activation, no loss, no update, no row fetched.

Williams, Waterman and Patterson 2009 (https://doi.org/10.1145/1498765.1498785) drew such a roof for processors; this
one is measured with the library that numpy uses.
"""

import itertools

import numpy as np


class Products:
    """The products of one batch.

    Parameters
    ----------
    n_rows : int > 0
    widths : sequence of int > 0
        Inputs, hidden layers, outputs.
    """

    def __init__(self, n_rows, widths):
        rng = np.random.default_rng(0)
        self._W = [rng.standard_normal(shape, np.float32) for shape in itertools.pairwise(widths)]
        self._dW = [np.empty_like(W) for W in self._W]
        self._x = [rng.standard_normal((n_rows, width), np.float32) for width in widths]

    def forward(self):
        """Those of a prediction."""
        for i, W in enumerate(self._W):
            np.matmul(self._x[i], W, out=self._x[i + 1])

    def backward(self):
        """Those that training adds. An error takes the place of the output that it belongs to."""
        for i in reversed(range(len(self._W))):
            np.matmul(self._x[i].T, self._x[i + 1], out=self._dW[i])
            if i:
                np.matmul(self._x[i + 1], self._W[i].T, out=self._x[i])


def epoch_of_products(n_rows, batch_size, widths):
    """Return the Products of each batch of an epoch, in turn; the last batch has the rows that are left."""
    n_full, left = divmod(n_rows, batch_size)
    return [Products(batch_size, widths)] * n_full + ([Products(left, widths)] if left else [])
