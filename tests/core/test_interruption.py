"""Ctrl-C counts, wherever the code of others stands when it comes."""

import ctypes
import signal
import sys
import threading

import pytest

from backprop_core.interruption import keep_ctrl_c, put_off_ctrl_c


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


def test_what_is_put_off_is_noted_at_once_and_raised_behind_the_work(ctrl_c):
    noted, done = [], []
    with pytest.raises(KeyboardInterrupt), put_off_ctrl_c(lambda: noted.append(len(done))):  # noqa: PT012
        _interrupt()
        done.append("half")
        _interrupt()
        done.append("whole")
    assert noted == [0, 1]
    assert done == ["half", "whole"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize("usual", [signal.SIG_IGN, signal.SIG_DFL])
def test_who_ignores_ctrl_c_or_is_ended_by_it_stays_so(usual, ctrl_c):
    signal.signal(signal.SIGINT, usual)
    with put_off_ctrl_c(pytest.fail):
        assert signal.getsignal(signal.SIGINT) == usual
        if usual == signal.SIG_IGN:
            _interrupt()


def test_a_program_that_answers_ctrl_c_itself_is_asked_once(ctrl_c):
    answered = []
    signal.signal(signal.SIGINT, lambda number, frame: answered.append(number))
    with put_off_ctrl_c(lambda: None):
        _interrupt()
        _interrupt()
        assert not answered
    assert answered == [signal.SIGINT]


def test_an_error_of_the_work_itself_is_raised_and_ctrl_c_works_again(ctrl_c):
    with pytest.raises(ValueError, match="its own"), put_off_ctrl_c(lambda: None):
        raise ValueError("its own")
    with pytest.raises(KeyboardInterrupt):
        _interrupt()


def test_other_threads_are_left_alone_for_nothing_interrupts_them(ctrl_c):
    found = []

    def work():
        with put_off_ctrl_c(lambda: None):
            found.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [signal.default_int_handler]
