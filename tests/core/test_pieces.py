import numpy as np
import pytest

from backprop_core.pieces import SWEEP, pieces, sweep


@pytest.mark.parametrize("n", [0, 1, 16384, 40000])
def test_the_pieces_cover_everything_once(n):
    covered = [i for piece in pieces(n) for i in range(n)[piece]]
    assert covered == list(range(n))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_sweep_takes_what_is_too_small_and_nothing_else(dtype):
    tiny = float(np.finfo(dtype).tiny)
    m = np.array([0, tiny / 8, -tiny / 8, -1e7 * tiny, 1e9 * tiny, -1e-12, 3.0, np.nan, np.inf], dtype)
    expected = np.where(np.arange(9) < 4, 0, m)
    sweep({"m": m, "t": np.array(SWEEP)}, "m")
    np.testing.assert_array_equal(m, expected)


def test_a_sweep_reaches_every_piece_of_a_long_memory():
    m = np.full(40000, 1e-40, np.float32)
    sweep({"m": m, "t": np.array(2 * SWEEP)}, "m")
    assert not m.any()


def test_between_sweeps_nothing_is_touched():
    m = np.full(3, 1e-40, np.float32)
    sweep({"m": m, "t": np.array(SWEEP - 1)}, "m")
    assert m.all()
