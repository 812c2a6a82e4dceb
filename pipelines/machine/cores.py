"""Cores: how many pieces of work this computer can do at the same time, and how many threads one product uses."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_lock = threading.Lock()
_asked: list[int] = []  # numbers of threads that are requested at the moment, the latest last
_before: Any = None  # restores the number of threads before the first request


def cores() -> int:
    """Return how many cores this process may use, which can be fewer than there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def blas_threads(n: int) -> Iterator[None]:
    """Let the libraries for linear algebra use `n` threads inside.

    The whole process has one number. If several threads of a program ask at the same time, the latest number holds.
    When the last of them is done, the original number is restored.
    """
    global _before
    from threadpoolctl import threadpool_limits

    with _lock:
        if not _asked:
            _before = threadpool_limits(n)
        elif _asked[-1] != n:
            threadpool_limits(n)
        _asked.append(n)
    try:
        yield
    finally:
        with _lock:
            latest = _asked[-1]
            _asked.remove(n)
            if not _asked:
                _before.restore_original_limits()
            elif _asked[-1] != latest:
                threadpool_limits(_asked[-1])
