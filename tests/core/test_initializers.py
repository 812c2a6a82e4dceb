import numpy as np
import pytest

from backprop_core.activations import ACTIVATIONS
from backprop_core.architecture import multilayer_perceptron
from backprop_core.initializers import INITIALIZERS, choose_initializer
from backprop_core.network import Network
from backprop_core.noise import Dropout

every_rule = pytest.mark.parametrize("name", INITIALIZERS)


@every_rule
@pytest.mark.parametrize(("fan_in", "fan_out"), [(400, 100), (100, 400)])
def test_the_spread_is_the_one_that_the_rule_promises(name, fan_in, fan_out):
    W = INITIALIZERS[name](fan_in, fan_out, np.random.default_rng(0))
    variance = 2 / (fan_in + fan_out) if name.startswith("glorot") else 2 / fan_in
    assert W.shape == (fan_in, fan_out)
    assert W.var() == pytest.approx(variance, rel=0.03)
    assert abs(W.mean()) < 5 * np.sqrt(variance / W.size)


@every_rule
def test_uniform_weights_are_bounded_and_normal_ones_are_not(name):
    W = INITIALIZERS[name](200, 200, np.random.default_rng(0))
    assert (np.abs(W).max() <= np.sqrt(3.2 * W.var())) == name.endswith("uniform")


@every_rule
def test_the_same_seed_gives_the_same_weights_and_another_seed_others(name):
    def draw(seed):
        return INITIALIZERS[name](7, 5, np.random.default_rng(seed))

    np.testing.assert_array_equal(draw(1), draw(1))
    assert (draw(1) != draw(2)).all()


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_a_signal_keeps_its_size_through_ten_layers(activation):
    rng = np.random.default_rng(0)
    network = Network(multilayer_perceptron(256, [256] * 10, 256, activation), rng=rng)
    logits = network.logits(rng.normal(size=(64, 256)))
    assert 0.1 < logits.std() < 10


def test_every_activation_gets_a_rule_that_exists():
    assert {choose_initializer(name) for name in ACTIVATIONS} == {"glorot_uniform", "he_normal"}


def test_dropout_does_not_change_the_weights_that_training_starts_from():
    with_dropout, without = (
        Network(multilayer_perceptron(6, [5, 4], 3, dropout=rate), rng=np.random.default_rng(3)) for rate in (0.5, 0.0)
    )
    assert any(isinstance(layer, Dropout) for layer in with_dropout.layers)
    np.testing.assert_array_equal(with_dropout.params.flat, without.params.flat)
