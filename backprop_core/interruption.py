"""Interruption: a Ctrl-C that is not lost in somebody else's code.

Python raises KeyboardInterrupt wherever the main thread happens to be. Where an object comes to its end, or a library
in C calls a function back, nobody can catch it: Python prints it and goes on, as if no one had asked. Compilers are
full of both.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def keep_ctrl_c() -> Iterator[None]:
    """Raise KeyboardInterrupt behind a piece of work that swallowed it; what is not swallowed is raised as ever."""
    swallowed, report = [], sys.unraisablehook

    def keep(unraisable):
        if issubclass(unraisable.exc_type, KeyboardInterrupt):
            swallowed.append(True)
        else:
            report(unraisable)

    sys.unraisablehook = keep
    try:
        yield
    finally:
        sys.unraisablehook = report
    if swallowed:
        raise KeyboardInterrupt
