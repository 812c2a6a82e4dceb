"""A small picture is found again in one whose blocks are its pixels, and nowhere else."""

import io

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from pipelines.features.images.hard_pixels import hard_pixels_in


def digit(number=3):
    """A digit of 8 x 8 pixels, bright on dark: uint8."""
    return np.minimum(255, 16 * load_digits().images[number]).astype(np.uint8)


def enlarged(pixels, width, height, way=Image.Resampling.NEAREST):
    return np.asarray(Image.fromarray(pixels).resize((width, height), way))


@pytest.mark.parametrize(("width", "height"), [(40, 40), (64, 64), (200, 200), (105, 105), (1600, 1600)])
def test_what_was_enlarged_without_smoothing_is_found_again(width, height):
    for number in range(10):
        found = hard_pixels_in(enlarged(digit(number), width, height))
        kept = found.pixels.shape
        assert min(kept) >= 5
        # Of empty rows and columns at the edge nothing is known but that they are as wide as others.
        np.testing.assert_array_equal(found.pixels, digit(number)[: kept[0], : kept[1]])
        assert found.across == pytest.approx(width / 8, rel=0.05)
        assert found.down == pytest.approx(height / 8, rel=0.05)
        assert abs(found.left) < width / 16
        assert abs(found.top) < height / 16


def test_the_negative_and_a_poor_jpeg_of_it_are_found_alike():
    for number in range(10):
        pixels = enlarged(digit(number), 160, 160)
        np.testing.assert_array_equal(hard_pixels_in(255 - pixels).pixels, 255 - hard_pixels_in(pixels).pixels)
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "JPEG", quality=60)
        small = hard_pixels_in(np.asarray(Image.open(file))).pixels.astype(int)
        assert np.abs(small - digit(number)).max() < 40


def test_a_margin_is_of_as_many_blocks_as_have_room_in_it():
    page = np.pad(enlarged(255 - digit(), 80, 80), ((23, 31), (47, 17)), constant_values=255)
    found = hard_pixels_in(page)
    assert (found.across, found.down) == (pytest.approx(10), pytest.approx(10))
    top, left = round((23 - found.top) / 10), round((47 - found.left) / 10)
    assert (top, left) == (2, 5)  # half a block or more is one
    np.testing.assert_array_equal(found.pixels[top : top + 8, left : left + 8], 255 - digit())


def test_blocks_that_are_not_square_are_left_alone():
    assert all(hard_pixels_in(enlarged(digit(number), 160, 96)) is None for number in range(10))


@pytest.mark.parametrize("way", [Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS])
def test_smoothly_enlarged_pictures_have_no_blocks(way):
    assert all(hard_pixels_in(enlarged(digit(number), 200, 200, way)) is None for number in range(10))


def test_drawn_lines_even_and_noisy_pictures_and_tiny_ones_have_no_blocks():
    rng = np.random.default_rng(0)
    y, x = np.mgrid[-1:1:200j, -1:1:200j]
    ring = np.where(np.abs(np.hypot(x, y) - 0.6) < 0.1, 0, 255).astype(np.uint8)
    assert hard_pixels_in(ring) is None
    assert hard_pixels_in(np.full((200, 200), 90, np.uint8)) is None
    assert hard_pixels_in(rng.integers(0, 255, (200, 200)).astype(np.uint8)) is None
    for shape in ((1, 1), (1, 900), (8, 8), (19, 500)):
        assert hard_pixels_in(rng.integers(0, 255, shape).astype(np.uint8)) is None


def test_bars_that_stand_at_no_equal_distances_have_no_blocks():
    pixels = np.full((200, 200), 255, np.uint8)
    for left, right in ((10, 21), (40, 57), (83, 97), (120, 151), (160, 193)):
        pixels[left:right, left:right] = 0
    assert hard_pixels_in(pixels) is None
