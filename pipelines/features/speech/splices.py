"""Splices: the beginning of one word and the end of another, which together are not a word.

Speech is full of splices. Other words share sounds with the known words. Between words without a pause, every stretch
that begins in one word and ends in the next is a splice. A network that has learned that splices are foreign refuses
other words, and finds the borders between words. Splices cost nothing, because they are made of features, not of sound.
The sequence of each word has the same number of frames. So the first frames of one word and the last of another are
what the spliced sound would have, except the few around the place where they meet.
"""

import numpy as np

PLACES = (0.35, 0.65)  # the second word begins between these shares of the sequence


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
