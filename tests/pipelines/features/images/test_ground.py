"""The ground is the picture where nothing is on it, whatever the light, and passes below what is."""

import heapq

import numpy as np
import pytest
from PIL import Image, ImageDraw

from pipelines.features.images.ground import fill, ground_beside


def sheet(light):
    """A sheet of 96 x 128 pixels in a light, with a thick ring of ink, and where the ink is."""
    covered = Image.new("L", (96, 128))
    ImageDraw.Draw(covered).ellipse((24, 40, 72, 100), outline=255, width=14)
    covered = np.asarray(covered) > 0
    return Image.fromarray(np.where(covered, 0.2 * light, light).round().astype(np.uint8)), covered


Y, X = np.mgrid[0:128, 0:96]
LIGHTS = {
    "even": np.full((128, 96), 200.0),
    "falling off": 90 + 0.7 * X + 0.5 * Y,
    "shadow to the left": np.where(X < 15, 90.0, 220.0),
}


@pytest.mark.parametrize("light", LIGHTS)
def test_both_grounds_pass_below_the_ink(light):
    picture, covered = sheet(LIGHTS[light])
    level, basins = fill(picture)
    assert basins[covered].all()
    assert (level[covered] > 0.8 * LIGHTS[light].min()).all()
    ground = ground_beside(picture, covered)
    assert np.abs(ground - LIGHTS[light])[covered].max() < 12


def test_what_comes_in_from_the_edge_is_no_basin():
    picture, covered = sheet(LIGHTS["shadow to the left"])
    _, basins = fill(picture)
    assert not basins[:, :12].any()
    inside = np.zeros_like(covered)
    inside[55:85, 42:55] = True  # what the ring encloses is bright, so no water stays on it
    assert not basins[inside].all()


def test_basins_are_filled_to_the_lowest_way_out():
    """Against a flood that comes in from the edge pixel by pixel, the lowest first (Barnes and others 2014,
    https://doi.org/10.1016/j.cageo.2013.04.024)."""
    land = np.random.default_rng(5).integers(0, 256, (128, 100), dtype=np.uint8)
    water = np.full(land.shape, -1)
    queue = [(int(land[y, x]), y, x) for y in range(128) for x in range(100) if y in (0, 127) or x in (0, 99)]
    for level, y, x in queue:
        water[y, x] = level
    heapq.heapify(queue)
    while queue:
        level, y, x = heapq.heappop(queue)
        for v in range(max(y - 1, 0), min(y + 2, 128)):
            for u in range(max(x - 1, 0), min(x + 2, 100)):
                if water[v, u] < 0:
                    water[v, u] = max(level, land[v, u])
                    heapq.heappush(queue, (int(water[v, u]), v, u))
    level, basins = fill(Image.fromarray(land))
    around = np.pad(water, 1, mode="edge")
    highest = np.max([around[i : i + 128, j : j + 100] for i in range(3) for j in range(3)], axis=0)
    np.testing.assert_array_equal(level, highest)
    assert basins[water - land > 3].all()


@pytest.mark.parametrize("covered", [np.zeros((30, 20), bool), np.ones((30, 20), bool)])
def test_nothing_or_everything_covered_is_no_obstacle(covered):
    picture = Image.fromarray(np.full((30, 20), 130, np.uint8))
    ground = ground_beside(picture, covered)
    assert ground.shape == (30, 20)
    assert np.isfinite(ground).all()
    if not covered.any():
        np.testing.assert_allclose(ground, 130)
