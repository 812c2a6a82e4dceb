"""The classifier: which class a row belongs to, or which labels it has, as scikit-learn's users ask it.

Its body, fit and the fitted network, is that of every estimator here; what is its own are the classes, how their
probabilities come out of the network, and how much each of them counts.
"""

import numpy as np
from sklearn.base import ClassifierMixin, _fit_context
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import _check_partial_fit_first_call, type_of_target, unique_labels

from backprop_core.calibration import fit_temperature
from backprop_core.estimator.base import MultilayerPerceptron, goes_batch_by_batch, store
from backprop_core.estimator.labels import (
    accuracy,
    label_binarizer_for,
    labels_of,
    n_outputs_for,
    out_activation_for,
    targets_of,
    weights_with_classes,
)
from backprop_core.estimator.parameters import CLASSIFIER_CONSTRAINTS, CONSTRAINTS
from backprop_core.estimator.rows import compute_logits


class MLPClassifier(ClassifierMixin, MultilayerPerceptron):
    """Multilayer perceptron that tells classes apart: scikit-learn's, and more.

    Parameters
    ----------
    hidden_layer_sizes : array-like of int > 0, default=(100,)
        Widths of the hidden layers, from input to output.
    activation : str, Activation, or a sequence of these, default='relu'
        A name in `backprop_core.activations.ACTIVATIONS`, scikit-learn's four among them, or a function and derivative
        of your own; a sequence has one for each hidden layer.
    solver : {'lbfgs', 'sgd', 'adam', 'adamw', 'adagrad', 'rmsprop', 'lion'}, default='adam'
        The rule of the update. 'adamw' is 'adam' with `weight_decay`.
    alpha : float >= 0, default=0.0001
        Strength of the L2 penalty, which keeps weights small. It is divided by the number of rows in the batch.
    batch_size : int > 0 or 'auto', default='auto'
        Rows in a batch; 'auto' means min(200, n_samples). Not used by 'lbfgs'.
    learning_rate : str or function, default='constant'
        How the rate changes in the course of training. 'constant' keeps it. For 'sgd' there are 'invscaling', which
        divides it by t^`power_t` after t rows, and 'adaptive', which divides it by 5 whenever training stops improving.
        For every solver but 'lbfgs' there are 'step', 'exponential', 'cosine', 'one_cycle' and 'plateau', whose time is
        `max_iter` epochs (`backprop_core.schedules`); or a schedule of your own, a function of (progress, history_)
        that returns the factor of `learning_rate_init`.
    learning_rate_init : float > 0 or 'find', default=0.001
        The learning rate: how far a step goes. 'find' tries rising rates on a copy of the network first, for a hundred
        steps, and takes the one at which the loss falls fastest; it is then `learning_rate_init_`.
    power_t : float >= 0, default=0.5
        The exponent of 'invscaling'.
    max_iter : int > 0, default=200
        Epochs at most, that is, how often each row is seen; for 'lbfgs', iterations at most.
    shuffle : bool, default=True
        Whether the rows come in a new order in each epoch.
    random_state : int, RandomState or None, default=None
        Decides the first weights, the order of the rows, the rows that early stopping sets aside, and what dropout and
        its like draw. An int makes the results the same in every run.
    tol : float >= 0, default=0.0001
        Training has stopped improving when `n_iter_no_change` epochs in a row are less than this better than the best.
        For 'lbfgs', the slope at which the search ends.
    verbose : bool, default=False
        Print the loss of each epoch.
    warm_start : bool, default=False
        Whether another call of fit goes on from the weights of the last one instead of new ones.
    momentum : float in [0, 1], default=0.9
        The share of the last step that the next one keeps; for 'sgd'.
    nesterovs_momentum : bool, default=True
        Whether momentum looks one step ahead; for 'sgd'.
    early_stopping : bool, default=False
        Whether to stop when the score on rows that are set aside stops improving, and to keep the weights that were
        best there, instead of watching the training loss.
    validation_fraction : float in (0, 1), default=0.1
        The share of the rows that early stopping sets aside.
    beta_1, beta_2 : float in [0, 1), default=0.9 and 0.999
        How slowly the running means of the gradient and of its square forget; for 'adam' and 'adamw', while the other
        solvers have their published constants.
    epsilon : float > 0, default=1e-8
        Keeps a division from being one by 0; for 'adam' and 'adamw'.
    n_iter_no_change : int > 0, default=10
        How many epochs in a row may bring no improvement before training stops.
    max_fun : int > 0, default=15000
        How often 'lbfgs' may compute the loss.
    loss : 'log_loss', the name of a loss of your own in `LOSSES`, or a loss object, default='log_loss'
        What training lowers. 'log_loss' is the cross-entropy between true classes and predicted probabilities. An
        object has `loss_and_gradient`, `loss` and `probabilities`, as an `OwnLoss` has
        (`backprop_core.regression_losses`). Its targets are class indices, int [shape=(n,)], where there are more than
        two classes, else 0 and 1, float [shape=(n, n_outputs)].
    class_weight : dict, 'balanced', list of dict or None, default=None
        How much a row counts for its class; multiplies `sample_weight`. 'balanced' gives all classes the same weight
        in sum.
    label_smoothing : float in [0, 1), default=0
        Moves the targets that far from certainty towards all classes alike.
    calibrate : bool, default=False
        After training, fit the temperature by which the logits are divided on the validation rows, which must then be
        there: `validation_data` or `early_stopping`. Changes `predict_proba`, not `predict`. `partial_fit` has no such
        rows and leaves the temperature at 1.
    dropout, input_dropout : float in [0, 1), default=0
        Share of the hidden units, and of the features, that are silenced while training.
    input_noise : float >= 0, default=0
        Standard deviation of the noise added to the features while training.
    normalization : {'batch', 'layer'} or None, default=None
        Keeps what goes into each activation at mean 0 and spread 1.
    residual : bool, default=False
        Leads a way around each hidden layer that is as wide as the one before it.
    mixup : float >= 0, default=0
        Trains on mixtures of two rows and their targets, in shares drawn from Beta(mixup, mixup).
    l1 : float >= 0, default=0
        Strength of the L1 penalty, which drives weights that are of little use to zero.
    weight_decay : float >= 0 or None, default=None
        Share of every weight that a step takes away, times the learning rate. None: 0.01 with 'adamw', else 0.
    max_norm : float > 0 or None, default=None
        The longest vector of incoming weights that a unit may have.
    clip_value, clip_norm : float > 0 or None, default=None
        Largest number in the gradient, and its greatest length; `history_` has the share of steps clipped.
    warm_up : float in [0, 1), default=0
        Share of `max_iter` epochs in which the rate rises to where the schedule begins.
    ema_decay : float in [0, 1), default=0
        Validate and predict with a running mean of the weights, which keeps this share of itself in each step.
    callbacks : function, sequence of functions, or None, default=None
        Called with the estimator after each epoch; one that returns True ends the training.
    progress : bool, default=False
        Show one line of progress on the error stream. (`verbose` prints what scikit-learn prints.)
    n_threads : int > 0 or None, default=None
        Threads for the matrix products while fitting; None leaves them as they are.

    Attributes
    ----------
    classes_ : ndarray [shape=(n_classes,)]
        The classes, in the order of the columns of `predict_proba`.
    coefs_, intercepts_ : list of ndarray [shape=(fan_in, fan_out) and (fan_out,)]
        Weights and biases of each dense layer, from input to output. What is written into them is used.
    loss_, best_loss_ : float
        The mean loss of the last epoch, and the lowest so far (None when stopping early).
    loss_curve_ : list of float
        The mean loss of each epoch.
    validation_scores_, best_validation_score_ : list of float and float, or None
        Accuracy on the rows that early stopping looks at, after each epoch, and the best of them.
    n_iter_, t_ : int
        How many epochs the last fit took, and how many rows all of them have seen together.
    n_features_in_, n_layers_, n_outputs_ : int
        Numbers of features, of layers (input and output included), and of outputs.
    feature_names_in_ : ndarray of str
        The columns' names, where X had names.
    out_activation_ : str
        "softmax", or "logistic" for two classes and for labels.
    learning_rate_init_ : float
        The learning rate that training began with.
    temperature_ : float
        What the logits are divided by; 1 unless calibrated.
    history_ : list of dict
        An entry an epoch: "epoch", "learning_rate", "clip_rate", "seconds", "train" and, with validation rows, "valid",
        these two with "loss" and "score" (accuracy). Without `validation_data`, "train" has only the mean loss of the
        epoch's batches, for which no row is visited twice.

    Examples
    --------
    >>> from backprop_core import MLPClassifier
    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], ["same", "different", "different", "same"]
    >>> MLPClassifier((8,), solver="lbfgs", random_state=1).fit(X, y).predict([[1, 0]])
    array(['different'], dtype='<U9')
    """

    _parameter_constraints = CONSTRAINTS | CLASSIFIER_CONSTRAINTS

    def __init__(
        self,
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
        loss="log_loss",
        class_weight=None,
        label_smoothing=0.0,
        calibrate=False,
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
    def fit(self, X, y=None, sample_weight=None, *, validation_data=None, classes=None):
        """Train on rows and their classes.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features), or a sequence of batches
            Arrays, memory-mapped ones among them, are not copied. A sequence has `len(X)` and `X[i]`, which returns
            (X_batch, y_batch) or (X_batch, y_batch, sample_weight); y is then None, and the sequence is read once an
            epoch, in a shuffled order.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
        sample_weight : array-like of shape (n_samples,), default=None
        validation_data : (X, y), (X, y, sample_weight) or a sequence of batches, default=None
            Measured after each epoch and never trained on; `early_stopping` then looks at these rows and sets none
            aside.
        classes : array-like of shape (n_classes,), default=None
            All classes, where y need not have them all. Saves reading a sequence of batches once to find them.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            Parameters, rows or classes are unusable; or training diverged (then a `DivergedError` too), in which case
            the weights of the epoch with the lowest loss are kept.
        """
        return self._fit(X, y, sample_weight, validation_data=validation_data, classes=classes)

    @available_if(goes_batch_by_batch)
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, sample_weight=None, classes=None):
        """Go once over these rows, from where the last call ended. The first call needs all `classes`."""
        if _check_partial_fit_first_call(self, classes):
            several = type_of_target(y).startswith("multilabel")
            self._label_binarizer = label_binarizer_for(y if several else classes)
        return self._fit(X, y, sample_weight, incremental=True)

    def predict(self, X):
        """Return the most probable class of each row, or its labels: shape (n_samples,) or (n_samples, n_labels)."""
        scores = self._logits(X)
        if self.out_activation_ != "softmax":  # softmax keeps the order of the logits: the greatest stays the greatest
            scores = self._probabilities_of(scores)
        return labels_of(self._label_binarizer, scores)

    def predict_proba(self, X):
        """Return the probability of each class, in the order of `classes_`: shape (n_samples, n_classes)."""
        p = self._probabilities_of(self._logits(X))
        return np.concatenate([1 - p, p], axis=1) if self.n_outputs_ == 1 else p

    def predict_log_proba(self, X):
        """Return the logarithm of `predict_proba`."""
        p = self.predict_proba(X)
        return np.log(p, out=p)

    def _probabilities_of(self, logits):
        """Turn logits into what `predict_proba` returns of them, in their place."""
        if getattr(self, "temperature_", 1) != 1:
            logits /= self.temperature_
        return self._loss.probabilities(logits, out=logits)

    def _learn_targets(self, y, incremental, classes):
        """Find the classes, or compare them with the known ones; raise scikit-learn's errors if they differ."""
        if not hasattr(self, "classes_") or not (self.warm_start or incremental):
            self._label_binarizer = label_binarizer_for(y if classes is None or y.ndim == 2 else np.asarray(classes))
            self.classes_ = self._label_binarizer.classes_
            if classes is not None:
                self._insist_on_targets(y)
        elif not self.warm_start:
            self._insist_on_targets(y)
        elif set(found := unique_labels(y if classes is None else classes)) != set(self.classes_):
            raise ValueError(
                "warm_start can only be used where `y` has the same classes as in the previous call to fit. Previously "
                f"got {self.classes_}, `y` has {found}"
            )

    def _insist_on_targets(self, y):
        """Raise ValueError if y has classes that are not known."""
        found = unique_labels(y)
        if len(np.setdiff1d(found, self.classes_, assume_unique=True)):
            raise ValueError(
                f"`y` has classes not in `self.classes_`. `self.classes_` has {self.classes_}. 'y' has {found}."
            )

    def _all_classes(self, batches):
        """Return the classes of all batches, reading each once."""
        found = [unique_labels(batches[i][1]) for i in range(len(batches))]
        return np.unique(np.concatenate(found))

    def _targets(self, y, dtype):
        return targets_of(self._label_binarizer, y, dtype)

    def _weights(self, y, sample_weight, incremental):
        return weights_with_classes(self.class_weight, y, sample_weight, self.classes_, incremental)

    def _shape_of_output(self, y):
        return n_outputs_for(self._label_binarizer), out_activation_for(self._label_binarizer)

    def _score_logits(self, logits, target, weights):
        return accuracy(self.out_activation_, self._loss.probabilities(logits), target, weights)

    def _calibrate(self, valid):
        """Fit the temperature on the validation rows. Each of several labels counts as a question of its own."""
        self.temperature_ = 1.0
        if self.calibrate and valid is not None:
            logits, target, _ = compute_logits(self._network, valid)
            if self.out_activation_ == "logistic":
                logits, target = np.stack([np.zeros(logits.size), logits.ravel()], axis=1), target.ravel().astype(int)
            self.temperature_ = fit_temperature(logits, target)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
