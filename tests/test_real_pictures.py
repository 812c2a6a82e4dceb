"""The made photographs are the same each time, as frequent of each kind, upright, and of the digits they say."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from benchmarks.real_pictures import COMBINED, KINDS, _file, photograph, thin_strokes
from pipelines.features.images.extractor import ImageExtractor
from pipelines.features.images.image_file import read_pixels


def as_read(pixels):
    """The reading of a picture as MNIST has its digits: uint8 [shape=(28, 28)]."""
    return ImageExtractor(28, 28, "grey", "strokes", 20, 2.4).extract_row(pixels).reshape(28, 28)


@pytest.fixture(scope="module")
def digit():
    """A seven, as MNIST would have it."""
    sheet = Image.new("L", (200, 200), 255)
    ImageDraw.Draw(sheet).line([(60, 50), (140, 50), (90, 150)], 0, 18, joint="curve")
    return as_read(np.asarray(sheet))


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    monkeypatch.setattr("benchmarks.real_pictures.SIZES", (300, 420))


@pytest.mark.parametrize("kind", KINDS)
def test_a_photograph_of_every_kind_shows_the_digit_and_is_made_the_same_again(digit, kind):
    contents = photograph(digit, kind, np.random.default_rng(1))
    assert contents == photograph(digit, kind, np.random.default_rng(1))
    picture = Image.open(io.BytesIO(contents))
    assert picture.format == "JPEG"
    assert 300 <= max(picture.size) <= 420
    seen = as_read(read_pixels(contents))
    a, b = seen.ravel().astype(float), digit.ravel().astype(float)
    assert a @ b > 0.6 * np.sqrt((a @ a) * (b @ b))


def test_turned_pictures_stand_upright_for_whoever_obeys_the_tag():
    ramp = Image.fromarray(np.add.outer(np.arange(60), 2 * np.arange(90)).astype(np.uint8)).convert("RGB")
    for seed in range(20):
        upright = read_pixels(_file(ramp, {"turned by EXIF"}, np.random.default_rng(seed)))
        assert upright.shape == (60, 90, 3)
        assert np.abs(upright.astype(int) - np.asarray(ramp)).mean() < 6


def test_thinning_leaves_a_line_of_one_pixel_that_still_hangs_together():
    from pipelines.features.images.regions import number_regions

    sheet = Image.new("L", (120, 120))
    ImageDraw.Draw(sheet).ellipse((20, 20, 100, 100), outline=255, width=15)
    thin = thin_strokes(np.asarray(sheet) > 0)
    assert number_regions(thin)[1] == 1
    assert number_regions(~thin)[1] >= 1
    blocks = thin[:-1, :-1] & thin[1:, :-1] & thin[:-1, 1:] & thin[1:, 1:]
    assert blocks.sum() <= 2
    assert 180 < thin.sum() < 260


def test_three_at_once_are_taken_from_the_other_kinds():
    assert set(COMBINED) < set(KINDS)
    assert len(KINDS) == len(set(KINDS))
