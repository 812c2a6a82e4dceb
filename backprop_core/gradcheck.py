"""The gradient check: does the way back agree with the way forward?

A derivative that was worked out by hand can be wrong and still train, only worse. The check moves one number of the
network a little up and a little down, watches the loss, and compares that slope with what backpropagation claims. It
needs nothing but forward passes, so it cannot repeat backpropagation's mistake.

Two central differences, a wide and a narrow one, are combined so that the error of the second order cancels
(Richardson 1911); in float64 eleven decimals of the slope are then right. Dropout draws the same units in every
evaluation, because each one starts the random stream anew from the same seed. And relu has a kink at 0, where there is
no slope: a number that pushes a unit across it is passed over, and another is drawn.
"""

import numpy as np

from backprop_core.network import Network
from backprop_core.scratch import Scratch

TOLERANCE = 1e-6
STEP = 1e-3
# Rounding leaves up to 1e-12 in a slope: of a gradient much smaller than this, no six digits can be compared.
SMALLEST = 1e-5


def check_gradients(network, loss, X, y, rng, samples=20):
    """Compare the gradients of every layer's parameters, and of the input, with numerical ones.

    Parameters
    ----------
    network : Network
        Left as it is: the check works on a copy in float64.
    loss : a loss
    X : ndarray [shape=(n_samples, n_features)]
        A few rows are enough; every number checked costs four forward passes over them.
    y : ndarray, the loss's target for X
    rng : numpy Generator, chooses which numbers are checked and which units dropout silences
    samples : int > 0, numbers checked in each array of parameters, or all where there are fewer

    Returns
    -------
    records : list of {"layer": str, "parameter": str, "n_checked": int, "error": float}
        `error` is the worst `relative_error` of the numbers checked; a correct gradient stays below `TOLERANCE`.
        `n_checked` is less than `samples` where the array, or what of it stays clear of the kinks, is smaller.
    """
    copy = Network(network.layers, np.float64)
    copy.params.flat[...] = network.params.flat
    X = np.array(X, np.float64)
    seed = int(rng.integers(2**32))

    grads = copy.zero_gradients()
    logits, backward = copy.forward(X, training=True, rng=np.random.default_rng(seed))
    backward(loss.loss_and_gradient(logits, y)[1], grads)

    def evaluate():
        logits, sides, _ = _forward(copy, X, seed)
        return loss.loss(logits, y), sides

    records = [_check("input", "X", X, _input_gradient(copy, loss, X, y, seed), evaluate, rng, samples)]
    for i, layer in enumerate(copy.layers):
        for name, values in copy.params.views[i].items():
            records.append(_check(f"{i} {layer.kind}", name, values, grads.views[i][name], evaluate, rng, samples))
    return records


def relative_error(analytical, numerical):
    """Return |a - n| / max(|a|, |n|, SMALLEST), a float >= 0; gradients below `SMALLEST` are compared on its scale."""
    if not np.isfinite(analytical + numerical):
        return float("inf")
    return float(abs(analytical - numerical) / max(abs(analytical), abs(numerical), SMALLEST))


def _check(layer, parameter, values, gradient, evaluate, rng, samples):
    """Compare up to `samples` numbers of one array, drawn by `rng`, and return the record."""
    errors = []
    for index in rng.permutation(values.size):
        if len(errors) == samples:
            break
        numerical = _slope(values.reshape(-1), index, evaluate)
        if numerical is not None:
            errors.append(relative_error(gradient.reshape(-1)[index], numerical))
    return {"layer": layer, "parameter": parameter, "n_checked": len(errors), "error": max(errors, default=0.0)}


def _slope(values, index, evaluate):
    """Return dLoss/dvalues[index] measured by moving it, or None where that would push a unit across its kink."""
    before = values[index]
    step = STEP * max(1.0, abs(before))
    losses, sides = {}, {}
    for part in (-1, -0.5, 0.5, 1):
        values[index] = before + part * step
        losses[part], sides[part] = evaluate()
    values[index] = before
    if any(not np.array_equal(sides[-1], others) for others in sides.values()):
        return None
    wide, narrow = (losses[1] - losses[-1]) / (2 * step), (losses[0.5] - losses[-0.5]) / step
    return (4 * narrow - wide) / 3


def _forward(network, X, seed):
    """Return the logits, the side of 0 that every input of an activation lies on, and each layer's way back.

    The layers are walked here once more, apart from `Network.forward`, so that the network's own bookkeeping is
    checked too.
    """
    rng = np.random.default_rng(seed)
    x, sides, pullbacks = X, [], []
    for layer, params in zip(network.layers, network.params.views, strict=True):
        if layer.kind == "activate":
            sides.append(x.ravel() > 0)
        x, pullback = layer.forward(params, x, Scratch(np.float64), training=True, rng=rng)
        pullbacks.append(pullback)
    return x, np.concatenate(sides) if sides else np.empty(0, bool), pullbacks


def _input_gradient(network, loss, X, y, seed):
    """Return dLoss/dX, which training has no use for and so never computes."""
    logits, _, pullbacks = _forward(network, X, seed)
    error = loss.loss_and_gradient(logits, y)[1]
    for pullback, grads in zip(reversed(pullbacks), reversed(network.zero_gradients().views), strict=True):
        error = pullback(error, grads)
    return error
