"""Export: a trained model in another form, with the same answers.

A program in another language gives the same answers only if it also computes the features. So an exporter writes all
stages of the features (see `features.stages`) and all `layers`. Each artefact contains a golden sample with its right
answer, by which it can test itself.

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
    """Return the Exporter of this name; its module is imported at the first use. Raises UsageError."""
    if not isinstance(name, str) or name not in MODULES:
        raise UsageError(f"export --to {name}: this form does not exist; {suggest(name, NAMES)}")
    return importlib.import_module(MODULES[name]).EXPORTER
