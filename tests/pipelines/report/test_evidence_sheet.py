"""An evidence sheet shows the sample, its evidence where it is, and the answers."""

import numpy as np
import pytest

from pipelines.features.display import Axis, Display
from pipelines.models.evidence import Evidence
from pipelines.report.drawing import AGAINST, FOR
from pipelines.report.evidence_sheet import evidence_sheet

AXES = Axis("seconds", ((0.0, "0.0"), (1.0, "0.7"))), Axis("Hz", ((0.0, "60"), (0.5, "1000"), (1.0, "3800")))


def record(n=3, label="7"):
    top = [{"label": label, "probability": round(0.9 / (k + 1), 3)} for k in range(n)]
    return {"path": "a.png", "label": label, "probability": top[0]["probability"], "top": top}


def draw(values, shape=None, answered=None, **axes):
    display = Display(np.full(shape or values.shape, 128, np.uint8), **axes)
    return np.asarray(evidence_sheet(Evidence("7", display, values), answered or record()))


def area(pixels, colour):
    """Where a colour is: bool [shape=(height, width)]."""
    return (pixels == colour).all(axis=-1)


def test_what_speaks_for_is_blue_and_what_speaks_against_is_red_each_on_its_side():
    values = np.zeros((8, 8))
    values[:, 0], values[:, 7] = 1, -1
    sheet = draw(values)
    for_, against = area(sheet, FOR), area(sheet, AGAINST)
    panel = slice(340, 620)
    assert for_[120:380, panel].sum() == pytest.approx(36 * 260, rel=0.15)
    assert against[120:380, panel].sum() == pytest.approx(36 * 260, rel=0.15)
    assert np.flatnonzero(for_[200, panel]).max() < np.flatnonzero(against[200, panel]).min()


def test_the_evidence_of_the_opposite_swaps_the_colours_of_the_map():
    values = np.random.default_rng(0).normal(size=(8, 8))
    plain, opposite = draw(values), draw(-values)
    assert (area(plain, FOR)[120:380, 340:620] == area(opposite, AGAINST)[120:380, 340:620]).all()


@pytest.mark.parametrize("shape", [(1, 1), (8, 8), (28, 28), (32, 32, 3), (40, 3), (2, 700), (1000, 900, 3)])
def test_any_size_of_picture_makes_a_sheet_that_fits_a_screen(shape):
    sheet = draw(np.random.default_rng(0).normal(size=shape[:2]), shape)
    assert sheet.shape[0] < 600
    assert sheet.shape[1] < 1400


def test_a_spectrogram_has_its_scales_and_is_stretched():
    values = np.random.default_rng(0).normal(size=(32, 60))
    plain, scaled = draw(values), draw(values, across=AXES[0], upward=AXES[1])
    assert scaled.shape[1] > plain.shape[1]


@pytest.mark.parametrize("n", [1, 3, 10, 200])
def test_any_number_of_answers_fits(n):
    assert draw(np.ones((8, 8)), answered=record(n)).shape == draw(np.ones((8, 8))).shape


def test_no_evidence_at_all_and_odd_labels_are_no_trouble():
    odd = {**record(3, "very long label \n\x00\udcff " * 40), "unknown": True, "label": None}
    assert draw(np.zeros((8, 8)), answered=odd).shape == draw(np.ones((8, 8))).shape
