"""Writing: several drawings in one picture, cut apart, line by line and from left to right.

Ruled lines are taken away first, where no stroke crosses them. Then each region of ink is a piece; pieces above each
other belong together, as the two strokes of a 5 do. Drawings that touch are one piece, which is wider than one drawing
should be: it may be cut where the least ink is. Whether it should be, and where, the network knows: all ways are
answered, and that one is taken whose answers are the most probable, each counting by its share of the ink.

Casey and Lecolinet 1996, https://doi.org/10.1109/34.506792 (recognition-based segmentation)
"""

import itertools
from dataclasses import dataclass

import numpy as np
from PIL import Image

from pipelines.errors import NothingToSeeError
from pipelines.features.images.drawing import cut_out
from pipelines.features.images.edge import edge
from pipelines.features.images.ink import FAINT, ink_on, otsu
from pipelines.features.images.regions import boxes, number_regions

LONGEST = 1600  # pixels of the longer side of the picture that is worked on
SMALL = 320  # a shorter one is enlarged to this
SPECK = 0.06  # least mass of a piece, as a share of the median mass of the large pieces
RULE = 0.7  # a printed line covers at least this share of the picture's width
RULE_EDGE = 0.25  # the same share for a row beside a printed line
STRONG = 0.75  # share of the darkest ink's drop; a pixel of a printed line with this drop belongs to a stroke
SHARED = 0.5  # boxes that share this much of the narrower one's width are above each other
PART = 0.6  # a region lower than this share of the usual height may be part of the drawing above or below it
LOWEST = 0.35  # pieces lower than this share of the line's height are remains of printed lines, commas and dashes
WIDE = 0.95  # a piece wider than this share of the line's height may be more than one drawing
NARROWEST = 0.16  # least width of a part that is cut off, as a share of the line's height
MOST_CUTS = 7  # in one piece
CUT_COST = 0.05  # is subtracted from the log probability of a drawing that was cut off
MOST_PARTS = 4  # of a drawing
BROAD, BROAD_COST = 1.15, 0.5  # few drawings are wider, in heights of the line; cost of each height more
MOST_REGIONS = 1500  # in a picture; a page of print has twice as many


@dataclass(frozen=True)
class Piece:
    """A part of a line that may be a drawing, alone or with those beside it.

    Attributes
    ----------
    coverage : ndarray of float32 [shape=(height, width)], of the part of the picture that the piece is in
    left, top : int, in pixels of the picture that is worked on
    mass : float > 0, of ink
    cut : bool
        Whether it hangs together with the piece before it.
    """

    coverage: np.ndarray
    left: int
    top: int
    mass: float
    cut: bool


@dataclass(frozen=True)
class Writing:
    """Lines of pieces, from top to bottom and from left to right; `scale` is the picture's width by that of a piece."""

    lines: tuple[tuple[Piece, ...], ...]
    scale: float


