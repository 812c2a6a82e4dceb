"""Epochs: how an estimator goes through its rows again and again, until it stops improving.

What an epoch does and when training stops are scikit-learn's rules to the letter, and random numbers are drawn in its
order, so that the same seed leads to the same weights. What is measured beside them costs time only where it is
wanted.
"""

import math
import time
import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from backprop_core.errors import DivergedError
from backprop_core.estimator.progress import ProgressLine
from backprop_core.estimator.rows import ArrayRows, compute_logits
from backprop_core.pieces import pieces


class NonFiniteWeightsError(DivergedError, ValueError):
    """Training diverged. It begins with scikit-learn's sentence for it and is a ValueError as there, then names why."""

    def __init__(self, cause):
        super().__init__(
            "Solver produced non-finite parameter weights. The input data may contain large values and need to be "
            f"preprocessed. {cause}"
        )


@dataclass
class Kept:
    """Weights that a training may have to come back to; each is a snapshot of the network.

    Attributes
    ----------
    finite : the weights of the epoch with the lowest loss, for the case that training diverges
    loss : float, that loss
    best : the weights with the best validation score, or None unless stopping early
    """

    finite: tuple[np.ndarray, np.ndarray]
    loss: float = math.inf
    best: tuple[np.ndarray, np.ndarray] | None = None


# The errors and warnings raised here report overflow and name its cause; numpy's warnings would only precede them.
@np.errstate(over="ignore", invalid="ignore")
def descend(estimator, fit, rows, valid, batch_size, incremental, measures_train):
    """Train the network of a Fit on `rows`; one epoch if `incremental`, else until it stops improving.

    Parameters
    ----------
    estimator : whose fitted attributes are brought up to date
    fit : Fit, with a Descent, which is taken from it where training diverges
    rows : ArrayRows or BatchRows
    valid : ArrayRows, BatchRows or None
    batch_size : int > 0
    measures_train : bool
        Measure training rows after each epoch as validation rows are measured.
    """
    network, descent = fit.network, fit.descent
    n_steps = rows.n_steps(batch_size)
    descent.start(estimator, network, fit.loss, n_steps * (1 if incremental else estimator.max_iter), rows.sparse)
    seen = rows.sample(5000) if measures_train and isinstance(rows, ArrayRows) else None
    line = ProgressLine(estimator) if estimator.progress else None
    kept = Kept(network.snapshot())
    estimator.n_iter_ = 0
    try:
        for _ in range(estimator.max_iter):
            _epoch(estimator, fit, rows, batch_size, seen, valid, kept)
            if line:
                line.show(estimator.history_[-1])
            if _end_epoch(estimator, descent) or incremental:
                break
        else:
            # A schedule ends after `max_iter` epochs; without a schedule, training was cut short.
            if not descent.scheduled:
                warnings.warn(
                    f"Stochastic Optimizer: Maximum iterations ({estimator.max_iter}) reached and the optimization "
                    "hasn't converged yet.",
                    ConvergenceWarning,
                    stacklevel=2,
                )
        descent.finish(network, rows, batch_size)
    except KeyboardInterrupt:
        warnings.warn("Training interrupted by user.", stacklevel=2)
        descent.finish(network, rows, batch_size)
    except DivergedError as error:
        # Its memory and its average are useless now: the next partial_fit begins with new ones.
        fit.descent = None
        network.restore(kept.finite)
        _give_up(estimator, error)
    finally:
        if line:
            line.close()
    # If a warm start improves nothing, the latest weights stay, as in scikit-learn.
    if kept.best is not None:
        network.restore(kept.best)


