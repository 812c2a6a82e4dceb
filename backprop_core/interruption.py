"""Interruption: a Ctrl-C that is not lost in other code, and that comes when nothing is half begun.

Python raises KeyboardInterrupt at any place of the main thread, between any two of its operations. In the finalizer of
an object, or in a callback from a C library, it cannot be caught: Python prints it and continues. Compilers often run
such code.
"""

import signal
import sys
import threading
from collections.abc import Callable, Iterator
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


@contextmanager
def put_off_ctrl_c(note: Callable[[], None]) -> Iterator[None]:
    """Let Ctrl-C call `note` during a piece of work, and do behind it what it would have done.

    A list of threads that are at work cannot be kept right otherwise: Ctrl-C may come when one has begun and does not
    stand in the list yet. Only the main thread is ever interrupted; in others this does nothing.
    """
    usual = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(usual):
        yield
        return
    pressed = []

    def keep(*received):
        pressed.append(received)
        note()

    signal.signal(signal.SIGINT, keep)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
    if pressed:
        usual(*pressed[0])
