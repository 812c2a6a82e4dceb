"""Uncertain ends: a word of a recording is cut out several times, and all the cuts are answered together.

Where a word begins and ends is never quite certain, in noise least of all: there its soft beginning and end are hidden.
A network that has learned whole words may then take a word without its first consonant for another. So either end is
moved a little to both sides, one at a time, and the answers are averaged, as those of several views are. What is
misleading in one cut, the others correct.

The same network has 13.5 instead of 15.9 % of the digits in real strings by strangers wrong. In strings made from takes
of FSDD, each speaker left out in turn, it is 15 instead of 17 % with 10 dB of white noise, 23 instead of 26 % with
5 dB, and about as many as before without noise.
"""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backprop_core.calibration import calibrated
from pipelines.features.speech.drift import without_drift

MOVES = (-0.06, -0.03, 0.03, 0.06)  # seconds by which one end of a word may lie elsewhere
FARTHEST = max(MOVES)


def cut_with_other_ends(sound: NDArray, start: int, stop: int, sr: int) -> list[NDArray]:
    """Return a word, and the same with one of its ends elsewhere.

    Parameters
    ----------
    sound : float ndarray [shape=(n_samples,)]
        The word and, where there is any, `FARTHEST` seconds of sound before and after it.
    start, stop : int, 0 <= start < stop
        The first sample of the word and the one behind its last.
    sr : int > 0, in Hz

    Returns
    -------
    cuts : list of float ndarray
        The word itself comes first. An end stays within the sound, and takes no more than a quarter of the word away.
        None of the cuts is silent; there are none if the word is.
    """
    quarter, moves = (stop - start) // 4, [round(seconds * sr) for seconds in MOVES]
    starts = [(max(0, start + min(move, quarter)), stop) for move in moves]
    stops = [(start, stop + max(move, -quarter)) for move in moves]
    cuts = [sound[a:b] for a, b in [(start, stop), *starts, *stops]]
    heard = [without_drift(cut, sr).any() for cut in cuts]
    return list(itertools.compress(cuts, heard)) if heard[0] else []


def answer_together(model: Any, words: Sequence[list[NDArray]]) -> list[NDArray | None]:
    """Return the class probabilities of each word: the geometric mean over its cuts, scaled to sum to 1.

    Parameters
    ----------
    model : Bundle
        Its `extractor` and `probabilities` are used.
    words : sequence of lists of float32 ndarray
        The cuts of each word. A word's answer does not depend on the words beside it.

    Returns
    -------
    probabilities : list of float32 ndarray [shape=(n_labels,)], or None for a word without cuts
    """
    rows = iter(model.extractor.extract_rows(list(itertools.chain(*words))))
    together = [list(itertools.islice(rows, len(cuts))) for cuts in words]
    return [_average(model.probabilities(np.stack(of_word))) if of_word else None for of_word in together]


def _average(probabilities):
    logs = np.log(np.maximum(probabilities, np.finfo(probabilities.dtype).tiny))
    return calibrated(logs.mean(axis=0, keepdims=True), 1.0)[0]
