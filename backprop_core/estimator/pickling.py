"""Pickling: an estimator that a later version can still read.

A pickle holds an estimator's attributes as they were. A later version may have parameters that the pickle lacks; they
get their defaults here. Its arrays may lie in memory that cannot be written to (`joblib.load(mmap_mode="r")`), which
learning needs. Each pickle says which version made it; another version that reads it gives a warning.
"""

import inspect
import sys
import warnings

import numpy as np
from sklearn import exceptions

from backprop_core.history import Entries

VERSION = "_backprop_version"


class InconsistentVersionWarning(exceptions.InconsistentVersionWarning):
    """An estimator was pickled by another version than the one that reads it; scikit-learn's warning of that name."""

    def __str__(self):
        return (
            f"This {self.estimator_name} was pickled by backprop_core {self.original_sklearn_version} and is read by "
            f"{self.current_sklearn_version}. Parameters that it lacks get their defaults. Compare its predictions "
            "with earlier ones, or fit it again, before you rely on it."
        )


def note_version(state: dict) -> dict:
    """Return the state of an estimator with the version that pickles it."""
    return {**state, VERSION: current_version()}


def current_version() -> str:
    """Return the version that runs. The package leads to the estimators, so they must not import it themselves."""
    return sys.modules["backprop_core"].__version__


def complete(state: dict, kind: type) -> dict:
    """Return the state of a pickled estimator with what a later version expects in it; warn where versions differ.

    Parameters
    ----------
    state : dict, the attributes as they were pickled
    kind : type of the estimator
    """
    state = dict(state)
    version = state.pop(VERSION, "0.1.0 or earlier")
    if version != current_version():
        warning = InconsistentVersionWarning(
            estimator_name=kind.__name__,
            current_sklearn_version=current_version(),
            original_sklearn_version=version,
        )
        warnings.warn(warning, stacklevel=3)
    if "_optimizer" in state:  # the name of `_descent` in version 0.1.0
        state["_descent"] = state.pop("_optimizer")
    settings = inspect.signature(kind.__init__).parameters.values()
    defaults = {one.name: one.default for one in settings if one.default is not inspect.Parameter.empty}
    learned = {"history_": Entries(), "t_": 0, "_no_improvement_count": 0} if "_network" in state else {}
    return {**defaults, **learned, **state}


def writable(arrays: dict | None) -> dict | None:
    """Return a dict of arrays that can be written to: copies replace the read-only ones."""
    if arrays is None:
        return None
    return {name: array if array.flags.writeable else np.array(array) for name, array in arrays.items()}
