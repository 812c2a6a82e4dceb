"""Divergence: training that explodes, and its cause.

Each step goes downhill by the learning rate times the slope. If this is too far, the step lands higher on the other
side, where the slope is steeper, and the next step is even longer: after a few steps, numbers overflow. The rate may be
too high for this network, or the data may contain a number that is too large for any rate. The present batch and
weights show which of the two it was.
"""

import math

import numpy as np

from backprop_core.sparse import is_sparse

# Standardised features are below 100, and pixels below 256. A column this large makes slopes a million times as steep.
LARGE = 1000.0
ABSURD = 1000.0
SUSTAINED = 50


def has_diverged(losses, first_loss, blank_loss=1.0):
    """Return whether a training is beyond recovery: its loss is not finite, or stays absurdly high.

    The loss of one batch may have any size: the batch may be an outlier, or one step may be too long and the next ones
    undo it. So a finite loss counts only if each of the last `SUSTAINED` batches costs `ABSURD` times as much as each
    of three losses: that of the run's first batch (regression may begin with millions, and continue with them), that of
    outputs that are all zero (if targets grow in the course of the data, this loss grows too), and 1, near which every
    classification begins. A training that learns does not reach this: it would be a thousand times worse than a network
    that has learned nothing.

    Parameters
    ----------
    losses : sequence of float, not empty (a list, or a deque)
        Losses of the latest batches, the newest last. If there are fewer than `SUSTAINED`, the only check is whether
        the newest one is finite.
    first_loss : float >= 0
        The loss of the run's first batch, before its first step.
    blank_loss : float >= 0
        The loss of the newest batch if all outputs were 0: `loss.loss(np.zeros_like(logits), target)`.
    """
    if not math.isfinite(losses[-1]):
        return True
    latest = list(losses)[-SUSTAINED:]
    return len(latest) == SUSTAINED and min(latest) > ABSURD * max(first_loss, blank_loss, 1.0)


def cause_of_divergence(network, X, y, learning_rate):
    """Return what most likely made training diverge, and the remedy: one sentence, in lower case and without its stop.

    The first of these that is true: a number in the batch that is not finite; a column, then a target, of absurd size;
    weights that are not finite; a layer whose outputs overflow; and otherwise, the learning rate.

    Parameters
    ----------
    network : Network
    X : float ndarray [shape=(n_samples, n_features)], the batch that diverged
    y : ndarray [shape=(n_samples,) or (n_samples, n_outputs)], its target
    learning_rate : float > 0, that of the step, or the one from which a schedule derived it
    """
    with np.errstate(all="ignore"):
        causes = (
            _bad_column(X),
            _bad_target(y),
            _bad_weights(network, learning_rate),
            _overflow(network, X, learning_rate),
        )
    lower = _lower(learning_rate)
    fallback = f"the loss overflows although all weights and outputs are finite, so the steps are too long; {lower}"
    return next((cause for cause in causes if cause), fallback)


def _bad_column(X):
    """Name the column with a number that is not finite, or with the largest number if this is absurd."""
    if is_sparse(X):
        return _bad_number(X)
    wrong = ~np.isfinite(X)
    if wrong.any():
        row, j = np.argwhere(wrong)[0]
        return (
            f"column {j} of X holds {X[row, j]} in {wrong[:, j].sum()} of the batch's {len(X)} rows; "
            "replace or remove missing and infinite values before training"
        )
    size = np.abs(X)
    j = int(size.max(axis=0).argmax())
    value = float(X[size[:, j].argmax(), j])
    if abs(value) > LARGE:
        return f"column {j} of X holds the value {value:g}, too large to learn from; standardise column {j}"
    return None


def _bad_number(X):
    """Do the same as `_bad_column` for sparse rows."""
    wrong = np.flatnonzero(~np.isfinite(X.data))
    if wrong.size:
        j = X.columns[wrong[0]]
        n_rows = np.unique(X.rows_of_numbers()[wrong[X.columns[wrong] == j]]).size
        return (
            f"column {j} of X holds {X.data[wrong[0]]} in {n_rows} of the batch's {len(X)} rows; "
            "replace or remove missing and infinite values before training"
        )
    place = int(np.abs(X.data).argmax()) if X.data.size else None
    if place is not None and abs(X.data[place]) > LARGE:
        j = X.columns[place]
        return f"column {j} of X holds the value {X.data[place]:g}, too large to learn from; standardise column {j}"
    return None


def _bad_target(y):
    """Name the value of a regression's target that is not finite, or so large that the error is absurd at once."""
    if not np.issubdtype(y.dtype, np.floating):
        return None
    wrong = y[~np.isfinite(y)]
    if wrong.size:
        return f"the target holds {wrong[0]} in {wrong.size} places of the batch; leave these rows out"
    largest = float(y.flat[np.abs(y).argmax()])
    if abs(largest) > LARGE:
        return f"the target holds the value {largest:g}, too large to learn from; standardise the target"
    return None


def _bad_weights(network, learning_rate):
    """Name the first layer that has parameters which are not finite."""
    for i, (layer, params) in enumerate(zip(network.layers, network.params.views, strict=True)):
        for name, values in params.items():
            wrong = values[~np.isfinite(values)]
            if wrong.size:
                return (
                    f"{wrong.size} of the {values.size} numbers in {name} of layer {i} ({layer.kind}) are no longer "
                    f"finite (the first is {wrong[0]}), so an earlier step was too long; {_lower(learning_rate)}"
                )
    return None


def _overflow(network, X, learning_rate):
    """Walk forward in evaluation mode and name the first layer whose output is not finite."""
    walk = network.passes(X.astype(network.dtype) if is_sparse(X) else np.asarray(X, network.dtype))
    for i, (passage, params) in enumerate(zip(walk, network.params.views, strict=True)):
        if not np.isfinite(passage.y).all():
            before = float(np.abs(passage.x.data if is_sparse(passage.x) else passage.x).max(initial=0))
            weights = max((float(np.abs(values).max()) for values in params.values()), default=0.0)
            reached = f" and its weights {weights:.2g}" if params else ""
            return (
                f"the outputs of layer {i} ({passage.layer.kind}) overflow: its inputs reach {before:.2g}{reached}; "
                f"{_lower(learning_rate)}"
            )
    return None


def _lower(learning_rate):
    return f"lower the learning rate (it is {learning_rate:g}) tenfold, or clip the gradient"
