"""Normalisation: keeping the numbers inside a network at mean 0 and spread 1 while the layers before them still change.

The inputs of each layer change at every step, because the layers below it change. Normalisation removes the shift and
the scale, so that larger learning rates work and deep networks start to learn at once. Two learned numbers for each
unit, gamma and beta, then give it whatever scale and shift are good for the task.

    xhat = (x - mean) / sqrt(var + eps)        y = gamma * xhat + beta

The two layers here differ only in what the mean and the variance are taken over: batch normalisation takes each unit
over the rows of the batch, layer normalisation each row over its units.
"""

import numpy as np

from backprop_core.layers import Layer
from backprop_core.ranges import check_count, check_number
from backprop_core.worked_example import Line, Words

WORKED_FORWARD = (
    Line("xhat_{unit} = (x_{unit} - mean) / std", "({x} - {mean:taken}) / {std}", "xhat"),
    Line("y_{unit} = gamma_{unit} xhat_{unit} + beta_{unit}", "{gamma} * {xhat} {beta:added}", "y"),
)
DXHAT = Line("dxhat_{unit} = dy_{unit} gamma_{unit}", "{dy} * {gamma}", "dxhat")


def standardize(x, axis, eps, out):
    """Write xhat = (x - mean) / sqrt(var + eps) into `out`, mean and variance being taken along `axis`.

    Parameters
    ----------
    x, out : ndarray of one float dtype [shape=(n_samples, width)]
    axis : int, 0 for the rows of a batch or 1 for the units of a row
    eps : float > 0, keeps what does not vary at 0

    Returns
    -------
    mean, var, inv_std : ndarray [shape=(1, width) or (n_samples, 1)]
        `var` is the mean square of x - mean; inv_std = 1 / sqrt(var + eps).
    """
    mean = x.mean(axis=axis, keepdims=True)
    np.subtract(x, mean, out=out)
    var = _mean_product(out, out, axis)
    inv_std = 1 / np.sqrt(var + eps)
    out *= inv_std
    return mean, var, inv_std


def standardize_backward(xhat, inv_std, axis, dxhat, work):
    """Turn dxhat = dLoss/dxhat into dx = dLoss/dx, in place, and return it.

    Let n be the length of `axis`, v = var + eps, sum and mean go along `axis`, and c = x - mean, so that
    xhat = c v^(-1/2) and the sum of c is 0. A number of x counts in three ways: by itself, through the mean, and
    through the variance.

        dLoss/dvar  = sum(dxhat c) (-1/2) v^(-3/2)        and   dvar/dx = 2 c / n
        dLoss/dmean = -sum(dxhat) v^(-1/2)                and   dmean/dx = 1 / n
        dx = dxhat v^(-1/2) + dLoss/dvar 2 c / n + dLoss/dmean / n

    The mean moves the variance as well, but by -2 sum(c) / n = 0. With c = xhat v^(1/2) this is

        dx = v^(-1/2) (dxhat - mean(dxhat) - xhat mean(dxhat xhat)):

    what would shift all of x, or stretch it, is taken out of the error, for xhat would not notice.

    Parameters
    ----------
    xhat, dxhat, work : ndarray of one float dtype [shape=(n_samples, width)]
        `dxhat` and `work` are overwritten.
    inv_std : ndarray, as `standardize` returned it
    """
    stretch = _mean_product(dxhat, xhat, axis)
    dxhat -= dxhat.mean(axis=axis, keepdims=True)
    np.multiply(xhat, stretch, out=work)
    dxhat -= work
    dxhat *= inv_std
    return dxhat


def _mean_product(a, b, axis):
    """Return the mean of a * b along `axis`, which is kept; the product itself is never stored."""
    total = np.einsum("ij,ij->j" if axis == 0 else "ij,ij->i", a, b)
    return np.expand_dims(total / a.shape[axis], axis)


