"""A picture's edge is its outermost pixels, whatever else is in it."""

import numpy as np
import pytest

from pipelines.features.images.edge import edge, share_of_edge


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3), (1, 4), (1, 1)])
def test_the_edge_is_all_four_sides(shape):
    pixels = np.random.default_rng(0).random(shape)
    outermost = edge(pixels)
    assert outermost.shape == (2 * (shape[0] + shape[1]), *shape[2:])
    inside = pixels.copy()
    inside[1:-1, 1:-1] = -1
    np.testing.assert_array_equal(edge(inside), outermost)
    assert set(outermost.ravel()) == set(inside[inside >= 0].ravel())


def test_a_share_of_the_edge_counts_each_pixel_once():
    marked = np.zeros((4, 6), bool)
    assert share_of_edge(marked) == 0
    marked[0, 0] = True
    assert share_of_edge(marked) == pytest.approx(1 / 16)
    marked[1:3, 1:5] = True
    assert share_of_edge(marked) == pytest.approx(1 / 16)
    assert share_of_edge(np.ones((4, 6), bool)) == 1
