"""Regions are those that scipy finds, in scipy's order, and boxes fit around them."""

import numpy as np
import pytest
import scipy.ndimage

from pipelines.features.images.regions import boxes, number_regions


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (2, 2), (30, 41), (120, 90)])
@pytest.mark.parametrize("share", [0, 0.02, 0.2, 0.4, 0.5, 0.7, 1])
def test_regions_and_boxes_are_those_of_scipy(shape, share):
    marked = np.random.default_rng(3).random(shape) < share
    regions, n = number_regions(marked)
    expected, n_expected = scipy.ndimage.label(marked, np.ones((3, 3)))
    assert n == n_expected
    np.testing.assert_array_equal(regions, expected)
    slices = scipy.ndimage.find_objects(expected)
    assert boxes(regions, n).tolist() == [[x.start, y.start, x.stop, y.stop] for y, x in slices]


def test_a_spiral_is_one_region():
    spiral = np.zeros((41, 41), bool)
    x = y = 20
    for k in range(1, 20):
        for dx, dy in ([(1, 0), (0, 1)], [(-1, 0), (0, -1)])[k % 2]:
            for _ in range(2 * k):
                spiral[y, x] = True
                x, y = x + dx, y + dy
                if not (0 <= x < 41 and 0 <= y < 41):
                    break
            x, y = min(max(x, 0), 40), min(max(y, 0), 40)
    assert number_regions(spiral)[1] == scipy.ndimage.label(spiral, np.ones((3, 3)))[1] == 1


def test_the_far_ends_of_two_rows_do_not_touch():
    marked = np.zeros((2, 5), bool)
    marked[0, 4] = marked[1, 0] = True
    assert number_regions(marked)[1] == 2
