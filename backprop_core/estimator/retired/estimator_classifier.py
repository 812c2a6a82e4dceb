"""The module that pickles of version 0.1.0 name for `MLPClassifier`; it is now `backprop_core.estimator.classifier`."""

from backprop_core.estimator.classifier import MLPClassifier as MLPClassifier
