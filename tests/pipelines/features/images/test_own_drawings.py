"""Where the training pictures are drawings, the drawing in each is found; where they are not, or place means something,
pictures stay whole.
"""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from pipelines import datasets, load
from pipelines.features.images.picture_character import drawings_tell_as_much
from pipelines.learning.tasks.images import TASK as IMAGES

SIDE = 120


def draw_page(label, rng, size, ink=30, paper=235):
    """Return a page with a cross, a ring or a hook of that size, anywhere on it."""
    page = Image.new("L", (SIDE, SIDE), paper)
    x, y = rng.integers(8, SIDE - size - 8, 2).tolist()
    pen, box = ImageDraw.Draw(page), (x, y, x + size, y + size)
    width = max(4, size // 9)
    if label == "cross":
        pen.line([box[:2], box[2:]], ink, width)
        pen.line([(x, y + size), (x + size, y)], ink, width)
    elif label == "ring":
        pen.ellipse(box, outline=ink, width=width)
    else:
        pen.line([(x, y), (x, y + size), (x + size, y + size)], ink, width, joint="curve")
    return page


def write_folder(folder, labels, draw, n=30):
    """Write a folder for each label, with `n` pictures that draw(label, rng) makes."""
    rng = np.random.default_rng(0)
    for label in labels:
        (folder / label).mkdir(parents=True)
        for number in range(n):
            draw(label, rng).save(folder / label / f"{number:02d}.png")
    return folder


def chosen_for(folder, features="auto"):
    return IMAGES.extractor_for(datasets.load(str(folder), "images"), IMAGES.recipe(changes={"features": features}))


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own") / "pages"
    return write_folder(folder, ["cross", "hook", "ring"], lambda label, rng: draw_page(label, rng, 40))


def test_drawings_anywhere_on_a_page_are_found(pages):
    found, asked = chosen_for(pages), chosen_for(pages, "pixels")
    assert (found.framing, found.drawing_side) == ("strokes", 20)
    assert asked.framing == "whole"
    assert chosen_for(pages, "drawing") == found


def test_a_model_of_own_drawings_reads_them_larger_inverted_and_elsewhere(call, pages, tmp_path):
    out = tmp_path / "m.safetensors"
    told = call("train", "images", "--dataset", pages, "--hidden", "32", "--epochs", "20", "--out", out, "--json")
    assert told.code == 0, told
    assert "the drawing in each is found and centred" in " ".join(told.json["notes"])
    rng, model = np.random.default_rng(1), load(out)
    for label in ("cross", "ring", "hook"):
        for size, ink, paper in ((85, 30, 235), (20, 30, 235), (50, 240, 10)):
            path = tmp_path / f"{label}{size}{ink}.png"
            draw_page(label, rng, size, ink, paper).save(path)
            (answer,) = model.predict(path)
            assert answer.label == label, path.name


def test_where_the_place_is_the_class_the_picture_stays_whole(tmp_path):
    def ring_at(label, rng):
        page = Image.new("L", (SIDE, SIDE), 235)
        x, y = (8, 8) if label == "above" else (70, 70)
        left, top = x + int(rng.integers(8)), y + int(rng.integers(8))
        ImageDraw.Draw(page).ellipse((left, top, left + 34, top + 34), outline=30, width=5)
        return page

    assert chosen_for(write_folder(tmp_path / "places", ["above", "below"], ring_at)).framing == "whole"


def test_filled_shapes_and_several_drawings_on_a_page_stay_whole(tmp_path):
    def blot(label, rng):
        page = Image.new("L", (SIDE, SIDE), 235)
        x, y = rng.integers(10, 50, 2).tolist()
        shape = ImageDraw.Draw(page).ellipse if label == "disc" else ImageDraw.Draw(page).rectangle
        shape((x, y, x + 50, y + 50), fill=30)
        return page

    def two(label, rng):
        one, other = draw_page(label, rng, 30), draw_page("ring", rng, 30)
        return Image.fromarray(np.concatenate([np.asarray(one), np.asarray(other)], axis=1))

    assert chosen_for(write_folder(tmp_path / "blots", ["disc", "square"], blot)).framing == "whole"
    assert chosen_for(write_folder(tmp_path / "pairs", ["cross", "hook"], two)).framing == "whole"


def test_drawings_tell_as_much_as_pictures_only_where_nothing_else_tells():
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=400)
    drawings = rng.integers(0, 60, (400, 16, 16, 1), dtype=np.uint8)
    drawings[y == 1, 4:8] += 150
    pictures = np.concatenate([drawings, rng.integers(0, 255, drawings.shape, dtype=np.uint8)], axis=2)
    assert drawings_tell_as_much(drawings, pictures, y, np.random.default_rng(1))
    hints = pictures.copy()
    hints[:, :, 20] = np.where(y == 1, 255, 0)[:, None, None]
    assert not drawings_tell_as_much(rng.permutation(drawings), hints, y, np.random.default_rng(1))
