"""Export: a trained model in another form, with the same answers.

A program in another language computes nothing else than Python does only if it computes the features as well. So an
exporter writes down the whole way, stage by stage (see `features.stages` and `layers`), and each artefact carries a
golden sample, by which it tells whether it reproduces here what it answered there.

To add an exporter, write a module with an `EXPORTER` in it, and name it in `MODULES`.
"""

import importlib
from typing import TYPE_CHECKING

from pipelines.errors import UsageError
from pipelines.wording import suggest

if TYPE_CHECKING:
    from pipelines.export.exporter import Exporter

MODULES = {
    "onnx": "pipelines.export.onnx_exporter",
    "html": "pipelines.export.page_exporter",
    "js": "pipelines.export.javascript_exporter",
    "c": "pipelines.export.c_exporter",
    "sklearn": "pipelines.export.sklearn_exporter",
    "card": "pipelines.export.card_exporter",
}
NAMES = tuple(MODULES)


def find(name: str) -> "Exporter":
    """Return the Exporter of this name, whose module is imported when it is first asked for. Raises UsageError."""
    if name not in MODULES:
        raise UsageError(f"export --to {name}: there is no such form; {suggest(name, NAMES)}")
    return importlib.import_module(MODULES[name]).EXPORTER
