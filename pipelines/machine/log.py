"""The log: messages that are not results.

This module does not print. The logger `backprop` is silent until a program attaches a handler, as with any other
logger. A watcher, such as the command line, also receives the log, and the progress of longer work.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Protocol

log = logging.getLogger("backprop")


class Watcher(Protocol):
    """Somebody who wants to know what is going on."""

    def hear(self, level: int, text: str) -> None:
        """Hear what is written to the log, with its level as in `logging`."""
        ...

    def piece(self, title: str, total: int, remark: str) -> AbstractContextManager[Callable[[int], object]]:
        """Return a context manager that gives the function to call with each amount that is done of `total`."""
        ...


_watcher: ContextVar[Watcher | None] = ContextVar("watcher", default=None)
_lock = threading.Lock()
_levels: list[int] = []  # levels of the logger before each watcher came


class _ToWatcher(logging.Handler):
    """Passes log records to the watcher of the thread that wrote them."""

    def emit(self, record: logging.LogRecord) -> None:
        if someone := _watcher.get():
            someone.hear(record.levelno, record.getMessage())


log.addHandler(_ToWatcher())  # always: without a handler, Python would print warnings itself


@contextmanager
def piece_of_work(title: str, total: int, remark: str = "") -> Iterator[Callable[[int], object]]:
    """Give a function that is told how much more of `total` is done.

    Parameters
    ----------
    title : str, what to call the work
    total : int > 0, how much there is to do: files, bytes
    remark : str, what else to say where no bar is drawn
    """
    someone = _watcher.get()
    if someone is None:
        yield lambda done: None
        return
    with someone.piece(title, total, remark) as advance:
        yield advance


def watcher() -> Watcher | None:
    """Return who watches this thread, or None."""
    return _watcher.get()


@contextmanager
def let_watch(someone: Watcher) -> Iterator[None]:
    """Attach a watcher to this thread inside."""
    token = _watcher.set(someone)
    with _lock:
        _levels.append(log.level)
        log.setLevel(min(log.level or logging.INFO, logging.INFO))
    try:
        yield
    finally:
        _watcher.reset(token)
        with _lock:
            before = _levels.pop(0)
            if not _levels:
                log.setLevel(before)