def writing_in(pixels):
    """Find the writing in a picture.

    Parameters
    ----------
    pixels : ndarray of uint8 [shape=(height, width)]

    Returns
    -------
    Writing, without lines where there is no ink

    Raises
    ------
    NothingToSeeError
        There are more than `MOST_REGIONS` regions of ink.
    """
    dark_on_bright = np.mean(edge(pixels) > otsu(pixels)) >= 0.5
    picture = Image.fromarray(pixels if dark_on_bright else 255 - pixels)
    picture = picture.reduce(-(-max(pixels.shape) // LONGEST))
    ink, _ = ink_on(picture, SMALL)
    if ink is None:
        return Writing((), 1.0)
    marked = _without_rules(ink.marked, ink.drop, ink.contrast)
    regions, n = number_regions(marked)
    mass = np.bincount(regions.ravel(), ink.drop.ravel(), minlength=n + 1)[1:]
    peaks = np.bincount(regions[marked & (ink.drop >= ink.peak)], minlength=n + 1)[1:]
    kept = np.flatnonzero((mass >= SPECK * _usual(mass)) & (peaks > 0)) if n else np.empty(0, int)
    if len(kept) > MOST_REGIONS:
        raise NothingToSeeError(
            f"there are about {len(kept)} drawings in it, but at most {MOST_REGIONS} can be read at once; cut it into "
            "parts"
        )
    around = boxes(regions, n)
    usual, groups = _lines(around[kept]) if len(kept) else (0, [])
    found = (_pieces(ink, regions, around, [kept[group] for group in line], usual) for line in groups)
    lines = tuple(line for line in found if line)
    return Writing(lines, pixels.shape[1] / ink.drop.shape[1])


def _usual(mass):
    """Return the median mass of those regions that hold most of the ink."""
    order = np.sort(mass)[::-1]
    return float(np.median(order[: 1 + np.searchsorted(np.cumsum(order), 0.8 * order.sum())]))


def _without_rules(marked, drop, contrast):
    """Remove printed lines from the marked pixels, but keep the strokes that cross them."""
    share = marked.mean(axis=1)
    # A printed line is not marked beside darker strokes, but it is still darker than the ground.
    dark = (drop >= FAINT * contrast).mean(axis=1)
    rules, edges = (share >= RULE) | ((dark >= RULE) & (share >= RULE_EDGE)), share >= RULE_EDGE
    for _ in range(3):  # the edges of a line are marked only in places
        rules = rules | (edges & _widen(rules[:, None], 1)[:, 0])
    if not rules.any() or rules.mean() > 0.3:
        return marked
    strokes = marked & ~rules[:, None]
    light = np.median(drop[rules][marked[rules]]) < STRONG * contrast
    kept = strokes.copy()
    starts = np.flatnonzero(np.diff(np.concatenate([[False], rules]).astype(int)) == 1)
    for start in starts:
        stop = start + int(np.argmin(np.concatenate([rules[start:], [False]])))
        above = strokes[max(0, start - 2) : start].any(axis=0)
        below = strokes[stop : stop + 2].any(axis=0)
        through = _widen(above, 1) & _widen(below, 1)
        strong = (drop[start:stop] >= STRONG * contrast) if light else False
        kept[start:stop] = marked[start:stop] & (through | strong)
    return kept


def _widen(marked, by):
    padded = np.pad(marked, by)
    return np.logical_or.reduce([padded[i : i + len(marked)] for i in range(2 * by + 1)])


def _lines(around):
    """Return the usual height of a drawing, and each line's groups of boxes above each other: lists of arrays."""
    middle, high = around[:, [1, 3]].mean(axis=1), around[:, 3] - around[:, 1]
    usual = np.median(high[high >= 0.4 * high.max()])
    order, lines, sums = np.argsort(middle, kind="stable"), [], []
    for k in order:
        near = (i for i, line in enumerate(lines) if abs(middle[k] - sums[i] / len(line)) < 0.6 * usual)
        at = next(near, len(lines))
        if at == len(lines):
            lines.append([])
            sums.append(0.0)
        lines[at].append(k)
        sums[at] += middle[k]
    ordered = (sorted(line, key=lambda k: around[k, 0]) for line in lines)
    return float(usual), [_above_each_other(around, line, PART * usual) for line in ordered]


def _above_each_other(around, line, low):
    """Join each low box to the group above or below it. Two high boxes are separate drawings that lean."""
    groups, left, right, high = [], 0, 0, 0
    for k in line:
        tall = around[k, 3] - around[k, 1]
        wide = min(right - left, around[k, 2] - around[k, 0]) if groups else 1
        if groups and min(tall, high) < low and min(right, around[k, 2]) - around[k, 0] >= SHARED * wide:
            groups[-1].append(k)
            right, high = max(right, around[k, 2]), max(high, tall)
        else:
            groups.append([k])
            left, right, high = around[k, 0], around[k, 2], tall
    return [np.array(group) for group in groups]


def _pieces(ink, regions, around, groups, usual):
    """Return the pieces of a line, from groups of indices of regions."""
    bounds = [(*around[group, :2].min(axis=0), *around[group, 2:].max(axis=0)) for group in groups]
    height = float(np.median([bottom - top for _, top, _, bottom in bounds]))
    pieces = []
    for group, (left, top, right, bottom) in zip(groups, bounds, strict=True):
        if bottom - top < LOWEST * max(height, usual):
            continue
        near = slice(max(0, top - 1), bottom + 1), slice(max(0, left - 1), right + 1)
        coverage = ink.within(near).coverage(np.isin(regions[near], group + 1))
        edges = [0, *_cuts(coverage, height), coverage.shape[1]]
        for start, stop in itertools.pairwise(edges):
            part = coverage[:, start:stop]
            pieces.append(Piece(part, near[1].start + start, near[0].start, max(float(part.sum()), 1e-6), start > 0))
    return tuple(pieces)


def _cuts(coverage, height):
    """Return the columns where a wide piece may be cut, because they have less ink than their surroundings."""
    if coverage.shape[1] <= WIDE * max(height, 0.6 * coverage.shape[0]):
        return []
    least = max(2, round(NARROWEST * height))
    profile = coverage.sum(axis=0)
    smooth = np.convolve(np.pad(profile, 2, mode="edge"), np.ones(5) / 5, mode="valid")
    found = []
    for column in np.argsort(smooth, kind="stable"):
        lowest = smooth[column] <= smooth[max(0, column - least) : column + least + 1].min() + 1e-6
        inside = least <= column < len(smooth) - least
        if lowest and inside and all(abs(column - other) >= least for other in found):
            found.append(int(column))
        if len(found) == MOST_CUTS:
            break
    return sorted(found)


def ways_to_read(line):
    """Return what may be drawings of a line: list of (first piece, one past the last piece, Drawing, box).

    Pieces that do not hang together are drawings of their own.
    """
    ways = []
    for first in range(len(line)):
        for after in range(first + 1, min(len(line), first + MOST_PARTS) + 1):
            if after > first + 1 and not line[after - 1].cut:
                break
            coverage, left, top = _together(line[first:after])
            drawing = cut_out(coverage)
            if drawing is not None:
                drawing = drawing.move(left, top, 1)
                ways.append((first, after, drawing, drawing.box))
    return ways


def _together(pieces):
    """Join pieces that were cut from one; return their coverage, and its left and top."""
    left, top = pieces[0].left, pieces[0].top
    return np.concatenate([piece.coverage for piece in pieces], axis=1), left, top


def best_way(line, ways, probabilities):
    """Return which of the ways, one after the other, make up the line most probably: list of int.

    The logarithms of the probabilities are added up, each weighed by its share of the ink, along the best path
    (Viterbi).

    Parameters
    ----------
    line : sequence of Piece
    ways : as `ways_to_read` returns them
    probabilities : float ndarray [shape=(len(ways),)], of the best label of each
    """
    height = float(np.median([piece.coverage.shape[0] for piece in line])) if line else 1.0
    best = [(0.0, None, None)] + [(-np.inf, None, None)] * len(line)
    ending = [[] for _ in range(len(line) + 1)]
    for number, (first, after, _, _) in enumerate(ways):
        ending[after].append((number, first))
    for after in range(1, len(line) + 1):
        best[after] = (best[after - 1][0], after - 1, None)  # a piece without any whole pixel is passed over
        options = []
        for number, first in ending[after]:
            mass = sum(piece.mass for piece in line[first:after])
            torn = line[first].cut or (after < len(line) and line[after].cut)
            cost = CUT_COST if torn else 0
            left, _, right, _ = ways[number][3]
            cost += BROAD_COST * max(0.0, (right - left) / height - BROAD)
            options.append((best[first][0] + (np.log(probabilities[number]) - cost) * mass, first, number))
        if options:
            best[after] = max(options, key=lambda option: option[0])
    path, at = [], len(line)
    while at > 0:
        _, before, number = best[at]
        if number is not None:
            path.append(number)
        at = before
    return path[::-1]
