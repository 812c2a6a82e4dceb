"""Threads: the number of cores that this process may use, and a function that divides a loop among them.

The matrix products have threads of their own, inside the library that multiplies. What is compiled here takes as many
as that library is allowed, so that one setting (`OPENBLAS_NUM_THREADS`, threadpoolctl, or an estimator's `n_threads`)
holds for both, and several processes that share the cores do not disturb each other.
"""

import contextvars
import functools
import math
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager

import numpy as np

from backprop_core.interruption import put_off_ctrl_c


def available():
    """Return how many threads numpy's matrix products may use now, at most one for each core of this process."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with _products:
        allowed = _allowed if _users else [library.get_num_threads() for library in _libraries()]
    return max(1, min([cores, *allowed]))


# Places in a meeting, an int64 array: how many have arrived; whether some will never come; whether to end soon; and
# that nobody has to end before the others, what the first thread has read there.
ARRIVED, GIVEN_UP, ASKED_TO_STOP, STOPPING = 0, 8, 9, 10


class Team:
    """A few threads that each do their part of a loop.

    Parameters
    ----------
    n : int > 0, how many; the caller is one of them
    """

    def __init__(self, n):
        self.n = n
        self._others = ThreadPoolExecutor(n - 1) if n > 1 else None

    def share(self, loop, *arguments, width, each=()):
        """Call loop(*arguments, lo, hi) with parts of range(width), all at once; return their results as a list.

        The parts begin at multiples of 16 numbers, so that no two threads write to one line of the cache. Where `each`
        has something for each thread, its memory to work in, that stands before lo. Ctrl-C waits for all parts.
        """
        step = max(1, -(-width // (16 * self.n))) * 16
        ranges = [(lo, min(lo + step, width)) for lo in range(0, max(1, width), step)]
        parts = [(own, *part) for own, part in zip(each, ranges, strict=False)] if len(each) else ranges
        with put_off_ctrl_c(lambda: None):
            waiting = [self._others.submit(loop, *arguments, *part) for part in parts[1:]]
            return [loop(*arguments, *parts[0]), *(one.result() for one in waiting)]


# The units of work after which a first guess can be made of how long one takes.
FIRST_PIECE = 8
# Seconds of a trial: a core that has been asleep needs some milliseconds until it works at its full speed.
TRIAL = 0.05


class Company:
    """A few threads that do one thing together, and meet in between, as `meeting` has it.

    What is cut into `n` parts may be done by n threads, or by one that does all of them: the numbers are the same.
    Threads that wait for each other need their cores at the same time. Where other programs are busy, one thread alone
    is faster; which it is just now is measured, and tried again now and then.

    Parameters
    ----------
    n : int > 0
        A single thread is the caller. Of several, the caller is none, so that Ctrl-C reaches it while they work.
    """

    def __init__(self, n):
        self.n = n
        self._threads = ThreadPoolExecutor(n) if n > 1 else None
        self._seconds, self._next_trial, self._waits = {}, 0.0, 10

    def next_piece(self, at_most):
        """Return (whether threads share the next piece of work, of how many units it consists).

        Parameters
        ----------
        at_most : float >= 0, seconds that it may take
        """
        if not self._seconds:
            return False, FIRST_PIECE
        untried = self.n > 1 and True not in self._seconds
        trial = self.n > 1 and (untried or time.perf_counter() >= self._next_trial)
        faster = self._seconds.get(True, math.inf) <= self._seconds.get(False, math.inf)
        together = untried or faster != trial
        seconds_of_one = self._seconds.get(together, self._seconds[False])
        return together, max(1, int((min(at_most, TRIAL) if trial else at_most) / seconds_of_one))

    def note(self, together, seconds, n):
        """Note how long so many equal pieces of work have taken.

        The slower way is tried again after ten times what its trial took, then after twice as long each time, up to a
        hundred times: one trial may have had bad luck. The way that is taken is doubted at once when it has become
        slower by half: other programs may be busy now.
        """
        of_one, before = seconds / n, self._seconds.get(together, math.inf)
        self._seconds[together] = of_one
        if of_one > self._seconds.get(not together, math.inf):
            self._next_trial = time.perf_counter() + self._waits * seconds
            self._waits = min(2 * self._waits, 100)
        elif of_one > 1.5 * before:
            self._next_trial, self._waits = time.perf_counter(), 10

    def work(self, function, arguments, sched_yield, together):
        """Call function(team, *arguments), `team` as for `meeting.meet`, in one thread or in all of them.

        Returns what the first returns, when all have ended, whatever happens. Ctrl-C asks them to end soon.
        """
        meeting, working = np.zeros(16, np.int64), []
        if not together:
            return function((0, 1, self.n, meeting, sched_yield), *arguments)

        def ask_to_stop():
            meeting[ASKED_TO_STOP] = 1

        with put_off_ctrl_c(ask_to_stop):
            try:
                for i in range(self.n):
                    team = i, self.n, self.n, meeting, sched_yield
                    working.append(self._threads.submit(function, team, *arguments))
            finally:
                if len(working) < self.n:  # those who wait for the others would wait for ever
                    meeting[GIVEN_UP] = 1
                wait(working)
        return working[0].result()


def for_each(function, items, n):
    """Call function(*item) for each item, up to `n` at once; raise what the first one raises that fails.

    Products use one thread each meanwhile; where that cannot be asked for, it is done one after another.
    """
    if n == 1 or not _libraries():
        for item in items:
            function(*item)
        return
    with use_single_threads(), ThreadPoolExecutor(n) as threads:
        # Each call sees the caller's context, numpy's settings for warnings among it.
        calls = [threads.submit(contextvars.copy_context().run, function, *item) for item in items]
        for call in calls:
            call.result()


_products = threading.Lock()
_allowed, _users = [], 0


@functools.cache
def _libraries():
    """Return what can set the threads of each library for linear algebra; nothing where threadpoolctl is missing."""
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:
        return []
    return ThreadpoolController().select(user_api="blas").lib_controllers


@contextmanager
def use_single_threads():
    """Let the matrix products of this process use one thread each, for code that has threads of its own.

    The library's threads do not rest when a product is done: they go on looking for the next one for a while, on a core
    that is needed. What was allowed before is allowed again when the last of all users has ended.
    """
    global _allowed, _users
    with _products:
        _users += 1
        if _users == 1:
            _allowed = [library.get_num_threads() for library in _libraries()]
            for library in _libraries():
                library.set_num_threads(1)
    try:
        yield
    finally:
        with _products:
            _users -= 1
            if _users == 0:
                for library, n in zip(_libraries(), _allowed, strict=True):
                    library.set_num_threads(n)
