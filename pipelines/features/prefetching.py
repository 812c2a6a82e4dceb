"""Prefetching: the next item is made while the present one is still in use.

A thread of its own makes the items in order, a few ahead and no more, so that memory stays small however slowly they
are taken. What it makes cannot depend on timing as long as each item depends on its argument alone.
"""

from collections import deque
from concurrent.futures import ThreadPoolExecutor


def prefetch(make, arguments, ahead=3):
    """Yield make(argument) for each argument, in order, made in another thread.

    An error in `make` is raised where its item would have come. Wherever the generator ends, at the last item, by an
    error, Ctrl-C, or because it was closed, the thread has ended too.

    Parameters
    ----------
    make : function of an argument
        Runs beside the caller if most of its time goes to numpy or to compiled loops that let other threads run.
    arguments : iterable
    ahead : int > 0
        How many items are made, or being made, before they are asked for.
    """
    waiting = deque()
    with ThreadPoolExecutor(1, "prefetched") as thread:
        try:
            for argument in arguments:
                waiting.append(thread.submit(make, argument))
                if len(waiting) > ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for item in waiting:
                item.cancel()
