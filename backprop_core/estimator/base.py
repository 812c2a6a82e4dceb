"""The estimator's body: what classifier and regressor have in common, from the parameters to the fitted network.

An estimator in scikit-learn's sense is a record of parameters whose `fit` checks the data, builds a network, trains it
and leaves what it found in attributes that end with an underscore. Everything that is not bookkeeping is done by the
parts that this package is made of.
"""

import operator
import threading
import warnings
from contextlib import nullcontext
from functools import partial
from itertools import chain, count

import numpy as np
from scipy.sparse import issparse
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from backprop_core.errors import BackpropError
from backprop_core.estimator.data import check_batch, check_validation, split
from backprop_core.estimator.descent import Descent
from backprop_core.estimator.epochs import NonFiniteWeightsError, descend, measure
from backprop_core.estimator.fit import Fit
from backprop_core.estimator.input import check_rows, check_rows_and_targets, float_dtype
from backprop_core.estimator.lbfgs import minimize
from backprop_core.estimator.parameters import (
    CONSTRAINTS,
    activations_of,
    additions_of,
    batch_size_of,
    check_calibration,
    check_together,
    layers_of,
    loss_of,
    optimizer_of,
)
from backprop_core.estimator.pickling import complete, note_version
from backprop_core.estimator.rows import ArrayRows, BatchRows, all_logits, batch_of, is_sequence_of_batches
from backprop_core.history import Entries
from backprop_core.inspection.rate_finder import search_rates
from backprop_core.layers import NUMBERS_AT_ONCE
from backprop_core.network import Network

# The learning rate if the search finds none: the default.
OTHERWISE = 0.001
_BUILDING = threading.Lock()


