"""Estimators: the network as scikit-learn's users know it.

`MLPClassifier` and `MLPRegressor` stand in for scikit-learn's estimators of the same names: parameters, attributes,
errors and results are the same, to the last digits where the same random state is given. Beyond these parameters come
others, for what a network can do that scikit-learn's cannot; their defaults change nothing.
"""

from backprop_core.estimator.classifier import MLPClassifier
from backprop_core.estimator.regressor import MLPRegressor

__all__ = ["MLPClassifier", "MLPRegressor"]