class _Normalization(Layer):
    """Base of both kinds: gamma and beta, which follow the standardisation."""

    def __init__(self, width: int, eps: float):
        self.width = self.fan_in = self.fan_out = check_count(f"the width of {self.kind}", width)
        self.eps = check_number(f"eps of {self.kind}", eps, "(0, 1)")
        self.parameter_shapes = {"gamma": (self.width,), "beta": (self.width,)}

    def describe(self):
        """Return the arguments of the constructor, as JSON types."""
        return {"width": self.width, "eps": self.eps}

    def initialize(self, params, rng):
        """Start with y = xhat: gamma is 1 and beta is 0."""
        params["gamma"][...] = 1
        params["beta"][...] = 0

    @staticmethod
    def _scale_and_shift(params, xhat, out):
        """y = gamma * xhat + beta"""
        np.multiply(xhat, params["gamma"], out=out)
        out += params["beta"]
        return out

    @staticmethod
    def _scale_and_shift_backward(params, xhat, dy, grads):
        """dgamma = sum over the rows of dy * xhat, dbeta = sum of dy, dxhat = dy * gamma, which overwrites dy."""
        np.einsum("ij,ij->j", dy, xhat, out=grads["gamma"])
        np.sum(dy, axis=0, out=grads["beta"])
        dy *= params["gamma"]
        return dy

    @classmethod
    def sample(cls, width):
        """Return a layer for `width` units."""
        return cls(width)

    def _work_out(self, passage, unit, mean, var, xhat):
        """Return the entries that the worked examples of both kinds share."""
        std, gamma, dy = np.sqrt(var + self.eps), passage.params["gamma"][unit], passage.dy[0, unit]
        shared = {"unit": unit, "std": float(std), "xhat": float(xhat), "gamma": float(gamma)}
        forward = shared | {
            "x": float(passage.x[0, unit]),
            "mean": float(mean),
            "beta": float(passage.params["beta"][unit]),
            "y": float(passage.y[0, unit]),
        }
        dx = None if passage.dx is None else float(passage.dx[0, unit])
        return forward, shared | {"dy": float(dy), "dxhat": float(dy * gamma), "dx": dx}


class LayerNorm(_Normalization):
    """Standardises each row over its units, the same in training and in prediction.

    mean and var are those of the row's `width` numbers; the derivation of the way back stands in
    `standardize_backward`. Ba, Kiros and Hinton 2016, https://arxiv.org/abs/1607.06450

    Parameters
    ----------
    width : int > 0, the number of units
    eps : float > 0

    Examples
    --------
    >>> import numpy as np
    >>> from backprop_core import Dense, LayerNorm, Network
    >>> network = Network([LayerNorm(2), Dense(2, 1)], np.random.default_rng(0), dtype=np.float64)
    >>> y = next(network.passes(np.array([[1.0, 3.0]]))).y
    >>> y.round(2)
    array([[-1.,  1.]])
    """

    kind = "layer_norm"
    words = Words(
        "brings the row to mean 0 and spread 1, then scales and shifts each unit",
        "y = gamma xhat + beta, xhat = (x - mean) / std",
        "dgamma = dy xhat, dbeta = dy, dx through mean and std",
        worked_forward=WORKED_FORWARD,
        worked_backward=(
            DXHAT,
            Line(
                "dx_{unit} = (dxhat_{unit} - mean(dxhat) - xhat_{unit} mean(dxhat xhat)) / std",
                "({dxhat} - {mean_dxhat:taken} - {xhat:taken} * {mean_dxhat_xhat:taken}) / {std}",
                "dx",
            ),
        ),
        factors={"gamma": "xhat"},
    )

    def __init__(self, width: int, eps: float = 1e-5):
        super().__init__(width, eps)

    def forward(self, params, x, scratch, training=False, rng=None):
        """Return y and its backward function."""
        xhat = scratch("xhat", x.shape)
        inv_std = standardize(x, 1, self.eps, out=xhat)[2]
        y = self._scale_and_shift(params, xhat, scratch("y", x.shape))

        def backward(dy, grads, input_error=True):
            """dgamma, dbeta, and dx through gamma and the standardisation."""
            dxhat = self._scale_and_shift_backward(params, xhat, dy, grads)
            if input_error:
                return standardize_backward(xhat, inv_std, 1, dxhat, scratch("work", x.shape))
            return None

        return y, backward

    def work_out(self, passage, unit_in, unit, top):
        """Return xhat and y of the unit, and its dx with the two means over the row that are taken out of it."""
        xhat = np.empty_like(passage.x)
        mean, var, _ = standardize(passage.x, 1, self.eps, out=xhat)
        forward, backward = self._work_out(passage, unit, mean[0, 0], var[0, 0], xhat[0, unit])
        dxhat = passage.dy * passage.params["gamma"]
        return forward, backward | {
            "mean_dxhat": float(dxhat.mean()),
            "mean_dxhat_xhat": float((dxhat * xhat).mean()),
        }


