"""Whether training pictures keep to a convention is measured on them, and those that do pass untouched."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from pipelines import datasets
from pipelines.errors import UsageError
from pipelines.features.extraction import extract_all
from pipelines.features.images.even_ground import readings
from pipelines.features.images.extractor import ImageExtractor
from pipelines.features.images.stroke_framing import convention, frame, obeys


@pytest.fixture(scope="module")
def pictures():
    """Forty pictures of crooked lines, normalised: uint8 [shape=(40, 28, 28)]."""
    rng = np.random.default_rng(4)
    made = []
    while len(made) < 40:
        sheet = Image.new("L", (200, 200), 255)
        points = [tuple(point) for point in rng.integers(40, 160, (4, 2)).tolist()]
        ImageDraw.Draw(sheet).line(points, 0, 16, joint="curve")
        field = frame(readings(np.asarray(sheet))[0].drawing, 28, 28, 20, 2.4)
        if obeys(field[np.newaxis], 20)[0]:
            made.append(field)
    return np.stack(made)


def test_the_convention_of_normalised_pictures_is_found(pictures):
    side, breadth = convention(pictures)
    assert side in (19, 20)
    assert 1.5 < breadth < 4
    extractor = ImageExtractor.choose_for(pictures)
    assert (extractor.framing, extractor.drawing_side, extractor.stroke_breadth) == ("strokes", side, breadth)


def test_only_the_rows_to_be_trained_on_decide(pictures):
    both = np.concatenate([pictures, 255 - pictures])
    assert ImageExtractor.choose_for(both).framing == "whole"
    assert ImageExtractor.choose_for(both, np.arange(40)).framing == "strokes"
    assert ImageExtractor.choose_for(both, np.arange(40, 80)).framing == "whole"


def test_files_of_normalised_pictures_are_framed_like_pixels(pictures, tmp_path):
    paths = []
    for number, pixels in enumerate(pictures):
        paths.append(tmp_path / f"{number}.png")
        Image.fromarray(pixels).convert("RGB" if number % 2 else "L").save(paths[-1])
    assert ImageExtractor.choose_for(paths) == ImageExtractor.choose_for(pictures)
    Image.new("L", (28, 30)).save(paths[0])
    assert ImageExtractor.choose_for(paths).framing == "whole"


@pytest.mark.parametrize(
    "change",
    [
        lambda X: 255 - X,
        lambda X: np.roll(X, 4, axis=1),
        lambda X: X[:, 4:24, 4:24][:, ::3, ::3],
        lambda X: np.repeat(np.repeat(X[:, 10:17, 10:17], 4, axis=1), 4, axis=2),
        lambda X: np.maximum(X, np.random.default_rng(0).integers(0, 200, X.shape, dtype=np.uint8)),
        lambda X: X[:, ::4, ::4],
        lambda X: X[:0],
        np.zeros_like,
    ],
)
def test_other_pictures_have_none(pictures, change):
    assert convention(change(pictures)) is None


def filled(pictures):
    """Return the drawings without any room around them: uint8 [shape=(n, 20, 20)]."""
    sheets = [np.asarray(Image.fromarray(pixels).resize((280, 280))) for pixels in pictures]
    return np.stack([frame(readings(255 - sheet)[0].drawing, 20, 20, 20, 2.4) for sheet in sheets])


def test_drawings_that_fill_their_field_are_a_convention_too(likeness, pictures):
    """Such are the bundled digits, and those of USPS; a drawing from outside has room around it."""
    X = filled(pictures)
    extractor = ImageExtractor.choose_for(X)
    assert (extractor.framing, extractor.drawing_side) == ("strokes", 20)
    stored, ok, _ = extract_all(extractor, X)
    assert ok.all()
    np.testing.assert_array_equal(stored, X.reshape(40, -1))
    for field, pixels in zip(X[:10], pictures, strict=False):
        paper = np.pad(255 - np.asarray(Image.fromarray(pixels).resize((140, 140))), 60, constant_values=255)
        assert likeness(extractor.extract_row(paper), field) > 0.94


def test_the_bundled_digits_are_framed_as_drawings_and_garments_are_not():
    digits = datasets.load("digits", "images").items
    assert ImageExtractor.choose_for(digits).framing == "strokes"
    garments, posts = np.zeros((2, 40, 28, 28), np.uint8)
    garments[:, :, 6:22] = 200  # as bright and as long as the field, and too broad for a stroke
    assert convention(garments) is None
    posts[:, :, 2:5] = 200  # strokes, but on one side: their place may mean something
    assert convention(posts) is None


def test_where_drawings_fill_the_field_a_picture_without_any_is_scaled_as_a_whole():
    extractor = ImageExtractor(8, 8, "grey", "strokes", 8, 1.5)
    assert extractor.is_filled
    assert not ImageExtractor(28, 28, "grey", "strokes", 20, 2.4).is_filled
    np.testing.assert_array_equal(extractor.extract_row(np.full((30, 30), 200, np.uint8)), np.full(64, 200))


def test_a_few_that_disobey_are_tolerated_and_framed(likeness, pictures):
    X = pictures.copy()
    X[7] = np.roll(X[7], 5, axis=0)
    extractor = ImageExtractor.choose_for(X)
    assert extractor.framing == "strokes"
    stored, ok, _ = extract_all(extractor, X)
    assert ok.all()
    np.testing.assert_array_equal(np.delete(stored, 7, axis=0), np.delete(X, 7, axis=0).reshape(39, -1))
    assert likeness(stored[7], pictures[7]) > 0.97


def test_the_data_sets_own_pictures_pass_untouched_from_memory_and_from_files(pictures, tmp_path):
    extractor = ImageExtractor.choose_for(pictures)
    stored, ok, failures = extract_all(extractor, pictures)
    assert ok.all()
    assert failures == []
    np.testing.assert_array_equal(stored, pictures.reshape(40, -1))
    for mode in ("L", "RGB"):
        path = tmp_path / f"{mode}.png"
        Image.fromarray(pictures[3]).convert(mode).save(path)
        np.testing.assert_array_equal(extractor.extract_row(extractor.read(path)), pictures[3].ravel())


@pytest.mark.parametrize("colours", [lambda X: X, lambda X: 255 - X])
def test_enlarged_or_inverted_they_give_nearly_the_same_row(likeness, pictures, colours):
    extractor = ImageExtractor.choose_for(pictures)
    for pixels in pictures[:10]:
        for size in (28, 280, 1000):
            image = Image.fromarray(colours(pixels)).resize((size, size), Image.Resampling.BICUBIC)
            assert likeness(extractor.extract_row(np.asarray(image)), pixels) > 0.94


def test_in_memory_too_a_picture_without_strokes_loses_its_row_and_no_other(pictures):
    X = np.concatenate([pictures[:3], np.full((1, 28, 28), 200, np.uint8), pictures[3:5]])
    stored, ok, failures = extract_all(ImageExtractor.choose_for(pictures), X)
    assert ok.tolist() == [True, True, True, False, True, True]
    assert [index for index, _ in failures] == [3]
    np.testing.assert_array_equal(stored, pictures[:5].reshape(5, -1))


def test_settings_from_before_there_was_a_choice_mean_the_whole_picture():
    old = {"width": 28, "height": 28, "channels": "grey"}
    assert ImageExtractor.from_settings(old) == ImageExtractor(28, 28, "grey")


@pytest.mark.parametrize(
    "changed",
    [
        {"framing": "stroke"},
        {"framing": None},
        {"channels": "colour"},
        {"drawing_side": 0},
        {"drawing_side": 29},
        {"drawing_side": 20.0},
        {"drawing_side": True},
        {"stroke_breadth": 0},
        {"stroke_breadth": float("nan")},
        {"stroke_breadth": "2"},
        {"framing": "whole"},
    ],
)
def test_settings_out_of_range_are_refused_in_one_sentence(changed):
    settings = ImageExtractor(28, 28, "grey", "strokes", 20, 2.4).settings()
    with pytest.raises(UsageError, match=r"^image \w+: must be [^\n]*, not [^\n]*$"):
        ImageExtractor.from_settings(settings | changed)
