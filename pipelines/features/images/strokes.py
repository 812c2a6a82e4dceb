"""Strokes: from a photograph of ink on paper to the drawing alone.

A photograph of a digit is mostly something else: paper that is bright here and in shadow there, printed lines, folds,
the table below. Five steps take that away.

1. Ground. What the paper would look like with nothing on it, see `ground`.
2. Darkness. By what share the ground's light is missing: a shadow dims paper and ink alike and cancels out.
3. Strokes. Ink is the darkest thing that has the shape of a drawing. Levels of darkness are tried from the top, until a
   region stands out that is large enough, inside the picture, no solid block, and has edges all around.
4. Parts. Further regions, as dark, close by and not too small, belong to it, as the bar of a 5 does.
5. Edges. Half the darkness of the drawing's own ink parts it from the paper, and where that reaches into printed lines,
   a little more.

Chalk on a board is ink on paper in the negative. Both the picture and its negative are looked at, and the drawing with
the longer and sharper outline counts: the inside of a 0 is a blot in the negative, but its outline is the shorter one.
"""

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageFilter

from pipelines.features.images.drawing import cut_out
from pipelines.features.images.edge import edge
from pipelines.features.images.frames import bare_parts
from pipelines.features.images.ground import fill, ground_beside
from pipelines.features.images.regions import box_of, boxes, longer_sides, number_regions, outline, pixels_of

LONGER_SIDE = 240  # pixels; pictures of twice this or more are reduced to between once and twice
LEVELS = (0.6, 0.5, 0.4, 0.32, 0.25, 0.2, 0.16, 0.13, 0.1, 0.08)  # darkness at which strokes are looked for
EDGES = (0.5, 0.6, 0.7)  # shares of the ink's darkness at which an edge may be
LIKELY_INK = 0.35  # pixels with this share of the greatest darkness are likely to be ink
SMALLEST = 0.05  # the drawing's longer side, as a share of the picture's shorter side
TRIED = 4  # so many of the heaviest regions are examined at each level
FAINTEST = 10  # levels between ink and ground
SHARP, OUTLINED = 0.4, 0.85  # contrast at an edge, as a share of the stroke's drop; share of the outline that has it
SOLID, SQUAT = 0.72, 0.45  # of a block, at least: filled share of its box, and shorter by longer side
PART_AREA, PART_GAP, PART_INK = 0.03, 0.2, 0.75  # shares of the main region's area, longer side and darkness
HOLE = 0.5  # least weight of a stroke, as a share of that of what may be its hole
FRAME = 0.15  # width of the frame, as a share of the picture's shorter side


def drawing_in(pixels):
    """Find the drawing in a picture.

    Parameters
    ----------
    pixels : ndarray of uint8 [shape=(height, width)]

    Returns
    -------
    Drawing, or None if no strokes stand out from the ground.
    """
    found, framed = _more_likely(pixels), pixels
    if not found:
        framed = _with_frame(pixels)
        found = _more_likely(framed)
    if not found:
        return None
    drawing, frame = _cut_out(found), (framed.shape[0] - pixels.shape[0]) / 2
    high, wide = found.region.shape
    return drawing.move(-frame, -frame, (framed.shape[1] / wide, framed.shape[0] / high))


@dataclass(frozen=True)
class _Found:
    """Dark strokes on a sheet: a mask of their sure pixels, the darkness of their ink, and a weight of the evidence."""

    sheet: "_Sheet"
    region: np.ndarray
    ink: float
    weight: float


class _Sheet:
    """A picture compared with its ground: float32 arrays [shape=(height, width)].

    `drop` is how many levels a pixel is darker than the ground. `darkness` is the drop as a share of the ground's
    level, from 0 for paper to 1 for black. `contrast` is the largest difference of brightness close by. `grain`, a
    number, is the contrast that is present nearly everywhere.
    """

    def __init__(self, picture, ground, where):
        self.drop = np.maximum(ground - np.asarray(picture, np.float32), 0) * where
        self.darkness = self.drop / np.maximum(ground, 16)
        self.contrast = _contrast(picture)
        self.grain = np.percentile(self.contrast, 30)


