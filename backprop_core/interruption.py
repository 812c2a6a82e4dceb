"""Interruption: a Ctrl-C that is not lost in other code.

Python raises KeyboardInterrupt at any place of the main thread. In the finalizer of an object, or in a callback from a
C library, it cannot be caught: Python prints it and continues. Compilers often run such code.
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
