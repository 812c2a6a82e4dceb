"""Gradient features tell directions, strength and colours, in their places, whatever the light."""

import numpy as np
import pytest

from pipelines.features.images import gradients
from pipelines.features.images.gradients import (
    BLOCKS,
    DIRECTIONS,
    LEVELS,
    cell_histograms,
    cell_weights,
    feature_name,
    gradient_features,
    n_gradients,
    octaves,
    spread_over,
    steepest_slopes,
)


def ramp(direction, side=32):
    """A picture that becomes brighter in one direction, in degrees from the right downwards: uint8 [1, 32, 32, 1]."""
    rows, columns = np.indices((side, side)) - side / 2
    angle = np.radians(direction)
    return (128 + 3 * (np.cos(angle) * columns + np.sin(angle) * rows))[None, :, :, None].astype(np.uint8)


def noise(n=3, shape=(32, 24, 3), seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, *shape), dtype=np.uint8)


def first_maps(pictures):
    _, (rows, columns) = octaves(*pictures.shape[1:3])[0]
    n = (DIRECTIONS + 1) * rows * columns
    return gradient_features(pictures)[:, :n].reshape(len(pictures), DIRECTIONS + 1, rows, columns)


@pytest.mark.parametrize("k", range(DIRECTIONS))
def test_a_ramp_rises_in_its_own_direction(k):
    shares = first_maps(ramp(360 / DIRECTIONS * k))[0, :DIRECTIONS, 2:-2, 2:-2].mean(axis=(1, 2))
    assert shares.argmax() == k
    assert shares[(k + DIRECTIONS // 2) % DIRECTIONS] < 0.2 * shares[k]


def test_turning_a_picture_by_a_quarter_turns_places_and_directions():
    pictures = noise(2, (32, 32, 1))
    turned = np.rot90(pictures, axes=(1, 2))
    plain, other = (cell_histograms(p.transpose(0, 3, 1, 2) / np.float32(255), (8, 8)) for p in (pictures, turned))
    expected = np.roll(np.rot90(plain, axes=(2, 3)), -DIRECTIONS // 4, axis=1)
    np.testing.assert_allclose(other, expected, atol=1e-5)


def test_directions_do_not_depend_on_contrast_and_strength_does():
    pictures = noise(2, (32, 32, 1)) // 4 * 4
    plain, pale = first_maps(pictures), first_maps(pictures // 4 + 60)
    np.testing.assert_allclose(plain[:, :DIRECTIONS], pale[:, :DIRECTIONS], atol=0.02)
    np.testing.assert_allclose(pale[:, DIRECTIONS], 0.5 * plain[:, DIRECTIONS], rtol=1e-4)


def test_slopes_are_those_of_numpy():
    picture = np.random.default_rng(1).random((1, 1, 9, 7)).astype(np.float32)
    g_x, g_y = steepest_slopes(picture)
    down, across = np.gradient(picture[0, 0])
    np.testing.assert_allclose(g_x[0, :, 1:-1], across[:, 1:-1], atol=1e-6)
    np.testing.assert_allclose(g_y[0, 1:-1], down[1:-1], atol=1e-6)


def test_of_several_colours_the_steepest_counts():
    grey = np.random.default_rng(2).random((2, 1, 8, 8)).astype(np.float32)
    colours = np.concatenate([0.5 * grey, grey, 0 * grey], axis=1)
    for one, other in zip(steepest_slopes(colours), steepest_slopes(grey), strict=True):
        np.testing.assert_array_equal(one, other)


def test_cells_agree_with_a_histogram_of_oriented_gradients_about_which_way_edges_run():
    hog = pytest.importorskip("skimage.feature").hog
    smooth = np.cumsum(np.cumsum(np.random.default_rng(3).normal(size=(32, 32)), axis=0), axis=1)
    smooth = (smooth - smooth.min()) / np.ptp(smooth)
    theirs = hog(smooth, 4, (8, 8), (1, 1), feature_vector=False)[:, :, 0, 0]
    ours = cell_histograms(smooth[None, None].astype(np.float32), (4, 4))[0].transpose(1, 2, 0)
    undirected = ours[..., :4] + ours[..., 4:]
    # Theirs are edges from 0 to 180 degrees in 4 bins, whose centres lie 22.5 degrees beside our directions.
    angles = np.radians(45 * np.arange(4))
    axis = np.angle((undirected * np.exp(2j * angles)).sum(axis=-1))
    other = np.angle((theirs * np.exp(2j * (angles + np.pi / 8))).sum(axis=-1))
    difference = np.abs(np.angle(np.exp(1j * (axis - other))))
    assert np.median(np.minimum(difference, np.pi - difference)) < 0.5


@pytest.mark.parametrize(("length", "n_cells"), [(32, 8), (28, 7), (13, 3), (5, 1), (1, 1)])
def test_cells_share_out_each_pixel_and_are_means(length, n_cells):
    weights = cell_weights(length, n_cells)
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-6)
    assert (weights.sum(axis=0) > 0).all()


@pytest.mark.parametrize("shape", [(32, 32, 3), (28, 28, 1), (64, 40, 3), (9, 33, 1), (3, 2, 3), (1, 1, 1)])
def test_pictures_of_any_size_have_finite_features_from_0_to_about_1(shape):
    features = gradient_features(noise(5, shape))
    assert features.shape == (5, n_gradients(*shape))
    assert np.isfinite(features).all()
    assert features.min() >= 0
    assert features.max() < 2
    assert len({feature_name(i, *shape) for i in range(features.shape[1])}) == features.shape[1]


def test_a_pictures_features_are_the_same_alone_and_among_others():
    pictures = noise(gradients.CHUNK + 3)
    alone = np.concatenate([gradient_features(picture[None]) for picture in pictures])
    np.testing.assert_array_equal(gradient_features(pictures), alone)


def test_the_shares_of_a_colours_levels_sum_to_1():
    pictures = noise(4, (32, 32, 3))
    shares = gradient_features(pictures)[:, -3 * LEVELS * BLOCKS * BLOCKS :].reshape(4, 3, LEVELS, BLOCKS, BLOCKS) ** 2
    np.testing.assert_allclose(shares.sum(axis=2), 1, atol=1e-5)


def test_an_even_picture_has_no_direction():
    assert not first_maps(np.full((1, 32, 32, 3), 99, np.uint8)).any()


def test_what_features_say_is_laid_over_the_picture_without_loss():
    shape = (32, 24, 3)
    values = np.random.default_rng(4).normal(size=n_gradients(*shape))
    laid = spread_over(values, *shape)
    assert laid.shape == shape[:2]
    assert laid.sum() == pytest.approx(values.sum())
    corner = np.zeros_like(values)
    corner[0] = 1  # of the cell at the top left
    assert spread_over(corner, *shape)[:8, :8].sum() == pytest.approx(1)
