"""The gradient check: does the backward pass agree with the forward pass?

A network with a wrong derivative can still train, but worse. The check moves one number of the network a little up and
a little down, watches the loss, and compares that slope with what backpropagation claims. It needs nothing but forward
passes, so it cannot repeat backpropagation's mistake.

Two central differences, a wide and a narrow one, are combined so that the error of the second order cancels
(Richardson 1911); in float64 eleven decimals of the slope are then right. Dropout draws the same units in every
evaluation, because each one starts the random stream anew from the same seed; and running statistics start each one
where the network has them. And relu has a kink at 0, where there is no slope: a number that pushes a unit across it is
passed over, and another is drawn.
"""

from functools import partial

import numpy as np

from backprop_core.losses import Loss
from backprop_core.network import Network
from backprop_core.probe import watch_layer

TOLERANCE = 1e-6
STEP = 1e-3
# Two differences may disagree by this share of the slope; the error of their combination is about its square.
BEND = 3e-4
# Rounding leaves 1e-12 of the loss in a slope. So six digits of a much smaller gradient cannot be compared.
SMALLEST = 1e-5
# If nearly all numbers of an array are at a kink, at most this many times the requested numbers are tried.
PATIENCE = 10


def check_gradients(network: Network, loss: Loss, X, y, rng: np.random.Generator, samples: int = 20) -> list[dict]:
    """Compare the gradients of every layer's parameters, and of the input, with numerical ones.

    Parameters
    ----------
    network : Network
        Left as it is: the check works on a copy in float64.
    loss : a loss
    X : ndarray [shape=(n_samples, n_features)]
        A few rows are enough; every number checked costs four forward passes over them. Batch normalisation takes its
        statistics from them, as in training, unless it is a single row.
    y : ndarray, the loss's target for X
    rng : numpy Generator, chooses which numbers are checked and which units dropout silences
    samples : int > 0, numbers checked in each array of parameters, or all where there are fewer

    Returns
    -------
    records : list of {"layer": str, "parameter": str, "n_checked": int, "error": float}
        `error` is the worst `relative_error` of the numbers checked; a correct gradient stays below `TOLERANCE`.
        `n_checked` is less than `samples` if the array has fewer numbers, or fewer that are not at a kink. If it is 0,
        nothing is known, and the error is 0. The layer is its position and kind; the parameter "1.W" of a
        residual connection is the W of its second inner layer.
    """
    sides = []
    twin = network.copy(np.float64, [watch_layer(layer, partial(_note_side, sides)) for layer in network.layers])
    X = np.array(X, np.float64, order="C")
    seed = int(rng.integers(2**32))

    grads = twin.zero_gradients()
    logits, backward = twin.forward(X, training=True, rng=np.random.default_rng(seed))
    value, dlogits = loss.loss_and_gradient(logits, y)
    backward(dlogits, grads)
    twin.statistics.flat[...] = network.statistics.flat
    smallest = SMALLEST * max(1.0, abs(value))

    def walk():
        """Go through the layers without `Network.forward`, so that the network's own bookkeeping is checked, too."""
        sides.clear()
        passages = list(twin.passes(X, training=True, rng=np.random.default_rng(seed)))
        twin.statistics.flat[...] = network.statistics.flat
        return passages

    def evaluate():
        logits = walk()[-1].y
        return loss.loss(logits, y), np.concatenate(sides) if sides else np.empty(0, int)

    def check(layer, parameter, values, gradient):
        errors = _errors(values.reshape(-1), gradient.reshape(-1), evaluate, rng, samples, smallest)
        return {"layer": layer, "parameter": parameter, "n_checked": len(errors), "error": max(errors, default=0.0)}

    records = [check("input", "X", X, _input_gradient(walk(), loss, y, twin.zero_gradients()))]
    for i, layer in enumerate(twin.layers):
        for name, values in twin.params.views[i].items():
            records.append(check(f"{i} {layer.kind}", name, values, grads.views[i][name]))
    return records


def verdict(record):
    """Return "ok", "wrong", or "not checked" if every number was skipped, which is no reason for trust."""
    if record["n_checked"] == 0:
        return "not checked"
    return "ok" if record["error"] < TOLERANCE else "wrong"


def relative_error(analytical, numerical, smallest=SMALLEST):
    """Return |a - n| / max(|a|, |n|, smallest), a float >= 0; gradients below `smallest` are compared on its scale."""
    if not np.isfinite(analytical + numerical):
        return float("inf")
    return float(abs(analytical - numerical) / max(abs(analytical), abs(numerical), smallest))


def _errors(values, gradient, evaluate, rng, samples, smallest):
    """Return the relative errors of up to `samples` numbers of one array, drawn by `rng`."""
    errors = []
    for index in rng.permutation(values.size)[: PATIENCE * samples]:
        if len(errors) == samples:
            break
        numerical = _slope(values, index, evaluate, smallest)
        if numerical is not None:
            errors.append(relative_error(gradient[index], numerical, smallest))
    return errors


def _slope(values, index, evaluate, smallest):
    """Measure dLoss/dvalues[index] by changing the value; return None if this moves a unit across its kink.

    If the loss bends so much that the wide and the narrow difference disagree, measure both closer.
    """
    for shrink in (1, 0.1):
        pair = _differences(values, index, shrink * STEP * max(1.0, abs(values[index])), evaluate)
        if pair is None:
            return None
        wide, narrow = pair
        if abs(wide - narrow) <= BEND * max(abs(narrow), smallest):
            break
    return (4 * narrow - wide) / 3


def _differences(values, index, step, evaluate):
    """Return the central differences over `step` and over half of it, or None if they cross a kink."""
    before = values[index]
    losses, sides = {}, {}
    for part in (-1, -0.5, 0.5, 1):
        values[index] = before + part * step
        losses[part], sides[part] = evaluate()
    values[index] = before
    if any(not np.array_equal(sides[-1], others) for others in sides.values()):
        return None
    return (losses[1] - losses[-1]) / (2 * step), (losses[0.5] - losses[-0.5]) / step


def _note_side(sides, layer, z, a):
    """Note on which side of its kinks every input of an activation lies."""
    if layer.pair.kinks:
        sides.append(np.searchsorted(layer.pair.kinks, z.ravel()))


def _input_gradient(passages, loss, y, grads):
    """Return dLoss/dX, which training does not need and so never computes."""
    error = loss.loss_and_gradient(passages[-1].y, y)[1]
    for passage, part in zip(reversed(passages), reversed(grads.views), strict=True):
        error = passage.backward(error, part)
    return error.copy()
