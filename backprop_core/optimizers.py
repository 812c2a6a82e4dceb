"""Optimizers: from the gradient to the update of the weights.

The gradient gives the direction in which the loss grows; the weights move in the other direction. The rules differ in
the length of the step, and in their memory of earlier gradients. An optimizer computes the update and keeps its own
memory; the step applies the update, in one visible line. Sorted from simple to complex.

`Optimizer` is the contract: `init` makes the memory and `update` the update. In the formulas g is the gradient, and all
of them hold for every parameter by itself.

AdamW is not a rule of its own: it is Adam with decoupled weight decay, which takes a share of the weights away beside
the update (`Step`, `weight_decay`) and so goes with every optimizer here. "adamw" therefore names Adam, and the decay
is set where the step is. Loshchilov and Hutter 2017, https://arxiv.org/abs/1711.05101
"""

import math
from typing import Protocol

import numpy as np

from backprop_core.pieces import pieces, sweep
from backprop_core.ranges import check_number

State = dict[str, np.ndarray]


class Optimizer(Protocol):
    """What training asks of an optimizer. It holds settings only: its memory is made by `init` and handed in.

    To be found by name it is registered with one line: `OPTIMIZERS["my_rule"] = MyRule`.
    """

    def init(self, n: int, dtype) -> State:
        """Return the memory for n parameters, a dict of arrays that a checkpoint can save."""
        ...

    def update(self, grads: np.ndarray, state: State, learning_rate: float, out: np.ndarray) -> np.ndarray:
        """Write the update to `out` and return it; bring the memory up to date.

        Parameters
        ----------
        grads : float ndarray [shape=(n,)], not to be changed
        state : dict, from `init`
        learning_rate : float > 0
        out : ndarray of the dtype and shape of `grads`
        """
        ...


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum if asked: a ball that keeps rolling.

        v <- momentum * v - learning_rate * g
        update = v                                          (momentum; without it, -learning_rate * g)
        update = momentum * v - learning_rate * g           (Nesterov: look ahead)

    Polyak 1964; Nesterov 1983; in this form Sutskever et al. 2013, https://proceedings.mlr.press/v28/sutskever13.html

    Parameters
    ----------
    momentum : float in [0, 1], as scikit-learn allows it; at 1 nothing ever slows the ball
    nesterov : bool

    Examples
    --------
    >>> import numpy as np
    >>> from backprop_core import SGD
    >>> rule, grads = SGD(momentum=0.9), np.array([1.0, -4.0])
    >>> memory = rule.init(2, float)
    >>> rule.update(grads, memory, 0.1, out=np.empty(2)).round(4)  # the first step is -0.1 g
    array([-0.1,  0.4])
    >>> rule.update(grads, memory, 0.1, out=np.empty(2)).round(4)  # the second one rolls on
    array([-0.19,  0.76])
    """

    def __init__(self, momentum: float = 0.9, nesterov: bool = False):
        self.momentum, self.nesterov = check_number("momentum", momentum, "[0, 1]"), nesterov

    def init(self, n, dtype):
        """Return the memory: the velocity v, and the number of steps taken, t."""
        return {"velocity": np.zeros(n, dtype), "t": np.zeros((), np.int64)}

    def update(self, grads, state, learning_rate, out):
        """Return the update, written to `out`."""
        rate = float(learning_rate)
        if not self.momentum:
            return np.multiply(grads, -rate, out=out)
        state["t"] += 1
        for piece in pieces(len(grads)):
            v, u, g = state["velocity"][piece], out[piece], grads[piece]
            np.multiply(g, -rate, out=u)
            v *= self.momentum
            v += u
            if self.nesterov:
                u += self.momentum * v
            else:
                np.copyto(u, v)
        sweep(state, "velocity")
        return out


class Adagrad(Optimizer):
    """Adaptive gradients: a weight that has moved much already moves less from now on; rare features keep their step.

        s <- s + g^2                                        the sum over all steps, which only grows
        update = -learning_rate * g / (sqrt(s) + eps)

    Duchi, Hazan and Singer 2011, https://jmlr.org/papers/v12/duchi11a.html

    Parameters
    ----------
    eps : float > 0

    Examples
    --------
    >>> import numpy as np
    >>> from backprop_core import Adagrad
    >>> rule, grads = Adagrad(), np.array([1.0, -4.0])
    >>> memory = rule.init(2, float)
    >>> rule.update(grads, memory, 0.1, out=np.empty(2)).round(4)  # at first every weight moves alike
    array([-0.1,  0.1])
    """

    def __init__(self, eps: float = 1e-10):
        self.eps = check_number("eps", eps, "(0, inf)")

    def init(self, n, dtype):
        """Return the memory: the sum of squares s."""
        return {"s": np.zeros(n, dtype)}

    def update(self, grads, state, learning_rate, out):
        """Return the update, written to `out`."""
        rate = float(learning_rate)
        for piece in pieces(len(grads)):
            g, s, u = grads[piece], state["s"][piece], out[piece]
            s += np.multiply(g, g, out=u)
            scale_by_root(g, s, rate, self.eps, u)
        return out


class RMSProp(Optimizer):
    """Adagrad that forgets: each weight's step is measured against its recent gradients, not against all of them.

        v <- decay * v + (1 - decay) g^2                    the mean square of recent gradients
        update = -learning_rate * g / (sqrt(v) + eps)

    Tieleman and Hinton 2012, https://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf

    Parameters
    ----------
    decay : float in [0, 1)
    eps : float > 0

    Examples
    --------
    >>> import numpy as np
    >>> from backprop_core import RMSProp
    >>> rule, grads = RMSProp(decay=0.75), np.array([1.0, -4.0])
    >>> memory = rule.init(2, float)
    >>> rule.update(grads, memory, 0.1, out=np.empty(2)).round(4)  # -0.1 g / sqrt(g^2 / 4)
    array([-0.2,  0.2])
    """

    def __init__(self, decay: float = 0.9, eps: float = 1e-8):
        self.decay, self.eps = check_number("decay", decay, "[0, 1)"), check_number("eps", eps, "(0, inf)")

    def init(self, n, dtype):
        """Return the memory: the mean square v, and the number of steps taken, t."""
        return {"v": np.zeros(n, dtype), "t": np.zeros((), np.int64)}

    def update(self, grads, state, learning_rate, out):
        """Return the update, written to `out`."""
        rate = float(learning_rate)
        state["t"] += 1
        for piece in pieces(len(grads)):
            g, v, u = grads[piece], state["v"][piece], out[piece]
            np.multiply(g, g, out=u)
            u *= 1 - self.decay
            v *= self.decay
            v += u
            scale_by_root(g, v, rate, self.eps, u)
        sweep(state, "v")
        return out


class Adam(Optimizer):
    """Adaptive moments: each weight gets a step of its own size, the smoother its gradient the longer.

        m <- b1 m + (1 - b1) g                              the mean of recent gradients
        v <- b2 v + (1 - b2) g^2                            their mean square
        update = -rate_t * m / (sqrt(v) + eps),             rate_t = learning_rate * sqrt(1 - b2^t) / (1 - b1^t)

    Kingma and Ba 2014, https://arxiv.org/abs/1412.6980, in the form that ends their section 2, which is scikit-learn's
    too: rate_t undoes the start of m and v from zero. (Their Algorithm 1, and PyTorch, differ only in that eps is added
    to sqrt(v) / sqrt(1 - b2^t).)

    Parameters
    ----------
    b1, b2 : float in [0, 1)
    eps : float > 0

    Examples
    --------
    >>> import numpy as np
    >>> from backprop_core import Adam
    >>> rule, grads = Adam(), np.array([1.0, -4.0])
    >>> memory = rule.init(2, float)
    >>> rule.update(grads, memory, 0.1, out=np.empty(2)).round(4)  # the first step is -0.1 sign(g)
    array([-0.1,  0.1])
    """

    def __init__(self, b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8):
        self.b1, self.b2 = check_number("b1", b1, "[0, 1)"), check_number("b2", b2, "[0, 1)")
        self.eps = check_number("eps", eps, "(0, inf)")

    def init(self, n, dtype):
        """Return the memory: both moments, and the number of steps taken, t."""
        return {"m": np.zeros(n, dtype), "v": np.zeros(n, dtype), "t": np.zeros((), np.int64)}

    def correct_rate(self, state, learning_rate):
        """Count a step in `state` and return its rate_t, a float."""
        state["t"] += 1
        t = int(state["t"])
        return float(learning_rate) * math.sqrt(1 - self.b2**t) / (1 - self.b1**t)

    def update(self, grads, state, learning_rate, out):
        """Return the update, written to `out`."""
        rate = self.correct_rate(state, learning_rate)
        for piece in pieces(len(grads)):
            g, m, v, u = grads[piece], state["m"][piece], state["v"][piece], out[piece]
            m *= self.b1
            m += np.multiply(g, 1 - self.b1, out=u)
            u *= g
            u *= (1 - self.b2) / (1 - self.b1)
            v *= self.b2
            v += u
            scale_by_root(m, v, rate, self.eps, u)
        sweep(state, "m", "v")
        return out


class Lion(Optimizer):
    """Evolved sign momentum: every weight moves by the same length, and only the direction is learned.

        c = b1 m + (1 - b1) g                               the mean of recent gradients, the latest counting more
        update = -learning_rate * sign(c)
        m <- b2 m + (1 - b2) g                              a longer memory

    Half of Adam's memory. All weights taking whole steps, it wants a rate 3 to 10 times smaller than Adam's, and a
    weight decay as many times larger. Found by a search over programs: Chen et al. 2023,
    https://arxiv.org/abs/2302.06675

    Parameters
    ----------
    b1, b2 : float in [0, 1)

    Examples
    --------
    >>> import numpy as np
    >>> from backprop_core import Lion
    >>> rule, grads = Lion(), np.array([1.0, -4.0])
    >>> memory = rule.init(2, float)
    >>> rule.update(grads, memory, 0.1, out=np.empty(2)).round(4)  # every step is 0.1 long
    array([-0.1,  0.1])
    """

    def __init__(self, b1: float = 0.9, b2: float = 0.99):
        self.b1, self.b2 = check_number("b1", b1, "[0, 1)"), check_number("b2", b2, "[0, 1)")

    def init(self, n, dtype):
        """Return the memory: the mean gradient m, and the number of steps taken, t."""
        return {"m": np.zeros(n, dtype), "t": np.zeros((), np.int64)}

    def update(self, grads, state, learning_rate, out):
        """Return the update, written to `out`."""
        rate = float(learning_rate)
        state["t"] += 1
        for piece in pieces(len(grads)):
            g, m, u = grads[piece], state["m"][piece], out[piece]
            np.multiply(m, self.b1, out=u)
            u += (1 - self.b1) * g
            np.sign(u, out=u)
            u *= -rate
            m *= self.b2
            m += (1 - self.b2) * g
        sweep(state, "m")
        return out


def scale_by_root(direction, squares, rate, eps, out):
    """out = -rate * direction / (sqrt(squares) + eps), the end of every adaptive rule."""
    np.sqrt(squares, out=out)
    out += eps
    np.divide(direction, out, out=out)
    out *= -rate


OPTIMIZERS = {"sgd": SGD, "adagrad": Adagrad, "rmsprop": RMSProp, "adam": Adam, "adamw": Adam, "lion": Lion}
