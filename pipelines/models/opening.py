"""Opening: from a path or a model to the Bundle or Ensemble that answers."""

import os
from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from pipelines.errors import UsageError
from pipelines.features.extractor import Audible
from pipelines.models import bundle
from pipelines.models.bundle import Bundle
from pipelines.models.ensemble import Ensemble
from pipelines.wording import article


@runtime_checkable
class Holder(Protocol):
    """What holds a model that answers for it, as the Model that `pipelines.load` returns."""

    answering: Bundle | Ensemble


def open_model(model: Any, others: Sequence[Any] = (), average: bool = False) -> Bundle | Ensemble:
    """Return what answers: a model, or its Ensemble with others.

    Parameters
    ----------
    model : str, Path, Bundle, Ensemble, or a Holder of a Bundle or an Ensemble
    others : sequence of the same
    average : bool, whether each model looks at more views of a sample; see `Bundle.average_views`

    Raises
    ------
    ModelFileError
        A file is no usable model.
    UsageError
        Two models cannot answer together, or one of these is not a model at all.
    """
    opened = [_open(each) for each in (model, *others)]
    opened = [each.average_views() for each in opened] if average else opened
    if not others:
        return opened[0]
    members = [member for each in opened for member in each.members]
    return Ensemble(members)


def open_bundle(model: Any, verb: str) -> Bundle:
    """Return the one Bundle that a model is; UsageError if it is several, about which `verb` has nothing to say."""
    opened = _open(model)
    if isinstance(opened, Ensemble):
        raise UsageError(f"{verb}: needs one model, not {len(opened.members)} that answer together; give one")
    return opened


def check_audible(model: Bundle, verb: str) -> None:
    """Raise UsageError unless the samples of a model are sounds, which is all that `verb` can use."""
    if not isinstance(model.extractor, Audible):
        raise UsageError(f"{verb}: is for speech, and this model recognises {model.task.name}; give a model of speech")


def _open(model: Any) -> Bundle | Ensemble:
    model = model.answering if isinstance(model, Holder) else model
    if isinstance(model, Bundle | Ensemble):
        return model
    if isinstance(model, str | os.PathLike):
        return bundle.load(model)
    raise UsageError(f"model: give a model or the path of a model file, not {article(model)}")
