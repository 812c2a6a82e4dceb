"""The edge of a picture: its outermost pixels. What most of them show is usually the ground, such as paper."""

import numpy as np


def edge(pixels):
    """Return the pixels of the outermost row or column on each side; those in corners are on two sides.

    Parameters
    ----------
    pixels : ndarray [shape=(height, width) or (height, width, n_channels)]

    Returns
    -------
    ndarray [shape=(2 * (height + width),) or (2 * (height + width), n_channels)]
    """
    return np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])


def share_of_edge(marked):
    """Return how much of a picture's edge is marked, each corner counted once: float in [0, 1].

    Parameters
    ----------
    marked : ndarray of bool [shape=(height, width)]
    """
    return float(np.mean(np.concatenate([marked[0], marked[-1], marked[1:-1, 0], marked[1:-1, -1]])))
