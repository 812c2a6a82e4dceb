"""Views: one sample, described in several ways.

An extractor may describe a sample more than once, for example a word with vocal tracts of several lengths. The network
answers each view, and the answers are averaged. If one view is misleading, the others correct it.
"""

import numpy as np

from backprop_core.sparse import is_sparse

FEW = 64  # rows whose views the network answers together, so that it reads its weights only once
CHUNK = 4096  # rows whose features are in memory together


def average_logits(network, standardizer, views):
    """Return the mean of the logits of several views.

    Its softmax is the geometric mean of the views' probabilities, scaled to sum to 1.

    Parameters
    ----------
    network : Network
    standardizer : Standardizer
    views : iterable of ndarray [shape=(n_samples, n_features)], not empty
        As an extractor's `views` yields them.

    Returns
    -------
    logits : ndarray [shape=(n_samples, n_classes)]
    """
    views = iter(views)
    first = next(views)
    if len(first) <= FEW and not is_sparse(first):
        together = np.concatenate([first, *views])
        return network.logits(standardizer.transform(together)).reshape(-1, len(first), network.n_outputs).mean(axis=0)
    logits, n = network.logits(standardizer.transform(first)), 1
    for X in views:
        logits += network.logits(standardizer.transform(X))
        n += 1
    logits /= n
    return logits


def logits_of(network, standardizer, extractor, stored, chunk=CHUNK, views=None):
    """Return the logits of rows as the extractor stores them, views averaged, a chunk of rows at a time.

    `views`, a function of stored rows, yields other views than the extractor's own.

    Returns
    -------
    logits : ndarray [shape=(n_samples, n_classes)]
    """
    views = views or extractor.views
    logits = np.empty((len(stored), network.n_outputs), network.dtype)
    for start in range(0, len(stored), chunk):
        rows = slice(start, start + chunk)
        logits[rows] = average_logits(network, standardizer, views(stored[rows]))
    return logits
