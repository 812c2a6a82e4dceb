"""Losses: one number for how wrong the network is, and its gradient, the first step of the backward pass.

Both are computed together from the same intermediate values, so the plotted loss belongs to the gradient that training
uses. A loss is the mean over the batch, and so is its gradient: the learning rate then means the same at any batch
size. Here are the losses of classification; `regression_losses` has those of amounts and counts, and the user's own.

All losses have the same three methods, which `Loss` writes down. `logits` are the network's outputs, float
[shape=(n_samples, n_outputs)].
"""

from collections.abc import Callable
from typing import Protocol, TypeAlias

import numpy as np

from backprop_core.ranges import check_number


def softmax(logits, out=None):
    """Turn each row of logits into probabilities: exp(z_k) / sum_j exp(z_j).

    The row's maximum is subtracted first, which changes nothing mathematically and lets no exponential overflow.
    """
    out = np.subtract(logits, _row_maxima(logits), out=out)
    np.exp(out, out=out)
    out /= np.add.reduce(out, axis=1, keepdims=True)  # as out.sum, without a microsecond of Python
    return out


def _row_maxima(z):
    """Return the maximum of each row, [shape=(n_samples, 1)]; numpy's max along short rows is five times slower."""
    return np.maximum.reduce(z.T.copy(), axis=0)[:, None]


def shares_of(logits, weights):
    """Return what each sample adds to a mean: 1 / n, or w_i / sum(w), of the dtype of `logits` [shape=(n_samples,)]."""
    if weights is None:
        return 1 / len(logits)
    total = weights.sum()
    return (weights / total if total else np.zeros(len(weights))).astype(logits.dtype)


def mean_loss(losses, shares):
    """Return the mean of the samples' losses as a Python float."""
    return float(np.sum(losses * shares))


def scale_rows(gradient, shares):
    """Multiply each sample's gradient by its share, in place, and return it."""
    gradient *= shares if isinstance(shares, float) else shares[:, None]
    return gradient


Targets: TypeAlias = "Callable[[np.random.Generator, int, int], np.ndarray]"


class Loss(Protocol):
    """What training asks of a loss. A loss of your own subclasses it, or is an `OwnLoss` made of two functions.

    To be found by name, and by the gradient check, it is registered with one line:
    `regression_losses.LOSSES["my_loss"] = MyLoss`.
    """

    def loss_and_gradient(self, logits, target, out=None, weights=None) -> tuple[float, np.ndarray]:
        """Return the mean loss, a Python float, and its gradient dlogits.

        Parameters
        ----------
        logits : float ndarray [shape=(n_samples, n_outputs)]
        target : ndarray with a row for each sample, as the loss wants it
        out : ndarray of the shape of `logits` or None
            dlogits is written to it; it may be `logits` itself.
        weights : float ndarray >= 0 [shape=(n_samples,)] or None
            The mean over the samples is then sum(w_i loss_i) / sum(w_i). Where all weights are 0, loss and gradient
            are 0.
        """
        ...

    def loss(self, logits, target, weights=None) -> float:
        """Return the loss alone."""
        return self.loss_and_gradient(logits, target, weights=weights)[0]

    def probabilities(self, logits, out=None) -> np.ndarray:
        """Return what the outputs mean to a reader; by default the logits themselves, copied only if `out` is given."""
        if out is None:
            return logits
        np.copyto(out, logits)
        return out

    @classmethod
    def samples(cls) -> dict[str, tuple["Loss", Targets]]:
        """Return losses of this kind to be tried in a gradient check.

        Returns
        -------
        samples : dict of a name for people to (loss, targets)
            `targets` is a function of (rng, n_samples, n_outputs) that draws a target.
        """
        return {cls.__name__: (cls(), amounts)}


def amounts(rng, n_samples, n_outputs):
    """Return normal random amounts, a target [shape=(n_samples, n_outputs)]."""
    return rng.normal(size=(n_samples, n_outputs))


def classes(rng, n_samples, n_outputs):
    """Return random classes, a target [shape=(n_samples,)]."""
    return rng.integers(0, n_outputs, n_samples)


