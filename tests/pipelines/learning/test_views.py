"""Views are averaged in logits, which is the geometric mean of their probabilities."""

import numpy as np

from backprop_core.architecture import multilayer_perceptron
from backprop_core.losses import softmax
from backprop_core.network import Network
from backprop_core.scaling import Standardizer
from pipelines.learning.views import FEW, average_logits

RNG = np.random.default_rng(0)
VIEWS = [RNG.normal(size=(7, 4)).astype(np.float32) for _ in range(3)]
NETWORK = Network(multilayer_perceptron(4, [8], 3), np.random.default_rng(1))
SCALING = Standardizer().fit(VIEWS[0])


def test_one_view_alone_is_its_own_logits():
    alone = average_logits(NETWORK, SCALING, iter(VIEWS[:1]))
    assert np.array_equal(alone, NETWORK.logits(SCALING.transform(VIEWS[0])))


def test_the_answer_is_the_geometric_mean_of_the_views_probabilities():
    each = [softmax(NETWORK.logits(SCALING.transform(view)).astype(float)) for view in VIEWS]
    geometric = np.exp(np.mean(np.log(each), axis=0))
    expected = geometric / geometric.sum(axis=1, keepdims=True)
    assert np.allclose(softmax(average_logits(NETWORK, SCALING, VIEWS)), expected, atol=1e-6)


def test_the_order_of_views_does_not_matter():
    one, other = average_logits(NETWORK, SCALING, VIEWS), average_logits(NETWORK, SCALING, VIEWS[::-1])
    assert np.allclose(one, other, atol=1e-5)


def test_few_rows_get_the_answers_that_they_get_among_many():
    many = [np.tile(view, (FEW, 1)) for view in VIEWS]
    assert np.allclose(average_logits(NETWORK, SCALING, many)[:7], average_logits(NETWORK, SCALING, VIEWS), atol=1e-6)
