"""A multilayer perceptron trained by backpropagation, written by hand in numpy: the learning engine, and a lesson.

The lesson, in reading order; each of these is a module of this package, about one noun of the field:

    activations     Activation, ACTIVATIONS
    initializers    INITIALIZERS
    layers          Layer, Dense, Activate
    losses          Loss, SoftmaxCrossEntropy, LogisticCrossEntropy
    network         Network, ParameterVector
    optimizers      Optimizer, SGD, Adagrad, RMSProp, Adam, Lion, OPTIMIZERS
    step            Step
    schedules       Schedule, SCHEDULES, warmed_up
    batching        batches
    training        Trainer, TrainingState

A network may also have:

    noise               Dropout, GaussianNoise
    normalization       BatchNorm, LayerNorm
    residual            Residual
    architecture        multilayer_perceptron, LAYERS
    regression_losses   SquaredError, PoissonLoss, OwnLoss, LOSSES
    averaging           ExponentialAverage
    mixing              mixup
    scaling             Standardizer
    calibration         calibrated, fit_temperature

These modules tell whether training goes well:

    history             History, measure
    metrics             accuracy, confusion_matrix
    health              Health
    inspection          check_gradients, find_learning_rate, trace_step
    errors              BackpropError, DivergedError

scikit-learn's interface to all of it:

    estimator           MLPClassifier, MLPRegressor

Six lines of learning:

>>> import numpy as np
>>> from backprop_core import SGD, Network, SoftmaxCrossEntropy, multilayer_perceptron
>>> rng = np.random.default_rng(0)
>>> X, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32), np.array([0, 1, 1, 0])
>>> network, loss, optimizer = Network(multilayer_perceptron(2, [16], 2), rng), SoftmaxCrossEntropy(), SGD()
>>> grads, memory = network.zero_gradients(), optimizer.init(network.params.flat.size, network.dtype)
>>> for step in range(200):
...     logits, backward = network.forward(X, training=True, rng=rng)
...     value, dlogits = loss.loss_and_gradient(logits, y)
...     grads = backward(dlogits, grads)
...     network.params.flat += optimizer.update(grads.flat, memory, 0.1, out=np.empty_like(grads.flat))
>>> network.logits(X).argmax(axis=1)
array([0, 1, 1, 0])

Modules are loaded when they are used; scikit-learn is loaded only for the estimators.
"""

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.2.0"

# The module of each public name, in reading order.
_PLACES = {
    "activations": ("Activation", "ACTIVATIONS"),
    "initializers": ("INITIALIZERS",),
    "layers": ("Layer", "Dense", "Activate"),
    "losses": ("Loss", "SoftmaxCrossEntropy", "LogisticCrossEntropy"),
    "network": ("Network", "ParameterVector"),
    "optimizers": ("Optimizer", "SGD", "Adagrad", "RMSProp", "Adam", "Lion", "OPTIMIZERS"),
    "step": ("Step",),
    "schedules": ("Schedule", "SCHEDULES", "warmed_up"),
    "batching": ("batches",),
    "training": ("Trainer", "TrainingState"),
    "noise": ("Dropout", "GaussianNoise"),
    "normalization": ("BatchNorm", "LayerNorm"),
    "residual": ("Residual",),
    "architecture": ("multilayer_perceptron", "LAYERS"),
    "regression_losses": ("SquaredError", "PoissonLoss", "OwnLoss", "LOSSES"),
    "averaging": ("ExponentialAverage",),
    "mixing": ("mixup",),
    "scaling": ("Standardizer",),
    "calibration": ("calibrated", "fit_temperature"),
    "history": ("History", "measure"),
    "metrics": ("accuracy", "confusion_matrix"),
    "health": ("Health",),
    "inspection.gradcheck": ("check_gradients",),
    "inspection.rate_finder": ("find_learning_rate",),
    "inspection.trace": ("trace_step",),
    "errors": ("BackpropError", "DivergedError"),
    "estimator": ("MLPClassifier", "MLPRegressor"),
}
# Pickles of earlier versions name modules that have moved; in this folder the old names lead to the new modules.
__path__.append(f"{__path__[0]}/estimator/retired")

