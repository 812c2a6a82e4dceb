"""A fit: the objects of one call of an estimator's `fit`.

An estimator is a record of parameters and of results. While it learns, the other modules of this folder need more: the
network itself, its loss, the descent, and how targets and weights are read. They get a Fit, so they do not use the
estimator itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from backprop_core.losses import Loss
from backprop_core.network import Network

if TYPE_CHECKING:
    from backprop_core.estimator.descent import Descent


@dataclass
class Fit:
    """The parts of a training.

    Attributes
    ----------
    network : Network, which learns
    loss : Loss
    random_state : numpy RandomState, which shuffles and splits as scikit-learn does
    targets_of : function of y, checked; returns what the loss compares with, or raises ValueError for unknown classes
    weights_of : function of (y, sample weights or None); returns the weights with those of the classes, or None
    score : function of (logits, target, weights or None) that returns a float
    descent : Descent, or None for L-BFGS, and where a divergence has left nothing to go on with
    """

    network: Network
    loss: Loss
    random_state: np.random.RandomState
    targets_of: Callable
    weights_of: Callable
    score: Callable
    descent: "Descent | None" = None
