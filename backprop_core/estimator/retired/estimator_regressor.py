"""The module that pickles of version 0.1.0 name for `MLPRegressor`; it is now `backprop_core.estimator.regressor`."""

from backprop_core.estimator.regressor import MLPRegressor as MLPRegressor
