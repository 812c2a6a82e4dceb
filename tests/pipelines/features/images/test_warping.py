"""A warped picture is what scipy's interpolation makes of it; compiled or not, mirrored, shifted or bent."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from pipelines.features.images.warping import Warps, compile_warp, elastic_sheet, warp

SHEET = elastic_sheet(128, 4, np.random.default_rng(0))
WARPS = [warp, compile_warp()]


def warps(n=1, affine=((1, 0, 0), (0, 1, 0)), bend=0.0, corner=(0, 0, 0, 0)):
    return Warps(
        np.array([affine] * n, np.float32), np.full(n, bend, np.float32), SHEET, np.array([corner] * n, np.int64)
    )


def pictures(rng, n=1, height=9, width=7, n_channels=1):
    return rng.integers(0, 256, (n, height, width, n_channels)).astype(np.uint8)


def draw(rng, n, height, width):
    affine = np.eye(2, 3) + rng.normal(0, 0.3, (n, 2, 3)) * [1, 1, 5]
    corner = rng.integers(0, [len(SHEET) - height + 1, len(SHEET) - width + 1] * 2, (n, 4))
    return Warps(affine.astype(np.float32), rng.uniform(0, 3, n).astype(np.float32), SHEET, corner)


def by_scipy(picture, warps, i):
    """One picture of float64, by ndimage.map_coordinates."""
    height, width, n_channels = picture.shape
    rows, columns = np.indices((height, width))
    offset = np.stack([rows - (height - 1) / 2, columns - (width - 1) / 2])
    y, x = np.einsum("ij,jrc->irc", warps.affine[i, :, :2].astype(float), offset)
    y_row, y_column, x_row, x_column = warps.corner[i]
    y += (height - 1) / 2 + warps.affine[i, 0, 2] + warps.bend[i] * SHEET[y_row:, y_column:][:height, :width]
    x += (width - 1) / 2 + warps.affine[i, 1, 2] + warps.bend[i] * SHEET[x_row:, x_column:][:height, :width]
    channels = [
        ndimage.map_coordinates(picture[..., k].astype(float), [y, x], order=1, mode="nearest")
        for k in range(n_channels)
    ]
    return np.stack(channels, axis=-1)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(1, 20), st.integers(1, 20), st.sampled_from([1, 3]))
def test_both_forms_agree_with_scipy(seed, n, height, width, n_channels):
    rng = np.random.default_rng(seed)
    given_pictures, chosen = pictures(rng, n, height, width, n_channels), draw(rng, n, height, width)
    expected = np.stack([by_scipy(picture, chosen, i) for i, picture in enumerate(given_pictures)])
    for form in WARPS:
        out = form(given_pictures, chosen)
        assert (out.dtype, out.shape) == (np.uint8, given_pictures.shape)
        assert np.abs(out - expected).max() < 0.52  # half a level of rounding, and float32


@pytest.mark.parametrize("form", WARPS)
def test_doing_nothing_changes_nothing(form):
    given_pictures = pictures(np.random.default_rng(1), 5, 8, 6, 3)
    np.testing.assert_array_equal(form(given_pictures, warps(5)), given_pictures)


@pytest.mark.parametrize("form", WARPS)
def test_a_negative_column_mirrors_and_a_whole_shift_moves(form):
    given_pictures = pictures(np.random.default_rng(2), 3)
    mirrored = form(given_pictures, warps(3, affine=((1, 0, 0), (0, -1, 0))))
    np.testing.assert_array_equal(mirrored, given_pictures[:, :, ::-1])
    moved = form(given_pictures, warps(3, affine=((1, 0, 2), (0, 1, 0))))
    np.testing.assert_array_equal(moved[:, :-2], given_pictures[:, 2:])
    np.testing.assert_array_equal(moved[:, -2:], given_pictures[:, -1:].repeat(2, axis=1))  # the edge goes on


@pytest.mark.parametrize("form", WARPS)
def test_a_quarter_turn_turns_like_rot90(form):
    given_pictures = pictures(np.random.default_rng(3), 2, 8, 8)
    turned = form(given_pictures, warps(2, affine=((0, 1, 0), (-1, 0, 0))))
    np.testing.assert_array_equal(turned, np.rot90(given_pictures, axes=(1, 2)))


@pytest.mark.parametrize("form", WARPS)
def test_each_picture_is_warped_as_if_it_were_alone(form):
    rng = np.random.default_rng(4)
    given_pictures, chosen = pictures(rng, 6, 10, 10), draw(rng, 6, 10, 10)
    together = form(given_pictures, chosen)
    for i in range(6):
        alone = Warps(chosen.affine[i : i + 1], chosen.bend[i : i + 1], SHEET, chosen.corner[i : i + 1])
        np.testing.assert_array_equal(form(given_pictures[i : i + 1], alone)[0], together[i])


def test_a_flat_picture_stays_flat():
    rng = np.random.default_rng(5)
    flat = np.full((4, 12, 12, 1), 137, np.uint8)
    for form in WARPS:
        np.testing.assert_array_equal(form(flat, draw(rng, 4, 12, 12)), flat)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30])
def test_no_number_leads_outside_a_picture(value):
    """A place that is not a number is read as the first row or column; in machine code it would be any address."""
    given_pictures = pictures(np.random.default_rng(6), 2, 5, 7)
    with np.errstate(invalid="ignore"):
        plain, compiled = (form(given_pictures, warps(2, affine=((value, 0, 0), (0, value, 0)))) for form in WARPS)
    np.testing.assert_array_equal(plain, compiled)
    assert np.isin(plain, given_pictures).all()


def test_a_sheet_is_noise_blurred_by_a_gaussian_without_a_seam():
    sigma = 3
    noise = np.random.default_rng(7).uniform(-1, 1, (64, 64))
    expected = ndimage.gaussian_filter(noise, sigma, mode="wrap", truncate=8)
    expected /= np.sqrt(np.mean(expected**2))
    np.testing.assert_allclose(elastic_sheet(64, sigma, np.random.default_rng(7)), expected, atol=1e-3)
