"""Threads: how many cores this process may use, and a way to use them all in a loop that is shared out.

The matrix products have threads of their own, inside the library that multiplies. What is compiled here takes as many
as that library is allowed, so that one setting (`OPENBLAS_NUM_THREADS`, threadpoolctl, or an estimator's `n_threads`)
holds for both, and several processes that share the cores do not disturb each other.
"""

import os
from concurrent.futures import ThreadPoolExecutor


def available():
    """Return how many threads numpy's matrix products may use now, at most one for each core of this process."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return cores
    allowed = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
    return max(1, min([cores, *allowed]))


class Team:
    """A few threads that each do their part of a loop.

    Parameters
    ----------
    n : int > 0, how many; the caller is one of them
    """

    def __init__(self, n):
        self.n = n
        self._others = ThreadPoolExecutor(n - 1) if n > 1 else None

    def share(self, loop, *arguments, width):
        """Call loop(*arguments, lo, hi) with parts of range(width), all at once; return their results as a list.

        The parts begin at multiples of 16 numbers, so that no two threads write to one line of the cache.
        """
        step = -(-width // (16 * self.n)) * 16
        parts = [(lo, min(lo + step, width)) for lo in range(0, width, step)]
        waiting = [self._others.submit(loop, *arguments, lo, hi) for lo, hi in parts[1:]]
        return [loop(*arguments, *parts[0]), *(one.result() for one in waiting)]