class BatchNorm(_Normalization):
    """Standardises each unit over the rows of the batch, and in prediction by means and variances met in training.

    mean and var are those of the unit over the batch; the derivation of the way back stands in `standardize_backward`.
    A prediction must not depend on what else is in its batch, so training also keeps, for each unit,

        running_mean <- (1 - momentum) running_mean + momentum mean
        running_var  <- (1 - momentum) running_var  + momentum var n / (n - 1)

    (n / (n - 1) makes the variance of n rows an unbiased one), and prediction puts them in the place of mean and var.
    A batch of one row has no spread: in training it is treated as in prediction, and moves neither.
    Ioffe and Szegedy 2015, https://arxiv.org/abs/1502.03167

    Parameters
    ----------
    width : int > 0, the number of units
    momentum : float in (0, 1]
        The weight of the newest batch.
    eps : float > 0

    Examples
    --------
    >>> import numpy as np
    >>> from backprop_core import Dense, BatchNorm, Network
    >>> network = Network([BatchNorm(2), Dense(2, 1)], np.random.default_rng(0), dtype=np.float64)
    >>> y = next(network.passes(np.array([[1.0, 5.0], [3.0, 9.0]]), training=True)).y
    >>> y.round(2)
    array([[-1., -1.],
           [ 1.,  1.]])
    """

    kind = "batch_norm"
    words = Words(
        "brings each unit to about mean 0 and spread 1 as met in training, then scales and shifts it",
        "y = gamma xhat + beta, xhat = (x - mean) / std",
        "dgamma = dy xhat, dbeta = dy, dx = dy gamma / std",
        worked_forward=WORKED_FORWARD,
        worked_backward=(DXHAT, Line("dx_{unit} = dxhat_{unit} / std", "{dxhat} / {std}", "dx")),
        factors={"gamma": "xhat"},
    )

    def __init__(self, width: int, momentum: float = 0.1, eps: float = 1e-5):
        super().__init__(width, eps)
        self.momentum = check_number("momentum of batch_norm", momentum, "(0, 1]")
        self.statistic_shapes = {"running_mean": (self.width,), "running_var": (self.width,)}

    def describe(self):
        """Return the arguments of the constructor, as JSON types."""
        return {"width": self.width, "momentum": self.momentum, "eps": self.eps}

    def initialize(self, params, rng):
        """Start with y = xhat, a running mean of 0 and a running variance of 1."""
        super().initialize(params, rng)
        params["running_mean"][...] = 0
        params["running_var"][...] = 1

    def forward(self, params, x, scratch, training=False, rng=None):
        """Return y and its backward function; in training, move the running mean and variance."""
        by_batch = training and len(x) > 1
        xhat = scratch("xhat", x.shape)
        if by_batch:
            mean, var, inv_std = standardize(x, 0, self.eps, out=xhat)
            self._follow(params["running_mean"], mean[0])
            self._follow(params["running_var"], var[0] * (len(x) / (len(x) - 1)))
        else:
            inv_std = 1 / np.sqrt(params["running_var"] + self.eps)
            np.subtract(x, params["running_mean"], out=xhat)
            xhat *= inv_std
        y = self._scale_and_shift(params, xhat, scratch("y", x.shape))

        def backward(dy, grads, input_error=True):
            """dgamma, dbeta, and dx through gamma and the standardisation; by running statistics, dx = dxhat / std."""
            dxhat = self._scale_and_shift_backward(params, xhat, dy, grads)
            if not input_error:
                return None
            if by_batch:
                return standardize_backward(xhat, inv_std, 0, dxhat, scratch("work", x.shape))
            dxhat *= inv_std
            return dxhat

        return y, backward

    def work_out(self, passage, unit_in, unit, top):
        """Return xhat and y of the unit by its running mean and variance, and its dx."""
        mean, var = passage.statistics["running_mean"][unit], passage.statistics["running_var"][unit]
        xhat = (passage.x[0, unit] - mean) / np.sqrt(var + self.eps)
        return self._work_out(passage, unit, mean, var, xhat)

    def _follow(self, running, newest):
        """Move a running statistic towards the statistic of the newest batch."""
        running *= 1 - self.momentum
        running += self.momentum * newest


NORMALIZATIONS = {"batch": BatchNorm, "layer": LayerNorm}
