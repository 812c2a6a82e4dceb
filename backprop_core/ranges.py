"""Ranges: the allowed numbers of a setting, and one sentence for other values.

A setting that is out of range should be reported at once, with its value and its range, because a later error would be
hard to understand. All modules here check theirs with `check_number`.
"""

import math
from numbers import Integral, Real

from backprop_core.errors import BackpropError

LONGEST, SHOWN = 80, 20  # characters of a value that a message shows: all of them up to LONGEST, else the first

RANGES = {
    "[0, 1]": ("a number from 0 to 1", lambda value: 0 <= value <= 1),
    "[0, 1)": ("a number from 0 to less than 1", lambda value: 0 <= value < 1),
    "(0, 1)": ("a number between 0 and 1", lambda value: 0 < value < 1),
    "(0, 1]": ("a number above 0, up to 1", lambda value: 0 < value <= 1),
    "[0, inf)": ("a finite number from 0", lambda value: 0 <= value < math.inf),
    "(0, inf)": ("a finite number above 0", lambda value: 0 < value < math.inf),
    "(0, inf]": ("a number above 0", lambda value: value > 0),
}


def check_number(name: str, value: float, within: str) -> float:
    """Return the setting as a float; raise BackpropError unless it lies `within`, a key of `RANGES`.

    >>> check_number("rate", 0.5, "[0, 1)")
    0.5
    >>> check_number("rate", 2, "[0, 1)")
    Traceback (most recent call last):
    backprop_core.errors.BackpropError: rate is 2: choose a number from 0 up to, not including, 1
    """
    words, contains = RANGES[within]
    number = as_float(value)
    if not contains(number):
        raise BackpropError(f"{name} is {show(value)}: choose {words}")
    return number


def check_count(name: str, value: int, least: int = 1) -> int:
    """Return the setting as an int; raise BackpropError unless it is a whole number, `least` or more."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise BackpropError(f"{name} is {show(value)}: choose a whole number, {least} or more")
    return int(value)


def as_float(value: object) -> float:
    """Return a number as a float; NaN, which no range contains, for what is no number or too large for a float."""
    try:
        return float(value) if isinstance(value, Real) else math.nan
    except OverflowError:
        return math.nan


def show(value: object) -> str:
    """Return a value as an error message shows it: a long one is shortened.

    >>> show(10**400)
    '10000000000000000000… (401 characters)'
    """
    try:
        shown = repr(value)
    except ValueError:  # Python writes no integer of more than 4300 digits
        return "a number of thousands of digits"
    return shown if len(shown) <= LONGEST else f"{shown[:SHOWN]}… ({len(shown)} characters)"
