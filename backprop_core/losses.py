"""Losses: one number for how wrong the network is, and its gradient, the first step of the way back.

Both come from one place and from the same intermediate values, so the curve that is drawn belongs to the gradient
that is followed. A loss is the mean over the batch, and so is its gradient: the learning rate then means the same at
any batch size. Here are the losses of classification; `regression_losses` has those of amounts and counts, and the
user's own.

All losses have the same three methods. `logits` are the network's outputs, float [shape=(n_samples, n_outputs)].

    loss_and_gradient(logits, target, out=None, weights=None) -> (loss, dlogits), dlogits written to `out` if given,
                                                                 which may be `logits` itself
    loss(logits, target, weights=None)                        -> the loss alone, a Python float
    probabilities(logits, out=None)                           -> what the outputs mean to a reader

With `weights`, float >= 0 [shape=(n_samples,)], the mean over samples is sum(w_i loss_i) / sum(w_i). A batch whose
weights are all 0 has nothing to say: its loss and its gradient are 0.
"""

import numpy as np

from backprop_core.errors import BackpropError


def softmax(logits, out=None):
    """Turn each row of logits into probabilities: exp(z_k) / sum_j exp(z_j).

    The row's maximum is subtracted first, which changes nothing mathematically and lets no exponential overflow.
    """
    out = np.subtract(logits, _row_maxima(logits), out=out)
    np.exp(out, out=out)
    out /= out.sum(axis=1, keepdims=True)
    return out


def _row_maxima(z):
    """Return the largest of each row, [shape=(n_samples, 1)]; along short rows numpy is five times slower."""
    return z.T.copy().max(axis=0)[:, None]


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


class SoftmaxCrossEntropy:
    """One class of several: loss = -mean over samples of log p(true class), p = softmax(logits).

    Parameters
    ----------
    label_smoothing : float in [0, 1)
        The target moves from 1 for the true class to (1 - s) for it and s / K spread over all K classes, so that the
        network is never asked for infinite logits. Szegedy et al. 2015, https://arxiv.org/abs/1512.00567

    Notes
    -----
    `target` is int [shape=(n_samples,)], the true classes; or float [shape=(n_samples, n_classes)], a distribution over
    the classes for each sample (rows sum to 1), as mixup makes them.
    """

    def __init__(self, label_smoothing=0.0):
        self.label_smoothing = _checked_smoothing(label_smoothing)

    def probabilities(self, logits, out=None):
        """Return softmax(logits): rows in [0, 1] that sum to 1."""
        return softmax(logits, out)

    def loss(self, logits, target, weights=None):
        """Return the loss alone."""
        return self.loss_and_gradient(logits, target, weights=weights)[0]

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


class LogisticCrossEntropy:
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
    """

    def __init__(self, label_smoothing=0.0):
        self.label_smoothing = _checked_smoothing(label_smoothing)

    def probabilities(self, logits, out=None):
        """Return 1 / (1 + exp(-logits)), computed as exp(-log(1 + exp(-z))): none overflows, none is rounded to 0."""
        out = np.negative(logits, out=out)
        np.logaddexp(0, out, out=out)
        np.negative(out, out=out)
        return np.exp(out, out=out)

    def loss(self, logits, target, weights=None):
        """Return the loss alone."""
        return self.loss_and_gradient(logits, target, weights=weights)[0]

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


def _checked_smoothing(label_smoothing):
    if not 0 <= label_smoothing < 1:
        raise BackpropError(f"label_smoothing is {label_smoothing}: choose a number from 0 up to, not including, 1")
    return label_smoothing
