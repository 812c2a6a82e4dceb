"""Directions change the form in which a network learns, and nothing of what a finished network says."""

import numpy as np
import pytest

from backprop_core.architecture import multilayer_perceptron
from backprop_core.network import Network
from pipelines.features.extractor import Turning
from pipelines.features.images.extractor import ImageExtractor
from pipelines.learning.directions import Directions
from pipelines.learning.tasks.speech import NARROW

RNG = np.random.default_rng(0)
ROWS = (RNG.normal(size=(200, NARROW.n_features)) * RNG.uniform(0.5, 2, NARROW.n_features)).astype(np.float32)
DIRECTIONS = Directions.measure(NARROW, ROWS)


@pytest.fixture
def network():
    layers = multilayer_perceptron(NARROW.n_features, (16, 8), 4, "relu", dropout=0.2, input_dropout=0.1)
    return Network(layers, np.random.default_rng(1))


def test_the_finished_network_says_to_features_what_it_said_along_the_directions(network):
    before = network.logits(DIRECTIONS.along(ROWS))
    DIRECTIONS.leave(network)
    assert np.allclose(network.logits(ROWS), before, atol=1e-4)


def test_a_network_that_learns_again_says_along_the_directions_what_it_said_to_features(network):
    before = network.logits(ROWS)
    DIRECTIONS.enter(network)
    assert np.allclose(network.logits(DIRECTIONS.along(ROWS)), before, atol=1e-4)
    DIRECTIONS.leave(network)
    assert np.allclose(network.logits(ROWS), before, atol=1e-4)


def test_each_direction_counts_as_the_extractor_says():
    assert np.allclose(DIRECTIONS.along(ROWS).std(axis=0), NARROW.weigh_directions(), rtol=1e-3)


def test_turning_is_linear_and_leaves_the_rows_that_were_given():
    given = ROWS.copy()
    turned = NARROW.turn(ROWS)
    assert np.array_equal(given, ROWS)
    assert turned.dtype == ROWS.dtype
    assert np.allclose(turned, ROWS @ NARROW.turn(np.eye(NARROW.n_features, dtype=np.float32)), atol=1e-4)


def test_an_extractor_may_know_no_directions():
    pixels = ImageExtractor(8, 8, "grey")
    assert isinstance(NARROW, Turning)
    assert not isinstance(pixels, Turning)
    assert Directions.measure(pixels, ROWS[:, :64]) is None
