"""Directions: a network may learn along other directions than those of the single features.

Which weights a network finds depends on the form in which it is given its inputs. It first learns what its inputs vary
most in. Weight decay and dropout act on each input alone. So an extractor may know directions, sums of features, that
tell more of a sample than the features themselves, and how much each should count. While a network learns, its rows are
turned into these directions. Afterwards the turning is multiplied into the weights of its first layer,

    (x T) W' = x (T W'),

so that the finished network takes features as they are. Nobody who uses it needs to know.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from backprop_core.network import Network
from pipelines.features.extractor import Turning
from pipelines.learning.unseen import first_weights

SMALLEST = 1e-6


@dataclass(frozen=True)
class Directions:
    """The directions along which a network learns.

    Attributes
    ----------
    extractor : Turning
    factors : ndarray of float32 [shape=(n_features,)]
        What each direction is multiplied by: how much it counts, divided by its spread over the training rows.
    """

    extractor: Turning
    factors: np.ndarray

    @classmethod
    def measure(cls, extractor: object, X: np.ndarray) -> "Directions | None":
        """Return the directions of scaled training rows X; None if the extractor knows none."""
        if not isinstance(extractor, Turning):
            return None
        spreads = extractor.turn(X).std(axis=0, dtype=np.float64)
        return cls(extractor, (extractor.weigh_directions() / np.maximum(spreads, SMALLEST)).astype(np.float32))

    def along(self, X: np.ndarray) -> np.ndarray:
        """Return scaled rows along the directions: float32 [shape=(n, n_features)], new."""
        turned = self.extractor.turn(X)
        turned *= self.factors
        return turned

    def enter(self, network: Network) -> None:
        """Give a network that takes features the same answers along the directions, in place."""
        _change(network, lambda W: np.linalg.solve(self._matrix(), W))

    def leave(self, network: Network) -> None:
        """Give a network that has learned along the directions the same answers to features, in place."""
        _change(network, lambda W: self._matrix() @ W)

    def _matrix(self) -> np.ndarray:
        """Return T: float64 [shape=(n_features, n_features)]."""
        return self.extractor.turn(np.eye(len(self.factors))) * self.factors


def _change(network: Network, changed: Callable[[np.ndarray], np.ndarray]) -> None:
    W = first_weights(network)
    if W is not None:
        W[...] = changed(W.astype(np.float64))
