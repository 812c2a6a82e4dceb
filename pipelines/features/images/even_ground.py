"""Drawings on an even ground: the simple way to find one, for scans, screens and small pictures.

Otsu's threshold divides the levels into two parts; the part of most pixels at the picture's edge is ground. Where the
edge belongs to both in about equal shares, either may be ground: then there are two readings, and the network decides.
Where the ground is uneven only because light falls on it from one side, it is made even first, see `gradual_light`.
What stands out from the ground is ink, see `ink`. Specks that are far smaller than the rest are no part of the drawing,
nor is a frame that was drawn along the picture's sides. What stands in a ring or on a line may be meant alone, see
`frames`.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from PIL import Image

from pipelines.features.images.drawing import Drawing, cut_out
from pipelines.features.images.edge import share_of_edge
from pipelines.features.images.frames import bare_parts, find_frames
from pipelines.features.images.gradual_light import even_out_light
from pipelines.features.images.ink import ink_on, otsu, spread
from pipelines.features.images.regions import boxes, number_regions, pixels_of

SIDE = 96  # pixels of the longer side; a picture of twice this or more is reduced to between once and twice
SMALL = 48  # smaller pictures are enlarged, so that an edge can be found between two pixels
UNDECIDED = 0.25  # if dark and bright both have more than this share of the edge, either may be the ground
SOME_OF_EDGE, MOST_OF_EDGE = 0.15, 0.4  # marked share of the edge of an uneven ground, and of a picture without drawing
NEAR_SIDE = 48  # pixels of the working picture; the reader looks at smaller drawings from nearer
GROWN = 1.25  # a drawing that is so many times as large from nearer has lines of the paper in it
SHEET, SQUAT, SOLID = 0.25, 0.45, 0.75  # of a sheet: box by picture, shorter by longer side, filled share of the box
SPECK, ALIKE = 0.04, 0.3  # shares of the main region's mass, at least: of its parts, and of further drawings
WHOLE_SIDE = 0.9  # share of a side of the picture that a drawing does not cover
DARK = 0.7  # least share of the darkest ink's drop that a drawing has close to the picture's edge
LIT_SIDE = 240  # pixels of the longer side; twice this or more is reduced before its light is evened out
SOFT = 0.25  # of a stroke's width, the breadth of its soft edge in a picture cut out tightly
UNEVEN = 0.12  # an even ground varies across the picture by less than this share of the contrast


@dataclass(frozen=True)
class Reading:
    """One way to see a picture.

    Attributes
    ----------
    drawing : Drawing
    even : bool
        Whether the ground is as even as this way takes it to be.
    n_drawings : int
        How many drawings of about the same size stand side by side or below each other; more than one is too many.
    full : bool
        Whether the drawing is as dark as anywhere where it reaches from edge to edge, as in a picture that was cut out
        tightly; lines of the paper are less dark.
    """

    drawing: Drawing
    even: bool
    n_drawings: int
    full: bool = False


def readings(pixels):
    """Return the drawings that a picture may show, the likelier one first: list of up to two Reading.

    Parameters
    ----------
    pixels : ndarray of uint8 [shape=(height, width)]
    """
    small = np.asarray(_of_working_size(pixels))
    share = share_of_edge(small > otsu(small))
    ways = (True, False) if share >= 0.5 else (False, True)
    undecided = UNDECIDED < share < 1 - UNDECIDED
    # This inverts the picture before reducing it, so that a picture and its negative are read alike.
    found = [_in_even_light(pixels if bright else 255 - pixels) for bright in (ways if undecided else ways[:1])]
    return [
        replace(reading, even=reading.even and not (reading.full and undecided))
        for reading in found
        if reading is not None
    ]


def _in_even_light(pixels):
    """Read dark ink on bright ground; where the ground is uneven, read it as it would be in even light."""
    reading = _nearer(pixels)
    if (reading is not None and reading.even) or max(pixels.shape) < SIDE:
        return reading
    times = max(1, max(pixels.shape) // LIT_SIDE)
    lit = even_out_light(Image.fromarray(pixels).reduce(times))
    again = None if lit is None else _nearer(np.asarray(lit))
    if again is None or not again.even or again.full:
        return reading
    return replace(again, drawing=again.drawing.move(0, 0, times))


def _nearer(pixels):
    """Read dark ink on bright ground. If the drawing is small in the picture, read its surroundings alone."""
    reading, box = _reading_of(pixels)
    if reading is None or max(pixels.shape) < 2 * SIDE or max(reading.drawing.coverage.shape) >= NEAR_SIDE:
        return reading
    left, top, right, bottom = box
    margin = max(right - left, bottom - top) // 2 + max(1, max(pixels.shape) // SIDE)
    above, beside = max(0, top - margin), max(0, left - margin)
    near, now = _reading_of(pixels[above : bottom + margin, beside : right + margin])
    if near is None:
        return reading
    # From nearer, lines of the paper may be seen that were too fine before. With them, the drawing seems larger.
    as_large = max(now[2] - now[0], now[3] - now[1]) <= GROWN * max(right - left, bottom - top)
    even = reading.even and (reading.n_drawings > 1 or (near.even and as_large))
    return replace(near, drawing=near.drawing.move(beside, above, 1), even=even, n_drawings=reading.n_drawings)


def _reading_of(pixels):
    """Read a picture at its working size; return a Reading or None, and the drawing's box in the picture's pixels."""
    reading, box = _reading(_of_working_size(pixels))
    if reading is None:
        return None, None
    times = max(pixels.shape) // SIDE if max(pixels.shape) >= 2 * SIDE else 1
    drawing = reading.drawing.move(0, 0, times)
    return replace(reading, drawing=drawing), tuple(times * place for place in box)


def _of_working_size(pixels):
    picture, longer = Image.fromarray(pixels), max(pixels.shape)
    return picture.reduce(longer // SIDE) if longer >= 2 * SIDE else picture


def _reading(picture):
    """Read dark ink on bright ground in a Pillow image of mode "L".

    Returns
    -------
    Reading, or None if there is no ink
    box : left, top, right and bottom of the drawing in the picture
    """
    ink, times = ink_on(picture, SMALL)
    if ink is None:
        return None, None
    marked = ink.marked
    parts = _parts(marked, ink.drop, ink.peak)
    if parts is None or share_of_edge(parts.kept) > MOST_OF_EDGE:
        return None, None
    drawing = cut_out(ink.coverage(parts.kept))
    if drawing is None:
        return None, None
    if times == 1 and max(picture.size) >= SIDE and _is_sheet(parts.kept, drawing.box):
        return None, None
    full = parts.n_drawings == 1 and _reaches_from_edge_to_edge(ink, parts.kept)
    even = full or (not parts.ruled and share_of_edge(marked) < SOME_OF_EDGE)
    edge = max(1, round(SOFT * ink.width)) if full else 1
    near = spread(marked if parts.n_drawings > 1 else parts.kept, edge)
    even = even and _unevenness(ink.drop, near, ink.contrast) < UNEVEN
    box = tuple(place // times for place in drawing.box)
    bare = cut_out(ink.coverage(parts.bare)) if parts.bare.any() else None
    drawing = replace(drawing, bare=bare).move(0, 0, 1 / times)
    return Reading(drawing, even, parts.n_drawings, full and even), box


def _reaches_from_edge_to_edge(ink, kept):
    """Tell whether a drawing reaches from top to bottom, or from left to right.

    Lines of the paper are less dark. What covers all of a side is a table, unless it reaches the other three as well.
    """
    near = max(1, round(ink.width))
    dark = kept & (ink.drop >= DARK * ink.contrast)
    sides = (
        (kept[0], dark[:near]),
        (kept[-1], dark[-near:]),
        (kept[:, 0], dark[:, :near]),
        (kept[:, -1], dark[:, -near:]),
    )
    top, bottom, left, right = reached = [bool(edge.any() and band.any()) for edge, band in sides]
    table = not all(reached) and max(edge.mean() for edge, _ in sides) > WHOLE_SIDE
    return not table and ((top and bottom) or (left and right))


def _is_sheet(kept, box):
    """Tell whether the ink is a sheet of paper, not a drawing: a solid block that is large in the picture."""
    wide, high = box[2] - box[0], box[3] - box[1]
    large = wide * high > SHEET * kept.size
    return large and min(wide, high) > SQUAT * max(wide, high) and kept.sum() > SOLID * wide * high


class _Parts(NamedTuple):
    """What of the marked pixels is the drawing.

    Attributes
    ----------
    kept : ndarray of bool [shape=(height, width)], the drawing's pixels
    n_drawings : int > 0
    ruled : bool, whether lines of the paper may be among them
    bare : ndarray of bool [shape=(height, width)], those of them without ring and underline; none if there is neither
    """

    kept: np.ndarray
    n_drawings: int
    ruled: bool
    bare: np.ndarray


def _parts(marked, drop, peak):
    """Tell which of the marked pixels are the drawing: _Parts, or None."""
    regions, n = number_regions(marked)
    if n == 0:
        return None
    around = boxes(regions, n)
    mass = np.bincount(regions.ravel(), drop.ravel(), minlength=n + 1)[1:]
    kept = np.bincount(regions[marked & (drop >= peak)], minlength=n + 1)[1:] > 0
    if n > 1:
        kept[find_frames(regions, around, marked.shape)] = False
    if not kept.any():
        return None
    main = int(np.argmax(np.where(kept, mass, -1)))
    n_drawings = _side_by_side(around[kept & (mass >= ALIKE * mass[main])])
    kept &= (mass >= SPECK * mass[main]) & _close_to(around[main], around)
    ruled = _lines_of_paper(around, kept, main, marked.shape)
    bare = bare_parts(regions, around, kept, mass)
    return _Parts(pixels_of(regions, kept), n_drawings, ruled, pixels_of(regions, bare))


def _lines_of_paper(around, kept, main, shape):
    """Tell whether lines of the paper may be among the parts: main reaches two edges of the picture, or another one."""
    at_edge = np.concatenate([around[:, :2] == 0, around[:, 2:] == shape[::-1]], axis=1).sum(axis=1)
    others = kept & (np.arange(len(kept)) != main)
    return bool(at_edge[main] >= 2 or at_edge[others].any())


def _side_by_side(around):
    """Count the boxes about as high as the highest; return 1 if together they are small enough for one drawing."""
    high = around[:, 3] - around[:, 1]
    alike = around[high >= 0.5 * high.max()]
    wide, tall = np.ptp(alike[:, [0, 2]]), np.ptp(alike[:, [1, 3]])
    return len(alike) if max(wide / 1.25, tall / 1.5) > high.max() else 1


def _close_to(main, around):
    """Tell which boxes are near enough to the main one to be parts of it."""
    reach = 0.25 * max(main[2] - main[0], main[3] - main[1])
    gap_x = np.maximum(main[0] - around[:, 2], around[:, 0] - main[2])
    gap_y = np.maximum(main[1] - around[:, 3], around[:, 1] - main[3])
    return np.maximum(gap_x, gap_y) <= reach


def _unevenness(drop, near, contrast):
    """Return how much the ground varies across the picture, as a share of the contrast.

    The ground of a cell is what its brighter bare pixels show: beside a stroke, its soft edge darkens the others.
    """
    height, width = drop.shape
    rows, columns = min(6, height), min(6, width)
    high, wide = height // rows, width // columns
    cells = (rows, high, columns, wide)
    bare = np.where(near, np.inf, drop)[: rows * high, : columns * wide].reshape(cells)
    levels = np.sort(bare.transpose(0, 2, 1, 3).reshape(rows * columns, high * wide), axis=1)
    n = np.isfinite(levels).sum(axis=1)
    enough = np.flatnonzero(n >= 0.25 * high * wide)
    if len(enough) < 2:
        return 0.0
    return float(np.ptp(levels[enough, n[enough] // 4])) / contrast
