"""The regressor: how much, for one amount or several, as scikit-learn's users ask it.

Its body, fit and the fitted network, is that of every estimator here; amounts need no more than to be finite numbers.
"""

from sklearn.base import RegressorMixin, _fit_context
from sklearn.metrics import r2_score
from sklearn.utils.metaestimators import available_if

from backprop_core.estimator.base import MultilayerPerceptron, goes_batch_by_batch, store
from backprop_core.estimator.parameters import CONSTRAINTS, REGRESSOR_CONSTRAINTS


class MLPRegressor(RegressorMixin, MultilayerPerceptron):
    """Multilayer perceptron that predicts amounts: scikit-learn's, and more.

    Parameters
    ----------
    loss : {'squared_error', 'poisson'} or a loss object, default='squared_error'
        As in scikit-learn; or an object with `loss_and_gradient`, `loss` and `probabilities`, such as
        an `OwnLoss` (`backprop_core.regression_losses`), whose targets are float [shape=(n, n_outputs)].
    hidden_layer_sizes, activation, solver, ... : as those of `MLPClassifier`
        All but class_weight, label_smoothing and calibrate, which concern classes.

    Attributes
    ----------
    history_, coefs_, ... : as those of `MLPClassifier`, but for classes_ and temperature_; scores are R^2
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
        store(self, locals())

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None, sample_weight=None, *, validation_data=None):
        """Train on rows and their amounts, float [shape=(n_samples,) or (n_samples, n_outputs)].

        Everything else is as `MLPClassifier.fit` has it.
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
        """Raise ValueError where the loss cannot be computed."""
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
        return r2_score(target, self._loss.probabilities(logits), sample_weight=weights)

    def _calibrate(self, valid):
        """There are no probabilities to calibrate."""
