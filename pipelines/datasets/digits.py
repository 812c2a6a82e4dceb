"""Digits: the small pictures of handwritten digits that scikit-learn carries.

1,797 pictures of 8×8 pixels. They are grey in 17 steps; we spread these over 0 to 255, where pictures have their pixels
elsewhere. The collection has no official split. Its rows seem to be in the order of their writers (the most similar
picture of the same digit is mostly less than 130 rows away), so the last fifth is the test: rows picked at random would
mostly ask about writers known from training, and their score would flatter.
"""

import numpy as np

N_STEPS = 16
N_TEST = 360


def read_arrays():
    """Read the pictures from the installed scikit-learn.

    Returns
    -------
    images : ndarray of uint8 [shape=(1797, 8, 8)]
        0 (black) to 255 (white); each of the 17 steps keeps a value of its own.
    y : ndarray of int64 [shape=(1797,)]
        The digit.
    role : ndarray of str [shape=(1797,)]
        `"train"`, and `"test"` for the last 360.
    """
    from sklearn.datasets import load_digits

    bunch = load_digits()
    role = np.repeat(["train", "test"], [len(bunch.target) - N_TEST, N_TEST])
    return spread(bunch.images), bunch.target.astype(np.int64), role


def spread(steps):
    """Bring values 0 to 16 to pixels 0 to 255, without loss: uint8 of the same shape."""
    return np.round(np.asarray(steps) * (255 / N_STEPS)).astype(np.uint8)
