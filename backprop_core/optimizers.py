"""Optimizers: from the gradient to the step that the weights take.

The gradient says which way the loss grows; the weights go the other way. The rules differ in how far, and in what they
remember of earlier gradients. An optimizer computes the update and keeps its own memory; the trainer applies the
update, in one visible line. Sorted from simple to complex.

`init(n, dtype)` returns the memory for n parameters, `update(grads, state, learning_rate, out)` the update, float
[shape=(n,)]. Long vectors are worked through in pieces that stay in the processor's cache: every piece is read once
from memory, not once for each of the formula's operations.
"""

import numpy as np

from backprop_core.errors import BackpropError

PIECE = 16384


def pieces(n):
    """Yield slices that cover range(n)."""
    for start in range(0, n, PIECE):
        yield slice(start, min(start + PIECE, n))


class SGD:
    """Stochastic gradient descent, with momentum if asked: a ball that keeps rolling.

        v <- momentum * v - learning_rate * g
        update = v                                          (momentum)
        update = momentum * v - learning_rate * g           (Nesterov: look ahead)

    Polyak 1964; Nesterov 1983; in this form Sutskever et al. 2013, https://proceedings.mlr.press/v28/sutskever13.html

    Parameters
    ----------
    momentum : float in [0, 1)
    nesterov : bool
    """

    def __init__(self, momentum=0.9, nesterov=False):
        if not 0 <= momentum < 1:
            raise BackpropError(f"momentum is {momentum}: choose a number from 0 up to, not including, 1")
        self.momentum, self.nesterov = momentum, nesterov

    def init(self, n, dtype):
        """Return the memory: the velocity v."""
        return {"velocity": np.zeros(n, dtype)}

    def update(self, grads, state, learning_rate, out):
        """Return the update, written to `out`."""
        for piece in pieces(len(grads)):
            v, u, g = state["velocity"][piece], out[piece], grads[piece]
            np.multiply(g, -learning_rate, out=u)
            v *= self.momentum
            v += u
            if self.nesterov:
                u += self.momentum * v
            else:
                np.copyto(u, v)
        return out


class Adam:
    """Adaptive moments: each weight gets a step of its own size, the smoother its gradient the longer.

        m <- b1 m + (1 - b1) g            the mean of recent gradients
        v <- b2 v + (1 - b2) g^2          their mean square
        update = -learning_rate * m_hat / (sqrt(v_hat) + eps),   m_hat = m / (1 - b1^t),   v_hat = v / (1 - b2^t)

    Kingma and Ba 2014, https://arxiv.org/abs/1412.6980. The hats undo the start from zero.

    Parameters
    ----------
    b1, b2 : float in [0, 1)
    eps : float > 0
    """

    def __init__(self, b1=0.9, b2=0.999, eps=1e-8):
        for name, b in (("b1", b1), ("b2", b2)):
            if not 0 <= b < 1:
                raise BackpropError(f"{name} is {b}: choose a number from 0 up to, not including, 1")
        self.b1, self.b2, self.eps = b1, b2, eps

    def init(self, n, dtype):
        """Return the memory: both moments, and the number of steps taken, t."""
        return {"m": np.zeros(n, dtype), "v": np.zeros(n, dtype), "t": np.zeros((), np.int64)}

    def update(self, grads, state, learning_rate, out):
        """Return the update, written to `out`."""
        state["t"] += 1
        t = int(state["t"])
        # Both hats are numbers, not arrays: folded into the rate and into eps, they cost nothing.
        root = np.sqrt(1 - self.b2**t)
        rate, eps = float(learning_rate * root / (1 - self.b1**t)), float(self.eps * root)
        work = np.empty(min(PIECE, len(grads)), grads.dtype)
        for piece in pieces(len(grads)):
            g, m, v, u = grads[piece], state["m"][piece], state["v"][piece], out[piece]
            w = work[: len(g)]
            m *= self.b1
            np.multiply(g, 1 - self.b1, out=w)
            m += w
            w *= g
            w *= (1 - self.b2) / (1 - self.b1)
            v *= self.b2
            v += w
            np.sqrt(v, out=w)
            w += eps
            np.divide(m, w, out=u)
            u *= -rate
        return out


OPTIMIZERS = {"sgd": SGD, "adam": Adam}
