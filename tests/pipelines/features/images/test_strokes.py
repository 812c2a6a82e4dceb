"""A drawing is found wherever it is in the photograph, in whatever light, size and colour, and brought to one place."""

import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from pipelines.errors import InputFileError
from pipelines.features.images.drawing import breadth
from pipelines.features.images.extractor import ImageExtractor
from pipelines.features.images.readings import drawings_in
from pipelines.features.images.strokes import drawing_in

EXTRACTOR = ImageExtractor(28, 28, "grey", "strokes", 20, 2.4)
FIVE = [(8, 1), (1, 1), (1, 5), (6, 5), (8, 8), (6, 12), (1, 11)]


def photo(at=(150, 90), scale=16, size=(400, 300), pen=24, paper=225, ink=40, points=FIVE):
    """A grey photograph, float64 [shape=(height, width)], of a line through points, with soft edges."""
    sheet = Image.new("L", size, paper)
    line = [(at[0] + scale * x, at[1] + scale * y) for x, y in points]
    draw = ImageDraw.Draw(sheet)
    draw.line(line, ink, pen, joint="curve")
    for x, y in (line[0], line[-1]):
        draw.ellipse((x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2), ink)
    return np.asarray(sheet.filter(ImageFilter.GaussianBlur(1.5)), float)


def row(pixels, **options):
    """The row of a picture, in levels: float64 [shape=(784,)]; options are Pillow's for PNG or JPEG."""
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    contents = io.BytesIO()
    image.save(contents, options.pop("format", "PNG"), **options)
    return EXTRACTOR.extract_row(EXTRACTOR.read(contents.getvalue())).astype(float)


@pytest.fixture(scope="module")
def plain():
    return row(photo())


def test_the_row_obeys_the_convention(plain):
    field = plain.reshape(28, 28)
    ys, xs = np.nonzero(field > 32)
    assert max(np.ptp(ys), np.ptp(xs)) + 1 in (19, 20)
    assert np.abs(np.array([ys, xs]) @ field[ys, xs] / field[ys, xs].sum() - 14).max() < 0.6
    assert field.max() == 255
    assert EXTRACTOR.fits(field[np.newaxis].astype(np.uint8)).all()


@pytest.mark.parametrize("at", [(40, 40), (220, 40), (60, 80), (230, 85), (131, 77)])
def test_where_it_lies_hardly_matters(likeness, plain, at):
    assert likeness(row(photo(at)), plain) > 0.985


@pytest.mark.parametrize("times", [0.25, 0.5, 2, 4])
def test_how_large_the_photograph_is_hardly_matters(likeness, plain, times):
    at, size = (150 * times, 90 * times), (int(400 * times), int(300 * times))
    assert likeness(row(photo(at, 16 * times, size, int(24 * times))), plain) > 0.97


@pytest.mark.parametrize("scale", [5, 8, 14])
def test_how_large_it_is_written_hardly_matters(likeness, plain, scale):
    assert likeness(row(photo((100, 60), scale, pen=round(1.5 * scale))), plain) > 0.96


@pytest.mark.parametrize(("paper", "ink"), [(255, 0), (180, 30), (120, 60), (250, 150)])
def test_how_bright_paper_and_ink_are_hardly_matters(likeness, plain, paper, ink):
    assert likeness(row(photo(paper=paper, ink=ink)), plain) > 0.98


def test_uneven_light_and_a_shadow_hardly_matter(likeness, plain):
    y, x = np.mgrid[0:300, 0:400]
    for light in (0.3 + 0.7 * x / 400, 1 - 0.6 * y / 300, np.where(x + y < 250, 0.5, 1), np.where(x < 210, 1, 0.6)):
        assert likeness(row(photo() * light), plain) > 0.98


def test_grain_and_poor_jpeg_hardly_matter(likeness, plain):
    grain = np.random.default_rng(8).normal(0, 14, (300, 400))
    assert likeness(row(photo() + grain, format="JPEG", quality=30), plain) > 0.97


@pytest.mark.parametrize("gap", [24, 50])
def test_printed_lines_are_no_part_of_it(likeness, plain, gap):
    sheet = photo(paper=255, ink=0)
    lined = np.full_like(sheet, 255)
    lined[::gap] = lined[1::gap] = 170
    assert likeness(row(np.minimum(sheet, lined)), plain) > 0.98
    lined[:, ::gap] = lined[:, 1::gap] = 170
    assert likeness(row(np.minimum(sheet, lined)), plain) > 0.98


@pytest.mark.parametrize("table", [0, 60, 150])
def test_the_table_below_the_sheet_is_no_part_of_it(likeness, plain, table):
    sheet = photo(at=(150, 60))
    framed = np.full_like(sheet, table)
    framed[16:292, 20:385] = sheet[16:292, 20:385]
    assert likeness(row(framed), plain) > 0.98


@pytest.mark.parametrize("points", [FIVE, [(4, 0), (1, 6), (4, 12), (7, 6), (4, 0)]])
def test_the_negative_gives_the_very_same_row(points):
    sheet = photo(points=points).astype(np.uint8)
    np.testing.assert_array_equal(row(255 - sheet), row(sheet))


