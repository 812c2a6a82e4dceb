"""A row for prediction holds all readings of a picture, and the surest one answers."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from pipelines.errors import NothingToSeeError
from pipelines.features.extraction import extract_all
from pipelines.features.images.extractor import ImageExtractor
from pipelines.features.images.readings import BARE, MOST, PREFERENCE, SHOWN, DrawingReader, locate_readings

EXTRACTOR = ImageExtractor(28, 28, "grey", "strokes", 20, 2.4)
READER = DrawingReader(EXTRACTOR)


def draw(*lefts):
    sheet = Image.new("L", (300, 200), 240)
    for left in lefts:
        ImageDraw.Draw(sheet).line([(left, 40), (left + 60, 40), (left + 20, 150)], 30, 12, joint="curve")
    return np.asarray(sheet)


def test_the_first_reading_of_a_row_is_the_row_that_the_extractor_makes():
    row = READER.extract_row(draw(100))
    assert row.shape == (READER.n_stored,)
    np.testing.assert_array_equal(row[: EXTRACTOR.n_features], EXTRACTOR.extract_row(draw(100)))


def test_readings_that_there_are_not_are_left_out_and_every_row_keeps_one():
    rows = np.zeros((3, READER.n_stored), np.uint8)
    rows[0, : 2 * EXTRACTOR.n_features] = 9
    rows[1, : EXTRACTOR.n_features] = 8
    readings, owner, which = READER.alternatives(rows)
    assert owner.tolist() == [0, 0, 1, 2]
    assert which.tolist() == [0, 1, 0, 0]
    assert readings.shape == (4, EXTRACTOR.n_features)


def test_of_no_pictures_there_are_no_readings():
    readings, owner, which = READER.alternatives(READER.extract_rows([]))
    assert readings.shape == (0, EXTRACTOR.n_features)
    assert READER.surest(np.empty((0, 10)), owner, which).tolist() == []


def test_the_surest_reading_wins_where_it_is_surer_by_enough():
    owner, which = np.array([0, 0, 1, 1, 2]), np.array([0, 1, 0, 1, 0])
    odds = 0.7 / 0.3 / PREFERENCE[1]
    surer = odds / (1 + odds)
    probabilities = np.array([[0.7, 0.3], [surer + 0.001, 0], [0.7, 0.3], [0, surer - 0.001], [0.5, 0.5]])
    assert READER.surest(probabilities, owner, which).tolist() == [1, 2, 4]


def test_between_readings_that_are_both_sure_the_odds_decide():
    """0.98 and 0.9999 differ little as probabilities, but in one of fifty and one of ten thousand that are wrong."""
    pair, which = np.zeros(2, int), np.arange(2)
    assert READER.surest(np.array([[0.98, 0.02], [0.0001, 0.9999]], np.float32), pair, which).tolist() == [1]
    assert READER.surest(np.array([[1.0, 0.0], [0.0, 1.0]], np.float32), pair, which).tolist() == [0]


def test_pixels_that_fit_are_their_only_reading_from_memory_too():
    fitting = EXTRACTOR.extract_row(draw(100)).reshape(1, 28, 28)
    stored, ok, _ = extract_all(READER, fitting)
    assert ok.all()
    assert len(READER.alternatives(stored)[0]) == 1
    assert READER.warnings_of(stored[0]) == []


def test_several_drawings_side_by_side_are_warned_of_and_one_is_not():
    [warning] = READER.warnings_of(READER.extract_row(draw(20, 120, 220)))
    assert "3 drawings" in warning
    assert "transcribe" in warning
    assert READER.warnings_of(READER.extract_row(draw(100))) == []


def test_a_digit_in_a_circle_is_read_with_it_and_without_and_learned_with_it():
    picture = Image.fromarray(draw(100))
    ImageDraw.Draw(picture).ellipse((60, 10, 200, 180), outline=30, width=8)
    picture = np.asarray(picture)
    _, _, which = READER.alternatives(READER.extract_rows([picture]))
    assert which.tolist() == [0, BARE]
    places = READER.extract_row(picture)[:-1].reshape(MOST, -1)
    np.testing.assert_array_equal(places[0], EXTRACTOR.extract_row(picture))
    alone = EXTRACTOR.extract_row(draw(100)).astype(int)
    assert np.abs(places[BARE] - alone).mean() < 0.25 * alone.mean() < np.abs(places[0] - alone).mean()
    assert PREFERENCE[BARE] > PREFERENCE[0] > PREFERENCE[1]


def test_where_there_is_nothing_there_is_no_row():
    with pytest.raises(NothingToSeeError, match="no strokes were found on the ground"):
        READER.extract_row(np.full((90, 90), 200, np.uint8))


def test_a_photographs_row_has_a_place_for_every_reading():
    light = np.clip(draw(100) * np.linspace(0.3, 1, 300), 0, 255).astype(np.uint8)
    readings, owner, _ = READER.alternatives(READER.extract_rows([light, draw(100)]))
    assert set(owner) == {0, 1}
    assert len(readings) <= 2 * MOST


def test_no_picture_at_all_has_no_reading():
    readings, owner, which = READER.alternatives(READER.extract_rows([]))
    assert readings.shape == (0, EXTRACTOR.n_stored)
    assert owner.size == which.size == 0


@pytest.mark.parametrize("times", [1, 4])
def test_a_readings_box_is_where_the_drawing_is_in_the_picture_itself(times):
    pixels = np.kron(draw(100), np.ones((times, times), np.uint8))
    dark_rows, dark_columns = np.nonzero(pixels < 130)
    expected = dark_columns.min(), dark_rows.min(), dark_columns.max() + 1, dark_rows.max() + 1
    uneven = np.clip(pixels * np.linspace(0.4, 1, pixels.shape[1]), 0, 255).astype(np.uint8)
    for picture in (pixels, uneven):
        for seen in locate_readings(EXTRACTOR, picture)[0][:1]:
            np.testing.assert_allclose(seen.drawing.box, expected, atol=4 * times)


def test_the_steps_lead_from_the_picture_to_the_row_that_was_answered():
    row = EXTRACTOR.extract_row(draw(100))
    first, strokes, framed = READER.steps(draw(100), row)[:3]
    assert first.pixels.shape == (200, 300, 3)
    assert strokes.taken
    assert framed.taken
    np.testing.assert_array_equal(framed.pixels, row.reshape(28, 28))
    fitting = row.reshape(28, 28)
    assert READER.steps(fitting, row) == []
    assert READER.lay_over(fitting, row, np.ones((28, 28))) is None


def test_what_was_said_of_a_row_lies_over_the_drawing_in_the_picture():
    pixels = draw(100)
    row = EXTRACTOR.extract_row(pixels)
    picture, laid = READER.lay_over(pixels, row, row.reshape(28, 28).astype(float))
    assert picture.shape == laid.shape == pixels.shape
    ink = pixels < 130
    assert laid[ink].mean() > 10 * laid[~ink].mean()
    large = np.kron(pixels, np.ones((5, 5), np.uint8))
    assert max(READER.lay_over(large, EXTRACTOR.extract_row(large), np.ones((28, 28)))[0].shape) == SHOWN


def test_a_drawing_of_hard_pixels_is_read_as_the_small_picture_is_and_found_in_the_large_one():
    small = np.asarray(Image.fromarray(draw(100)[:, 60:260]).reduce(10))
    times = 9
    large = np.pad(small.repeat(times, 0).repeat(times, 1), 2 * times, constant_values=240)
    (of_small, *_), _ = locate_readings(EXTRACTOR, np.pad(small, 2, constant_values=240))
    (of_large, *_), _ = locate_readings(EXTRACTOR, large)
    np.testing.assert_array_equal(of_large.row, of_small.row)
    np.testing.assert_allclose(of_large.drawing.box, times * np.array(of_small.drawing.box), atol=0.5)