def _epoch(estimator, fit, rows, batch_size, seen, valid, kept):
    """Train on all rows once and measure; add an entry to the history, and keep the best weights in `kept`."""
    began = time.perf_counter()
    network, descent = fit.network, fit.descent
    random_state = fit.random_state if estimator.shuffle else None
    loss, n, clip_rate = descent.epoch(estimator, rows, batch_size, random_state)
    params = network.params.flat
    if not all(np.isfinite(params[piece]).all() for piece in pieces(len(params))):
        raise DivergedError("the last step led to weights that are not finite; lower the learning rate")
    entry = {"epoch": descent.n_epochs, "learning_rate": descent.learning_rate, "clip_rate": clip_rate}
    _count(estimator, loss, n)
    with descent.use_average(network, rows, batch_size):
        entry |= _measure_both(fit, loss, seen, valid)
        if _count_patience(estimator, entry):
            kept.best = network.snapshot()
    if loss <= kept.loss:
        kept.loss, kept.finite = loss, network.snapshot()
    descent.end_epoch(estimator)
    entry["seconds"] = time.perf_counter() - began
    estimator.history_.append(entry)


def _count(estimator, loss, n):
    """Update scikit-learn's counters after an epoch over n rows."""
    estimator.n_iter_ += 1
    estimator.loss_ = loss
    estimator.t_ += n
    estimator.loss_curve_.append(loss)
    if estimator.verbose:
        print(f"Iteration {estimator.n_iter_}, loss = {loss:.8f}")


def _measure_both(fit, loss, seen, valid):
    """Return the history's "train" and, if there are validation rows, "valid": their losses and scores."""
    entry = {"train": {"loss": loss} if seen is None else measure(fit, seen)}
    if valid is not None:
        entry["valid"] = measure(fit, valid)
    return entry


def measure(fit, rows):
    """Return {"loss", "score"} of the network of a Fit on `rows`, in evaluation mode."""
    logits, target, weights = compute_logits(fit.network, rows)
    loss = float(fit.loss.loss(logits, target, weights=weights))
    finite = math.isfinite(float(logits.sum()))
    return {"loss": loss, "score": fit.score(logits, target, weights) if finite else math.nan}


def _count_patience(estimator, entry):
    """Count the epochs without improvement: of the validation score with early stopping, else of the training loss.

    Returns whether early stopping should keep these weights as the best so far.
    """
    best = False
    if estimator.early_stopping:
        score = entry["valid"]["score"]
        estimator.validation_scores_.append(score)
        if estimator.verbose:
            print(f"Validation score: {score:f}")
        improves = not score < estimator.best_validation_score_ + estimator.tol
        best = score > estimator.best_validation_score_
        if best:
            estimator.best_validation_score_ = score
    else:
        loss = estimator.loss_
        improves = not loss > estimator.best_loss_ - estimator.tol
        estimator.best_loss_ = min(loss, estimator.best_loss_)
    estimator._no_improvement_count = 0 if improves else estimator._no_improvement_count + 1
    return best


def _end_epoch(estimator, descent):
    """Slow down or stop if patience is exhausted, and call the callbacks; return whether training ends."""
    if estimator._no_improvement_count > estimator.n_iter_no_change:
        what = "Validation score" if estimator.early_stopping else "Training loss"
        if descent.slow_down_or_stop(
            estimator,
            f"{what} did not improve more than tol={estimator.tol:f} for {estimator.n_iter_no_change} "
            "consecutive epochs.",
        ):
            return True
        estimator._no_improvement_count = 0
    callbacks = estimator.callbacks or ()
    answers = [callback(estimator) for callback in ([callbacks] if callable(callbacks) else callbacks)]
    return any(answer is True for answer in answers)


def _give_up(estimator, error):
    """Report a divergence: raise an error as scikit-learn does; with early stopping, warn and keep the best weights."""
    cause = f"Training diverged in epoch {estimator.n_iter_ + 1}: {error}"
    if not estimator.early_stopping:
        raise NonFiniteWeightsError(cause) from error
    estimator.validation_scores_.append(math.nan)
    warnings.warn(f"{cause}. The best weights so far are kept.", ConvergenceWarning, stacklevel=3)
