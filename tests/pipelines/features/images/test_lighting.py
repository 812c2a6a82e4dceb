"""Light moves levels together, within their range, and leaves what is pictured."""

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from pipelines.features.images.lighting import relit


@pytest.fixture
def pictures():
    return np.random.default_rng(0).integers(0, 256, (5, 6, 7, 3)).astype(np.uint8)


def test_no_change_of_light_changes_nothing(pictures):
    np.testing.assert_array_equal(relit(pictures, np.ones(5), np.zeros(5)), pictures)


def test_each_colour_moves_by_its_own_offset_and_stays_in_range(pictures):
    offset = np.random.default_rng(1).integers(-300, 300, (5, 3))
    expected = np.clip(pictures.astype(int) + offset[:, None, None], 0, 255)
    np.testing.assert_array_equal(relit(pictures, np.ones(5), offset), expected)


@pytest.mark.parametrize("gain", [0.5, 1.7])
def test_contrast_is_pillows(gain):
    grey = np.random.default_rng(2).integers(0, 256, (1, 8, 8, 1)).astype(np.uint8)
    expected = np.asarray(ImageEnhance.Contrast(Image.fromarray(grey[0, :, :, 0])).enhance(gain)).astype(int)
    # Pillow rounds the mean to a level, and the result down.
    assert np.abs(relit(grey, [gain], [0])[0, :, :, 0] - expected).max() <= 1 + abs(1 - gain)


def test_without_contrast_every_pixel_has_the_mean(pictures):
    flat = relit(pictures, np.zeros(5), np.zeros(5))
    assert np.abs(flat - pictures.mean(axis=(1, 2, 3), keepdims=True)).max() <= 0.5 + 1e-4
