"""What tests of the core share: networks of every kind of layer, in the midst of learning, and a Ctrl-C that counts."""

import signal

import numpy as np
import pytest

from backprop_core.architecture import multilayer_perceptron
from backprop_core.layers import Activate, Dense
from backprop_core.network import Network
from backprop_core.noise import Dropout
from backprop_core.normalization import LayerNorm
from backprop_core.residual import Residual

NETWORKS = {
    "linear": multilayer_perceptron(4, [], 3),
    "plain": multilayer_perceptron(4, [6, 5], 3, "tanh"),
    "noisy": multilayer_perceptron(4, [6], 3, "relu", dropout=0.5, input_dropout=0.2, input_noise=0.3),
    "batch norm": multilayer_perceptron(4, [6, 6], 3, "gelu", dropout=0.2, normalization="batch"),
    "layer norm, residual": multilayer_perceptron(
        4, [6, 6, 6], 3, "gelu", dropout=0.2, normalization="layer", residual=True
    ),
    "batch norm, residual": multilayer_perceptron(4, [6, 6], 3, "elu", normalization="batch", residual=True),
    "residual first": [Residual([Activate("tanh"), Dense(4, 4)]), Dense(4, 3)],
    "residual in residual": [
        Residual([Dense(4, 4), Residual([LayerNorm(4), Activate("gelu"), Dropout(0.2), Dense(4, 4)])]), Dense(4, 3)
    ],
}  # fmt: skip


@pytest.fixture
def midway():
    """A function that returns a network, of a name in NETWORKS or of some layers, rows of 4 features, and classes."""

    def make(layers, dtype=np.float64, n=1):
        rng = np.random.default_rng(0)
        network = Network(NETWORKS[layers] if isinstance(layers, str) else layers, rng, dtype=dtype)
        network.params.flat += rng.normal(0, 0.2, network.params.flat.size)
        network.statistics.flat += rng.uniform(0.1, 0.5, network.statistics.flat.size)
        return network, rng.normal(size=(n, 4)).astype(dtype), rng.integers(0, network.n_outputs, n)

    return make


@pytest.fixture(params=NETWORKS)
def any_midway(request, midway):
    """The same function without the name, for one network after the other."""
    return lambda *given, **settings: midway(request.param, *given, **settings)


@pytest.fixture
def ctrl_c():
    """Let Ctrl-C raise KeyboardInterrupt: a shell that runs the tests in the background has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
