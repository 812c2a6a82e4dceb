"""Parameters of the estimators: which values they may have, and the parts of a training that they stand for.

scikit-learn's own parameters keep scikit-learn's limits and error messages. Values that are each right but do not go
together are found here too, before any row is looked at.
"""

import warnings
from functools import partial
from numbers import Integral, Real
from operator import index

import numpy as np
from sklearn.utils._param_validation import HasMethods, Interval, Options, StrOptions

from backprop_core.activations import ACTIVATIONS, Activation
from backprop_core.architecture import multilayer_perceptron
from backprop_core.losses import LogisticCrossEntropy, SoftmaxCrossEntropy
from backprop_core.optimizers import OPTIMIZERS
from backprop_core.regression_losses import LOSSES, PoissonLoss, SquaredError
from backprop_core.schedules import SCHEDULES, warmed_up

FRACTION = Interval(Real, 0, 1, closed="left")
FROM_ZERO = Interval(Real, 0, None, closed="left")
ABOVE_ZERO = Interval(Real, 0, None, closed="neither")
FROM_ONE = Interval(Integral, 1, None, closed="left")

# scikit-learn's own rules for the rate; it changes only the rate of "sgd".
CLASSIC_RATES = ("constant", "invscaling", "adaptive")


class Registered(StrOptions):
    """A name in a registry, or one of some other names; names that are registered later count, too."""

    def __init__(self, registry, others=(), without=()):
        self._registry, self._others, self._without = registry, set(others), set(without)
        super().__init__(self.options)

    @property
    def options(self):
        """The current names."""
        return (set(self._registry) | self._others) - self._without

    @options.setter
    def options(self, value):
        """Ignore the value that the base class sets, because `options` is computed."""


AMOUNTS = {"squared_error", "poisson"}
# An estimator chooses these losses by itself, or makes them with settings; it makes all others by their name.
OWN_NAMES = {"softmax_cross_entropy", "logistic_cross_entropy", "squared_error", "poisson", "own"}

CONSTRAINTS = {
    "hidden_layer_sizes": ["array-like", FROM_ONE],
    "activation": [Registered(ACTIVATIONS), Activation, "array-like"],
    "solver": [Registered(OPTIMIZERS, {"lbfgs"})],
    "alpha": [FROM_ZERO],
    "batch_size": [StrOptions({"auto"}), FROM_ONE],
    "learning_rate": [Registered(SCHEDULES, CLASSIC_RATES), callable],
    "learning_rate_init": [ABOVE_ZERO, StrOptions({"find"})],
    "power_t": [FROM_ZERO],
    "max_iter": [FROM_ONE],
    "shuffle": ["boolean"],
    "random_state": ["random_state"],
    "tol": [FROM_ZERO],
    "verbose": ["verbose"],
    "warm_start": ["boolean"],
    "momentum": [Interval(Real, 0, 1, closed="both")],
    "nesterovs_momentum": ["boolean"],
    "early_stopping": ["boolean"],
    "validation_fraction": [FRACTION],
    "beta_1": [FRACTION],
    "beta_2": [FRACTION],
    "epsilon": [ABOVE_ZERO],
    "n_iter_no_change": [FROM_ONE, Options(Real, {np.inf})],
    "max_fun": [FROM_ONE],
    "dropout": [FRACTION],
    "input_dropout": [FRACTION],
    "input_noise": [FROM_ZERO],
    "normalization": [StrOptions({"batch", "layer"}), None],
    "residual": ["boolean"],
    "mixup": [FROM_ZERO],
    "l1": [FROM_ZERO],
    "weight_decay": [FROM_ZERO, None],
    "max_norm": [ABOVE_ZERO, None],
    "clip_value": [ABOVE_ZERO, None],
    "clip_norm": [ABOVE_ZERO, None],
    "warm_up": [FRACTION],
    "ema_decay": [FRACTION],
    "callbacks": ["array-like", callable, None],
    "progress": ["boolean"],
    "n_threads": [FROM_ONE, None],
}
CLASSIFIER_CONSTRAINTS = {
    "loss": [Registered(LOSSES, {"log_loss"}, OWN_NAMES), HasMethods(["loss_and_gradient", "probabilities"])],
    "class_weight": [dict, list, StrOptions({"balanced"}), None],
    "label_smoothing": [FRACTION],
    "calibrate": ["boolean"],
}
REGRESSOR_CONSTRAINTS = {
    "loss": [
        Registered(LOSSES, without=OWN_NAMES - AMOUNTS),
        HasMethods(["loss_and_gradient", "probabilities"]),
    ],
}

# Parameters of steps, or of the time between steps: "lbfgs" takes no steps.
OF_STEPS = {
    "dropout": 0,
    "input_dropout": 0,
    "input_noise": 0,
    "mixup": 0,
    "l1": 0,
    "weight_decay": None,
    "max_norm": None,
    "clip_value": None,
    "clip_norm": None,
    "warm_up": 0,
    "ema_decay": 0,
}


def read_hidden_widths(estimator):
    """Return the widths of the hidden layers as a list of int.

    Raises ValueError if one is not above 0, TypeError if one is no whole number.
    """
    widths = estimator.hidden_layer_sizes
    widths = list(widths) if hasattr(widths, "__iter__") else [widths]
    if np.any(np.array(widths) <= 0):
        raise ValueError(f"hidden_layer_sizes must be > 0, got {widths}.")
    return [index(width) for width in widths]


