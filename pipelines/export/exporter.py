"""An exporter: what turns a model into files of one form.

It gets a `Subject`, the model, and returns the bytes of its files by suffix; where they are written, and what is
refused before, is the same for all. An exporter that can also run its files says how, so that they can be compared with
the model.
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
    """What was exported refuses an input in its own words, such as a recording that is too long for it."""


@dataclass(frozen=True)
class Options:
    """What a caller may ask for.

    Attributes
    ----------
    int8 : bool, whether weights are stored in 8 bits
    """

    int8: bool = False
    all_readings: bool = False


@dataclass(frozen=True)
class Made:
    """What an exporter made.

    Attributes
    ----------
    files : dict of str to bytes
        Contents by suffix, such as ".onnx", the main one first.
    outside : tuple of str
        The stages that stay with the caller, such as "decoding".
    cost : dict of JSON types, or None
        What the artefact needs where it runs.
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
    what : str, what is made, in a few words
    make : function of (Subject, Options) that returns Made
        Raises UsageError where the model cannot have this form: the sentence names the stage and what can be done.
    suffixes : tuple of str, of the files, the main one first
    running : function of (Subject, paths), or None
        Returns a context manager that gives an `Answer`, computed by the files; raises UsageError where what runs them
        is missing. None where there is nothing to run.
    tolerance : float > 0, by how much a probability may differ from the model's
    int8 : bool, whether `Options.int8` can be had
    lacking : tuple of str, stages of features that are not written down in this form
    flash : function of (Subject, Options) that returns int, or None
        How many bytes the files take where they run; None where that is not known before, so that there is no budget.
    all_readings : bool
        Whether it looks at a picture in all the ways that `predict` does, and answers for the surest.
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
