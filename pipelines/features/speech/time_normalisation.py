"""Time normalisation: words of any length brought to one number of features.

A fully connected network has a fixed number of inputs, and it has no idea that a word spoken slowly is the same word.
There are two ways out, and both are used here. The sequence of every word is stretched or shrunk to the same number of
frames: each new frame is the average of the stretch of old frames that it covers, where frames covered in part count in
part. Nothing is skipped, as picking single frames would; a sound of 30 ms cannot fall between two picks. And the
sequence is summed up by its mean and its spread over time, which do not ask when a sound came, only whether.

Words stand one after the other in one array; word i has the rows bounds[i] to bounds[i + 1].
"""

import functools
from itertools import pairwise

import numpy as np


def normalise_time(sequences, bounds, frames):
    """Bring the sequence of each word to one number of frames, by averaging over equal stretches of time.

    Parameters
    ----------
    sequences : ndarray of float64 [shape=(n_frames, n_coefficients)]
    bounds : ndarray of int64 [shape=(n_words + 1,)]
    frames : int > 0

    Returns
    -------
    averaged : ndarray of float64 [shape=(n_words, frames, n_coefficients)]
        Each word's mean over time is what it was.
    """
    return np.stack(
        [area_weights(int(stop - start), frames) @ sequences[start:stop] for start, stop in pairwise(bounds)]
    )


@functools.lru_cache(maxsize=256)
def area_weights(n_given, n_frames):
    """Return the share of each given frame in each new one.

    On a time axis from 0 to 1, given frame i covers [i, i + 1] / n_given and new frame j covers [j, j + 1] / n_frames;
    the weight is their overlap, times n_frames.

    Returns
    -------
    weights : ndarray of float64 [shape=(n_frames, n_given)], not to be written to
        Rows sum to 1; with n_given == n_frames it is the identity.
    """
    weights = overlaps(np.arange(n_given + 1) / n_given, np.arange(n_frames + 1) / n_frames) * n_frames
    weights.setflags(write=False)
    return weights


def overlaps(given, new):
    """Return for how long each given frame and each new one overlap.

    Parameters
    ----------
    given : ndarray of float [shape=(..., n_given + 1)], ascending
        Where each frame begins, and the last one ends.
    new : ndarray of float [shape=(..., n_new + 1)], ascending

    Returns
    -------
    overlap : ndarray of float [shape=(..., n_new, n_given)]
    """
    given, new = given[..., np.newaxis, :], new[..., np.newaxis]
    overlap = np.minimum(given[..., 1:], new[..., 1:, :])
    overlap -= np.maximum(given[..., :-1], new[..., :-1, :])
    return np.maximum(overlap, 0, out=overlap)


def mean_and_spread(sequences, bounds):
    """Return mean and standard deviation over the frames of each word: float64 [shape=(n_words, n_coefficients)]."""
    counts = np.diff(bounds)[:, np.newaxis]
    mean = np.add.reduceat(sequences, bounds[:-1]) / counts
    deviations = sequences - np.repeat(mean, counts[:, 0], axis=0)
    return mean, np.sqrt(np.add.reduceat(np.square(deviations), bounds[:-1]) / counts)
