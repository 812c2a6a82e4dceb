"""Workers: each contestant of a benchmark has a process of its own, and is told when it is its turn.

The threads of a library for linear algebra do not rest when their product is done: they go on spinning for up to a
tenth of a second, in the hope of the next one. In one process with another library they would take the processor from
it. So every contestant has a process with nothing but its own libraries, only one is at work at a time, and before each
turn there is a pause, in which the threads of the last one fall asleep.
"""

import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

THREADS = 2
PAUSE = 0.5  # seconds


class Worker:
    """A fresh interpreter that lives until `close`, or the end of the `with` block."""

    def __init__(self):
        self._process = ProcessPoolExecutor(1, mp_context=get_context("spawn"))

    def __call__(self, function, *arguments, **settings):
        """Pause, call a module's function over there, and return its result when it is done."""
        time.sleep(PAUSE)
        return self._process.submit(function, *arguments, **settings).result()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """End the process."""
        self._process.shutdown()
