"""Splices: the beginning of one word and the end of another, which together are not a word.

Speech is full of them: other words share sounds with those that are known, and in words said without a pause every
stretch that begins in one and ends in the next is one. A network that has learned that they are foreign refuses the
first, and finds the borders of the second. They cost nothing, for they are made of features and not of sound: the
sequence of each word has the same number of frames, so that the first frames of one and the last of another are what
the spliced sound would have, except the few around the place where they meet.
"""

import numpy as np

PLACES = (0.35, 0.65)  # where the second word takes over, as a share of the sequence


def splice(extractor, first, second, rng):
    """Return the features of words that begin as those of `first` and end as those of `second`.

    Parameters
    ----------
    extractor : SpeechExtractor
    first, second : ndarray of float32 [shape=(n, n_features)]
    rng : numpy Generator

    Returns
    -------
    rows : ndarray of float32 [shape=(n, n_features)]
    """
    share = rng.uniform(*PLACES, (len(first), 1)).astype(np.float32)
    rows = share * first + (1 - share) * second
    parts = extractor.parts(rows)
    begins = np.arange(extractor.frames) + 0.5 < share * extractor.frames
    sequences = (extractor.parts(words)["sequence"] for words in (first, second))
    parts["sequence"][:] = np.where(begins[..., np.newaxis], *sequences)
    if extractor.tells_manner:
        width = parts["sequence"].shape[-1]
        parts["mean"][:, :width] = parts["sequence"].mean(axis=1)
        parts["spread"][:, :width] = parts["sequence"].std(axis=1)
    return rows