class SoftmaxCrossEntropy(Loss):
    """One class of several: loss = -mean over samples of log p(true class), p = softmax(logits).

    Parameters
    ----------
    label_smoothing : float in [0, 1)
        The target moves from 1 for the true class to (1 - s) for it and s / K spread over all K classes, so that the
        network need not reach for infinite logits. Szegedy et al. 2015, https://arxiv.org/abs/1512.00567

    Notes
    -----
    `target` is int [shape=(n_samples,)], the true classes; or float [shape=(n_samples, n_classes)], a distribution over
    the classes for each sample (rows sum to 1), as mixup makes them.

    Examples
    --------
    >>> import numpy as np
    >>> from backprop_core import SoftmaxCrossEntropy
    >>> loss, dlogits = SoftmaxCrossEntropy().loss_and_gradient(np.log([[0.2, 0.3, 0.5]]), np.array([2]))
    >>> round(loss, 4), dlogits.round(4)  # -log 0.5, and p - (0, 0, 1)
    (0.6931, array([[ 0.2,  0.3, -0.5]]))
    """

    def __init__(self, label_smoothing: float = 0.0):
        self.label_smoothing = check_number("label_smoothing", label_smoothing, "[0, 1)")

    def probabilities(self, logits, out=None):
        """Return softmax(logits): rows in [0, 1] that sum to 1."""
        return softmax(logits, out)

    def loss_and_gradient(self, logits, target, out=None, weights=None):
        """Return the loss and dlogits = (p - target distribution) / n_samples.

        The loss of a row is log(sum_j exp z_j) - sum_k t_k z_k, in which no probability can underflow to log 0.
        """
        shares, s, k = shares_of(logits, weights), self.label_smoothing, logits.shape[1]
        z = np.subtract(logits, _row_maxima(logits), out=out)
        if target.ndim == 2:
            z_true = np.einsum("ij,ij->i", z, target)
        else:
            true = np.arange(len(z)), target
            z_true = z[true]
        if s:
            z_true = (1 - s) * z_true + s * z.mean(axis=1)
        np.exp(z, out=z)
        sums = z.sum(axis=1)
        loss = mean_loss(np.log(sums) - z_true, shares)

        z /= sums[:, None]
        if s:
            z -= s / k
        if target.ndim == 2:
            z -= (1 - s) * target
        else:
            z[true] -= 1 - s
        return loss, scale_rows(z, shares)

    @classmethod
    def samples(cls):
        """Return it with classes, with smoothed ones, and with mixed ones."""
        return {
            "softmax cross-entropy": (cls(), classes),
            "with label smoothing": (cls(0.1), classes),
            "with mixed targets": (cls(), lambda rng, n, k: rng.dirichlet(np.ones(k), n)),
        }


class LogisticCrossEntropy(Loss):
    """Yes or no, for each output on its own: loss = -mean over samples of sum_k (t log p + (1 - t) log(1 - p)).

    p = 1 / (1 + exp(-z)) for an output z. One output tells two classes apart; K outputs say of K labels, of which a
    sample may have any number, whether each is there.

    Parameters
    ----------
    label_smoothing : float in [0, 1)
        The target moves from 0 and 1 to s / 2 and 1 - s / 2.

    Notes
    -----
    `target` is 0, 1 or between, of any dtype, [shape=(n_samples, n_outputs)], or (n_samples,) where there is one
    output. Loss and gradient are scikit-learn's; its loss clips p to [eps, 1 - eps], which bounds an error's price at
    36 (float64) or 16 (float32) where the true one, |z|, has no bound.

    Examples
    --------
    >>> import numpy as np
    >>> from backprop_core import LogisticCrossEntropy
    >>> loss, dlogits = LogisticCrossEntropy().loss_and_gradient(np.zeros((1, 1)), np.array([1]))
    >>> round(loss, 4), dlogits  # -log 0.5, and p - 1
    (0.6931, array([[-0.5]]))
    """

    def __init__(self, label_smoothing: float = 0.0):
        self.label_smoothing = check_number("label_smoothing", label_smoothing, "[0, 1)")

    def probabilities(self, logits, out=None):
        """Return 1 / (1 + exp(-logits)), computed as exp(-log(1 + exp(-z))): none overflows, none is rounded to 0."""
        out = np.negative(logits, out=out)
        np.logaddexp(0, out, out=out)
        np.negative(out, out=out)
        return np.exp(out, out=out)

    def loss_and_gradient(self, logits, target, out=None, weights=None):
        """Return the loss and dlogits = (p - t) / n_samples.

        The loss of an output is log(1 + exp z) - t z = max(z, 0) + log(1 + exp(-|z|)) - t z.
        """
        shares, s = shares_of(logits, weights), self.label_smoothing
        t = target.reshape(logits.shape).astype(logits.dtype)
        if s:
            t = (1 - s) * t + s / 2
        losses = np.maximum(logits, 0) + np.log1p(np.exp(-np.abs(logits))) - t * logits
        loss = mean_loss(losses.sum(axis=1), shares)
        gradient = self.probabilities(logits, out)
        gradient -= t
        return loss, scale_rows(gradient, shares)

    @classmethod
    def samples(cls):
        """Return it with any number of labels for each sample."""
        return {"logistic cross-entropy": (cls(), lambda rng, n, k: rng.integers(0, 2, (n, k)) * 1.0)}
