"""Gradual light is taken away whatever is written in it; where the light has steps, nothing is done."""

import numpy as np
import pytest
from PIL import Image

from pipelines.features.images.gradual_light import even_out_light


def lights():
    y, x = np.mgrid[-1:1:160j, -1:1:240j]
    return {"one side": 0.65 + 0.3 * x, "corners": 1 - 0.35 * (x * x + y * y), "even": np.full(x.shape, 0.8)}


def page():
    """Ink on paper in even light: the share of the light that comes back."""
    share = np.full((160, 240), 0.95)
    share[30:130, 100:118] = share[112:130, 60:180] = 0.2
    return share


@pytest.mark.parametrize("name", lights())
def test_paper_and_ink_have_one_level_each_in_whatever_light(name):
    lit = np.asarray(even_out_light(Image.fromarray((250 * lights()[name] * page()).astype(np.uint8))), float)
    paper, ink = lit[page() > 0.5], lit[page() < 0.5]
    assert np.ptp(paper) < 12
    assert np.ptp(ink) < 8
    assert ink.mean() / paper.mean() == pytest.approx(0.2 / 0.95, abs=0.02)


def test_a_table_beside_the_paper_is_no_gradual_light():
    share = page()
    share[:, :30] = 0.1
    assert even_out_light(Image.fromarray((250 * share).astype(np.uint8))) is None


def test_black_and_white_and_narrow_pictures_are_borne():
    for shape in ((1, 300), (300, 1), (64, 64)):
        for level in (0, 255):
            even = np.asarray(even_out_light(Image.fromarray(np.full(shape, level, np.uint8))))
            assert even.shape == shape
            assert np.ptp(even) == 0
