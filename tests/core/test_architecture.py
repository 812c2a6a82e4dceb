import itertools

import numpy as np
import pytest

from backprop_core.activations import Activation
from backprop_core.architecture import LAYERS, layer_from, multilayer_perceptron
from backprop_core.errors import BackpropError
from backprop_core.layers import Activate, Dense
from backprop_core.network import Network
from backprop_core.noise import Dropout, GaussianNoise
from backprop_core.normalization import BatchNorm, LayerNorm
from backprop_core.residual import Residual

ONE_OF_EACH = [
    Dense(3, 2, "he_uniform"),
    Activate("gelu"),
    Dropout(0.25),
    GaussianNoise(0.1),
    BatchNorm(3, 0.2, 1e-3),
    LayerNorm(3, 1e-4),
    Residual([Dense(3, 3), BatchNorm(3)]),
]


def kinds(layers):
    return [layer.kind for layer in layers]


@pytest.mark.parametrize("layer", ONE_OF_EACH, ids=lambda layer: layer.kind)
def test_a_description_builds_the_same_layer_again(layer):
    again = layer_from({"kind": layer.kind, **layer.describe()})
    assert type(again) is type(layer)
    assert again.describe() == layer.describe()
    assert again.parameter_shapes == layer.parameter_shapes


def test_every_layer_is_registered_by_its_kind():
    assert {layer.kind: type(layer) for layer in ONE_OF_EACH} == LAYERS


def test_it_chains_its_widths_and_ends_in_logits():
    layers = multilayer_perceptron(7, (5, 4), 3, "tanh", dropout=0.2, input_dropout=0.1)
    assert kinds(layers) == ["dropout", *["dense", "activate", "dropout"] * 2, "dense"]
    assert [(d.fan_in, d.fan_out) for d in layers if d.kind == "dense"] == [(7, 5), (5, 4), (4, 3)]


def test_without_hidden_widths_it_is_a_linear_classifier():
    assert kinds(multilayer_perceptron(7, (), 3, normalization="batch", residual=True, dropout=0.5)) == ["dense"]


@pytest.mark.parametrize(("normalization", "kind"), [("batch", "batch_norm"), ("layer", "layer_norm")])
def test_normalisation_stands_between_the_weighted_sum_and_the_activation(normalization, kind):
    layers = multilayer_perceptron(7, [5], 3, dropout=0.2, normalization=normalization, input_noise=0.1)
    assert kinds(layers) == ["gaussian_noise", "dense", kind, "activate", "dropout", "dense"]


def test_a_way_around_leads_where_the_widths_are_equal_and_nowhere_else():
    layers = multilayer_perceptron(6, [6, 4, 4], 4, dropout=0.1, residual=True)
    assert kinds(layers) == ["residual", "dense", "activate", "dropout", "residual", "dense"]
    assert kinds(layers[0].layers) == ["dense", "activate", "dropout"]


def test_each_hidden_layer_may_have_an_activation_of_its_own_and_an_initialiser_that_suits_it():
    layers = multilayer_perceptron(6, [5, 4], 3, ["tanh", "relu"])
    assert [layer.activation for layer in layers if layer.kind == "activate"] == ["tanh", "relu"]
    assert [d.initializer for d in layers if d.kind == "dense"] == ["glorot_uniform", "he_normal", "glorot_uniform"]


def test_an_initialiser_that_is_named_is_everyones():
    layers = multilayer_perceptron(6, [5, 4], 3, initializer="he_uniform")
    assert {d.initializer for d in layers if d.kind == "dense"} == {"he_uniform"}


def test_every_combination_computes_the_same_for_a_batch_as_for_its_rows_one_at_a_time():
    X = np.random.default_rng(1).normal(size=(9, 4))
    for normalization, residual, dropout, noise in itertools.product(
        [None, "batch", "layer"], [False, True], [0, 0.5], [0, 1]
    ):
        settings = {"dropout": dropout, "input_dropout": dropout, "residual": residual, "input_noise": noise}
        layers = multilayer_perceptron(4, [4, 6, 6], 2, "tanh", normalization=normalization, **settings)
        network = Network(layers, np.random.default_rng(0), dtype=np.float64)
        network.forward(X, training=True, rng=np.random.default_rng(2))
        alone = np.concatenate([network.logits(X[i : i + 1]) for i in range(9)])
        np.testing.assert_allclose(network.logits(X), alone, rtol=1e-10, atol=1e-12)


SWISH_2 = Activation(
    "swish_2",
    lambda z, out: np.divide(z, 1 + np.exp(-2 * z), out=out),
    lambda z, a, da, out: np.multiply(da, (s := 1 / (1 + np.exp(-2 * z))) + 2 * a * (1 - s), out=out),
    kinks=(),
)


def test_a_description_with_an_activation_of_ones_own_comes_back_once_it_is_registered(monkeypatch):
    from backprop_core import activations

    network = Network(multilayer_perceptron(4, [6], 3, SWISH_2), np.random.default_rng(0), dtype=np.float64)
    with pytest.raises(BackpropError, match=r"'swish_2' is unknown.*register your own in ACTIVATIONS"):
        Network.from_description(network.describe())
    monkeypatch.setitem(activations.ACTIVATIONS, "swish_2", SWISH_2)
    again = Network.from_description(network.describe(), np.float64)
    again.params.flat[...] = network.params.flat
    X = np.random.default_rng(1).normal(size=(5, 4))
    np.testing.assert_array_equal(again.logits(X), network.logits(X))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"activation": "sigmoid"}, "activation 'sigmoid' is unknown"),
        ({"activation": ["relu"]}, "1 activations for 2 hidden layers"),
        ({"activation": ["relu", "tahn"]}, "did you mean 'tanh'"),
        ({"activation": None}, "activation is None"),
        ({"normalization": "bacth"}, "normalization 'bacth' is unknown; did you mean 'batch'"),
        ({"normalization": True}, "normalization True is unknown"),
        ({"initializer": "glorot"}, "initializer 'glorot' is unknown; did you mean 'glorot_"),
        ({"hidden": 100}, "hidden is 100"),
        ({"hidden": ["many"]}, "hidden is"),
        ({"hidden": [5, 0]}, "0 outputs"),
        ({"n_outputs": 0}, "0 outputs"),
        ({"n_features": 0}, "0 inputs"),
        ({"dropout": 1.0}, "dropout rate is 1.0"),
        ({"input_dropout": -1}, "dropout rate is -1"),
        ({"input_noise": -1}, "std is -1"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(settings, message):
    with pytest.raises(BackpropError, match=message):
        multilayer_perceptron(**{"n_features": 4, "hidden": [5, 6], "n_outputs": 3, **settings})


def test_a_description_of_an_unknown_layer_is_refused_by_name():
    with pytest.raises(BackpropError, match="layer 'convolution' is unknown"):
        layer_from({"kind": "convolution"})
