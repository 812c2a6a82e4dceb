import numpy as np
import pytest

from backprop_core import pieces
from backprop_core.averaging import ExponentialAverage
from backprop_core.errors import BackpropError


def walk(n=7, steps=40, dtype=np.float64):
    """Weights on their way."""
    return list(np.random.default_rng(0).normal(size=(steps, n)).cumsum(axis=0).astype(dtype))


def take_average(decay, path):
    average = ExponentialAverage(decay)
    state = average.init(np.full_like(path[0], 99))
    for params in path:
        average.update(params, state)
    return average.read_average(state)


@pytest.mark.parametrize("decay", [0.0, 0.5, 0.99])
@pytest.mark.parametrize("steps", [1, 2, 40])
def test_it_is_the_weighted_mean_of_all_weights_so_far(decay, steps):
    path = walk(steps=steps)
    weights = decay ** np.arange(steps)[::-1]
    np.testing.assert_allclose(
        take_average(decay, path), np.average(path, axis=0, weights=weights), rtol=1e-10, atol=1e-12
    )


def test_it_is_the_corrected_mean_of_adam():
    path, m = walk(), 0
    for params in path:
        m = 0.9 * m + (1 - 0.9) * params
    np.testing.assert_allclose(take_average(0.9, path), m / (1 - 0.9 ** len(path)), rtol=1e-12)


def test_the_weights_it_began_with_leave_no_trace():
    np.testing.assert_allclose(take_average(0.999, walk(steps=1)), walk(steps=1)[0], rtol=0, atol=1e-13)


def test_with_a_long_memory_it_starts_as_the_plain_mean():
    path = walk()
    np.testing.assert_allclose(take_average(1 - 1e-9, path), np.mean(path, axis=0), rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_weights_that_stand_still_are_their_own_average(dtype):
    params = walk(dtype=dtype)[-1]
    average = take_average(0.9, [params] * 20)
    assert average.dtype == dtype
    np.testing.assert_allclose(average, params, rtol=1e-5)


def test_before_the_first_update_it_is_the_weights_themselves_and_not_tied_to_them():
    params = np.ones(3)
    average = ExponentialAverage()
    state = average.init(params)
    params += 1
    assert average.read_average(state).tolist() == [1, 1, 1]


def test_the_weights_are_left_untouched():
    params = np.arange(5.0)
    average = ExponentialAverage(0.5)
    average.update(params, average.init(params))
    assert params.tolist() == [0, 1, 2, 3, 4]


def test_working_in_pieces_changes_nothing(monkeypatch):
    whole = take_average(0.9, walk(n=50))
    monkeypatch.setattr(pieces, "PIECE", 16)
    np.testing.assert_array_equal(take_average(0.9, walk(n=50)), whole)


def test_a_memory_that_was_saved_and_filled_in_again_goes_on_with_the_same_bytes():
    average, path = ExponentialAverage(0.9), walk()
    state, fresh = average.init(path[0]), average.init(np.zeros(7))
    for params in path[:20]:
        average.update(params, state)
    for name, array in fresh.items():
        array[...] = state[name].copy()
    for params in path[20:]:
        average.update(params, state)
        average.update(params, fresh)
    assert average.read_average(state).tobytes() == average.read_average(fresh).tobytes()


@pytest.mark.parametrize("decay", [1.0, -0.1, float("nan")])
def test_an_impossible_decay_is_refused(decay):
    with pytest.raises(BackpropError, match="decay is"):
        ExponentialAverage(decay)
