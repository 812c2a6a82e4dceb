"""What is erased is one rectangle of one colour, of the promised size, and nothing else."""

import numpy as np
import pytest

from pipelines.features.images.erasing import SIDES, erase


@pytest.mark.parametrize(("height", "width", "n_channels"), [(28, 28, 1), (20, 33, 3), (1, 1, 1), (2, 9, 3)])
def test_only_the_chosen_lose_a_rectangle_of_one_colour(height, width, n_channels):
    rng = np.random.default_rng(0)
    # Levels from 0 to 255 fill the rectangle; a picture of 300 shows where it lies. int16 is only for this test.
    pictures, chosen = np.full((200, height, width, n_channels), 300, np.int16), rng.random(200) < 0.5
    out = erase(pictures, chosen, rng)
    covered = (out != 300).all(axis=-1)
    assert (covered.any(axis=(1, 2)) == chosen).all()
    for picture, where in zip(out[chosen], covered[chosen], strict=True):
        rows, columns = np.flatnonzero(where.any(axis=1)), np.flatnonzero(where.any(axis=0))
        box = picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        assert (box == box[0, 0]).all()
        assert where.sum() == len(rows) * len(columns)
        for size, side in ((len(rows), height), (len(columns), width)):
            assert max(1, SIDES[0] * side - 0.5) <= size <= max(1, SIDES[1] * side + 0.5)


def test_a_rectangle_may_lie_anywhere():
    rng = np.random.default_rng(1)
    covered = (erase(np.full((2000, 8, 8, 1), 300, np.int16), np.ones(2000, bool), rng) != 300).mean(axis=0)
    assert covered.min() > 0.01
