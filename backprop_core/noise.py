"""Noise: random changes of the numbers during training, so that the network cannot memorise them.

A sample is never exactly the same twice, so a rule for only one exact input does not help. Predictions have no noise:
in evaluation mode these layers pass on their input unchanged.
"""

import numpy as np

from backprop_core.layers import Layer
from backprop_core.ranges import check_number
from backprop_core.sparse import is_sparse
from backprop_core.worked_example import Words

OFF = Words("off outside training", "y = x", "dx = dy")


class Dropout(Layer):
    """While training, silences each number with probability `rate`, so that no unit can rely on a particular other one.

    What survives is divided by (1 - rate), which keeps the expected sum; so prediction needs no correction and this
    layer then does nothing. Srivastava et al. 2014, https://jmlr.org/papers/v15/srivastava14a.html

    Parameters
    ----------
    rate : float in [0, 1)

    Examples
    --------
    >>> import numpy as np
    >>> from backprop_core import Dropout
    >>> from backprop_core.scratch import Scratch
    >>> forward, x = Dropout(0.5).forward, np.ones((1, 6))
    >>> forward({}, x, Scratch(float), training=True, rng=np.random.default_rng(1))[0]
    array([[2., 0., 2., 2., 2., 2.]])
    >>> forward({}, x, Scratch(float))[0]
    array([[1., 1., 1., 1., 1., 1.]])
    """

    kind = "dropout"
    words = OFF
    only_in_training = True

    def __init__(self, rate: float):
        self.rate = check_number("dropout rate", rate, "[0, 1)")

    def describe(self):
        """Return the arguments of the constructor, as JSON types."""
        return {"rate": self.rate}

    def forward(self, params, x, scratch, training=False, rng=None):
        """Return y and its backward function."""
        if not training:
            return x, lambda dy, grads, input_error=True: dy
        if is_sparse(x):  # zeros stay zeros, so they need no draw
            data, backward = self.forward(params, x.data[None], scratch, training, rng)
            return x.with_data(data[0]), backward
        # 16 random bits for each number take half the time of 32, and give the rate to within 1/65536.
        silence = np.frombuffer(rng.bytes(2 * x.size), np.uint16).reshape(x.shape) < round(self.rate * 65536)
        mask = np.multiply(~silence, x.dtype.type(1 / (1 - self.rate)), out=scratch("mask", x.shape))
        y = np.multiply(x, mask, out=scratch("y", x.shape))

        def backward(dy, grads, input_error=True):
            """dx = dy * mask: a silenced number did not contribute to the error."""
            return np.multiply(dy, mask, out=dy)

        return y, backward

    @classmethod
    def sample(cls, width):
        """Return a layer that silences 30 %."""
        return cls(0.3)


class GaussianNoise(Layer):
    """While training, adds to each number a normal random one: y = x + std * n, n ~ N(0, 1).

    On the input it acts like a penalty on a steep network: outputs that change much within `std` of a sample cost more.
    Bishop 1995, https://doi.org/10.1162/neco.1995.7.1.108

    Parameters
    ----------
    std : float >= 0
        The noise's standard deviation, in the units of x; standardised features have 1 themselves.

    Examples
    --------
    >>> import numpy as np
    >>> from backprop_core import GaussianNoise
    >>> from backprop_core.scratch import Scratch
    >>> x, rng = np.zeros((1, 3)), np.random.default_rng(0)
    >>> GaussianNoise(0.1).forward({}, x, Scratch(float), training=True, rng=rng)[0].round(3)
    array([[ 0.013, -0.013,  0.064]])
    """

    kind = "gaussian_noise"
    words = OFF
    only_in_training = True

    def __init__(self, std: float):
        self.std = check_number("the noise's std", std, "[0, inf)")

    def describe(self):
        """Return the arguments of the constructor, as JSON types."""
        return {"std": self.std}

    def forward(self, params, x, scratch, training=False, rng=None):
        """Return y and its backward function."""

        def backward(dy, grads, input_error=True):
            """dx = dy: the noise does not depend on x."""
            return dy

        if not training:
            return x, backward
        y = rng.standard_normal(dtype=x.dtype, out=scratch("y", x.shape))
        y *= self.std
        y += x
        return y, backward

    @classmethod
    def sample(cls, width):
        """Return a layer of little noise."""
        return cls(0.3)
