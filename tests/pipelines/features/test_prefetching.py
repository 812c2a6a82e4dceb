"""What is made beside comes in order, never far ahead, and leaves no thread behind, however it ends."""

import threading
import time

import pytest

from pipelines.features.prefetching import prefetch


def threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("prefetched")]


@pytest.mark.parametrize("n", [0, 1, 3, 4, 20])
def test_every_item_comes_once_and_in_order(n):
    assert list(prefetch(lambda i: i * i, range(n))) == [i * i for i in range(n)]
    assert not threads()


def test_items_are_made_in_another_thread_and_only_so_many_ahead():
    made = []

    def make(i):
        made.append(threading.current_thread())
        return i

    items = prefetch(make, range(100), ahead=3)
    for taken in range(1, 20):
        next(items)
        time.sleep(0.001)
        assert taken <= len(made) <= taken + 3
    items.close()
    assert threading.main_thread() not in made
    assert not threads()


def test_an_error_is_raised_where_its_item_would_have_come():
    def make(i):
        if i == 5:
            raise OSError("the disk is full")
        return i

    taken = []
    with pytest.raises(OSError, match="the disk is full"):
        taken.extend(iter_all(prefetch(make, range(10)), taken))
    assert taken == [0, 1, 2, 3, 4]
    assert not threads()


def iter_all(items, taken):
    for item in items:
        taken.append(item)
    return []


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_no_thread_is_left_where_the_one_who_takes_breaks_off(error):
    items = prefetch(lambda i: i, range(1000))

    def take():
        for item in items:
            if item == 7:
                raise error

    with pytest.raises(error):
        take()
    items.close()
    assert not threads()
