"""Losses of regression: how far predicted amounts are from the true ones; and losses that users bring along.

The methods, and what `weights` do, are those that the opening of `losses` describes. `target` has the shape of the
logits, or (n_samples,) where there is one output.
"""

import numpy as np

from backprop_core.errors import BackpropError
from backprop_core.losses import mean_loss, scale_rows, shares_of


class SquaredError:
    """Amounts: loss = half the mean over samples of the squared distance between prediction and target.

    The squared distance is the sum over the outputs, as its gradient, prediction - target, wants it.

    Parameters
    ----------
    mean_over_outputs : bool
        Report the mean over the outputs in place of the sum; the gradient stays that of the sum. So scikit-learn's
        MLPRegressor has it: of K outputs its loss is 1 / K of that whose slope it descends (and its L2 penalty, added
        to that loss, counts K times as much in the loss as in the gradient). Needed only to report its very numbers.
    """

    def __init__(self, mean_over_outputs=False):
        self.mean_over_outputs = mean_over_outputs

    def probabilities(self, logits, out=None):
        """Return the predictions, which are the logits themselves (copied only if `out` is given)."""
        if out is None:
            return logits
        np.copyto(out, logits)
        return out

    def loss(self, logits, target, weights=None):
        """Return the loss alone."""
        return self.loss_and_gradient(logits, target, weights=weights)[0]

    def loss_and_gradient(self, logits, target, out=None, weights=None):
        """Return the loss and dlogits = (prediction - target) / n_samples."""
        n, k = logits.shape
        shares = shares_of(logits, weights)
        d = np.subtract(logits, target.reshape(n, k), out=np.empty_like(logits) if out is None else out)
        loss = mean_loss(np.einsum("ij,ij->i", d, d), shares) / 2
        return (loss / k if self.mean_over_outputs else loss), scale_rows(d, shares)


class PoissonLoss:
    """Counts and rates: half the Poisson deviance between target y >= 0 and prediction exp(z).

    loss = mean over samples of sum_k (y log(y / p) - y + p), with p = exp(z) and 0 log 0 = 0; 0 where p = y.
    An output of 710 and more (float32: 89) is a prediction beyond all numbers, and its loss is infinite.
    McCullagh and Nelder 1989, Generalized Linear Models, section 2.3.
    """

    def probabilities(self, logits, out=None):
        """Return the predicted means, exp(logits) > 0."""
        with np.errstate(over="ignore"):
            return np.exp(logits, out=out)

    def loss(self, logits, target, weights=None):
        """Return the loss alone."""
        return self.loss_and_gradient(logits, target, weights=weights)[0]

    def loss_and_gradient(self, logits, target, out=None, weights=None):
        """Return the loss and dlogits = (exp(z) - y) / n_samples."""
        shares = shares_of(logits, weights)
        y = target.reshape(logits.shape).astype(logits.dtype)
        y_log_y = y * np.log(np.where(y > 0, y, 1))
        losses = y_log_y - y - y * logits
        p = self.probabilities(logits, out)
        losses += p
        loss = mean_loss(losses.sum(axis=1), shares)
        p -= y
        return loss, scale_rows(p, shares)


class OwnLoss:
    """A user's loss as a pair of functions; means, weights and buffers are taken care of.

    Parameters
    ----------
    function : function of (logits, target), returns the loss of each sample: float [shape=(n_samples,)]
    gradient : function of (logits, target), returns d(loss of the sample) / dlogits: float, the shape of `logits`
        Not divided by the number of samples. Neither function may change what it is given.
    probabilities : function of (logits), or None
        What the outputs mean to a reader; None: the logits themselves.

    Examples
    --------
    The absolute error, which a few outliers cannot dominate:

    >>> OwnLoss(lambda z, y: abs(z - y).sum(axis=1), lambda z, y: np.sign(z - y))  # doctest: +SKIP
    """

    def __init__(self, function, gradient, probabilities=None):
        for name, value in (("function", function), ("gradient", gradient)):
            if not callable(value):
                raise BackpropError(f"the {name} of a loss is {value!r}: give a function of (logits, target)")
        if probabilities is not None and not callable(probabilities):
            raise BackpropError(f"the probabilities of a loss is {probabilities!r}: give a function of (logits)")
        self._function, self._gradient, self._probabilities = function, gradient, probabilities

    def probabilities(self, logits, out=None):
        """Return what the user's function makes of the logits."""
        meaning = logits if self._probabilities is None else self._probabilities(logits)
        if out is None:
            return meaning
        np.copyto(out, meaning)
        return out

    def loss(self, logits, target, weights=None):
        """Return the loss alone. Raises BackpropError where the function returns another shape than (n_samples,)."""
        losses = np.asarray(self._function(logits, target))
        if losses.shape != (len(logits),):
            raise BackpropError(
                f"the loss function returned an array of shape {losses.shape}: return one loss for each of the "
                f"{len(logits)} samples, shape ({len(logits)},)"
            )
        return mean_loss(losses, shares_of(logits, weights))

    def loss_and_gradient(self, logits, target, out=None, weights=None):
        """Return the loss and dlogits. Raises BackpropError where a function returns the wrong shape."""
        loss = self.loss(logits, target, weights)
        gradient = np.asarray(self._gradient(logits, target))
        if gradient.shape != logits.shape:
            raise BackpropError(
                f"the gradient of the loss has shape {gradient.shape}: return that of the logits, {logits.shape}"
            )
        out = np.empty_like(logits) if out is None else out
        np.copyto(out, gradient, casting="same_kind")
        return loss, scale_rows(out, shares_of(logits, weights))