_MODULE_OF = {name: module for module, names in _PLACES.items() for name in names}

__all__ = [name for names in _PLACES.values() for name in names]

if TYPE_CHECKING:  # for editors and type checkers, which do not run `__getattr__`
    from backprop_core.activations import ACTIVATIONS as ACTIVATIONS
    from backprop_core.activations import Activation as Activation
    from backprop_core.architecture import LAYERS as LAYERS
    from backprop_core.architecture import multilayer_perceptron as multilayer_perceptron
    from backprop_core.averaging import ExponentialAverage as ExponentialAverage
    from backprop_core.batching import batches as batches
    from backprop_core.calibration import calibrated as calibrated
    from backprop_core.calibration import fit_temperature as fit_temperature
    from backprop_core.errors import BackpropError as BackpropError
    from backprop_core.errors import DivergedError as DivergedError
    from backprop_core.estimator import MLPClassifier as MLPClassifier
    from backprop_core.estimator import MLPRegressor as MLPRegressor
    from backprop_core.health import Health as Health
    from backprop_core.history import History as History
    from backprop_core.history import measure as measure
    from backprop_core.initializers import INITIALIZERS as INITIALIZERS
    from backprop_core.inspection.gradcheck import check_gradients as check_gradients
    from backprop_core.inspection.rate_finder import find_learning_rate as find_learning_rate
    from backprop_core.inspection.trace import trace_step as trace_step
    from backprop_core.layers import Activate as Activate
    from backprop_core.layers import Dense as Dense
    from backprop_core.layers import Layer as Layer
    from backprop_core.losses import LogisticCrossEntropy as LogisticCrossEntropy
    from backprop_core.losses import Loss as Loss
    from backprop_core.losses import SoftmaxCrossEntropy as SoftmaxCrossEntropy
    from backprop_core.metrics import accuracy as accuracy
    from backprop_core.metrics import confusion_matrix as confusion_matrix
    from backprop_core.mixing import mixup as mixup
    from backprop_core.network import Network as Network
    from backprop_core.network import ParameterVector as ParameterVector
    from backprop_core.noise import Dropout as Dropout
    from backprop_core.noise import GaussianNoise as GaussianNoise
    from backprop_core.normalization import BatchNorm as BatchNorm
    from backprop_core.normalization import LayerNorm as LayerNorm
    from backprop_core.optimizers import OPTIMIZERS as OPTIMIZERS
    from backprop_core.optimizers import SGD as SGD
    from backprop_core.optimizers import Adagrad as Adagrad
    from backprop_core.optimizers import Adam as Adam
    from backprop_core.optimizers import Lion as Lion
    from backprop_core.optimizers import Optimizer as Optimizer
    from backprop_core.optimizers import RMSProp as RMSProp
    from backprop_core.regression_losses import LOSSES as LOSSES
    from backprop_core.regression_losses import OwnLoss as OwnLoss
    from backprop_core.regression_losses import PoissonLoss as PoissonLoss
    from backprop_core.regression_losses import SquaredError as SquaredError
    from backprop_core.residual import Residual as Residual
    from backprop_core.scaling import Standardizer as Standardizer
    from backprop_core.schedules import SCHEDULES as SCHEDULES
    from backprop_core.schedules import Schedule as Schedule
    from backprop_core.schedules import warmed_up as warmed_up
    from backprop_core.step import Step as Step
    from backprop_core.training import Trainer as Trainer
    from backprop_core.training import TrainingState as TrainingState


def __getattr__(name):
    """Load a public name, and the module it lives in, when it is first asked for."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__():
    """Return the public names, so that completion and `help` show them."""
    return sorted({*globals(), *__all__} - {"TYPE_CHECKING", "import_module"})