def _contrast(picture):
    small = np.asarray(picture.reduce(max(1, max(picture.size) // 160)))
    difference = Image.fromarray(_highest_around(small) - (255 - _highest_around(255 - small)))
    return np.asarray(difference.resize(picture.size, Image.Resampling.NEAREST), np.float32)


def _highest_around(values):
    """Return the highest value among each pixel and those up to two rows and columns away."""
    height, width = values.shape
    padded = np.pad(values, 2)
    rows = np.maximum.reduce([padded[i : i + height] for i in range(5)])
    return np.maximum.reduce([rows[:, i : i + width] for i in range(5)])


def _with_frame(pixels):
    """Put a frame in the colour of the edge around a picture, for drawings that go over the edge."""
    colour = np.uint8(np.median(edge(pixels)))
    return np.pad(pixels, max(1, round(FRAME * min(pixels.shape))), constant_values=colour)


def _more_likely(pixels):
    """Return the dark or the bright strokes, those of more weight; but a stroke rather than the hole within it."""
    dark, bright = (_dark_strokes(_of_working_size(kind)) for kind in (pixels, 255 - pixels))
    if dark is None or bright is None:
        return dark or bright
    less, more = (dark, bright) if bright.weight > dark.weight else (bright, dark)
    return less if less.weight >= HOLE * more.weight and _is_within(more.region, less.region) else more


def _is_within(region, other):
    """Tell whether the box of a region lies inside the box of another."""
    (left, top, right, bottom), (left_of, top_of, right_of, bottom_of) = box_of(region), box_of(other)
    return left > left_of and top > top_of and right < right_of and bottom < bottom_of


def _of_working_size(pixels):
    picture, longer = Image.fromarray(pixels), max(pixels.shape)
    if longer >= 2 * LONGER_SIDE:
        return picture.reduce(longer // LONGER_SIDE)
    if longer < LONGER_SIDE // 2:
        size = tuple(max(1, round(side * LONGER_SIDE / longer)) for side in picture.size)
        return picture.resize(size, Image.Resampling.BICUBIC)
    return picture


def _dark_strokes(picture):
    """Return the dark strokes of a picture as _Found, or None."""
    smooth = picture.filter(ImageFilter.GaussianBlur(max(picture.size) / LONGER_SIDE * 0.8))
    level, basins = fill(picture)
    first_darkness = np.maximum(1 - np.asarray(smooth, np.float32) / np.maximum(level, 16), 0) * basins
    sheet = _Sheet(smooth, ground_beside(picture, _likely_ink(first_darkness)), basins)
    for level in LEVELS:
        piece = _best(sheet, sheet.darkness >= level)
        if piece is None:
            continue
        ink = float(np.median(sheet.darkness[piece]))
        for share in EDGES:
            region = _best(sheet, sheet.darkness >= share * ink)
            if region is not None:
                weight = np.square(np.median(sheet.drop[region])) * outline(region).sum()
                return _Found(sheet, region, ink, float(weight))
    return None


def _likely_ink(darkness):
    cell = max(1, max(darkness.shape) // 64)
    greatest = np.asarray(Image.fromarray(darkness).reduce(cell)).max()
    return darkness >= max(LEVELS[-1], LIKELY_INK * greatest)


def _best(sheet, marked):
    """Return the marked region that is most likely the drawing, or None."""
    regions, n = number_regions(marked)
    around = boxes(regions, n)
    mass = np.bincount(regions[marked], sheet.darkness[marked], minlength=n + 1)[1:]
    large = longer_sides(around) >= SMALLEST * min(marked.shape)
    possible = np.flatnonzero(large & _inside(around, marked.shape))
    for k in possible[np.argsort(-mass[possible], kind="stable")][:TRIED]:
        region = regions == k + 1
        if not _solid(region, around[k]) and _has_outline(sheet, region):
            return region
    return None


def _inside(around, shape):
    height, width = shape
    return (around[:, 0] > 0) & (around[:, 1] > 0) & (around[:, 2] < width) & (around[:, 3] < height)


def _solid(region, box):
    """Tell whether a region is a block, such as a sheet on the table; upright bars may be strokes."""
    wide, high = box[2] - box[0], box[3] - box[1]
    return min(wide, high) > SQUAT * max(wide, high) and region.sum() > SOLID * wide * high


def _has_outline(sheet, region):
    """Tell whether the picture has edges around a region; else the ground or the level alone has cut it off."""
    drop = np.median(sheet.drop[region])
    return drop >= FAINTEST and np.mean(sheet.contrast[outline(region)] >= SHARP * drop + sheet.grain) >= OUTLINED


def _cut_out(found):
    whole, bare = _with_parts(found.sheet, found.region, found.ink)
    drawing = _drawing(found.sheet, whole, found.ink)
    return replace(drawing, bare=_drawing(found.sheet, bare, found.ink)) if bare.any() else drawing


def _drawing(sheet, marked, ink):
    marked = Image.fromarray(marked).convert("L").filter(ImageFilter.MaxFilter(3))
    coverage = np.clip((sheet.darkness / ink - 0.3) / 0.4, 0, 1) * (np.asarray(marked) > 0)
    return cut_out(coverage.astype(np.float32))


def _with_parts(sheet, region, ink):
    """Return a mask of the region and the other parts of the same drawing, and one without ring and underline."""
    regions, n = number_regions((sheet.darkness >= EDGES[0] * ink) | region)
    main, around, area = regions[region][0] - 1, boxes(regions, n), np.bincount(regions.ravel())[1:]
    if not _inside(around, region.shape)[main]:  # at this level the drawing reaches into printed lines
        return region, np.zeros_like(region)
    left, top, right, bottom = around[main]
    gap_x = np.maximum(left - around[:, 2], around[:, 0] - right)
    gap_y = np.maximum(top - around[:, 3], around[:, 1] - bottom)
    side = longer_sides(around)
    parts = (np.maximum(gap_x, gap_y) <= PART_GAP * side[main]) & (side <= side[main])
    parts &= (area >= PART_AREA * area[main]) & _inside(around, region.shape)
    for k in np.flatnonzero(parts):
        parts[k] = np.median(sheet.darkness[regions == k + 1]) >= PART_INK * ink
    parts[main] = False
    whole = pixels_of(regions, parts) | region
    parts[main] = True
    return whole, whole & pixels_of(regions, bare_parts(regions, around, parts, area))
