"""A sheet: paper with a drawing on it that is held up somewhere in a scene, as before a webcam.

A scene is full of edges, and most of them are no strokes. Paper is smooth, and its outline bulges nowhere inwards. So
the picture falls into regions without edges; the largest of these that is convex and has a drawing in its midst is the
sheet, unless the paper goes on behind its outline, as behind a printed line. Its light is made even by a plane, and
everything around it is taken away: then the drawing lies on an even ground, see `even_ground`.
"""

from dataclasses import replace

import numpy as np
from PIL import Image, ImageFilter

from pipelines.features.images import even_ground
from pipelines.features.images.frames import is_convex
from pipelines.features.images.gradual_light import DULLEST, WHITE, divide_by
from pipelines.features.images.ink import spread
from pipelines.features.images.regions import boxes, longer_sides, number_regions, outline

LONGER_SIDE, COARSE_SIDE = 480, 160  # pixels of the picture that is read, and of the one in which edges are looked for
SMOOTH = (1.6, 2.5, 4.5)  # differences of neighbours on paper, at most, by those of the quietest quarter: all are tried
GAP = 1  # pixels to each side by which an outline may have gaps
SMALLEST, TRIED = 0.015, 5  # least share of the picture that a sheet covers, and how many regions are examined
FILLED = 0.45  # least share of its box that a sheet fills
DRAWN = 0.12  # least length of what is drawn, as a share of the sheet's shorter side
NEAR, FAR = 3, 7  # pixels from the outline between which is looked for more of the same paper
ALIKE, GOES_ON = 0.1, 0.6  # share of its light by which paper differs, and share of alike pixels from which it goes on


def drawing_on_a_sheet(pixels):
    """Find a sheet of paper in a scene, and the drawing on it.

    Parameters
    ----------
    pixels : ndarray of uint8 [shape=(height, width)]

    Returns
    -------
    even_ground.Reading, or None if there is no such sheet
    """
    times = max(1, max(pixels.shape) // LONGER_SIDE)
    picture = Image.fromarray(pixels).reduce(times)
    finer = max(1, max(picture.size) // COARSE_SIDE)
    for box, sheet, light in _sheets(picture.reduce(finer)):
        left, top, right, bottom = (finer * place for place in box)
        around = picture.crop((left, top, min(right, picture.width), min(bottom, picture.height)))
        for reading in even_ground.readings(_alone(around, sheet, light))[:1]:
            if reading.even and max(reading.drawing.coverage.shape) >= DRAWN * min(sheet.shape):
                return replace(reading, drawing=reading.drawing.move(times * left, times * top, times))
    return None


def _sheets(picture):
    """Yield what may be a sheet: its box, a mask of what in the box is the sheet, and how bright it is there."""
    differences = _differences(picture)
    quiet = max(1, np.percentile(differences, 25))
    for most in SMOOTH:
        for box, region in _smooth_regions(differences <= most * quiet):
            sheet = _filled(region)
            if _may_be_a_sheet(sheet, region):
                light = _light_on(picture, box, region)
                if not _goes_on(picture, box, sheet, light):
                    left, top, right, bottom = box
                    yield box, sheet, light[top:bottom, left:right]


def _differences(picture):
    """Return by how many levels the pixels around each pixel differ: int [shape=(height, width)]."""
    calm = picture.filter(ImageFilter.GaussianBlur(0.8))
    highest, lowest = (np.asarray(calm.filter(kind(3)), int) for kind in (ImageFilter.MaxFilter, ImageFilter.MinFilter))
    return highest - lowest


def _smooth_regions(smooth):
    """Return the largest smooth regions that are connected by more than a gap: list of boxes and of masks of these."""
    wide = 2 * GAP + 1
    inner = np.asarray(Image.fromarray(smooth).convert("L").filter(ImageFilter.MinFilter(wide))) > 0
    regions, n = number_regions(inner)
    around, areas = boxes(regions, n), np.bincount(regions.ravel(), minlength=n + 1)[1:]
    found = []
    for k in np.argsort(-areas, kind="stable")[:TRIED]:
        if areas[k] >= SMALLEST * regions.size:
            left, top = np.maximum(around[k, :2] - GAP, 0)
            right, bottom = np.minimum(around[k, 2:] + GAP, regions.shape[::-1])
            found.append(((left, top, right, bottom), spread(regions[top:bottom, left:right] == k + 1, GAP)))
    return found


def _filled(region):
    """Return a region with its holes: bool, of the same shape."""
    outside, _ = number_regions(np.pad(~region, 1, constant_values=True))
    return (outside != outside[0, 0])[1:-1, 1:-1]


def _may_be_a_sheet(sheet, region):
    """Tell whether a filled region is convex, and something large enough is in its midst."""
    if sheet.mean() < FILLED:
        return False
    if not is_convex(outline(sheet)):
        return False
    holes, n = number_regions(sheet & ~region)
    return bool(longer_sides(boxes(holes, n)).max(initial=0) >= DRAWN * min(sheet.shape))


def _light_on(picture, box, region):
    """Return how bright the paper would be in all of a picture: float [shape=(height, width)], a plane.

    It is fitted to a region, a mask of what is in the box, by least squares.
    """
    left, top, right, bottom = box
    y, x = np.nonzero(region)
    levels = np.asarray(picture, np.float32)[top:bottom, left:right][y, x]
    plane = np.linalg.lstsq(np.stack([np.ones_like(x), x, y], axis=1), levels, rcond=None)[0]
    rows, columns = np.mgrid[: picture.height, : picture.width]
    return np.maximum(plane[0] + plane[1] * (columns - left) + plane[2] * (rows - top), DULLEST)


def _goes_on(picture, box, sheet, light):
    """Tell whether most of what is close to a sheet is as bright as the sheet, or nothing is there at all."""
    left, top, right, bottom = box
    mask = np.zeros(light.shape, bool)
    mask[top:bottom, left:right] = sheet
    beside = spread(mask, FAR) & ~spread(mask, NEAR)
    alike = np.abs(np.asarray(picture, np.float32) - light) <= ALIKE * light
    return not beside.any() or np.mean(alike[beside]) > GOES_ON


def _alone(picture, sheet, light):
    """Return a sheet in even light, with nothing around it: uint8, of the size of a picture that may be finer."""
    size = picture.size
    within = np.asarray(Image.fromarray(sheet).resize(size, Image.Resampling.NEAREST))
    there = np.asarray(Image.fromarray(light.astype(np.float32)).resize(size, Image.Resampling.NEAREST))
    return np.where(within, divide_by(there, picture), np.uint8(WHITE))
