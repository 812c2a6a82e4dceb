import numpy as np
import pytest

from backprop_core.architecture import multilayer_perceptron
from backprop_core.layers import Activate, Dense
from backprop_core.network import Network
from backprop_core.probe import watch_layer
from backprop_core.residual import Residual


@pytest.mark.parametrize("normalization", [None, "batch", "layer"])
def test_a_watched_network_computes_the_same_and_shows_every_activation_in_order(normalization):
    layers = multilayer_perceptron(
        4, [6, 6, 5], 3, ["tanh", "relu", "gelu"], normalization=normalization, residual=True
    )
    network = Network(layers, np.random.default_rng(0), dtype=np.float64)
    seen = []

    def see(layer, z, a):
        seen.append((layer.activation, z.copy(), a.copy()))

    twin = Network.blank([watch_layer(layer, see) for layer in layers], np.float64)
    twin.params.flat[...], twin.statistics.flat[...] = network.params.flat, network.statistics.flat
    X = np.random.default_rng(1).normal(size=(7, 4))
    np.testing.assert_array_equal(twin.forward(X)[0], network.forward(X)[0])
    assert [name for name, _, _ in seen] == ["tanh", "relu", "gelu"]
    for (name, z, a), width in zip(seen, (6, 6, 5), strict=True):
        assert z.shape == a.shape == (7, width)
        np.testing.assert_array_equal(a, Activate(name).pair.function(z, np.empty_like(z)))


def test_the_layers_that_are_watched_stay_as_they_are():
    inner = Activate("tanh")
    residual = Residual([Dense(3, 3), Residual([Dense(3, 3), inner])])
    seen = []
    twin = watch_layer(residual, lambda *shown: seen.append(shown))
    network = Network([residual, Dense(3, 2)], np.random.default_rng(0), dtype=np.float64)
    network.forward(np.ones((2, 3)))
    assert not seen
    assert "forward" not in vars(inner)
    assert twin.describe() == residual.describe()
    assert type(twin) is Residual
