"""A sheet: paper with a drawing on it that is held up somewhere in a scene, as before a webcam.

A scene is full of edges, and most of them are no strokes. Paper is smooth, and its outline bulges nowhere inwards. So
the picture falls into regions without edges; the largest of these that is convex and has a drawing in its midst is the
sheet. Its light is made even by a plane, and everything around it is taken away: then the drawing lies on an even
ground, see `even_ground`.
"""

from dataclasses import replace

import numpy as np
from PIL import Image, ImageFilter

from pipelines.features.images import even_ground
from pipelines.features.images.frames import is_convex
from pipelines.features.images.ink import spread
from pipelines.features.images.regions import boxes, number_regions

LONGER_SIDE, COARSE_SIDE = 480, 160  # pixels of the picture that is read, and of the one in which edges are looked for
SMOOTH = (1.6, 2.5, 4.5)  # differences of neighbours on paper, at most, by those of the quietest quarter: all are tried
GAP = 1  # pixels to each side by which an outline may have gaps
SMALLEST, TRIED = 0.015, 5  # least share of the picture that a sheet covers, and how many regions are examined
FILLED = 0.45  # least share of its box that a sheet fills
DRAWN = 0.12  # least length of what is drawn, as a share of the sheet's shorter side
WHITE = 235


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
    differences = _differences(picture.reduce(finer))
    quiet = max(1, np.percentile(differences, 25))
    for most in SMOOTH:
        for box, region in _smooth_regions(differences <= most * quiet):
            sheet = _filled(region)
            if not _may_be_a_sheet(sheet, region):
                continue
            left, top, right, bottom = (finer * place for place in box)
            around_it = picture.crop((left, top, min(right, picture.width), min(bottom, picture.height)))
            for reading in even_ground.readings(_alone(around_it, sheet, region, finer))[:1]:
                if reading.even and max(reading.drawing.coverage.shape) >= DRAWN * min(region.shape):
                    return replace(reading, drawing=reading.drawing.move(times * left, times * top, times))
    return None


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
    inner = np.zeros_like(sheet)
    inner[1:-1, 1:-1] = sheet[:-2, 1:-1] & sheet[2:, 1:-1] & sheet[1:-1, :-2] & sheet[1:-1, 2:]
    if not is_convex(sheet & ~inner):
        return False
    holes, n = number_regions(sheet & ~region)
    around = boxes(holes, n)
    return bool(n) and np.ptp(around.reshape(n, 2, 2), axis=1).max() >= DRAWN * min(sheet.shape)


def _alone(picture, sheet, region, finer):
    """Return a sheet in even light, with nothing around it: uint8, of the size of a picture so many times finer."""
    y, x = np.nonzero(region)
    levels = np.asarray(picture.reduce(finer), np.float32)
    plane = np.linalg.lstsq(np.stack([np.ones_like(x), x, y], axis=1), levels[y, x], rcond=None)[0]
    rows, columns = np.mgrid[: picture.height, : picture.width] / finer
    light = np.maximum(plane[0] + plane[1] * columns + plane[2] * rows, 16)
    within = np.asarray(Image.fromarray(sheet).resize(picture.size, Image.Resampling.NEAREST))
    return np.where(within, np.clip(np.asarray(picture) * (WHITE / light), 0, 255).round(), WHITE).astype(np.uint8)
