"""Ranges: the allowed values of a recipe entry, in code and in words.

Each range knows whether a value is `allowed`, and its text completes the sentence "give …".
"""

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Protocol

from pipelines.errors import UsageError

WIDEST = 100_000  # units of one layer


class Range(Protocol):
    """What values an entry may have."""

    @property
    def text(self) -> str:
        """The range, such as "a number from 0"."""

    def allows(self, value: Any) -> bool:
        """Return whether a value is in the range; it may be of any type."""


@dataclass(frozen=True)
class Whole:
    """Whole numbers, from `least` on."""

    least: int

    @property
    def text(self) -> str:
        """The range in words."""
        return f"a whole number from {self.least}"

    def allows(self, value: Any) -> bool:
        """Return whether a value is in the range."""
        return _is_whole(value) and value >= self.least


@dataclass(frozen=True)
class Number:
    """Finite numbers that fulfil `holds`."""

    text: str
    holds: Callable[[float], bool]

    def allows(self, value: Any) -> bool:
        """Return whether a value is in the range."""
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number and math.isfinite(value) and self.holds(value)


@dataclass(frozen=True)
class Choice:
    """One of some names; of a registry, also those that are registered later."""

    names: Collection[str]

    @property
    def text(self) -> str:
        """The range in words."""
        return f"one of {', '.join(self.names)}"

    def allows(self, value: Any) -> bool:
        """Return whether a value is in the range."""
        return isinstance(value, str) and value in self.names


@dataclass(frozen=True)
class Switch:
    """On or off."""

    text: str = "true or false"

    def allows(self, value: Any) -> bool:
        """Return whether a value is in the range."""
        return isinstance(value, bool)


@dataclass(frozen=True)
class Widths:
    """A list of widths of layers, which may be empty."""

    text: str = f"a list of widths, each from 1 to {WIDEST}"

    def allows(self, value: Any) -> bool:
        """Return whether a value is in the range."""
        return isinstance(value, list | tuple) and all(_is_whole(width) and 0 < width <= WIDEST for width in value)


AMOUNT = Number("a number from 0", lambda value: value >= 0)
RATE = Number("a number above 0", lambda value: value > 0)
SHARE = Number("a number from 0 to 1", lambda value: 0 <= value <= 1)
PART = Number("a number from 0 to less than 1", lambda value: 0 <= value < 1)


def require(name: str, value: Any, allowed: Range) -> None:
    """Raise UsageError if the value of what is called `name` is out of its range."""
    if not allowed.allows(value):
        raise UsageError(f"{name} is {value!r}: give {allowed.text}")


def choice(names: Collection[str]) -> Choice:
    """Return the range of these names."""
    return Choice(names)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
