"""Mixing: training on mixtures of two rows, so that the network's answer changes evenly between them.

Between a 3 and an 8 there are no training rows, so a network may jump from one sure answer to another. A mixture is 70
% of one row and 30 % of the other, with the same shares of their labels as the target. So the network learns to be
unsure between classes.
"""

import numpy as np

from backprop_core.errors import BackpropError
from backprop_core.ranges import check_number
from backprop_core.sparse import is_sparse


def mixup(X, target, rng, alpha, scratch, n_classes=None, weights=None):
    """Mix every row of a batch with a partner from the same batch, features and target by the same share.

        X_mixed = s X + (1 - s) X[partner],  target_mixed = s target + (1 - s) target[partner],  s ~ Beta(alpha, alpha)

    One s for the batch, and a permutation that gives each row its partner. Small alpha leaves most batches nearly pure;
    at 1 every share is as likely as any other. Zhang, Cisse, Dauphin and Lopez-Paz 2017,
    https://arxiv.org/abs/1710.09412

    Parameters
    ----------
    X : ndarray or SparseRows of the network's dtype [shape=(n_samples, n_features)]
    target : int [shape=(n_samples,)], classes, or a float array with a row for each sample
    rng : numpy Generator
    alpha : float > 0
    scratch : Scratch
        Holds the results, which the next call overwrites; X and target are left untouched.
    n_classes : int, needed where target are classes
    weights : float [shape=(n_samples,)] >= 0, or None

    Returns
    -------
    X_mixed : [shape=(n_samples, n_features)]
    target_mixed : float, of target's shape; for classes [shape=(n_samples, n_classes)], its rows sum to 1
    weights_mixed : float [shape=(n_samples,)] or None
        Mixed as the rows are. A row's labels then count by their weights: of a row that weighs nothing, no label.

    Raises
    ------
    BackpropError
        alpha is not positive, or n_classes is missing.
    """
    check_number("mixup", alpha, "(0, inf)")
    partner, share = rng.permutation(len(X)), 1 - float(rng.beta(alpha, alpha))
    if is_sparse(X):
        X_mixed = X.mix_with(partner, share)
    else:
        X_mixed = _towards(X, partner, share, scratch("mixed rows", X.shape))
    if weights is not None:
        weights, share = _mix_weights(weights, partner, share)
    if target.ndim == 1 and np.issubdtype(target.dtype, np.integer):
        if n_classes is None:
            raise BackpropError("mixup of classes needs their number: give n_classes, or float targets")
        rows, target_mixed = np.arange(len(X)), scratch("mixed target", (len(X), n_classes))
        target_mixed[...] = 0
        target_mixed[rows, target] = 1 - share
        target_mixed[rows, target[partner]] += share
    else:
        if np.ndim(share):
            share = share.reshape(-1, *[1] * (target.ndim - 1))
        target_mixed = _towards(target, partner, share, scratch("mixed target", target.shape))
    return X_mixed, target_mixed, weights


def _towards(rows, partner, share, out):
    """out = rows + share * (rows[partner] - rows)"""
    if rows.dtype == out.dtype:
        # mode="clip" lets numpy write straight into `out`; with the default it would fill a copy first.
        np.take(rows, partner, axis=0, out=out, mode="clip")
    else:
        out[...] = rows[partner]
    out -= rows
    out *= share
    out += rows
    return out


def _mix_weights(weights, partner, share):
    """Return each mixed row's weight, and the partner's share of its labels; both [shape=(n_samples,)]."""
    theirs = share * weights[partner]
    mixed = (1 - share) * weights + theirs
    return mixed, np.divide(theirs, mixed, out=np.full_like(mixed, share), where=mixed > 0)
