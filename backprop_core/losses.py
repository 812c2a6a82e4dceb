"""Losses: one number for how wrong the network is, and its gradient, the first step of the way back.

Both come from one place and from the same intermediate values, so the curve that is drawn belongs to the gradient
that is followed. A loss is the mean over the batch, and so is its gradient: the learning rate then means the same at
any batch size. `loss_and_gradient(logits, target, out)` returns (loss, dlogits); logits float [shape=(n_samples,
n_outputs)].
"""

import numpy as np

from backprop_core.errors import BackpropError


def softmax(logits, out=None):
    """Turn each row of logits into probabilities: exp(z_k) / sum_j exp(z_j).

    The row's maximum is subtracted first, which changes nothing mathematically and lets no exponential overflow.
    """
    out = np.subtract(logits, logits.max(axis=1, keepdims=True), out=out)
    np.exp(out, out=out)
    out /= out.sum(axis=1, keepdims=True)
    return out


class SoftmaxCrossEntropy:
    """Classification: loss = -mean over samples of log p(true class), p = softmax(logits).

    Parameters
    ----------
    label_smoothing : float in [0, 1)
        The target moves from 1 for the true class to (1 - s) for it and s / K spread over all K classes, so that the
        network is never asked for infinite logits. Szegedy et al. 2015, https://arxiv.org/abs/1512.00567
    """

    def __init__(self, label_smoothing=0.0):
        if not 0 <= label_smoothing < 1:
            raise BackpropError(f"label_smoothing is {label_smoothing}: choose a number from 0 up to, not including, 1")
        self.label_smoothing = label_smoothing

    def loss(self, logits, target):
        """Return the loss alone. `target`: int [shape=(n_samples,)], the true classes."""
        return self.loss_and_gradient(logits, target)[0]

    def loss_and_gradient(self, logits, target, out=None):
        """Return the loss (float) and dlogits = (p - target distribution) / n_samples, written to `out` if given."""
        n, k = logits.shape
        rows = np.arange(n)
        z = np.subtract(logits, logits.max(axis=1, keepdims=True), out=out)
        z_true, z_mean = z[rows, target], z.mean(axis=1) if self.label_smoothing else 0
        np.exp(z, out=z)
        total = z.sum(axis=1)
        s = self.label_smoothing
        loss = float(np.mean(np.log(total) - (1 - s) * z_true - s * z_mean))
        z /= total[:, None]
        z -= s / k
        z[rows, target] -= 1 - s
        z /= n
        return loss, z


class SquaredError:
    """Regression: loss = half the mean over samples of the squared distance between prediction and target."""

    def loss(self, logits, target):
        """Return the loss alone. `target`: float, the shape of `logits`."""
        return self.loss_and_gradient(logits, target)[0]

    def loss_and_gradient(self, logits, target, out=None):
        """Return the loss (float) and dlogits = (prediction - target) / n_samples, written to `out` if given."""
        d = np.subtract(logits, target, out=out)
        loss = float(np.sum(d * d)) / (2 * len(d))
        d /= len(d)
        return loss, d
