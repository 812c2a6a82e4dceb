"""Lines of progress say what is done, what is left, and how long that takes."""

import io
import sys
import time

import pytest

from pipelines.door.progress import telling


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still; `clock.now` is what it shows."""

    class Clock:
        now = 100.0

    monkeypatch.setattr(time, "perf_counter", lambda: Clock.now)
    return Clock


def test_the_time_left_is_judged_by_the_trainings_of_this_run_alone(clock, capsys):
    with telling(True) as told:
        told.trainings(4, 10, known=4)
        clock.now += 6
        told.trainings(6, 10, known=4)
    assert capsys.readouterr().err.splitlines() == [
        "trainings  4/10  4 of them before",
        "trainings  6/10  4 of them before    12 s left",
    ]


def test_a_terminal_has_one_line_that_is_rewritten(clock, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stderr", Terminal())
    with telling(True) as told:
        told.trainings(0, 2)
        clock.now += 3
        told.trainings(1, 2)
        said = sys.stderr.getvalue()
    assert said == "\rtrainings 0/2\rtrainings 1/2     3 s left"
    assert sys.stderr.getvalue() == said + "\n"
