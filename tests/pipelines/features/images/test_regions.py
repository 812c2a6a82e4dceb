"""Regions are those that scipy finds, in scipy's order, and boxes fit around them."""

import numpy as np
import pytest
import scipy.ndimage

from pipelines.features.images.regions import boxes, longer_sides, number_regions, outline, pixels_of


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


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (2, 2), (30, 41)])
def test_an_outline_is_what_scipys_erosion_takes_away(shape):
    marked = np.random.default_rng(4).random(shape) < 0.8
    np.testing.assert_array_equal(outline(marked), marked & ~scipy.ndimage.binary_erosion(marked))


def test_the_pixels_of_all_regions_are_the_marked_ones_and_each_has_its_own():
    marked = np.random.default_rng(5).random((30, 41)) < 0.3
    regions, n = number_regions(marked)
    np.testing.assert_array_equal(pixels_of(regions, np.ones(n, bool)), marked)
    assert not pixels_of(regions, np.zeros(n, bool)).any()
    chosen = np.arange(n) == 2
    np.testing.assert_array_equal(pixels_of(regions, chosen), regions == 3)
    around = boxes(regions, n)[2]
    assert longer_sides(around[np.newaxis]).tolist() == [max(np.ptp(np.argwhere(regions == 3), axis=0)) + 1]
