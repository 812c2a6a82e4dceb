"""The module that pickles of version 0.1.0 name for `Descent`; it is now `backprop_core.estimator.descent`."""

from backprop_core.estimator.descent import Descent as Descent
