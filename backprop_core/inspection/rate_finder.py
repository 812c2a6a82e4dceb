"""Rate finder: which learning rate to train with, found in a hundred steps.

The rate is the most important setting, and the right one differs a thousandfold between networks. So the finder starts
with a very small rate and makes the rate of every step a little larger. The loss stays where it is, then falls, then
explodes; the best rate is where the loss falls fastest, well before the explosion.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from backprop_core.batching import batches
from backprop_core.errors import BackpropError, DivergedError
from backprop_core.losses import Loss
from backprop_core.network import Network
from backprop_core.optimizers import Optimizer
from backprop_core.scratch import Scratch
from backprop_core.step import Step

MEMORY = 0.8  # momentum of the running mean that decides whether the loss has exploded
SPREAD = 3.0  # standard deviation of the Gaussian that smooths the losses, in steps
FEWEST = 3  # least number of losses for a curve


@dataclass(frozen=True)
class RateSearch:
    """What a search saw: plot `losses` and `smoothed` over `rates`, these on a logarithmic axis.

    Attributes
    ----------
    rates, losses, smoothed : list of float
        A step each: its rate, the loss of its batch before it, and that loss without the batches' jitter.
    suggestion : float or None
        The rate to train with: where the smoothed loss fell fastest, but at most a tenth of the rate at which it stood
        lowest. None if the loss never fell.
    limit : float or None
        The rate of the last step before the loss exploded; None if even the highest rate was survived.
    """

    rates: list
    losses: list
    smoothed: list
    suggestion: float | None
    limit: float | None


def find_learning_rate(
    network: Network,
    optimizer: Optimizer,
    loss: Loss,
    X: np.ndarray,
    y: np.ndarray,
    *,
    batch_size: int,
    rng: np.random.Generator,
    lowest: float = 1e-6,
    highest: float = 10.0,
    steps: int = 100,
    **additions,
) -> RateSearch:
    """Train a copy of the network with rates that rise from `lowest` to `highest`, and return what happened.

    Stops when the loss is not finite, or when its running mean stands at four times the lowest that it has reached.
    Smith 2015, https://arxiv.org/abs/1506.01186

    Parameters
    ----------
    network : Network
        Left as it is, statistics included.
    optimizer : an optimizer; the rate found is good for this one alone
    loss : a loss
    X : ndarray [shape=(n_samples, n_features)], y : its targets
    batch_size : int > 0, the one to train with: larger batches bear larger rates
    rng : numpy Generator, orders the rows and draws dropout
    lowest, highest : float > 0
    steps : int >= 10
    **additions : penalties, decay, clipping and mixing, as `Step` has them: those to train with

    Returns
    -------
    search : RateSearch

    Examples
    --------
    >>> import numpy as np
    >>> from backprop_core import Adam, Network, SoftmaxCrossEntropy, find_learning_rate, multilayer_perceptron
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(500, 4)).astype(np.float32)
    >>> y = (X[:, 0] > X[:, 1]).astype(int)
    >>> network = Network(multilayer_perceptron(4, [16], 2), rng)
    >>> search = find_learning_rate(network, Adam(), SoftmaxCrossEntropy(), X, y, batch_size=50, rng=rng)
    >>> 1e-3 < search.suggestion < 1
    True

    Raises
    ------
    BackpropError
        The range or the data are empty, the steps too few to see a slope, or the loss explodes right away
        (DivergedError if it is not finite: the message names the cause).
    """
    if not 0 < len(X) == len(y) or batch_size < 1:
        raise BackpropError(
            f"{len(X)} rows, {len(y)} targets and batches of {batch_size}: give as many targets as rows, "
            "and at least one row a batch"
        )
    stream = _endless(network.dtype, X, y, batch_size, rng)
    return search_rates(network, optimizer, loss, stream, rng, lowest=lowest, highest=highest, steps=steps, **additions)


def search_rates(
    network: Network,
    optimizer: Optimizer,
    loss: Loss,
    stream: Iterable[tuple],
    rng: np.random.Generator | None,
    *,
    lowest: float = 1e-6,
    highest: float = 10.0,
    steps: int = 100,
    **additions,
) -> RateSearch:
    """Search as `find_learning_rate` does, with batches from any source.

    `stream` yields (X_batch, target) or (X_batch, target, weights) at least `steps` times; all else is the same.
    """
    if not 0 < lowest < highest < math.inf:
        raise BackpropError(f"the rates run from {lowest} to {highest}: choose two rising numbers above 0")
    if steps < 10:
        raise BackpropError(f"{steps} steps are too few to see a slope: give at least 10, and 100 is good")
    planned = np.geomspace(lowest, highest, steps).tolist()
    step = Step(network.copy(), optimizer, loss, **additions)
    losses, limit = _rising_rates(step, stream, rng, planned)
    if len(losses) < FEWEST:
        raise BackpropError(
            f"the loss explodes within {FEWEST} steps at a learning rate of {lowest:g}: start from a lower rate"
        )
    rates = planned[: len(losses)]
    return RateSearch(rates, losses, _smooth(losses).tolist(), _suggestion(rates, losses), limit)


# The search looks for an explosion, so numpy need not warn about it.
@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def _rising_rates(step, stream, rng, rates):
    """Take a step at each rate until the loss explodes; return the finite losses, and the rate that did it or None."""
    params = step.network.params.flat
    memory = step.optimizer.init(len(params), params.dtype)
    losses, running, best, last_rate = [], 0.0, math.inf, None
    for rate, (X_batch, target, *weights) in zip(rates, stream, strict=False):
        try:
            losses.append(step(X_batch, target, rate, memory, rng, *weights))
        except DivergedError:
            if len(losses) < FEWEST:
                raise
            return losses, last_rate
        running = MEMORY * running + (1 - MEMORY) * losses[-1]
        mean = running / (1 - MEMORY ** len(losses))
        best = min(best, mean)
        if mean - best > 3 * abs(best):
            return losses, last_rate
        last_rate = rate
    return losses, None


def _endless(dtype, X, y, batch_size, rng):
    """Yield batches in the network's dtype, epoch after epoch."""
    scratch = Scratch(X.dtype)
    while True:
        for X_batch, target in batches(X, y, batch_size, rng, scratch):
            yield X_batch.astype(dtype, copy=False), target


def _suggestion(rates, losses):
    """Return the rate at which the smoothed loss falls fastest, but at most a tenth of the rate with the lowest loss.

    The loss reacts late, above all with momentum, while the rate continues to rise. So the steepest descent may appear
    at a rate that is already too high; the tenth prevents this. Losses after the lowest one are left out before
    smoothing, which would spread an explosion over the steps before it.
    """
    lowest = int(np.argmin(losses))
    if lowest == 0:
        return None
    slopes = np.gradient(_smooth(losses[: lowest + 1]))
    steepest = int(np.argmin(slopes))
    return min(rates[steepest], rates[lowest] / 10) if slopes[steepest] < 0 else None


def _smooth(losses):
    """Smooth the losses with a Gaussian, which does not move slopes to a later rate."""
    from scipy.ndimage import gaussian_filter1d

    return gaussian_filter1d(np.array(losses), SPREAD, mode="nearest")