def check_together(estimator):
    """Raise ValueError if a parameter's parts are out of range, or two parameters do not go together."""
    read_hidden_widths(estimator)
    if estimator.solver == "lbfgs":
        for name, neutral in OF_STEPS.items():
            if getattr(estimator, name) not in (neutral, 0):
                raise ValueError(
                    f"{name}={getattr(estimator, name)!r} needs a solver that goes batch by batch, and 'lbfgs' does "
                    f"not; choose solver='adam', or leave {name} at {neutral!r}"
                )
        if estimator.learning_rate_init == "find":
            raise ValueError("learning_rate_init='find' needs a solver that goes batch by batch; choose solver='adam'")
        if estimator.normalization == "batch":
            raise ValueError("normalization='batch' needs batches, which solver='lbfgs' has not; choose 'layer'")
    if estimator.warm_up and estimator.solver == "sgd" and estimator.learning_rate in ("invscaling", "adaptive"):
        raise ValueError(f"warm_up does not go with learning_rate={estimator.learning_rate!r}; choose another of them")


def check_calibration(estimator, validation_data):
    """Raise ValueError if probabilities are to be calibrated and cannot be."""
    if not estimator.calibrate:
        return
    if estimator.loss != "log_loss":
        raise ValueError("calibrate=True needs loss='log_loss'; calibrate a loss of your own in its probabilities")
    if validation_data is None and (not estimator.early_stopping or estimator.solver == "lbfgs"):
        raise ValueError(
            "calibrate=True needs rows that are not trained on: give fit validation_data, or choose early_stopping=True"
        )


def activations_of(estimator, n_hidden):
    """Return the activation of each hidden layer, a list of names and Activations."""
    activation = estimator.activation
    if isinstance(activation, str | Activation):
        return [activation] * n_hidden
    activation = list(activation)
    if len(activation) != n_hidden:
        raise ValueError(f"activation names {len(activation)} functions for {n_hidden} hidden layers; give one each")
    for one in activation:
        if not (isinstance(one, Activation) or (isinstance(one, str) and one in ACTIVATIONS)):
            raise ValueError(f"activation contains {one!r}; choose among {', '.join(ACTIVATIONS)}")
    return activation


def layers_of(estimator, n_features, n_outputs):
    """Return the layers of the network that the parameters describe."""
    widths = read_hidden_widths(estimator)
    return multilayer_perceptron(
        n_features,
        widths,
        n_outputs,
        activation=activations_of(estimator, len(widths)) if widths else "relu",
        dropout=estimator.dropout,
        input_dropout=estimator.input_dropout,
        input_noise=estimator.input_noise,
        normalization=estimator.normalization,
        residual=estimator.residual,
    )


def loss_of(estimator, out_activation):
    """Return the loss for a network with these outputs: "softmax", "logistic", "identity", "exp", or the user's own."""
    if not isinstance(estimator.loss, str):
        return estimator.loss
    if estimator.loss in LOSSES.keys() - OWN_NAMES:
        return LOSSES[estimator.loss]()
    smoothing = estimator.label_smoothing
    return {
        "softmax": partial(SoftmaxCrossEntropy, smoothing),
        "logistic": partial(LogisticCrossEntropy, smoothing),
        "identity": partial(SquaredError, mean_over_outputs=True),
        "exp": PoissonLoss,
    }[out_activation]()


def optimizer_of(estimator):
    """Return the optimizer that `solver` names, with those of the parameters that concern it."""
    adam = {"b1": estimator.beta_1, "b2": estimator.beta_2, "eps": estimator.epsilon}
    settings = {
        "sgd": {"momentum": estimator.momentum, "nesterov": estimator.nesterovs_momentum},
        "adam": adam,
        "adamw": adam,
    }
    return OPTIMIZERS[estimator.solver](**settings.get(estimator.solver, {}))


def additions_of(estimator):
    """Return what `Step` adds to the bare step, a dict by its names."""
    return {
        "alpha": estimator.alpha,
        "l1": estimator.l1,
        "weight_decay": weight_decay_of(estimator),
        "max_norm": estimator.max_norm,
        "clip_value": estimator.clip_value,
        "clip_norm": estimator.clip_norm,
        "mixup": estimator.mixup,
    }


def weight_decay_of(estimator):
    """Return the decoupled weight decay: None stands for what the solver is known for."""
    if estimator.weight_decay is None:
        return 0.01 if estimator.solver == "adamw" else 0.0
    return estimator.weight_decay


def schedule_of(estimator):
    """Return the schedule, a function of progress and history; None if scikit-learn's rules are all there is."""
    rule = estimator.learning_rate
    if rule in CLASSIC_RATES:
        if not estimator.warm_up:
            return None
        rule = "constant"
    rule = SCHEDULES[rule] if isinstance(rule, str) else rule
    return warmed_up(rule, estimator.warm_up) if estimator.warm_up else rule


def batch_size_of(estimator, n_samples):
    """Return the number of rows of a batch, at most all."""
    if estimator.batch_size == "auto":
        return min(200, n_samples)
    if estimator.batch_size > n_samples:
        warnings.warn(
            "Got `batch_size` less than 1 or larger than sample size. It is going to be clipped", stacklevel=2
        )
    return int(min(estimator.batch_size, n_samples))
