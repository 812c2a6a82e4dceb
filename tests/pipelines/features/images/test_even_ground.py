"""On an even ground a drawing is found however faint, grainy, uneven in darkness, small or close to the edge it is."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from pipelines.features.images.even_ground import readings
from pipelines.features.images.ink import otsu
from pipelines.features.images.stroke_framing import frame


def seven(side=200, ink=1.0, at=(0.3, 0.2), size=0.5, pen=0.06):
    """Coverage of a 7: float [shape=(side, side)], 0 to ink."""
    sheet = Image.new("L", (4 * side, 4 * side))
    points = [(x * size + at[0], y * size + at[1]) for x, y in ((0, 0), (0.8, 0), (0.3, 1))]
    ImageDraw.Draw(sheet).line(
        [tuple(4 * side * place for place in point) for point in points], 255, round(4 * side * pen)
    )
    return ink * np.asarray(sheet.resize((side, side), Image.Resampling.BOX), float) / 255


def row(levels):
    pixels = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
    return frame(readings(pixels)[0].drawing, 28, 28, 20, 2.4).astype(float).ravel()


@pytest.fixture(scope="module")
def plain():
    return row(255 - 255 * seven())


def noise(side, sigma=13):
    return np.random.default_rng(side).normal(0, sigma, (side, side))


@pytest.mark.parametrize("contrast", [0.1, 0.2, 0.4, 0.9])
@pytest.mark.parametrize("side", [96, 200, 500])
def test_faint_strokes_in_grain_are_found(likeness, plain, side, contrast):
    assert likeness(row(240 - 240 * contrast * seven(side, pen=0.08) + noise(side)), plain) > 0.85


@pytest.mark.parametrize("side", [16, 20, 28, 40])
def test_small_pictures_are_read_between_their_pixels(likeness, plain, side):
    assert likeness(row(250 - 220 * seven(side)), plain) > 0.9


def test_a_pencil_that_is_dark_here_and_faint_there_leaves_one_whole_line(likeness, plain):
    y, x = np.mgrid[0:200, 0:200] / 200
    for share in (y, 1 - y, x, 1 - x):
        assert likeness(row(250 - 200 * 4.0 ** (-np.clip(1.6 * share - 0.3, 0, 1)) * seven()), plain) > 0.95


@pytest.mark.parametrize("at", [(0.03, 0.03), (0.55, 0.03), (0.03, 0.47), (0.3, 0.49)])
def test_a_drawing_that_touches_the_edge_is_read_like_another(likeness, plain, at):
    for side in (28, 200):
        assert likeness(row(250 - 220 * seven(side, at=at)), plain) > 0.85


def cropped(levels):
    """Cut a picture of dark ink out tightly."""
    rows, columns = (np.flatnonzero((levels < 128).any(axis=axis)) for axis in (1, 0))
    return levels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


@pytest.mark.parametrize("side", [150, 300, 700])
def test_a_picture_that_was_cut_out_tightly_is_read_as_with_its_margin(likeness, plain, side):
    for blur in (0, side / 80):
        sheet = Image.fromarray((250 - 220 * seven(side)).astype(np.uint8))
        tight = cropped(np.asarray(sheet.filter(ImageFilter.GaussianBlur(blur))))
        assert readings(tight)[0].full
        assert likeness(row(tight), plain) > 0.93


@pytest.mark.parametrize("side", [100, 150, 180])
def test_a_small_digit_that_was_enlarged_and_cut_out_tightly_has_soft_edges_on_an_even_ground(side):
    nine = Image.new("L", (28, 28), 230)
    ImageDraw.Draw(nine).ellipse((7, 4, 19, 15), outline=40, width=3)
    ImageDraw.Draw(nine).line((18, 9, 16, 24), 40, 3)
    soft = nine.filter(ImageFilter.GaussianBlur(0.7))
    tight = soft.crop((7, 4, 20, 25)).resize((13 * side // 21, side), Image.Resampling.BICUBIC)
    assert readings(np.asarray(tight))[0].full


def test_a_table_beside_the_paper_does_not_fill_the_picture():
    for side in range(4):
        levels = np.rot90(250 - 220 * seven(), side).copy()
        levels[:, :14] = 40
        assert not any(reading.full for reading in readings(np.rot90(levels, -side).astype(np.uint8)))


def test_lines_of_the_paper_from_edge_to_edge_do_not_fill_the_picture():
    levels = 250 - 220 * seven()
    for top in range(20, 200, 30):
        levels[top : top + 3] -= np.where(levels[top : top + 3] > 150, 120, 0)
    reading = readings(levels.astype(np.uint8))[0]
    assert (reading.even, reading.full) == (False, False)


@pytest.mark.parametrize("side", [8, 9, 10, 12])
def test_the_strokes_of_a_coarse_picture_are_not_taken_for_its_grain(likeness, plain, side):
    for times in (4, 8):
        fine = seven(side * times, at=(0.1, 0.05), size=0.9, pen=0.14)
        coarse = fine.reshape(side, times, side, times).mean(axis=(1, 3))
        assert likeness(row(250 - 240 * coarse), plain) > 0.8


@pytest.mark.parametrize("side", [120, 300, 900])
def test_light_from_one_side_and_dull_corners_do_not_make_the_ground_uneven(likeness, plain, side):
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    for light in (0.65 + 0.3 * x, 0.65 - 0.3 * y, 1 - 0.3 * (x * x + y * y)):
        levels = light * (245 - 200 * seven(side))
        assert readings(levels.astype(np.uint8))[0].even
        assert likeness(row(levels), plain) > 0.97


@pytest.mark.parametrize("side", [16, 77, 200, 401])
def test_a_picture_and_its_negative_are_read_alike(side):
    pixels = (255 - 230 * seven(side)).astype(np.uint8)
    np.testing.assert_array_equal(row(255 - pixels.astype(float)), row(pixels))


def test_a_frame_around_the_drawing_and_specks_are_no_part_of_it(likeness, plain):
    levels = 255 - 255 * seven()
    levels[6:9, 6:194] = levels[191:194, 6:194] = levels[6:194, 6:9] = levels[6:194, 191:194] = 0
    levels[30:33, 30:33] = levels[150:153, 170:173] = 0
    assert likeness(row(levels), plain) > 0.98


def test_where_the_edge_is_of_both_kinds_there_are_two_readings():
    pixels = np.full((40, 40), 255, np.uint8)
    pixels[:, :18] = 0
    pixels[10:30, 8:12] = 255
    pixels[10:30, 28:32] = 0
    assert len(readings(pixels)) <= 2
    half = np.zeros((40, 40), np.uint8)
    half[10:30, 12:28] = 255
    half[:16, 18:22] = half[24:, 18:22] = half[18:22, :16] = half[18:22, 24:] = 255
    assert all(np.isfinite(reading.drawing.coverage).all() for reading in readings(half))


def test_two_drawings_side_by_side_are_counted_and_one_of_two_parts_is_one():
    two = np.maximum(seven(at=(0.05, 0.3), size=0.4), seven(at=(0.55, 0.3), size=0.4))
    assert [reading.n_drawings for reading in readings((255 - 255 * two).astype(np.uint8))] == [2]
    assert [reading.n_drawings for reading in readings((255 - 255 * seven()).astype(np.uint8))] == [1]


@pytest.mark.parametrize("seed", range(5))
def test_otsus_level_has_the_greatest_variance_between_the_parts(seed):
    pixels = np.random.default_rng(seed).integers(0, 1 + 50 * (seed + 1), (30, 20), dtype=np.uint8)

    def between(level):
        low, high = pixels[pixels <= level], pixels[pixels > level]
        if len(low) == 0 or len(high) == 0:
            return 0
        return len(low) * len(high) * (low.mean() - high.mean()) ** 2

    assert between(otsu(pixels)) == pytest.approx(max(map(between, range(256))))


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (2, 3), (3, 400), (300, 300)])
@pytest.mark.parametrize("level", [0, 90, 255])
def test_an_empty_page_has_no_reading(shape, level):
    assert readings(np.full(shape, level, np.uint8)) == []


def test_a_blurred_picture_is_read_too(likeness, plain):
    soft = Image.fromarray((255 - 255 * seven()).astype(np.uint8)).filter(ImageFilter.GaussianBlur(4))
    assert likeness(row(np.asarray(soft, float)), plain) > 0.9


def test_a_sheet_of_paper_on_a_table_is_no_frame_around_a_drawing():
    """Else what is left of the sheet are the holes of the digit: an 8 of two blots."""
    table = Image.new("L", (300, 400), 90)
    ImageDraw.Draw(table).rectangle((12, 10, 286, 388), 235)
    for top in (120, 180):
        ImageDraw.Draw(table).ellipse((110, top, 180, top + 64), outline=40, width=12)
    for reading in readings(np.asarray(table)):
        assert not reading.even or len(reading.drawing.coverage) > 115  # that of both rings, not of the two holes


@pytest.mark.parametrize("pitch", [14, 24, 30])
@pytest.mark.parametrize("line", [15, 25, 40])
@pytest.mark.parametrize("fall", [0.05, 0.1])
def test_a_ground_on_which_printed_lines_seem_to_be_ink_is_not_called_even(line, pitch, fall):
    """Lines far fainter than the ink are seen in the darker part of the page alone, or from nearer alone."""
    levels = np.full((480, 360), 225.0)
    levels[10::pitch] -= line
    levels[:, 10::pitch] -= line
    levels *= 1 - fall * np.linspace(0, 1, 480)[:, np.newaxis] * np.linspace(0, 1, 360)
    levels[200:296, 120:216] *= 1 - 0.8 * seven(96, pen=0.08, at=(0.2, 0.1), size=0.8)
    for reading in readings(np.clip(levels, 0, 255).astype(np.uint8)):
        left, top, right, bottom = reading.drawing.box
        assert not reading.even or max(right - left, bottom - top) < 100  # the 7 is 82 pixels long
