"""L-BFGS: training on all rows at once, with a memory of how the slope has changed.

The gradient says which way is down, but not how far to go. L-BFGS learns from its last few steps how the slope changes,
and so takes long steps on even ground and short steps on rough ground. It needs the exact loss of all rows for each
step, so it suits small data and not large data. Liu and Nocedal 1989, https://doi.org/10.1007/BF01589116; the search
itself is scipy's.
"""

import numpy as np
from sklearn.utils.optimize import _check_optimize_result

CHUNK = 8192


def minimize(estimator, fit, rows):
    """Train the network of a Fit on all `rows`, an ArrayRows; bring the estimator's `loss_` and `n_iter_` up to date.

    Warns with ConvergenceWarning where the search ends before the slope is flat.
    """
    from scipy.optimize import minimize

    params = fit.network.params.flat
    with np.errstate(over="ignore", invalid="ignore"):
        result = minimize(
            _loss_and_gradient,
            params.astype(np.float64),
            args=(fit, estimator.alpha, rows, fit.network.zero_gradients()),
            method="L-BFGS-B",
            jac=True,
            options={"maxfun": estimator.max_fun, "maxiter": estimator.max_iter, "gtol": estimator.tol},
        )
    estimator.n_iter_ = _check_optimize_result("lbfgs", result, estimator.max_iter)
    estimator.loss_ = result.fun
    params[...] = result.x


def _loss_and_gradient(flat, fit, alpha, rows, grads):
    """Return the loss of all rows, including the penalty, and its gradient, for parameters in one vector.

    The rows go through the network in pieces. Each piece counts by its share of the rows or of their weight.
    """
    network = fit.network
    network.params.flat[...] = flat
    total = len(rows) if rows.weights is None else float(rows.weights.sum())
    loss, gradient = 0.0, np.zeros(len(flat))
    for X, target, weights in rows.epoch(CHUNK):
        share = (len(X) if weights is None else float(weights.sum())) / total
        logits, backward = network.forward(X, training=True)
        piece, dlogits = fit.loss.loss_and_gradient(logits, target, weights=weights)
        loss += share * piece
        dlogits *= share
        gradient += backward(dlogits, grads).flat
    weights = network.params.flat[: network.params.n_weights]
    loss += 0.5 * alpha / total * float(np.dot(weights, weights))
    gradient[: len(weights)] += alpha / total * weights
    return loss, gradient
