"""A drawing on paper that is held up in a scene is found, and what is no sheet of paper is not taken for one."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from pipelines.features.images.even_ground import readings
from pipelines.features.images.readings import drawings_in
from pipelines.features.images.sheet import drawing_on_a_sheet

SEVEN = [(30, 25), (75, 25), (50, 95)]


def paper(level=215, ink=50):
    sheet = Image.new("L", (100, 120), level)
    ImageDraw.Draw(sheet).line(SEVEN, ink, 9, joint="curve")
    return sheet


def scene(seed=0, size=(320, 240), sheet=None, at=(120, 60), turned=0):
    """Return a scene of dark soft blots and hard blocks, with a sheet in it: uint8 [shape=(height, width)]."""
    rng = np.random.default_rng(seed)
    blots = Image.fromarray(rng.integers(0, 150, (size[1] // 20, size[0] // 20)).astype(np.uint8))
    picture = blots.resize(size, Image.Resampling.BICUBIC)
    for _ in range(4):
        left, top = rng.integers(0, size[0] - 60), rng.integers(0, size[1] - 60)
        box = [int(place) for place in (left, top, left + rng.integers(10, 60), top + rng.integers(10, 60))]
        ImageDraw.Draw(picture).rectangle(box, int(rng.integers(0, 150)))
    if sheet is not None:
        mask = Image.new("L", sheet.size, 255)
        turns = {"angle": turned, "resample": Image.Resampling.BICUBIC, "expand": True}
        picture.paste(sheet.rotate(**turns), at, mask.rotate(**turns))
    soft = np.asarray(picture.filter(ImageFilter.GaussianBlur(0.8)), float)
    return np.clip(soft + rng.normal(0, 2, soft.shape), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("turned", [0, 12, -20])
def test_the_drawing_on_a_sheet_is_found_where_it_is(seed, turned):
    found = drawing_on_a_sheet(scene(seed, sheet=paper(), turned=turned)).drawing
    turned_alone = paper().rotate(turned, Image.Resampling.BICUBIC, expand=True, fillcolor=215)
    alone = readings(np.asarray(turned_alone))[0].drawing
    np.testing.assert_allclose(found.box, np.add(alone.box, [120, 60, 120, 60]), atol=3)
    assert found.breadth == pytest.approx(alone.breadth, rel=0.1)
    assert found.coverage.sum() == pytest.approx(alone.coverage.sum(), rel=0.1)


@pytest.mark.parametrize("times", [2, 5])
def test_larger_pictures_have_the_drawing_at_the_same_place(times):
    small = scene(sheet=paper())
    large = np.asarray(Image.fromarray(small).resize((320 * times, 240 * times), Image.Resampling.BICUBIC))
    boxes = [np.array(drawing_on_a_sheet(pixels).drawing.box) for pixels in (small, large)]
    np.testing.assert_allclose(boxes[1] / times, boxes[0], atol=3)


def test_light_that_falls_off_across_the_sheet_does_not_hide_the_drawing():
    lit = Image.fromarray((np.asarray(paper()) * np.linspace(0.75, 1, 100)).astype(np.uint8))
    assert drawing_on_a_sheet(scene(sheet=lit)) is not None


@pytest.mark.parametrize(
    "pixels",
    [
        scene(1),
        scene(2, sheet=Image.new("L", (100, 120), 215)),
        np.random.default_rng(0).integers(0, 256, (200, 300)).astype(np.uint8),
        np.full((100, 100), 128, np.uint8),
        np.zeros((1, 1), np.uint8),
        np.zeros((3, 900), np.uint8),
    ],
    ids=["no sheet", "an empty sheet", "noise", "one level", "a pixel", "a strip"],
)
def test_without_a_drawing_on_a_sheet_there_is_none(pixels):
    assert drawing_on_a_sheet(pixels) is None


@pytest.mark.parametrize("gap", [120, 140])
def test_a_cell_of_squared_paper_is_no_sheet(gap):
    squared = np.full((240, 320), 215)
    squared[::gap] = squared[1::gap] = 120
    squared[:, ::gap] = squared[:, 1::gap] = 120
    picture = Image.fromarray(squared.astype(np.uint8))
    ImageDraw.Draw(picture).line([(gap + 30, gap + 20), (gap + 50, gap + 60)], 40, 6)
    assert drawing_on_a_sheet(np.asarray(picture.filter(ImageFilter.GaussianBlur(0.8)))) is None


def test_the_drawing_on_the_sheet_is_the_likeliest_of_a_scene():
    pixels = scene(3, sheet=paper())
    likeliest = drawings_in(pixels)[0][0]
    np.testing.assert_array_equal(likeliest.coverage, drawing_on_a_sheet(pixels).drawing.coverage)
