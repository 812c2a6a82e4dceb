"""Stages: the named steps from a decoded sample to a row of features.

An exporter writes these steps in another language, so it must know each step, its numbers, and its output. So an
extractor can list its steps. A stage contains the function that the extractor itself calls, so the list is always
right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Stage(NamedTuple):
    """One step.

    Attributes
    ----------
    name : str
    run : function of one value
        What comes out of the stage before goes in; the first one's value is what the extractor `read`.
    what : str, what comes out, with its shape
    settings : dict of JSON types, the numbers that the step depends on
    constants : dict of str to ndarray, the matrices that it depends on
    """

    name: str
    run: Callable[[Any], Any]
    what: str
    settings: Mapping[str, Any] = {}
    constants: Mapping[str, NDArray] = {}


def run(stages: Iterable[Stage], value: Any, until: str | None = None) -> Any:
    """Return what comes out of the stage called `until`, or out of the last one, where `value` goes into the first.

    Raises KeyError if there is no stage of this name.
    """
    for stage in stages:
        value = stage.run(value)
        if stage.name == until:
            return value
    if until is not None:
        raise KeyError(until)
    return value
