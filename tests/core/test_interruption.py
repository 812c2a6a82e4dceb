"""Ctrl-C counts, wherever the code of others stands when it comes."""

import ctypes
import signal
import sys

import pytest

from backprop_core.interruption import keep_ctrl_c


def _interrupt():
    signal.raise_signal(signal.SIGINT)
    sum(range(9))  # Python answers between two of its own steps


class Ending:
    def __del__(self):
        _interrupt()


@ctypes.CFUNCTYPE(None)
def call_back():
    _interrupt()


@pytest.mark.parametrize("swallow", [Ending, call_back], ids=["the end of an object", "a function that C calls back"])
def test_what_is_swallowed_is_raised_behind_the_work_and_not_printed(swallow, ctrl_c, capfd):
    done = []

    @keep_ctrl_c()
    def work():
        swallow()
        done.append("the rest of the work")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done
    assert capfd.readouterr().err == ""


def test_what_can_be_raised_is_raised_at_once(ctrl_c):
    done = []

    @keep_ctrl_c()
    def work():
        _interrupt()
        done.append("too much")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert not done


def test_another_error_that_nobody_can_catch_is_reported_as_ever(monkeypatch):
    class Broken:
        def __del__(self):
            raise ValueError("a fault of its own")

    told = []
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: told.append(str(unraisable.exc_value)))
    before = sys.unraisablehook
    with keep_ctrl_c():
        Broken()
    assert told == ["a fault of its own"]
    assert sys.unraisablehook is before
