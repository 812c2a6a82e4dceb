"""Time normalisation: words of any length brought to one number of features.

A fully connected network has a fixed number of inputs, and it has no idea that a word spoken slowly is the same word.
There are two ways out, and both are used here. The sequence of every word is stretched or shrunk to the same number of
frames: each new frame is the average of the stretch of old frames that it covers, where frames covered in part count in
part. Nothing is skipped, as picking single frames would; a sound of 30 ms cannot fall between two picks. And the
sequence is summed up by its mean and its spread over time, which do not ask when a sound came, only whether.

People who speak slowly draw out their vowels more than their consonants. So the stretches need not be equally long: a
part of their length can go by how much the sound changes. Then a held vowel shrinks, and a consonant has more frames.

Words stand one after the other in one array; word i has the rows bounds[i] to bounds[i + 1].
"""

import functools
from itertools import pairwise

import numpy as np


def normalise_time(sequences, bounds, frames, changes=None, change_share=0.0):
    """Bring the sequence of each word to one number of frames, by averaging over stretches of time.

    Parameters
    ----------
    sequences : ndarray of float64 [shape=(n_frames, n_coefficients)]
    bounds : ndarray of int64 [shape=(n_words + 1,)]
    frames : int > 0
    changes : ndarray of float64 >= 0 [shape=(n_frames,)], or None
        How fast the sound changes in each given frame, see `changes_of`; needed if `change_share` is not 0.
    change_share : float in [0, 1)
        With 0 the stretches are equally long; see `coverage`.

    Returns
    -------
    averaged : ndarray of float64 [shape=(n_words, frames, n_coefficients)]
        With equally long stretches, each word's mean over time is what it was.
    """
    averaged = np.empty((len(bounds) - 1, frames, sequences.shape[1]))
    for i, (start, stop) in enumerate(pairwise(bounds)):
        of_word = None if changes is None else changes[start:stop]
        averaged[i] = time_weights(int(stop - start), frames, of_word, change_share) @ sequences[start:stop]
    return averaged


def changes_of(slopes):
    """Return how fast a sound changes in each frame, the length of its slope: float64 [shape=(n_frames,)].

    slopes : ndarray of float64 [shape=(n_frames, n_mfcc)], those of the coefficients
    """
    return np.sqrt(np.square(slopes).sum(axis=1))


def time_weights(n_given, frames, changes=None, change_share=0.0):
    """Return the share of each given frame of a word in each new one: float64 [shape=(frames, n_given)].

    Rows sum to 1. Where all changes are equal, these are the `area_weights`. Parameters are those of `coverage`.
    """
    if not change_share:
        return area_weights(n_given, frames)
    covered = coverage(n_given, frames, changes, change_share)
    return covered / covered.sum(axis=1, keepdims=True)


def coverage(n_given, frames, changes=None, change_share=0.0):
    """Return how much of each given frame of a word is in each new one, where these are equal stretches of progress.

    How much of a word has passed goes partly by time and partly by change. Of n frames, frame i adds

        p[i] = (1 - change_share) / n + change_share changes[i] / sum(changes)

    to the progress, and new frame j covers the time in which the progress goes from j / frames to (j + 1) / frames.
    Kuhn, Tomaschewski and Ney 1981 go by change alone, https://doi.org/10.1109/ICASSP.1981.1171216

    Parameters
    ----------
    n_given, frames : int > 0
    changes : ndarray of float64 >= 0 [shape=(n_given,)], or None
        Needed if `change_share` is not 0. Where nothing changes, the progress goes by time.
    change_share : float in [0, 1)

    Returns
    -------
    covered : ndarray of float64 [shape=(frames, n_given)]
        Columns sum to 1.
    """
    if not change_share:
        return area_weights(frames, n_given).T
    passed, sums = np.arange(n_given + 1), np.concatenate([[0], np.cumsum(changes)])
    progress = _progress(passed / n_given, sums, sums[-1], change_share)
    return overlaps(passed, np.interp(np.arange(frames + 1) / frames, progress, passed))


def edges_of(sums, starts, stops, frames, change_share):
    """Return where the new frames of many stretches of one sequence begin, and the last of each ends.

    Parameters
    ----------
    sums : ndarray of float64 [shape=(n_frames + 1,)]
        All changes before each given frame.
    starts, stops : ndarray of int [shape=(n,)]
        The first frame of each stretch, and the one behind its last.
    frames, change_share : as for `coverage`

    Returns
    -------
    edges : ndarray of float64 [shape=(n, frames + 1)], in given frames, from its start to its stop
    """
    lengths, shares = stops - starts, np.arange(frames + 1) / frames
    if not change_share:
        return starts[:, np.newaxis] + lengths[:, np.newaxis] * shares
    # The frames of all stretches stand one behind the other, and their progress goes from 0 to 1, from 2 to 3, ...
    stretch = np.repeat(np.arange(len(starts)), lengths + 1)
    passed = np.arange(len(stretch)) - np.repeat(np.cumsum(lengths + 1) - lengths - 1, lengths + 1)
    changed, total = sums[starts[stretch] + passed] - sums[starts][stretch], (sums[stops] - sums[starts])[stretch]
    progress = 2 * stretch + _progress(passed / lengths[stretch], changed, total, change_share)
    wanted = 2 * np.arange(len(starts))[:, np.newaxis] + shares
    edges = starts[:, np.newaxis] + np.interp(wanted, progress, passed)
    edges[:, -1] = stops
    return edges


def _progress(by_time, changed, total, change_share):
    """Return how much of words has passed, of which a share of time has passed and so much has changed of the total."""
    by_change = np.divide(changed, total, out=by_time.copy(), where=total > 0)
    return (1 - change_share) * by_time + change_share * by_change


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
