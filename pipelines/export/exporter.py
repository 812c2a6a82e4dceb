"""An exporter: it turns a model into files of one form.

It gets a `Subject`, the model, and returns the bytes of its files by suffix; the paths and the checks before are the
same for all exporters. An exporter that can also run its files gives a function for it, so that they can be compared
with the model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.export.subject import Subject

Answer = Callable[[Any], Any]  # of what an extractor read: probabilities, float ndarray [shape=(n_classes,)]


class NotTakenError(Exception):
    """The exported model refuses an input, such as a recording that is too long for it."""


@dataclass(frozen=True)
class Options:
    """The options of an export.

    Attributes
    ----------
    int8 : bool, whether weights are stored in 8 bits
    """

    int8: bool = False
    all_readings: bool = False


@dataclass(frozen=True)
class Made:
    """The result of an exporter.

    Attributes
    ----------
    files : dict of str to bytes
        Contents by suffix, such as ".onnx", the main one first.
    outside : tuple of str
        The stages that are not exported, such as "decoding".
    cost : dict of JSON types, or None
        The cost of the artefact where it runs.
    """

    files: Mapping[str, bytes]
    outside: tuple[str, ...] = ()
    cost: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Exporter:
    """One form.

    Attributes
    ----------
    name : str, as in `--to`
    what : str, a description in a few words
    make : function of (Subject, Options) that returns Made
        Raises UsageError if the model cannot have this form; the sentence names the stage and says what to do.
    suffixes : tuple of str, of the files, the main one first
    running : function of (Subject, paths), or None
        Returns a context manager that gives an `Answer`, computed by the files; raises UsageError if the program that
        runs them is missing. None if there is nothing to run.
    tolerance : float > 0, by how much a probability may differ from the model's
    int8 : bool, whether `Options.int8` is supported
    lacking : tuple of str, stages of features that this form does not support
    flash : function of (Subject, Options) that returns int, or None
        The number of bytes of the files where they run; None if it is not known before, and then there is no budget.
    all_readings : bool
        Whether it reads a picture in all ways like `predict`, and gives the answer with the highest probability.
    """

    name: str
    what: str
    make: Callable[[Subject, Options], Made]
    suffixes: tuple[str, ...]
    running: Callable[[Subject, Sequence[Path]], AbstractContextManager[Answer]] | None = None
    tolerance: float = 1e-4
    int8: bool = False
    lacking: tuple[str, ...] = ()
    flash: Callable[[Subject, Options], int] | None = None
    all_readings: bool = False
