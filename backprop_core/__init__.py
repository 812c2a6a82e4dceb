"""The learning engine: a multilayer perceptron trained by backpropagation, written out by hand in numpy.

Read the modules in this order and they are a lesson: activations, initializers, layers, losses, network, optimizers,
step, schedules, batching, training. Around them stand what a network may have besides (noise, normalization, residual,
architecture, clipping, constraints, averaging, mixing), what tells whether all is well (metrics, gradcheck, divergence,
calibration, rate_finder), and what makes it fast and safe (kernels, pieces, mapped_memory, checkpoint). `MLPClassifier`
and `MLPRegressor` put the same parts behind scikit-learn's interface; that library is loaded when they are first asked
for.
"""

__all__ = ["MLPClassifier", "MLPRegressor"]


def __getattr__(name):
    """Load the estimators, and scikit-learn with them, when one of them is needed."""
    if name in __all__:
        from backprop_core import estimator

        return getattr(estimator, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
