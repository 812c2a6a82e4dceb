"""What unequal classes add to the answers is taken back as far as was asked for, and nothing where they are equal."""

import numpy as np
import pytest

from backprop_core.architecture import multilayer_perceptron
from backprop_core.losses import softmax
from backprop_core.network import Network
from pipelines.learning.balance import UNEQUAL, inequality, prior_shift, shift_outputs


def classes(*counts):
    return np.repeat(np.arange(len(counts)), counts)


def test_at_strength_one_probabilities_are_those_of_equally_frequent_classes():
    """Bayes: p(class | x) is proportional to p(x | class) p(class); the second factor is what goes."""
    rng = np.random.default_rng(0)
    likelihoods, counts = rng.random((6, 3)), np.array([900, 90, 10])
    logits = np.log(likelihoods * counts)
    shifted = softmax(logits - prior_shift(classes(*counts), 3, 1.0))
    np.testing.assert_allclose(shifted, likelihoods / likelihoods.sum(axis=1, keepdims=True))


def test_half_the_strength_is_half_the_shift_and_shifts_sum_to_zero():
    y = classes(50, 20, 3, 3)
    whole, half = prior_shift(y, 4, 1.0), prior_shift(y, 4, 0.5)
    np.testing.assert_allclose(half, whole / 2)
    assert whole.sum() == pytest.approx(0)
    assert whole[0] > whole[1] > whole[2] == whole[3]


def test_classes_of_similar_size_and_strength_zero_change_nothing():
    assert prior_shift(classes(29, 10), 2, 1.0) is None
    assert prior_shift(classes(30, 10), 2, 1.0) is not None
    assert prior_shift(classes(30, 10), 2, 0.0) is None
    assert inequality(classes(30, 10), 2) == UNEQUAL


def test_a_class_without_samples_counts_as_one_sample():
    assert np.isfinite(prior_shift(classes(30, 10), 3, 1.0)).all()


@pytest.mark.parametrize("normalization", [None, "batch", "layer"])
def test_the_networks_outputs_are_shifted_and_nothing_else(normalization):
    rng = np.random.default_rng(1)
    network = Network(multilayer_perceptron(5, [7], 3, normalization=normalization), rng)
    X, shift = rng.normal(size=(4, 5)).astype(np.float32), np.array([1.0, -2.0, 0.5])
    before = network.logits(X)
    shift_outputs(network, shift)
    np.testing.assert_allclose(network.logits(X), before - shift, atol=1e-6)
