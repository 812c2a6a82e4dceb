"""Balance: classes of unequal size, and a correction for the small ones.

A network also learns how frequent each class is: if it is unsure, it answers the frequent class. Of a thousand cats and
ten lynxes, it calls most lynxes cats and is right in 99 of 100 cases. The effect of the class frequencies on each
output is a logarithm, so it can be removed after training: it is subtracted from the bias of the output.
"""

import numpy as np

UNEQUAL = 3.0  # the largest class has at least this many times the samples of the smallest: classes are unequal


def inequality(y, n_classes):
    """Return how many times as large the largest class is as the smallest; y are classes, int [shape=(n,)]."""
    counts = np.bincount(y, minlength=n_classes)
    return float(counts.max() / max(1, counts.min()))


def prior_shift(y, n_classes, strength):
    """Return what is to be subtracted from the logits of a network that learned from samples of the classes `y`.

        shift_k = strength (log p_k - mean of log p),  p_k the share of class k

    At strength 1, all classes are as likely before the network has looked; at 1/2 it is the geometric mean of that and
    of their true shares. Menon et al. 2020, https://arxiv.org/abs/2007.07314

    Returns
    -------
    shift : ndarray of float64 [shape=(n_classes,)], or None
        None if strength is 0, or no class is `UNEQUAL` times as large as another.
    """
    if strength == 0 or inequality(y, n_classes) < UNEQUAL:
        return None
    log_shares = np.log(np.maximum(1, np.bincount(y, minlength=n_classes)))
    return strength * (log_shares - log_shares.mean())


def shift_outputs(network, shift):
    """Subtract `shift` from the logits of a network for good, by changing the bias of its last layer."""
    network.params.views[-1]["b"] -= shift.astype(network.dtype)
