"""Several drawings in one picture are cut apart, line by line and from left to right, on ruled paper too."""

import itertools

import numpy as np
import pytest
from PIL import Image, ImageDraw

from pipelines.errors import NothingToSeeError
from pipelines.features.images.writing import _without_rules, best_way, ways_to_read, writing_in

SHAPES = {
    "7": [(0, 0), (0.6, 0), (0.25, 1)],
    "1": [(0.3, 0), (0.3, 1)],
    "2": [(0, 0.2), (0.3, 0), (0.6, 0.25), (0, 1), (0.65, 1)],
}


def page(lines, height=60, gap=20, ruled=0, ink=30, paper=240):
    """A picture of lines of shapes: uint8."""
    width = 40 + max(len(line) for line in lines) * (round(0.65 * height) + gap)
    sheet = Image.new("L", (width, 30 + len(lines) * 2 * height), paper)
    draw = ImageDraw.Draw(sheet)
    for y in range(ruled, sheet.height, ruled or sheet.height + 1):
        draw.line([(0, y), (width, y)], (paper + ink) // 2 + 40, 2)
    for row, line in enumerate(lines):
        for column, shape in enumerate(line):
            left, top = 20 + column * (round(0.65 * height) + gap), 15 + row * 2 * height
            points = [(left + height * x, top + height * y) for x, y in SHAPES[shape]]
            draw.line(points, ink, max(2, height // 9), joint="curve")
    return np.asarray(sheet)


def boxes(pixels):
    """The boxes of single pieces in each line, in pixels of the picture."""
    writing = writing_in(pixels)
    found = []
    for line in writing.lines:
        single = [box for first, after, _, box in ways_to_read(line) if after == first + 1]
        found.append([tuple(round(place * writing.scale) for place in box) for box in single])
    return found


@pytest.mark.parametrize("ruled", [0, 37, 60])
@pytest.mark.parametrize("inverted", [False, True])
def test_pieces_come_line_by_line_and_from_left_to_right(ruled, inverted):
    pixels = page(["7127", "21"], ruled=ruled)
    found = boxes(255 - pixels if inverted else pixels)
    assert [len(line) for line in found] == [4, 2]
    for line in found:
        assert [box[0] for box in line] == sorted(box[0] for box in line)
    assert max(box[3] for box in found[0]) < min(box[1] for box in found[1])


@pytest.mark.parametrize("height", [18, 60, 240])
def test_the_box_of_a_piece_is_where_it_is_whatever_its_size(height):
    [[box]] = boxes(page(["2"], height=height))
    expected = (20, 15, 20 + 0.65 * height, 15 + height)
    assert np.abs(np.array(box) - expected).max() <= 2 + height / 12


def test_drawings_that_touch_may_be_cut_and_all_ways_are_offered():
    [line] = writing_in(page(["77"], gap=-6)).lines
    ways = ways_to_read(line)
    assert len(line) >= 2
    assert {(first, after) for first, after, _, _ in ways} >= {(0, len(line)), (0, 1), (1, 2)}


def test_the_most_probable_way_wins_and_covers_the_line():
    [line] = writing_in(page(["77"], gap=-6)).lines
    ways = ways_to_read(line)
    whole = next(k for k, (first, after, _, _) in enumerate(ways) if after - first == len(line))
    sure = np.full(len(ways), 0.6)
    sure[whole] = 0.99
    assert best_way(line, ways, sure) == [whole]
    sure[whole] = 0.1
    path = [ways[k][:2] for k in best_way(line, ways, sure)]
    assert path[0][0] == 0
    assert path[-1][1] == len(line)
    assert all(before[1] == after[0] for before, after in itertools.pairwise(path))


@pytest.mark.parametrize("pixels", [np.full((50, 80), 200, np.uint8), np.zeros((1, 1), np.uint8)])
def test_an_empty_page_has_no_lines(pixels):
    assert writing_in(pixels).lines == ()


@pytest.mark.parametrize("seed", range(4))
def test_noise_is_cut_somehow_and_never_fails(seed):
    noise = np.random.default_rng(seed).integers(0, 256, (40 + 90 * seed, 120), dtype=np.uint8)
    for line in writing_in(noise).lines:
        ways_to_read(line)


def test_far_too_many_drawings_are_refused_in_a_sentence():
    dots = np.full((1200, 1200), 250, np.uint8)
    for y in range(10, 1200, 20):
        for x in range(10, 1200, 20):
            dots[y : y + 10, x : x + 4] = 20
    with pytest.raises(NothingToSeeError, match="about 3600 drawings in it, but at most 1500 can be read"):
        writing_in(dots)


def test_a_way_that_is_far_broader_than_a_drawing_must_be_surer():
    [line] = writing_in(page(["222"], gap=-6)).lines
    ways = ways_to_read(line)
    whole = next(k for k, (first, after, _, _) in enumerate(ways) if after - first == len(line))
    alike = np.full(len(ways), 0.95)
    assert best_way(line, ways, alike) != [whole]


@pytest.mark.parametrize("marked_share", [0.5, 0.9])
def test_a_printed_line_goes_though_it_is_not_marked_beside_darker_digits(marked_share):
    drop = np.zeros((40, 100), np.float32)
    drop[20:22] = 30
    marked = np.zeros(drop.shape, bool)
    marked[20:22, : round(100 * marked_share)] = True
    marked[5:35, 60:63], drop[5:35, 60:63] = True, 100
    kept = _without_rules(marked, drop, 100.0)
    assert kept[5:35, 61].all()
    assert not kept[:, :50].any()
