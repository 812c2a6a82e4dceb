"""Ranges: the allowed values of a recipe entry or of another argument, in code and in words.

Each range knows whether it `allows` a value, and its text completes the sentence "give …". numpy's numbers are numbers,
too; `require` returns them as plain ones, because JSON knows no others. The ranges are named tuples, which Python makes
in a fifth of the time of a frozen dataclass: every command waits for them.
"""

import math
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from numbers import Integral, Real
from typing import Any, NamedTuple, Protocol

import numpy as np

from backprop_core.ranges import as_float, show
from pipelines.errors import UsageError

WIDEST = 100_000  # units of one layer
MOST = 10**9  # of anything that is counted


class Range(Protocol):
    """What values an entry may have."""

    @property
    def text(self) -> str:
        """The range, such as "a number from 0"."""

    def allows(self, value: Any) -> bool:
        """Return whether a value is in the range; it may be of any type."""


class Whole(NamedTuple):
    """Whole numbers from `least` to `most`."""

    least: int
    most: int = MOST

    @property
    def text(self) -> str:
        """The range in words."""
        return f"a whole number from {self.least} to {self.most}"

    def allows(self, value: Any) -> bool:
        """Return whether a value is in the range."""
        return _is_whole(value) and self.least <= value <= self.most


class Number(NamedTuple):
    """Finite numbers that fulfil `holds`."""

    text: str
    holds: Callable[[float], bool]

    def allows(self, value: Any) -> bool:
        """Return whether a value is in the range."""
        number = as_float(value)
        return not isinstance(value, bool) and math.isfinite(number) and self.holds(number)


class Choice(NamedTuple):
    """One of some names; of a registry, also those that are registered later."""

    names: Collection[str]

    @property
    def text(self) -> str:
        """The range in words."""
        return f"one of {', '.join(self.names)}"

    def allows(self, value: Any) -> bool:
        """Return whether a value is in the range."""
        return isinstance(value, str) and value in self.names


class Switch(NamedTuple):
    """On or off."""

    text: str = "true or false"

    def allows(self, value: Any) -> bool:
        """Return whether a value is in the range."""
        return isinstance(value, bool | np.bool_)


class Kind(NamedTuple):
    """Values of some types, such as paths."""

    text: str
    types: tuple[type, ...]

    def allows(self, value: Any) -> bool:
        """Return whether a value is in the range."""
        return isinstance(value, self.types)


class Several(NamedTuple):
    """Collections of values that are in the range `each`; a text is no collection."""

    text: str
    each: Range

    def allows(self, value: Any) -> bool:
        """Return whether a value is in the range."""
        is_list = isinstance(value, Collection) and not isinstance(value, str | bytes | Mapping)
        return is_list and all(self.each.allows(each) for each in value)


class Widths(NamedTuple):
    """A list of widths of layers, which may be empty."""

    text: str = f"a list of widths, each from 1 to {WIDEST}"

    def allows(self, value: Any) -> bool:
        """Return whether a value is in the range."""
        is_list = isinstance(value, Sequence | np.ndarray) and not isinstance(value, str | bytes)
        return is_list and all(Whole(1, WIDEST).allows(width) for width in value)


AMOUNT = Number("a number from 0", lambda value: value >= 0)
RATE = Number("a number above 0", lambda value: value > 0)
SHARE = Number("a number from 0 to 1", lambda value: 0 <= value <= 1)
PART = Number("a number from 0 to less than 1", lambda value: 0 <= value < 1)
COUNT = Whole(1)
SEED = Whole(0, 2**64 - 1)
FILE = Kind("the path of a file", (str, os.PathLike))
FOLDER = Kind("the path of a folder", (str, os.PathLike))
STRING = Kind("a text", (str,))


def require(name: str, value: Any, allowed: Range, optional: bool = False) -> Any:
    """Return the value of what is called `name`, its numbers as plain ones; raise UsageError if it is out of its range.

    None is in the range of what is optional.
    """
    if value is None and optional:
        return None
    if not allowed.allows(value):
        raise UsageError(f"{name} is {show(value)}: give {allowed.text}")
    return _plain(value)


def choice(names: Collection[str]) -> Choice:
    """Return the range of these names."""
    return Choice(names)


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _plain(value: Any) -> Any:
    """Return a number, or each number of a list, in Python's own types; anything else as it is."""
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(each) for each in value]
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, Integral):
        return int(value)
    return float(value) if isinstance(value, Real) else value