class MultilayerPerceptron(BaseEstimator):
    """Base of `MLPClassifier` and `MLPRegressor`.

    They define the targets and the meaning of the outputs, in methods that this class calls but does not define.
    """

    _parameter_constraints = CONSTRAINTS
    # Only a classifier has these parameters.
    label_smoothing, calibrate = 0.0, False

    def _fit(self, X, y, sample_weight, *, incremental=False, validation_data=None, classes=None):
        check_together(self)
        if not incremental:
            check_calibration(self, validation_data)
        anew = not hasattr(self, "coefs_") or (not self.warm_start and not incremental)
        with _threads(self.n_threads):
            if is_sequence_of_batches(X, y):
                rows = self._rows_of_sequence(X, sample_weight, anew, incremental, classes)
            else:
                rows = self._rows_of_arrays(X, y, sample_weight, anew, incremental, classes)
            if self.solver == "lbfgs":
                valid = check_validation(self, self._parts(), validation_data)
                self._fit_lbfgs(rows, valid)
            else:
                valid = self._fit_stochastic(rows, validation_data, incremental)
            self._calibrate(valid)
        return self

    def _rows_of_arrays(self, X, y, sample_weight, anew, incremental, classes):
        """Check X, y and weights, make the network ready for them, and return them as ArrayRows."""
        X, y = check_rows_and_targets(self, X, y, reset=anew)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, X)
        self._learn_targets(y, incremental, classes)
        self._make_ready(X.shape[1], float_dtype(X), y, anew)
        weights = self._weights(y, sample_weight, incremental)
        return ArrayRows(X, self._targets(y, self._network.dtype), weights, self._network.dtype)

    def _rows_of_sequence(self, batches, sample_weight, anew, incremental, classes):
        """Make the network ready for a sequence of batches, and return it as BatchRows."""
        if self.solver == "lbfgs":
            raise ValueError("solver='lbfgs' needs all rows at once, not a sequence of batches; choose 'adam'")
        if sample_weight is not None:
            raise ValueError("sample_weight goes into the batches where X is a sequence of them: (X, y, sample_weight)")
        if len(batches) == 0:
            raise ValueError("Found a sequence of 0 batches while a minimum of 1 is required.")
        X, y = check_rows_and_targets(self, *batch_of(batches, 0)[:2], reset=anew)
        self._learn_targets(y, incremental, self._all_classes(batches) if classes is None else classes)
        self._make_ready(X.shape[1], float_dtype(X), y, anew)
        return BatchRows(batches, partial(check_batch, self, self._parts()), issparse(X))

    def _make_ready(self, n_features, dtype, y, anew):
        """Set the attributes of each call of fit; on the first call build the network and draw its weights."""
        n_outputs, out_activation = self._shape_of_output(y)
        if not anew and n_outputs != self.n_outputs_:
            raise ValueError(f"y has {n_outputs} outputs, but {type(self).__name__} was fitted with {self.n_outputs_}")
        self.n_outputs_ = n_outputs
        self._random_state = check_random_state(self.random_state)
        if not anew:
            self._attach()
            return
        self.n_iter_ = self.t_ = 0
        self.out_activation_ = out_activation
        self._network = Network(layers_of(self, n_features, self.n_outputs_), np.random.default_rng(0), dtype=dtype)
        self._loss = loss_of(self, out_activation)
        self._adopt_views()
        self._draw_weights()
        self._no_improvement_count = 0
        self.history_ = Entries()
        if self.solver != "lbfgs":
            self._begin_curves()

    def _begin_curves(self):
        """Begin the curves that epochs are compared by: validation scores with early stopping, else training losses."""
        self.loss_curve_ = []
        self.validation_scores_ = [] if self.early_stopping else None
        self.best_validation_score_ = -np.inf if self.early_stopping else None
        self.best_loss_ = None if self.early_stopping else np.inf

    def _draw_weights(self):
        """Draw weights and biases within Glorot and Bengio's bounds, as scikit-learn does.

        W, b ~ U(-r, r), r = sqrt(6 / (fan_in + fan_out)), with 2 in place of 6 for the logistic activation. The output
        layer uses the activation of the last hidden layer.
        """
        n_hidden = len(self.coefs_) - 1
        activations = activations_of(self, n_hidden) if n_hidden else [self.activation]
        names = [one if isinstance(one, str) else one.name for one in activations]
        for W, b, name in zip(self.coefs_, self.intercepts_, [*names, names[-1]], strict=False):
            bound = np.sqrt((2.0 if name == "logistic" else 6.0) / sum(W.shape))
            few = max(1, NUMBERS_AT_ONCE // W.shape[1])
            for start in range(0, len(W), few):
                rows = W[start : start + few]
                rows[...] = self._random_state.uniform(-bound, bound, rows.shape)
            b[...] = self._random_state.uniform(-bound, bound, b.shape)

    def _adopt_views(self):
        """Let `coefs_` and `intercepts_` be the network's own arrays."""
        self.coefs_, self.intercepts_ = weights_and_biases(self._network)
        self.n_layers_ = len(self.coefs_) + 1
        self._views = (*self.coefs_, *self.intercepts_)

    def _attach(self):
        """Take over arrays that a user has put into `coefs_` and `intercepts_`."""
        if not hasattr(self, "_views"):
            with _BUILDING:
                if not hasattr(self, "_views"):
                    self._build_around(self.coefs_, self.intercepts_)
        arrays = (*self.coefs_, *self.intercepts_)
        if not all(map(operator.is_, self._views, arrays)):
            for view, array in zip(self._views, arrays, strict=True):
                view[...] = array
            self._adopt_views()

    def _build_around(self, coefs, intercepts):
        """Make a network for weights that a user has set by hand, without fit."""
        layers = layers_of(self, len(coefs[0]), len(intercepts[-1]))
        network = Network(layers, np.random.default_rng(0), dtype=float_dtype(np.asarray(coefs[0])))
        own_coefs, own_intercepts = weights_and_biases(network)
        for view, array in zip((*own_coefs, *own_intercepts), (*coefs, *intercepts), strict=True):
            view[...] = array
        self._network, self._loss, self.history_ = network, loss_of(self, self.out_activation_), Entries()
        self._adopt_views()

    def _fit_stochastic(self, rows, validation_data, incremental):
        """Train batch by batch; return the validation rows, or None."""
        if self.early_stopping and incremental:
            raise ValueError("partial_fit does not support early_stopping=True")
        # A warm start may follow a fit with another solver or `early_stopping`.
        if not hasattr(self, "loss_curve_") or (self.best_loss_ is None) != self.early_stopping:
            self._begin_curves()
        if not incremental or not hasattr(self, "_descent"):
            draws = self.dropout or self.input_dropout or self.input_noise or self.mixup
            rng = np.random.default_rng(self._random_state.randint(2**31)) if draws else None
            self.learning_rate_init_ = self._initial_rate(rows)
            self._descent = Descent(self, self._network, rng, self.learning_rate_init_)
        fit = self._parts(self._descent)
        valid = check_validation(self, fit, validation_data)
        if self.early_stopping and valid is None:
            rows, valid = split(self, fit, rows)
        # The batches of a sequence have their own size.
        batch_size = batch_size_of(self, len(rows)) if isinstance(rows, ArrayRows) else None
        try:
            descend(self, fit, rows, valid, batch_size, incremental, validation_data is not None)
        finally:
            if fit.descent is None:
                del self._descent
        return valid

    def _parts(self, descent=None):
        """Return the Fit of this call."""

        def targets_of(y):
            self._insist_on_targets(y)
            return self._targets(y, self._network.dtype)

        def weights_of(y, weights):
            return self._weights(y, weights, True)

        return Fit(self._network, self._loss, self._random_state, targets_of, weights_of, self._score_logits, descent)

    def _initial_rate(self, rows):
        """Return the initial learning rate, a float: the given one, or one that a search finds."""
        if self.learning_rate_init != "find":
            return float(self.learning_rate_init)
        random_state = np.random.RandomState(self._random_state.randint(2**31))
        batch_size = batch_size_of(self, len(rows)) if isinstance(rows, ArrayRows) else None
        batches = chain.from_iterable(rows.epoch(batch_size, random_state) for _ in count())
        rng = np.random.default_rng(random_state.randint(2**31))
        optimizer = optimizer_of(self)
        try:
            found = search_rates(self._network, optimizer, self._loss, batches, rng, **additions_of(self)).suggestion
        except BackpropError as error:
            raise ValueError(f"learning_rate_init='find': {error}") from error
        if found is None:
            warnings.warn(
                f"No learning rate lowers the loss of these rows; {OTHERWISE} is used", ConvergenceWarning, stacklevel=2
            )
            return OTHERWISE
        return found

    def _fit_lbfgs(self, rows, valid):
        """Train on all rows at once."""
        before, fit = self._network.snapshot(), self._parts()
        minimize(self, fit, rows)
        if not np.isfinite(self._network.params.flat).all():
            self._network.restore(before)
            raise NonFiniteWeightsError("The search ended at weights that are no numbers; the first ones are kept")
        if valid is not None:
            self.history_.append(
                {"epoch": self.n_iter_, "train": measure(fit, rows.sample(5000)), "valid": measure(fit, valid)}
            )

    def _logits(self, X):
        """Check rows, and return the network's outputs for them."""
        if "coefs_" not in self.__dict__:
            check_is_fitted(self)
        self._attach()
        X = check_rows(self, X)
        return all_logits(self._network, X, self)

    def __getstate__(self):
        state = dict(super().__getstate__())
        if "_network" in state:
            self._attach()
            network = self._network
            state["_network"] = (network.layers, network.dtype, *map(np.array, network.snapshot()))
            for name in ("coefs_", "intercepts_", "_views"):
                del state[name]
        return note_version(state)

    def __setstate__(self, state):
        state = complete(state, type(self))
        super().__setstate__(state)
        if "_network" in state:
            layers, dtype, *learned = state["_network"]
            self._network = Network.blank(layers, dtype)
            self._network.restore(learned)
            self._adopt_views()

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def weights_and_biases(network: Network) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return the arrays of weights and those of biases of all dense layers, from input to output."""
    entries = list(chain.from_iterable(views.items() for views in network.params.views))
    # The name of a layer inside a residual connection begins with its place there: "0.W".
    coefs, intercepts = ([array for name, array in entries if name.split(".")[-1] == kind] for kind in "Wb")
    return coefs, intercepts


def _threads(n_threads):
    """Limit the threads of the matrix products while training."""
    if n_threads is None:
        return nullcontext()
    from threadpoolctl import threadpool_limits

    return threadpool_limits(limits=n_threads)


def goes_batch_by_batch(estimator):
    """Return True, or raise AttributeError, which hides `partial_fit`."""
    if estimator.solver == "lbfgs":
        raise AttributeError(
            f"partial_fit is only available for stochastic optimizers. {estimator.solver} is not stochastic."
        )
    return True


def store(estimator, arguments):
    """Keep a constructor's arguments as they are, as scikit-learn wants it."""
    for name, value in arguments.items():
        if name != "self":
            setattr(estimator, name, value)
