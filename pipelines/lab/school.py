"""The school: the lessons on this computer. Each is opened once."""

import threading
from pathlib import Path

from pipelines.lab import archive
from pipelines.lab import lesson as lessons
from pipelines.lab.lesson import Lesson
from pipelines.lab.refusal import Refusal
from pipelines.lab.shelf import plain_name

FOLDER = Path("lessons")


class School:
    """Lessons by name.

    Parameters
    ----------
    folder : Path, with a folder for each
    """

    def __init__(self, folder=FOLDER):
        self.folder, self._open, self._lock = Path(folder), {}, threading.Lock()

    def names(self):
        """Return the names of all lessons; the lesson that was changed last is first: list of str."""
        found = [path.parent for path in self.folder.glob(f"*/{lessons.ABOUT}")]
        return [path.name for path in sorted(found, key=lambda path: -(path / lessons.ABOUT).stat().st_mtime)]

    def open(self, name):
        """Return a Lesson. Raises Refusal if there is none with this name, and DataError if it is damaged."""
        with self._lock:
            if name not in self._open:
                if name not in self.names():
                    raise Refusal(404, "There is no lesson with this name; choose another, or make one.")
                self._open[name] = Lesson(self.folder / name)
            return self._open[name]

    def begin(self, name, task):
        """Return a Lesson with this name, which is made if there is none. Raises Refusal if it is of another task."""
        name = plain_name(name)
        with self._lock:
            if name not in self._open:
                self._open[name] = Lesson(self.folder / name, task)
            if self._open[name].task != task:
                raise Refusal(
                    409, f"There is already a lesson {name} of the task {self._open[name].task}; choose another name."
                )
            return self._open[name]

    def take_in(self, content):
        """Return the Lesson of a zip. Raises Refusal."""
        with self._lock:
            lesson = archive.unpack(content, self.folder)
            self._open[lesson.name] = lesson
            return lesson

    def correct(self, task, label, sample):
        """Keep a wrongly answered sample with its true label, in the lesson of corrections of the task.

        Returns the Lesson.
        """
        lesson = self.begin(f"corrections-{task}", task)
        if label not in lesson.classes:
            lesson.add_class(label)
        content = sample.source.encode() if isinstance(sample.source, str) else sample.source
        lesson.add(label, content)
        return lesson
