"""Losses of regression: how far predicted amounts are from the true ones; and losses that users bring along.

The methods, and what `weights` do, are those of `losses.Loss`. `target` has the shape of the logits, or (n_samples,)
where there is one output. `LOSSES` knows all losses by name.
"""

from collections.abc import Callable

import numpy as np

from backprop_core.errors import BackpropError
from backprop_core.losses import (
    LogisticCrossEntropy,
    Loss,
    SoftmaxCrossEntropy,
    amounts,
    mean_loss,
    scale_rows,
    shares_of,
)


class SquaredError(Loss):
    """Amounts: loss = half the mean over samples of the squared distance between prediction and target.

    The squared distance is the sum over the outputs, as its gradient, prediction - target, wants it.

    Parameters
    ----------
    mean_over_outputs : bool
        Report the mean over the outputs in place of the sum; the gradient stays that of the sum. So scikit-learn's
        MLPRegressor has it: of K outputs its loss is 1 / K of that whose slope it descends (and its L2 penalty, added
        to that loss, counts K times as much in the loss as in the gradient). Needed only to report its very numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from backprop_core import SquaredError
    >>> SquaredError().loss_and_gradient(np.array([[1.0, 5.0]]), np.array([[1.0, 2.0]]))  # 3^2 / 2, and 5 - 2
    (4.5, array([[0., 3.]]))
    """

    def __init__(self, mean_over_outputs: bool = False):
        self.mean_over_outputs = mean_over_outputs

    def loss_and_gradient(self, logits, target, out=None, weights=None):
        """Return the loss and dlogits = (prediction - target) / n_samples."""
        n, k = logits.shape
        shares = shares_of(logits, weights)
        d = np.subtract(logits, target.reshape(n, k), out=np.empty_like(logits) if out is None else out)
        loss = mean_loss(np.einsum("ij,ij->i", d, d), shares) / 2
        return (loss / k if self.mean_over_outputs else loss), scale_rows(d, shares)

    @classmethod
    def samples(cls):
        """Return it with amounts."""
        return {"squared error": (cls(), amounts)}


class PoissonLoss(Loss):
    """Counts and rates: half the Poisson deviance between target y >= 0 and prediction exp(z).

    loss = mean over samples of sum_k (y log(y / p) - y + p), with p = exp(z) and 0 log 0 = 0; 0 where p = y.
    An output of 710 and more (float32: 89) is a prediction beyond all numbers, and its loss is infinite.
    McCullagh and Nelder 1989, Generalized Linear Models, section 2.3.

    Examples
    --------
    >>> import numpy as np
    >>> from backprop_core import PoissonLoss
    >>> loss, dlogits = PoissonLoss().loss_and_gradient(np.log([[2.0]]), np.array([[3.0]]))
    >>> round(loss, 4), dlogits  # 3 log(3 / 2) - 3 + 2, and 2 - 3
    (0.2164, array([[-1.]]))
    """

    def probabilities(self, logits, out=None):
        """Return the predicted means, exp(logits) > 0."""
        with np.errstate(over="ignore"):
            return np.exp(logits, out=out)

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

    @classmethod
    def samples(cls):
        """Return it with counts."""
        return {"Poisson": (cls(), lambda rng, n, k: rng.poisson(2, (n, k)) * 1.0)}


class OwnLoss(Loss):
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

    >>> import numpy as np
    >>> from backprop_core import OwnLoss
    >>> absolute = OwnLoss(lambda z, y: abs(z - y).sum(axis=1), lambda z, y: np.sign(z - y))
    >>> absolute.loss_and_gradient(np.array([[1.0], [9.0]]), np.array([[2.0], [2.0]]))
    (4.0, array([[-0.5],
           [ 0.5]]))
    """

    def __init__(self, function: Callable, gradient: Callable, probabilities: Callable | None = None):
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
        """Return the loss alone. Raises BackpropError if the function returns another shape than (n_samples,)."""
        losses = np.asarray(self._function(logits, target))
        if losses.shape != (len(logits),):
            raise BackpropError(
                f"the loss function returned an array of shape {losses.shape}: return one loss for each of the "
                f"{len(logits)} samples, shape ({len(logits)},)"
            )
        return mean_loss(losses, shares_of(logits, weights))

    def loss_and_gradient(self, logits, target, out=None, weights=None):
        """Return the loss and dlogits. Raises BackpropError if a function returns the wrong shape."""
        loss = self.loss(logits, target, weights)
        gradient = np.asarray(self._gradient(logits, target))
        if gradient.shape != logits.shape:
            raise BackpropError(
                f"the gradient of the loss has shape {gradient.shape}: return that of the logits, {logits.shape}"
            )
        out = np.empty_like(logits) if out is None else out
        np.copyto(out, gradient, casting="same_kind")
        return loss, scale_rows(out, shares_of(logits, weights))

    @classmethod
    def samples(cls):
        """Return a pair of functions: the fourth power of the error."""
        power = cls(lambda z, y: ((z - y) ** 4).sum(axis=1), lambda z, y: 4 * (z - y) ** 3)
        return {"a pair of functions": (power, amounts)}


LOSSES = {
    "softmax_cross_entropy": SoftmaxCrossEntropy,
    "logistic_cross_entropy": LogisticCrossEntropy,
    "squared_error": SquaredError,
    "poisson": PoissonLoss,
    "own": OwnLoss,
}
