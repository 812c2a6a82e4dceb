"""Numbers of any kind become 8 bits, with white where the picture has it, and what is transparent gets a ground."""

import numpy as np
import pytest
from PIL import Image

from pipelines.features.images.shades import clearest_grey, eight_bits, fewer_bits, opaque


@pytest.fixture
def ramp():
    return np.arange(256, dtype=np.uint32).reshape(16, 16)


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_the_fewest_bits_that_hold_all_shades_decide_what_is_white(bits, ramp):
    deep = (ramp * (2**bits - 1) // 255).astype(np.uint16)
    assert np.abs(eight_bits(deep).astype(int) - ramp).max() <= 1


@pytest.mark.parametrize("step", [256, 257])
@pytest.mark.parametrize("brightest", [3, 15, 60, 255])
def test_eight_bits_that_were_scaled_to_sixteen_come_back_however_dark(step, brightest, ramp):
    dark = ramp * brightest // 255
    np.testing.assert_array_equal(eight_bits((dark * step).astype(np.uint16)), dark)


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.int32])
@pytest.mark.parametrize(("low", "high"), [(0, 1), (0, 255), (-900, 400), (7e5, 9e5), (-2e9, 2e9)])
def test_shades_of_any_scale_keep_their_order_and_fill_the_range(kind, low, high, ramp):
    shades = (low + (high - low) * (ramp / 255)).astype(kind)
    bright = eight_bits(shades)
    assert bright.dtype == np.uint8
    assert (np.diff(bright.ravel().astype(int)) >= 0).all()
    if kind is not np.int32 or high > 1:
        assert np.abs(bright.astype(int) - ramp).max() <= 1


def test_a_dark_picture_of_fractions_stays_dark():
    assert eight_bits(np.full((3, 3), 0.2, np.float32)).tolist() == [[51] * 3] * 3


def test_what_is_no_number_is_black_and_hides_nothing_else():
    shades = np.array([[np.nan, np.inf], [0.5, 1.0]], np.float32)
    assert eight_bits(shades).tolist() == [[128, 128], [128, 255]]
    with pytest.raises(ValueError, match="its shades are not finite"):
        eight_bits(np.full((2, 2), np.nan, np.float32))


@pytest.mark.parametrize("bits", [10, 12, 14, 16])
def test_the_upper_byte_of_fewer_bits_is_widened(bits, ramp):
    upper = ((ramp * (2**bits - 1) // 255) >> 8).astype(np.uint8)
    assert np.abs(fewer_bits(upper).astype(int) - ramp).max() < 2 ** (16 - bits)


def draw(colour):
    """Strokes of a colour on nothing: a Pillow image of mode RGBA."""
    pixels = np.zeros((40, 40, 4), np.uint8)
    pixels[10:30, 18:23] = (*colour, 255)
    return Image.fromarray(pixels)


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (255, 255, 0), (0, 0, 255), (128,) * 3, (200, 0, 0)])
def test_strokes_of_any_colour_on_nothing_are_seen(colour):
    pixels = np.asarray(opaque(draw(colour)).convert("L")).astype(int)
    assert abs(pixels[20, 20] - pixels[0, 0]) > 60


def test_dark_strokes_lie_on_white_and_white_ones_on_black():
    assert np.asarray(opaque(draw((0, 0, 0))))[0, 0].tolist() == [255] * 3
    assert np.asarray(opaque(draw((255, 255, 255))))[0, 0].tolist() == [0] * 3


def test_what_is_transparent_everywhere_was_not_meant_to_be():
    pixels = np.random.default_rng(0).integers(0, 256, (9, 9, 4), dtype=np.uint8)
    pixels[..., 3] = 0
    np.testing.assert_array_equal(np.asarray(opaque(Image.fromarray(pixels))), pixels[..., :3])


def in_two_colours(drawn, paper, ink):
    return np.where(drawn[:, :, None], np.array(ink), np.array(paper)).astype(np.uint8)


@pytest.mark.parametrize(
    ("paper", "ink", "channel"),
    [
        ((60, 125, 60), (200, 60, 60), 0),
        ((200, 60, 60), (60, 125, 60), 0),
        ((255, 255, 255), (255, 255, 120), 2),
        ((240, 90, 240), (90, 160, 90), 2),
    ],
    ids=["red on green", "green on red", "yellow on white", "green on pink"],
)
def test_colours_of_equal_brightness_are_told_apart_by_the_colour_that_differs(paper, ink, channel):
    drawn = np.zeros((40, 60), bool)
    drawn[10:30, 20:26] = True
    pixels = in_two_colours(drawn, paper, ink)
    grey = clearest_grey(pixels)
    np.testing.assert_array_equal(grey, pixels[:, :, channel])
    assert np.ptp(grey) > 100


@pytest.mark.parametrize("ink", [(20, 20, 20), (30, 30, 160), (200, 20, 20), (0, 90, 60)])
def test_ink_on_white_paper_is_as_dark_as_the_eye_sees_it(ink):
    drawn = np.zeros((40, 60), bool)
    drawn[10:30, 20:26] = True
    pixels = in_two_colours(drawn, (250, 248, 240), ink)
    np.testing.assert_array_equal(clearest_grey(pixels), np.asarray(Image.fromarray(pixels).convert("L")))


def test_a_picture_without_colours_stays_as_it_is():
    grey = np.random.default_rng(0).integers(0, 256, (30, 700)).astype(np.uint8)
    assert clearest_grey(grey) is grey
    np.testing.assert_array_equal(clearest_grey(np.dstack([grey] * 3)), grey)
    flat = np.full((5, 5, 3), (10, 200, 30), np.uint8)
    assert np.ptp(clearest_grey(flat)) == 0