def test_turned_pixels_with_the_tag_that_says_so_give_the_same_row(plain):
    turns = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
    for orientation, turn in turns.items():
        exif = Image.Exif()
        exif[0x0112] = orientation
        turned = Image.fromarray(photo().astype(np.uint8)).transpose(turn)
        np.testing.assert_array_equal(row(turned, exif=exif), plain)


@pytest.mark.parametrize("ink", [(20, 30, 120), (170, 30, 30), (20, 100, 60)])
def test_ink_of_any_colour_is_ink(likeness, plain, ink):
    share = (225 - photo()[..., None]) / 185
    assert likeness(row(235 + share * (np.array(ink) - 235)), plain) > 0.98


def test_a_bar_that_is_a_sixth_of_the_drawing_above_it_belongs_to_it():
    body = [(1, 3), (1, 6), (6, 6), (8, 8), (6, 12), (1, 11)]
    both = np.minimum(photo(points=body), photo(points=[(1, -0.2), (8, -0.2)]))
    drawing = drawing_in(np.clip(both, 0, 255).astype(np.uint8))
    assert drawing.box[3] - drawing.box[1] > 200  # 168 without the bar


@pytest.mark.parametrize(("seed", "pen", "ink", "size"), [(1, 12, 120, 36), (2, 9, 90, 48), (2, 12, 90, 48)])
def test_the_hole_of_a_6_on_grainy_paper_is_not_the_drawing(seed, pen, ink, size):
    sheet = Image.new("L", (336, 336), 205)
    ImageDraw.Draw(sheet).ellipse((236, 250, 236 + size, 250 + size), outline=ink, width=pen)
    ImageDraw.Draw(sheet).line((238, 250 + size // 2, 256, 230 - size // 2), fill=ink, width=pen)
    grainy = np.asarray(sheet) + np.random.default_rng(seed).normal(0, 28, (336, 336))
    drawing = drawing_in(np.clip(grainy, 0, 255).astype(np.uint8))
    assert drawing.box[3] - drawing.box[1] >= size + 20


def test_a_part_that_does_not_touch_belongs_to_it_and_a_speck_does_not(likeness, plain):
    body, bar = [(1, 1), (1, 5), (6, 5), (8, 8), (6, 12), (1, 11)], [(3.6, 1), (9, 1)]
    both = np.minimum(photo(points=body), photo(points=bar))
    assert likeness(row(both), row(photo(points=body))) < 0.9
    assert row(both).reshape(28, 28)[:, 15:].any()
    specks = photo()
    specks[20:26, 30:36] = specks[270:276, 300:304] = specks[200:203, 120:123] = 60
    assert likeness(row(specks), plain) > 0.99


def test_a_line_of_a_thin_pen_is_as_broad_as_usual():
    thin = row(photo(pen=5)).reshape(1, 28, 28)
    assert breadth(thin / 255)[0] > 0.6 * 2.4
    assert thin.max() == 255


@pytest.mark.parametrize(("height", "width", "wide"), [(40, 40, 6), (80, 60, 12)])
def test_the_breadth_of_a_long_bar_is_its_width(height, width, wide):
    bar = np.zeros((1, 10 * height, width), np.float32)
    bar[0, 20:-20, 10 : 10 + wide] = 1
    assert breadth(bar)[0] == pytest.approx(wide, rel=0.06)


def test_a_drawing_that_goes_over_the_edge_is_still_found(likeness):
    cut = photo(at=(-6, 90))
    assert likeness(row(cut), row(photo())) > 0.8


@pytest.mark.parametrize(
    "empty",
    [
        *(np.full(shape, level, np.uint8) for shape in ((1, 1), (28, 28), (300, 200)) for level in (0, 128, 255)),
        np.linspace(40, 250, 300).astype(np.uint8)[:, None].repeat(200, axis=1),
        np.random.default_rng(0).normal(200, 12, (300, 400)).clip(0, 255).astype(np.uint8),
        np.zeros((1, 900), np.uint8),
    ],
)
def test_where_nothing_is_drawn_a_sentence_says_so(empty, tmp_path):
    assert drawings_in(empty) == ([], 0)
    path = tmp_path / "empty.png"
    Image.fromarray(empty).save(path)
    with pytest.raises(InputFileError, match=r"empty\.png: no strokes were found on the ground; [^\n]*$"):
        EXTRACTOR.extract(path)


@pytest.mark.parametrize("shape", [(1, 2), (3, 3), (2, 700), (28, 28), (64, 48), (500, 400)])
@pytest.mark.parametrize("seed", range(3))
def test_noise_gets_an_answer_or_none_but_never_fails(shape, seed):
    noise = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    for drawing in drawings_in(noise)[0]:
        assert np.isfinite(drawing.coverage).all()
        assert drawing.coverage.max() <= 1
        assert drawing.breadth > 0


def test_framing_a_photograph_loads_nothing_heavy(tmp_path):
    path = tmp_path / "photo.png"
    Image.fromarray(photo().astype(np.uint8)).save(path)
    program = (
        "import sys; from pathlib import Path; from pipelines.features.images.extractor import ImageExtractor\n"
        f"ImageExtractor(28, 28, 'grey', 'strokes', 20, 2.4).extract(Path({str(path)!r}))\n"
        "print([m for m in ('scipy', 'numba', 'matplotlib', 'sklearn', 'librosa') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
