"""The regressor: it predicts one amount or several, with scikit-learn's interface.

Its body, fit and the fitted network, is that of every estimator here; amounts need no more than to be finite numbers.
"""

from numbers import Integral

import numpy as np
from sklearn.base import RegressorMixin, _fit_context
from sklearn.utils.metaestimators import available_if

from backprop_core.estimator.base import MultilayerPerceptron, goes_batch_by_batch, store
from backprop_core.estimator.parameters import CONSTRAINTS, REGRESSOR_CONSTRAINTS


class MLPRegressor(RegressorMixin, MultilayerPerceptron):
    """Multilayer perceptron that predicts amounts: scikit-learn's, and more.

    Parameters
    ----------
    loss : {'squared_error', 'poisson'}, the name of a loss of your own in `LOSSES`, or a loss object
        What training lowers: half the squared error; or the Poisson deviance of counts and rates >= 0, for which the
        network predicts the logarithm. An object has `loss_and_gradient`, `loss` and `probabilities`, such as an
        `OwnLoss` (`backprop_core.regression_losses`); its targets are float [shape=(n, n_outputs)].
    hidden_layer_sizes : array-like of int > 0, default=(100,)
        Widths of the hidden layers, from input to output. Given first, `MLPRegressor((64,), "tanh")`, as scikit-learn
        before 1.7 has it, they are taken for widths all the same.
    activation : str, Activation, or a sequence of these, default='relu'
        What bends the numbers of the hidden layers: a name in `ACTIVATIONS`, or a function and derivative of your own.
    solver : {'lbfgs', 'sgd', 'adam', 'adamw', 'adagrad', 'rmsprop', 'lion'}, default='adam'
        The rule by which the weights change; 'lbfgs' is for small data.
    alpha : float >= 0, default=0.0001
        Strength of the L2 penalty, which keeps weights small.
    batch_size : int > 0 or 'auto', default='auto'
        Rows in a batch; 'auto' means min(200, n_samples).
    learning_rate : str or function, default='constant'
        How the rate changes in the course of training, as `MLPClassifier` describes it.
    learning_rate_init : float > 0 or 'find', default=0.001
        How far a step goes; 'find' looks for it first.
    power_t : float >= 0, default=0.5
        The exponent of the learning rate 'invscaling'.
    max_iter : int > 0, default=200
        Epochs at most, that is, how often each row is seen; for 'lbfgs', iterations at most.
    shuffle : bool, default=True
        Whether the rows come in a new order in each epoch.
    random_state : int, RandomState or None, default=None
        Decides everything that is random; an int makes the results the same in every run.
    tol : float >= 0, default=0.0001
        An epoch counts as an improvement if it is this much better than the best one before.
    verbose : bool, default=False
        Print the loss of each epoch.
    warm_start : bool, default=False
        Whether another call of fit goes on from the weights of the last one.
    momentum : float in [0, 1], default=0.9
        The share of the last step that the next one keeps; for 'sgd'.
    nesterovs_momentum : bool, default=True
        Whether momentum looks one step ahead; for 'sgd'.
    early_stopping : bool, default=False
        Whether to stop, and to choose the best weights, by the score on rows that are set aside.
    validation_fraction : float in (0, 1), default=0.1
        The share of the rows that early stopping sets aside.
    beta_1, beta_2 : float in [0, 1), default=0.9 and 0.999
        How slowly the running means of the gradient and of its square forget; for 'adam' and 'adamw'.
    epsilon : float > 0, default=1e-8
        Keeps a division from being one by 0; for 'adam' and 'adamw'.
    n_iter_no_change : int > 0, default=10
        How many epochs in a row may bring no improvement before training stops.
    max_fun : int > 0, default=15000
        How often 'lbfgs' may compute the loss.
    dropout, input_dropout : float in [0, 1), default=0
        Share of the hidden units, and of the features, that are silenced while training.
    input_noise : float >= 0, default=0
        Standard deviation of the noise added to the features while training.
    normalization : {'batch', 'layer'} or None, default=None
        Keeps what goes into each activation at mean 0 and spread 1.
    residual : bool, default=False
        Leads a way around each hidden layer that is as wide as the one before it.
    mixup : float >= 0, default=0
        Trains on mixtures of two rows and their targets.
    l1 : float >= 0, default=0
        Strength of the L1 penalty, which drives weights that are of little use to zero.
    weight_decay : float >= 0 or None, default=None
        Share of every weight that a step takes away, times the learning rate; None: 0.01 with 'adamw', else 0.
    max_norm : float > 0 or None, default=None
        The longest vector of incoming weights that a unit may have.
    clip_value, clip_norm : float > 0 or None, default=None
        Largest number in the gradient, and its greatest length.
    warm_up : float in [0, 1), default=0
        Share of `max_iter` epochs in which the rate rises to where the schedule begins.
    ema_decay : float in [0, 1), default=0
        Validate and predict with a running mean of the weights, which keeps this share of itself in each step.
    callbacks : function, sequence of functions, or None, default=None
        Called with the estimator after each epoch; one that returns True ends the training.
    progress : bool, default=False
        Show one line of progress on the error stream.
    n_threads : int > 0 or None, default=None
        Threads for the matrix products while fitting.

    Attributes
    ----------
    coefs_, intercepts_, loss_, loss_curve_, history_, n_iter_, learning_rate_init_ and the others
        Those of `MLPClassifier` but classes_ and temperature_; scores are R^2, of which 1 is the best.
    out_activation_ : str
        "identity", or "exp" for the loss 'poisson'.

    Examples
    --------
    >>> from backprop_core import MLPRegressor
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 5.0, 7.0]
    >>> model = MLPRegressor(hidden_layer_sizes=(8,), solver="lbfgs", random_state=0).fit(X, y)
    >>> model.predict([[1.5]]).round(1)
    array([4.])
    """

    _parameter_constraints = CONSTRAINTS | REGRESSOR_CONSTRAINTS

    def __init__(
        self,
        loss="squared_error",
        hidden_layer_sizes=(100,),
        activation="relu",
        *,
        solver="adam",
        alpha=0.0001,
        batch_size="auto",
        learning_rate="constant",
        learning_rate_init=0.001,
        power_t=0.5,
        max_iter=200,
        shuffle=True,
        random_state=None,
        tol=1e-4,
        verbose=False,
        warm_start=False,
        momentum=0.9,
        nesterovs_momentum=True,
        early_stopping=False,
        validation_fraction=0.1,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        n_iter_no_change=10,
        max_fun=15000,
        dropout=0.0,
        input_dropout=0.0,
        input_noise=0.0,
        normalization=None,
        residual=False,
        mixup=0.0,
        l1=0.0,
        weight_decay=None,
        max_norm=None,
        clip_value=None,
        clip_norm=None,
        warm_up=0.0,
        ema_decay=0.0,
        callbacks=None,
        progress=False,
        n_threads=None,
    ):
        store(self, _in_order(locals()))

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None, sample_weight=None, *, validation_data=None):
        """Train on rows and their amounts, float [shape=(n_samples,) or (n_samples, n_outputs)].

        Everything else is as in `MLPClassifier.fit`.
        """
        return self._fit(X, y, sample_weight, validation_data=validation_data)

    @available_if(goes_batch_by_batch)
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, sample_weight=None):
        """Go once over these rows, from where the last call ended."""
        return self._fit(X, y, sample_weight, incremental=True)

    def predict(self, X):
        """Return the predicted amounts: shape (n_samples,) or (n_samples, n_outputs)."""
        logits = self._logits(X)
        predicted = self._loss.probabilities(logits, out=logits)
        return predicted.ravel() if predicted.shape[1] == 1 else predicted

    def _learn_targets(self, y, incremental, classes):
        self._insist_on_targets(y)

    def _insist_on_targets(self, y):
        """Raise ValueError if the loss cannot be computed."""
        if self.loss == "poisson" and y.min() < 0:
            raise ValueError(f"loss='poisson' requires y >= 0, and y has {y.min()}; choose loss='squared_error'")

    def _all_classes(self, batches):
        return None

    def _targets(self, y, dtype):
        return y.astype(dtype, copy=False).reshape(len(y), -1)

    def _weights(self, y, sample_weight, incremental):
        return sample_weight

    def _shape_of_output(self, y):
        return (1 if y.ndim == 1 else y.shape[1]), ("exp" if self.loss == "poisson" else "identity")

    def _score_logits(self, logits, target, weights):
        from sklearn.metrics import r2_score

        return r2_score(target, self._loss.probabilities(logits), sample_weight=weights)

    def _calibrate(self, valid):
        """Do nothing: there are no probabilities to calibrate."""


def _in_order(parameters):
    """Move the widths to their place if they were given first, as before scikit-learn 1.7; return the parameters."""
    first, second = parameters["loss"], parameters["hidden_layer_sizes"]
    if not isinstance(first, Integral | list | tuple | np.ndarray):
        return parameters
    if isinstance(second, str):
        return {**parameters, "loss": "squared_error", "hidden_layer_sizes": first, "activation": second}
    if isinstance(second, tuple) and second == (100,):
        return {**parameters, "loss": "squared_error", "hidden_layer_sizes": first}
    return parameters
