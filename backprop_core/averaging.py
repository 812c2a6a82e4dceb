"""Averaging: the mean of the weights of many steps, which is often better than the last weights.

Steps on minibatches move around the bottom of the valley, and the mean of these places is lower than most of them.
Training continues with the weights themselves; the average does not change it.
"""

from contextlib import contextmanager
from itertools import islice

import numpy as np

from backprop_core.pieces import pieces
from backprop_core.ranges import check_number


class ExponentialAverage:
    """A running mean of the weights that forgets: what was `1 / (1 - decay)` steps ago counts a third of the latest.

        average <- average + c_t (params - average),        c_t = (1 - decay) / (1 - decay^t)

    c_1 is 1 and c_t falls to 1 - decay: the corrected mean that Adam divides out, (1 - decay) sum decay^(t - i)
    params_i / (1 - decay^t), written so that the average can be used after any step.

    Polyak and Juditsky 1992, https://doi.org/10.1137/0330046; the correction: Kingma and Ba 2014,
    https://arxiv.org/abs/1412.6980, section 3

    Parameters
    ----------
    decay : float in [0, 1)

    Examples
    --------
    >>> import numpy as np
    >>> from backprop_core import ExponentialAverage
    >>> average, params = ExponentialAverage(0.5), np.array([0.0])
    >>> state = average.init(params)
    >>> average.update(np.array([3.0]), state)  # the first one counts alone
    >>> average.update(np.array([6.0]), state)  # the next one counts twice as much as the one before
    >>> average.read_average(state)
    array([5.])
    """

    def __init__(self, decay: float = 0.999):
        self.decay = check_number("the average's decay", decay, "[0, 1)")

    def init(self, params):
        """Return the memory, a dict of arrays: the average, until the first update `params`, and the count t."""
        return {"average": params.copy(), "t": np.zeros((), np.int64)}

    def update(self, params, state):
        """Take the weights after a step, float [shape=(n,)], into the average in `state`."""
        state["t"] += 1
        share = (1 - self.decay) / (1 - self.decay ** int(state["t"]))
        for piece in pieces(len(params)):
            average = state["average"][piece]
            difference = params[piece] - average
            difference *= share
            average += difference

    def read_average(self, state):
        """Return the average, float [shape=(n,)]: the array that the next update changes, so copy what must last."""
        return state["average"]

    @contextmanager
    def stand_in(self, params, state):
        """Let `params` hold the average for the time of a `with` block, and then the latest weights again."""
        latest = params.copy()
        params[...] = self.read_average(state)
        try:
            yield
        finally:
            params[...] = latest


RECOUNTED = 50  # batches; after these, running means of momentum 0.1 keep only 0.5 % of their old values


def recount(network, batches, rng):
    """Measure a network's running statistics again with its current weights.

    Running means that were measured while the weights changed do not fit the averaged weights. With them the network
    may be no better than chance. Izmailov et al. 2018, https://arxiv.org/abs/1803.05407, section 3.2

    Parameters
    ----------
    network : Network
    batches : iterable of ndarray of the network's dtype [shape=(n_samples, n_features)]
        At most the first `RECOUNTED` are used; a network without statistics does not use any.
    rng : numpy Generator, for dropout, or None if the network needs none
    """
    if len(network.statistics.flat):
        for X in islice(batches, RECOUNTED):
            network.forward(X, training=True, rng=rng)
