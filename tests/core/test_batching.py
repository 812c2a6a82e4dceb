import numpy as np
import pytest

from backprop_core.batching import batches
from backprop_core.scratch import Scratch

X = np.repeat(np.arange(23, dtype=np.float32)[:, None], 3, axis=1)
Y = np.arange(23) * 10


def epoch(rng, batch_size=5):
    """The rows of each batch, by number; what comes with them is checked on the way."""
    members = []
    for X_batch, y_batch in batches(X, Y, batch_size, rng, Scratch(np.float32)):
        np.testing.assert_array_equal(X_batch, np.repeat(y_batch[:, None] / 10, 3, axis=1))
        members.append((y_batch // 10).tolist())
    return members


@pytest.mark.parametrize("batch_size", [1, 5, 23, 100])
def test_every_row_comes_once_with_its_own_target(batch_size):
    members = epoch(np.random.default_rng(0), batch_size)
    assert sorted(row for batch in members for row in batch) == list(range(23))
    assert all(len(batch) == batch_size for batch in members[:-1])


def test_rows_meet_other_rows_in_each_epoch():
    rng = np.random.default_rng(0)
    first, second = ({frozenset(batch) for batch in epoch(rng)} for _ in range(2))
    assert not first & second


def test_the_same_seed_gives_the_same_order():
    assert epoch(np.random.default_rng(4)) == epoch(np.random.default_rng(4))
    assert epoch(np.random.default_rng(4)) != epoch(np.random.default_rng(5))


def test_the_data_are_left_untouched():
    kept = X.copy()
    for X_batch, y_batch in batches(X, Y, 5, np.random.default_rng(0), Scratch(np.float32)):
        X_batch[...] = -1
        y_batch[...] = -1
    np.testing.assert_array_equal(X, kept)
    np.testing.assert_array_equal(Y, np.arange(23) * 10)


def test_no_rows_give_no_batches():
    assert list(batches(X[:0], Y[:0], 5, np.random.default_rng(0), Scratch(np.float32))) == []
