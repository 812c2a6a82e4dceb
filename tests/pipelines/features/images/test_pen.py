"""Another pen changes how broad strokes are, and flourishes come to drawings that may have one."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from pipelines.features.images.drawing import breadth
from pipelines.features.images.flourishes import with_flourishes
from pipelines.features.images.pen import redraw


def drawing(*lines, width=3):
    sheet = Image.new("L", (28, 28))
    for points in lines:
        ImageDraw.Draw(sheet).line(points, 255, width, joint="curve")
    return np.asarray(sheet)[None, :, :, None]


ONE = drawing([(14, 4), (14, 23)])
SEVEN = drawing([(7, 5), (20, 5), (12, 23)])
EIGHT = drawing([(9, 5), (19, 5), (9, 14), (19, 23), (9, 23), (19, 14), (9, 5)], width=2)


def breadths(pictures):
    return breadth(pictures[..., 0] / 255)


def test_strokes_become_broader_and_thinner_and_the_drawing_stays_in_its_place():
    many = np.repeat(SEVEN, 200, axis=0)
    made = redraw(many, np.ones(200, bool), 1.0, np.random.default_rng(0))
    before = breadths(SEVEN)[0]
    assert breadths(made).min() < 0.85 * before
    assert breadths(made).max() > 1.6 * before
    assert (made.max(axis=(1, 2, 3)) >= 250).all()
    rows, columns = np.nonzero(SEVEN[0, :, :, 0])
    outside = np.ones((28, 28), bool)
    outside[rows.min() - 2 : rows.max() + 3, columns.min() - 2 : columns.max() + 3] = False
    assert not made[:, outside].any()


def test_drawings_that_are_not_chosen_stay():
    many, chosen = np.repeat(SEVEN, 10, axis=0), np.arange(10) < 4
    made = redraw(many, chosen, 1.0, np.random.default_rng(0))
    np.testing.assert_array_equal(made[~chosen], many[~chosen])
    assert (made[chosen] != many[chosen]).any()
    assert redraw(many, np.zeros(10, bool), 1.0, np.random.default_rng(0)) is many


@pytest.mark.parametrize("empty", [0, 3])
def test_an_empty_picture_stays_nearly_empty(empty):
    blank = np.full((5, 28, 28, 1), empty, np.uint8)
    assert redraw(blank, np.ones(5, bool), 1.0, np.random.default_rng(0)).max() <= 3 * empty
    assert with_flourishes(blank, np.ones(5, bool), np.random.default_rng(0)) is blank


def test_a_one_may_get_a_flag_at_its_upper_end_and_a_seven_a_bar():
    rng = np.random.default_rng(0)
    for picture, rows in ((ONE, slice(0, 16)), (SEVEN, slice(9, 20))):
        made = with_flourishes(picture, np.ones(1, bool), rng)
        added = np.where(made > picture, made, 0)[0, :, :, 0]
        assert added[rows].any()
        assert (made >= picture).all()
    assert not np.shares_memory(made, SEVEN)


def test_what_may_have_no_flourish_has_none():
    assert with_flourishes(EIGHT, np.ones(1, bool), np.random.default_rng(0)) is EIGHT
    assert with_flourishes(ONE, np.zeros(1, bool), np.random.default_rng(0)) is ONE
