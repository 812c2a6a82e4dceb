"""Health: whether the error reaches all layers on its way back, and whether their units are active.

If a loss does not fall, the layers show the reason. On its way back through many layers, the gradient may shrink to
nearly zero, and then the first layers never learn; or it may grow, and then a step destroys the weights. A step may be
too short to have an effect, or so long that it destroys what was learned. And a unit may be at a flat part of its
activation: the error cannot pass, so the unit never changes again.

    norm of the gradient    |dLoss/dW|, before penalties and clipping
    norm of the weights     |W|, before the step
    update ratio            |W after the step - W before| / |W before|: the step that was really taken, whatever
                            optimizer, clipping and decay made of the gradient. About 1e-3 is usual.
    dead units              those whose activation has a slope below `DEAD` for every row of a probe
    saturated activations   those of a bounded activation whose slope is below `SATURATED` of its greatest

Norms are Euclidean, of one layer's weights without its biases. A few steps of each epoch are watched, and at its end a
few rows are sent through the network, so that all this costs a few hundredths of the training time; nothing of the
training is changed by it. Glorot and Bengio 2010, https://proceedings.mlr.press/v9/glorot10a.html, have the first such
pictures of activations and gradients by layer.
"""

import math

import numpy as np

from backprop_core.clipping import length
from backprop_core.probe import watch_layer
from backprop_core.ranges import check_count
from backprop_core.sparse import is_sparse

DEAD = 1e-3
SATURATED = 0.05
# Bounded activations and their greatest slopes.
BOUNDED = {"tanh": 1.0, "logistic": 0.25}
DIGITS = 4


class Health:
    """Which steps and rows of a training are watched.

    Parameters
    ----------
    steps : int > 0
        In each epoch, but one in ten at most. In the first epoch also steps 1, 2, 4, 8 …,
        because explosions happen early.
    rows : int > 0, how many the probe has at most
    """

    def __init__(self, steps=3, rows=200):
        self.steps, self.rows = check_count("health: steps", steps), check_count("health: rows", rows)

    def choose_steps(self, epoch, n_steps):
        """Return which steps of an epoch are watched: set of int; both count from 0."""
        n_watched = min(self.steps, math.ceil(n_steps / 10))
        spread = {i * n_steps // n_watched for i in range(n_watched)}
        early = {2**k for k in range(n_steps.bit_length()) if 2**k < n_steps} if epoch == 0 else set()
        return spread | early

    def probe(self, X):
        """Return at most `rows` rows of X, evenly spread over it."""
        return X[:: math.ceil(len(X) / self.rows)]


class Watch:
    """Takes steps and notes what they did, and looks into the network between them.

    Parameters
    ----------
    step : Step
    """

    def __init__(self, step):
        self._step, self._network = step, step.network
        self._before = self._network.zero_gradients()
        self._gradients, self._norms, self._ratios = [], [], []
        self._seen = []

    def __call__(self, *batch):
        """Take the step, with the arguments that `Step` has, and return its loss."""
        weights = slice(0, self._network.params.n_weights)
        self._step.settle()
        self._before.flat[weights] = self._network.params.flat[weights]
        self._step.on_gradient = lambda grads: self._gradients.append(norms(grads))
        try:
            loss = self._step(*batch)
        finally:
            self._step.on_gradient = None
        self._step.settle()
        before = norms(self._before)
        self._before.flat[weights] -= self._network.params.flat[weights]
        self._norms.append(before)
        self._ratios.append([u / w if w else math.nan for u, w in zip(norms(self._before), before, strict=True)])
        return loss

    def record(self, X):
        """Return the notes since the last call, and the network's activations on the rows X now.

        Parameters
        ----------
        X : ndarray of the network's dtype [shape=(n_samples, n_features)]

        Returns
        -------
        health : dict of str to list of float or None, JSON types, rounded to `DIGITS` significant digits
            "gradient", "weights", "update_ratio": a number for each dense layer, from input to output, those inside
            residual connections among them: the means over the watched steps, None if one was not finite or none was
            taken.
            "mean", "sd": of each activation's output; "dead": the share of its units; "saturated": the share of its
            outputs, None if the activation is not bounded.
        """
        columns = {"gradient": self._gradients, "weights": self._norms, "update_ratio": self._ratios}
        nothing = [[math.nan] * len(norms(self._before))]
        health = {name: _round(np.mean(noted or nothing, axis=0)) for name, noted in columns.items()}
        for noted in (self._gradients, self._norms, self._ratios, self._seen):
            noted.clear()
        looking = self._network.copy(layers=[watch_layer(layer, self._see) for layer in self._network.layers])
        for _ in looking.passes(X if is_sparse(X) else np.asarray(X)):
            pass  # each activation calls `_see`
        for i, name in enumerate(("mean", "sd", "dead", "saturated")):
            health[name] = _round([activation[i] for activation in self._seen])
        return health

    def _see(self, layer, z, a):
        self._seen.append(activation_health(layer.pair, z, a))


def norms(parameters):
    """Return |W| of each layer's weights, from input to output: list of float; `parameters` is a ParameterVector."""
    return [length(values.ravel()) for views in parameters.views for values in views.values() if values.ndim > 1]


def activation_health(pair, z, a):
    """Return the health of an activation from its outputs a = f(z).

    Parameters
    ----------
    pair : Activation
    z, a : float ndarray [shape=(n_samples, width)]

    Returns
    -------
    mean, sd : float, of all outputs
    dead : float in [0, 1], the share of units with |f'(z)| < `DEAD` in every row
    saturated : float in [0, 1], the share of outputs with f'(z) < `SATURATED` max f'; None if f is not in `BOUNDED`
    """
    slope = np.abs(pair.derivative(z, a, np.ones_like(a), np.empty_like(a)))
    dead = float((slope.max(axis=0) < DEAD).mean())
    greatest = BOUNDED.get(pair.name)
    saturated = None if greatest is None else float((slope < SATURATED * greatest).mean())
    return float(a.mean(dtype=np.float64)), float(a.std(dtype=np.float64)), dead, saturated


def _round(values):
    return [float(f"{x:.{DIGITS}g}") if x is not None and math.isfinite(x) else None for x in values]
