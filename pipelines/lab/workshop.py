"""The workshop: it runs trainings, one at a time.

Two trainings at once would each take twice as long on the same cores, and their times would be wrong.
"""

import threading

from pipelines.errors import UsageError
from pipelines.lab.course import Course
from pipelines.lab.failure import Failure
from pipelines.lab.refusal import Refusal
from pipelines.lab.shelf import plain_name
from pipelines.learning import tasks
from pipelines.learning.ranges import COUNT, SEED, require
from pipelines.verbs.demonstrate import DEMONSTRATIONS

BUSY = "A training is running; stop it first, or wait until it is finished."


class Workshop:
    """The running training, or the last one.

    Parameters
    ----------
    shelf : Shelf, which stores the models
    """

    def __init__(self, shelf):
        self._shelf, self._lock = shelf, threading.Lock()
        self._count = 0
        self.course, self.failure = None, None

    def train(self, asked):
        """Start a training, and return its Course.

        Parameters
        ----------
        asked : dict of JSON types
            "task", and if need be "dataset", "preset", "seed", "rows", "name" (of the model) and "changes" (entries of
            the recipe).

        Raises Refusal if one is running, and UsageError if an argument is wrong.
        """
        task = tasks.find(_text(asked, "task") or "images")
        recipe = task.recipe(_text(asked, "preset") or "fast", None, asked.get("changes") or {})
        seed = require("seed", asked.get("seed") or 0, SEED)
        rows = require("rows", asked.get("rows"), COUNT, optional=True)
        stem = plain_name(_text(asked, "name") or f"lab-{task.name}")
        with self._lock:
            self._check_free()
            self._count += 1
            out = self._shelf.fresh_name(stem)
            self.course = Course(self._count, task.name, _text(asked, "dataset"), recipe, out, seed, rows)
            self.course.start()
        return self.course

    def fail(self, name, dataset=None, seed=0):
        """Start a demonstration, and return its Failure. Raises Refusal."""
        if name not in DEMONSTRATIONS:
            raise Refusal(404, f"This demonstration does not exist; choose one of {', '.join(DEMONSTRATIONS)}.")
        with self._lock:
            self._check_free()
            self._count += 1
            self.failure = Failure(self._count, name, dataset, seed)
            self.failure.start()
        return self.failure

    def close(self, seconds):
        """Stop the running work, and wait for it, but not longer than this."""
        for running in (self.course, self.failure):
            if running is not None and running.is_running:
                running.stop()
                running.wait(seconds)

    def _check_free(self):
        if any(each is not None and each.is_running for each in (self.course, self.failure)):
            raise Refusal(409, BUSY)


def _text(asked, name):
    value = asked.get(name)
    if value is not None and not isinstance(value, str):
        raise UsageError(f"{name}: give a text")
    return value or None
