"""Image rows: the pictures that the speed benchmarks train on, the same for every contestant."""

import functools

import numpy as np

from pipelines import datasets


@functools.cache
def image_rows(name, role):
    """Return the pixels and classes of a registered set's training or test rows.

    Parameters
    ----------
    name : {"fashion-mnist", "mnist"}
    role : {"train", "test"}

    Returns
    -------
    X : float32 ndarray in [0, 1] [shape=(n, 784)], in C order
    y : int64 ndarray in 0..9 [shape=(n,)]
    """
    dataset = datasets.load(name, "images")
    rows = dataset.rows(role)
    X = dataset.items[rows].reshape(len(rows), -1).astype(np.float32)
    X /= 255
    return X, dataset.y[rows]
