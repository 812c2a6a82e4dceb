"""Lighting: the same picture on a brighter or duller day.

The thing in the picture does not change with the light, but every pixel changes. Brightness moves all levels of a
picture together, contrast draws them away from their mean or towards it.
"""

import numpy as np


def relit(pictures, gain, offset):
    """Return level -> mean + gain (level - mean) + offset, with each picture's own mean, kept within 0 to 255.

    Parameters
    ----------
    pictures : ndarray of uint8 [shape=(n, height, width, n_channels)]
    gain : ndarray of float [shape=(n,)], contrast: 1 leaves it
    offset : ndarray of float [shape=(n,) or (n, n_channels)], brightness in levels: 0 leaves it

    Returns
    -------
    ndarray of uint8 [shape=(n, height, width, n_channels)], rounded to the nearest level
    """
    n = len(pictures)
    mean = pictures.mean(axis=(1, 2, 3), dtype=np.float32).reshape(n, 1, 1, 1)
    gain, offset = np.asarray(gain, np.float32).reshape(n, 1, 1, 1), np.asarray(offset, np.float32).reshape(n, 1, 1, -1)
    levels = pictures * gain
    levels += mean * (1 - gain) + offset + np.float32(0.5)
    return np.clip(levels, 0, 255, out=levels).astype(np.uint8)
