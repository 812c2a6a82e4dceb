"""A small training: three clouds of points, a network for them, and how the tests train it."""

import numpy as np

from backprop_core.architecture import multilayer_perceptron
from backprop_core.network import Network
from backprop_core.training import Trainer


def clouds(n, seed=0, dtype=np.float32, spread=1.0):
    """Three overlapping clouds of points in four dimensions."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n)
    return (rng.normal(0, spread, (n, 4)) + 2 * np.eye(3, 4)[y]).astype(dtype), y


def trainer_for(
    seed=0,
    hidden=(8,),
    dtype=np.float32,
    optimizer=None,
    dropout=0.0,
    activation="relu",
    normalization=None,
    **settings,
):
    layers = multilayer_perceptron(4, hidden, 3, activation, dropout=dropout, normalization=normalization)
    network = Network(layers, np.random.default_rng(seed), dtype=dtype)
    return Trainer(network, optimizer, **{"epochs": 5, "batch_size": 16, "learning_rate": 0.01, **settings})


def fit(trainer, rng=None, on_epoch=None, rows=None, valid=None):
    state = trainer.start(rng or np.random.default_rng(1))
    dtype = trainer.network.dtype
    stopped = trainer.fit(*(rows or clouds(150, 0, dtype)), *(valid or clouds(60, 1, dtype)), state, on_epoch=on_epoch)
    return stopped, state
