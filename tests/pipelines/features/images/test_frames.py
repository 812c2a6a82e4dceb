"""Frames are told from drawings: those along the picture's sides, rings around a drawing, and lines under it."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from pipelines.features.images.even_ground import readings
from pipelines.features.images.frames import bare_parts, find_frames
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


def bare(marked):
    regions, n = number_regions(marked)
    mass = np.bincount(regions.ravel(), minlength=n + 1)[1:].astype(float)
    left = bare_parts(regions, boxes(regions, n), np.ones(n, bool), mass)
    return np.concatenate([[False], left])[regions]


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
    np.testing.assert_array_equal(bare(sheet(SEVEN, *ring)), sheet(SEVEN))


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
    assert not bare(sheet(*marks)).any()


@pytest.mark.parametrize(
    "line", [[(35, 90), (85, 90)], [(40, 93), (80, 88)], [(50, 92), (75, 92)]], ids=["wide", "slanting", "short"]
)
def test_a_line_under_a_drawing_is_left_out(line):
    np.testing.assert_array_equal(bare(sheet(SEVEN, ("line", line))), sheet(SEVEN))


def test_a_ring_and_a_line_are_both_left_out():
    np.testing.assert_array_equal(bare(sheet(SEVEN, ("line", [(48, 89), (72, 89)]), ROUND)), sheet(SEVEN))


def test_lines_above_and_beside_a_drawing_and_lines_alone_are_parts_of_it():
    bars = [("line", [(40, 40), (80, 40)]), ("line", [(40, 60), (80, 60)])]
    for marks in (bars, [SEVEN, ("line", [(40, 30), (80, 30)])], [SEVEN, ("line", [(75, 80), (110, 80)])]):
        assert not bare(sheet(*marks)).any()


def test_the_outline_of_a_hollow_six_is_no_ring_around_its_hole():
    outline = ("line", [(50, 10), (60, 10), (52, 60), (90, 60), (90, 110), (30, 110), (30, 60), (50, 10)])
    assert not bare(sheet(outline, ("rectangle", (45, 75, 75, 98)))).any()


def test_all_of_several_digits_in_a_ring_are_in_it():
    digits = [("line", [(45, 42), (45, 78)]), ("line", [(70, 42), (70, 78)])]
    np.testing.assert_array_equal(bare(sheet(ROUND, *digits)), sheet(*digits))


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
    assert reading.drawing.bare.box == pytest.approx(np.array([43, 43, 75, 82]) * times, abs=3 * times)


def test_a_digit_without_a_ring_is_no_drawing_in_one():
    [reading] = readings(np.where(sheet(SEVEN), 30, 225).astype(np.uint8))
    assert reading.drawing.bare is None
