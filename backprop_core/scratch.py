"""Scratch memory: the arrays that a training step writes into, made once and used again.

A step of training needs the same intermediate arrays as the step before. Asking the system for fresh memory each time
costs more than some of the arithmetic, so each layer keeps its arrays here, by name, between steps.
"""

import math

import numpy as np


class Scratch:
    """Named arrays that are allocated when first asked for, and again only when a larger one is needed.

    Parameters
    ----------
    dtype : numpy dtype of all arrays handed out
    """

    def __init__(self, dtype):
        self.dtype = np.dtype(dtype)
        self._buffers = {}

    def __call__(self, name, shape):
        """Return the array called `name`, C-contiguous with `shape`; its content is whatever was left there."""
        array = self._buffers.get(name)
        if array is not None and array.shape == shape:
            return array
        size = math.prod(shape)
        if array is None or array.base.size < size:
            array = np.empty(size, self.dtype)[:]
        array = array.base[:size].reshape(shape)
        self._buffers[name] = array
        return array
