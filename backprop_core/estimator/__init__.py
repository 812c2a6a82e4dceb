"""Estimators: the network with scikit-learn's interface.

`MLPClassifier` and `MLPRegressor` replace scikit-learn's estimators of the same names: parameters, attributes, errors
and results are the same, to the last digits if the same random state is given. Further parameters are for things that
scikit-learn's network cannot do; their defaults do not change the results.
"""

from backprop_core.estimator.classifier import MLPClassifier
from backprop_core.estimator.regressor import MLPRegressor

__all__ = ["MLPClassifier", "MLPRegressor"]
