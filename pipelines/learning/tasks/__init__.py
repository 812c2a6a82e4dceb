"""Tasks: one module for each kind of thing that is recognised.

To add a task, write such a module, with a `TASK` in it, and name it in `NAMES`.
"""

import importlib
from typing import TYPE_CHECKING

from pipelines.errors import UsageError
from pipelines.wording import article, suggest

if TYPE_CHECKING:
    from pipelines.learning.task import Task

NAMES = ("speech", "images", "text")


def find(name: "str | Task") -> "Task":
    """Return the Task of this name; a Task is returned as it is. Its module is imported when it is first asked for.

    Raises UsageError.
    """
    if isinstance(name, str):
        if name not in NAMES:
            raise UsageError(f"{name}: this task does not exist; {suggest(name, NAMES)}")
        return importlib.import_module(f"pipelines.learning.tasks.{name}").TASK
    from pipelines.learning.task import Task

    if isinstance(name, Task):
        return name
    raise UsageError(f"task: give the name of a task, {' or '.join(NAMES)}, not {article(name)}")
