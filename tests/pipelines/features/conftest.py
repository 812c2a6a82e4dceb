"""What tests of features share."""

import numpy as np
import pytest


@pytest.fixture(scope="session")
def likeness():
    """A function of two square pictures: their cosine, 1 for the same, also if one is paler or a pixel aside."""

    def cosine(a, b):
        a, b = a.astype(float).ravel(), b.astype(float).ravel()
        side = round(np.sqrt(len(a)))
        shifts = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1)]
        best = max(np.roll(a.reshape(side, side), by, (0, 1)).ravel() @ b for by in shifts)
        return best / np.sqrt((a @ a) * (b @ b))

    return cosine
