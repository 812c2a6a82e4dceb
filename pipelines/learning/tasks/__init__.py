"""Tasks: one module for each kind of thing that is recognised.

To add a task, write such a module, with a `TASK` in it, and name it in `NAMES`.
"""

import importlib

from pipelines.errors import UsageError

NAMES = ("speech", "images")


def find(name):
    """Return the Task of this name, or raise UsageError. Its module is imported when it is first asked for."""
    if name not in NAMES:
        raise UsageError(f"{name}: no such task; choose {' or '.join(NAMES)}")
    return importlib.import_module(f"pipelines.learning.tasks.{name}").TASK
