"""Frames are told from drawings: those along the picture's sides, and rings around a drawing anywhere."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from pipelines.features.images.even_ground import readings
from pipelines.features.images.frames import find_frames, ringed_by_others
from pipelines.features.images.regions import boxes, number_regions

SIDE = 120


STYLE = {
    "ellipse": {"outline": 1, "width": 3},
    "rectangle": {"outline": 1, "width": 3},
    "arc": {"fill": 1, "width": 3},
    "line": {"fill": 1, "width": 5},
}
SEVEN = ("line", [(45, 45), (72, 45), (58, 80)])
ROUND = ("ellipse", (20, 20, 100, 100))


def sheet(*shapes):
    """Return marks that are drawn on an empty sheet: bool [shape=(SIDE, SIDE)]."""
    picture = Image.new("1", (SIDE, SIDE))
    for kind, *place in shapes:
        getattr(ImageDraw.Draw(picture), kind)(*place, **STYLE[kind])
    return np.asarray(picture)


def ringed(marked):
    regions, n = number_regions(marked)
    mass = np.bincount(regions.ravel(), minlength=n + 1)[1:].astype(float)
    inside = ringed_by_others(regions, boxes(regions, n), np.ones(n, bool), mass)
    return np.concatenate([[False], inside])[regions]


@pytest.mark.parametrize(
    "ring",
    [
        [ROUND],
        [("rectangle", (25, 30, 95, 92))],
        [("arc", (20, 20, 100, 100), 30, 365)],
        [("line", [(30, 28), (88, 33), (92, 95), (27, 90), (30, 28)])],
        [ROUND, ("ellipse", (8, 8, 112, 112))],
        [ROUND, ("rectangle", (6, 6, 114, 114))],
    ],
    ids=["circle", "box", "open circle", "drawn by hand", "two circles", "a circle in a box"],
)
def test_what_stands_in_a_ring_is_found_without_it(ring):
    np.testing.assert_array_equal(ringed(sheet(SEVEN, *ring)), sheet(SEVEN))


@pytest.mark.parametrize(
    "marks",
    [
        [],
        [SEVEN],
        [ROUND],
        [ROUND, ("line", [(58, 60), (63, 60)])],
        [("line", [(20, 20), (20, 100), (100, 100)]), SEVEN],
        [("line", [(20, 100), (20, 20), (100, 20)]), ("line", [(50, 60), (80, 60)])],
        [("ellipse", (20, 20, 60, 60)), ("line", [(80, 30), (80, 90)])],
    ],
    ids=["nothing", "no ring", "nothing in it", "a dot in it", "an angle", "a corner", "beside it"],
)
def test_without_a_ring_around_a_drawing_there_is_nothing_in_one(marks):
    assert not ringed(sheet(*marks)).any()


def test_all_of_several_digits_in_a_ring_are_in_it():
    digits = [("line", [(45, 42), (45, 78)]), ("line", [(70, 42), (70, 78)])]
    np.testing.assert_array_equal(ringed(sheet(ROUND, *digits)), sheet(*digits))


@pytest.mark.parametrize(
    ("box", "is_frame"), [((4, 4, 116, 116), True), ((4, 4, 90, 116), False), ((30, 30, 90, 90), False)]
)
def test_a_frame_goes_around_the_whole_picture(box, is_frame):
    regions, n = number_regions(sheet(("rectangle", box), SEVEN))
    assert find_frames(regions, boxes(regions, n), regions.shape) == [0] * is_frame


def test_a_circle_and_a_filled_sheet_are_no_frames():
    filled = np.zeros((SIDE, SIDE), bool)
    filled[5:115, 5:115] = True
    for marked in (sheet(("ellipse", (4, 4, 116, 116))), filled):
        regions, n = number_regions(marked)
        assert find_frames(regions, boxes(regions, n), regions.shape) == []


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("inverted", [False, True])
def test_a_picture_of_a_ringed_digit_has_the_digit_as_a_drawing_of_its_own(times, inverted):
    pixels = np.where(sheet(SEVEN, ROUND), 30, 225).astype(np.uint8).repeat(times, axis=0).repeat(times, axis=1)
    [reading] = readings(255 - pixels if inverted else pixels)
    assert reading.drawing.box == pytest.approx(np.array([20, 20, 101, 101]) * times, abs=times)
    assert reading.drawing.ringed.box == pytest.approx(np.array([43, 43, 75, 82]) * times, abs=3 * times)


def test_a_digit_without_a_ring_is_no_drawing_in_one():
    [reading] = readings(np.where(sheet(SEVEN), 30, 225).astype(np.uint8))
    assert reading.drawing.ringed is None
