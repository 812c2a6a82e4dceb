"""Text stays inside its box whatever it says, and colours and sizes mean what they say."""

import numpy as np
import pytest
from PIL import Image

from pipelines import wording
from pipelines.features.display import Axis, Display
from pipelines.report import drawing

NASTY = [
    "plain",
    "",
    "two\nlines\r\nor\tmore",
    "\x00\x07\x1b[31m",
    "\udcff\udcfe",
    "\u202egnp.exe \u200f\u2066",
    "o" + "\u0315\u0335\u0322\u0489" * 200,
    "漢字 العربية 🎉 \ufdfd" * 5,
    "W" * 100_000,
    "\u2028\u2029\x85",
]


@pytest.mark.parametrize("align", ["left", "centre", "right"])
@pytest.mark.parametrize("text", NASTY)
def test_text_never_leaves_its_box(text, align):
    canvas = Image.new("RGB", (200, 100), (1, 2, 3))
    drawing.write(canvas, (50, 40, 90, 20), text, 14, align=align)
    pixels = np.array(canvas)
    assert (pixels[40:60, 50:140] > 3).all()
    pixels[40:60, 50:140] = (1, 2, 3)
    assert (pixels == (1, 2, 3)).all()


@pytest.mark.parametrize("text", NASTY)
def test_what_is_printed_is_one_line_of_letters_that_can_be_seen(text):
    assert wording.printable(text).isprintable()
    wording.printable(text).encode()


@pytest.mark.parametrize("keep", ["start", "end"])
def test_a_long_text_is_shortened_to_its_room_and_a_short_one_left(keep):
    text = "folder/with/a/name/that/goes/on.png"
    assert drawing.shorten(text, 14, 1000, keep) == text
    short = drawing.shorten(text, 14, 100, keep)
    assert drawing.font(14).getlength(short) <= 100
    assert short.replace("...", "") in text
    assert short.startswith(text[:4]) if keep == "start" else short.endswith(text[-4:])
    assert drawing.shorten(text, 14, 1, keep) == ""


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0.0 %"), (1e-9, "< 0.1 %"), (0.001, "0.1 %"), (0.5, "50.0 %"), (0.9999, "> 99.9 %"), (1, "100.0 %")],
)
def test_little_is_not_nothing_and_nearly_all_is_not_all(share, text):
    assert wording.round_percent(share) == text


def test_a_pixel_grows_to_a_sharp_square():
    pixels = np.random.default_rng(0).integers(0, 256, (4, 6, 3), dtype=np.uint8)
    np.testing.assert_array_equal(drawing.enlarge(pixels, 30, 20), np.kron(pixels, np.ones((5, 5, 1), np.uint8)))


def test_where_there_is_no_room_pixels_are_averaged():
    pixels = np.tile(np.array([[0, 200]], np.uint8), (50, 50))
    assert np.unique(drawing.enlarge(pixels, 25, 25)) == [100]


@pytest.mark.parametrize(
    ("shape", "size"),
    [((28, 28), (84, 84)), ((8, 8), (96, 96)), ((32, 16), (48, 96)), ((100, 200), (100, 50)), ((3, 4000), (100, 1))],
)
def test_a_picture_keeps_its_proportions_inside_its_box(shape, size):
    assert drawing.fit_size(Display(np.zeros(shape, np.uint8)), 100, 100) == size


def test_a_display_with_axes_fills_its_box():
    display = Display(np.zeros((32, 50), np.uint8), Axis("s", ()), Axis("Hz", ()))
    assert drawing.fit_size(display, 300, 200) == (300, 200)


def test_evidence_for_is_blue_against_is_red_and_none_leaves_the_ground():
    ground = np.full((1, 5), 240, np.uint8)
    colours = drawing.diverging(np.array([[-7.0, -1.0, 0.0, 1.0, 0.5]]), ground)[0]
    assert tuple(colours[0]) == tuple(colours[1]) == drawing.AGAINST
    assert tuple(colours[2]) == (240, 240, 240)
    assert tuple(colours[3]) == drawing.FOR
    np.testing.assert_allclose(colours[4].astype(float), (np.array(drawing.FOR) + 240) / 2, atol=1)


def test_full_colour_is_above_0_and_grows_with_the_evidence():
    values = np.random.default_rng(0).normal(size=(28, 28))
    assert drawing.full_colour(3 * values) == pytest.approx(3 * drawing.full_colour(values))
    assert drawing.full_colour(-values) == drawing.full_colour(values)
    assert drawing.full_colour(np.zeros((4, 4))) == 1
    single = np.zeros((28, 28))
    single[3, 4] = -2
    assert drawing.full_colour(single) == 2


@pytest.mark.parametrize("ground", [0, 255])
def test_what_is_drawn_upon_is_light_whatever_the_ground(ground):
    pixels = np.full((9, 9), ground, np.uint8)
    pixels[3:6, 3:6] = 255 - ground
    faint = drawing.faint(pixels)
    assert faint.dtype == np.uint8
    assert faint.min() > 128
    assert faint[0, 0] > faint[4, 4]
