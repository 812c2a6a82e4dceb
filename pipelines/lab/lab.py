"""The lab: its parts, and the answer to each request of the page.

A request is a dict of text, from the address, and the bytes of its body; the answer is a dict of JSON types. This
module does not compute: it passes each request to another module. `application` maps addresses to requests.
"""

import contextlib
import json
from pathlib import Path

from backprop_core.errors import BackpropError
from pipelines.export import NAMES as FORMS
from pipelines.lab import collecting, sight
from pipelines.lab.comparison import compare
from pipelines.lab.dissection import Dissections, dissect, look_at
from pipelines.lab.offer import offer
from pipelines.lab.refusal import Refusal
from pipelines.lab.samples import Samples
from pipelines.lab.school import School
from pipelines.lab.shelf import Shelf
from pipelines.lab.workshop import Workshop
from pipelines.learning.ranges import SHARE, require
from pipelines.verbs.export import export

LONGEST_TEXT = 20_000  # letters


class Lab:
    """All parts of the lab.

    Parameters
    ----------
    models : sequence of path, for the shelf, in addition to those in its folder
    folder : Path, of models
    lessons : Path, of lessons
    """

    def __init__(self, models=(), folder=Path("models"), lessons=Path("lessons")):
        self.shelf, self.school = Shelf(models, folder), School(lessons)
        self.samples, self.dissections = Samples(), Dissections()
        self.workshop = Workshop(self.shelf)

    def warm_up(self):
        """Open the first model and its test samples, so that the first page need not wait for them."""
        with contextlib.suppress(BackpropError, OSError):
            paths = self.shelf.paths()
            if paths:
                self.samples.tests_of(self.shelf.open(paths[0]))

    # Looking at models and samples

    def models(self, asked, content):
        """Return the shelf."""
        return {"models": self.shelf.listing(), "folder": str(self.shelf.folder)}

    def offer(self, asked, content):
        """Return the choices for a training."""
        return offer(self.school)

    def keep(self, asked, content):
        """Keep a sample, the contents of a file or a text, and return its name."""
        return {"sample": self._keep(asked, content)}

    def _keep(self, asked, content):
        if asked.get("kind") == "text":
            text = content.decode("utf-8", errors="replace").strip()
            if not text:
                raise Refusal(422, "The text is empty; write something first.")
            if len(text) > LONGEST_TEXT:
                raise Refusal(413, f"{len(text):,} letters are too many; give at most {LONGEST_TEXT:,}.")
            return self.samples.keep(text)
        if not content:
            raise Refusal(422, "The file is empty; choose another one.")
        return self.samples.keep(content)

    def find_asked(self, asked):
        """Return (path, Bundle, name of the sample, Sample, true label or None)."""
        path, name = asked.get("model", ""), asked.get("sample", "")
        model = self.shelf.open(path)
        return path, model, name, *self.samples.find(name, model)

    def look(self, asked, content):
        """Return the answer to a sample, and everything that the page shows about it."""
        _, model, name, sample, truth = self.find_asked(asked)
        threshold = _number(asked, "threshold", 0.0)
        require("threshold", threshold, SHARE)
        return {"sample": name, "truth": truth, **sight.look(model, sample, threshold)}

    def answer(self, asked, content):
        """Keep a sample and answer it at once; the page calls this while the user draws."""
        return self.look({**asked, "sample": self._keep(asked, content)}, b"")

    def evidence(self, asked, content):
        """Return the evidence of a sample for a label."""
        _, model, _, sample, _ = self.find_asked(asked)
        return sight.evidence(model, sample, asked.get("label"))

    def tests(self, asked, content):
        """Return some samples of the test split of a model's data set: names, labels, and small pictures."""
        model = self.shelf.open(asked.get("model", ""))
        found, rows = self.samples.tests_of(model)
        start = max(0, int(_number(asked, "from", 0)))
        return {
            "dataset": found.name,
            "total": len(rows),
            "from": start,
            "samples": [
                {"sample": f"test:{i}", "label": found.labels[found.y[rows[i]]], "text": found.text_of(rows[i])}
                for i in range(start, min(start + 24, len(rows)))
            ],
        }

    def correct(self, asked, content):
        """Keep a sample with its true label, for the next training."""
        _, model, _, sample, _ = self.find_asked(asked)
        lesson = self.school.correct(model.task.name, asked.get("label", ""), sample)
        return {"lesson": lesson.name, "manifest": str(lesson.manifest), "n": len(lesson.samples)}

    # Taking a step apart

    def _explanation(self, asked):
        path, model, name, sample, truth = self.find_asked(asked)
        explanation = self.dissections.of(
            path,
            model,
            name,
            sample,
            label=asked.get("label") or truth,
            rate=_number(asked, "rate", None),
            steps=int(_number(asked, "steps", 0)),
            frozen=asked.get("frozen") == "1",
        )
        return explanation, sample, truth

    def step(self, asked, content):
        """Return one step on one sample, taken apart."""
        explanation, sample, truth = self._explanation(asked)
        return {"truth": truth, **dissect(explanation, sample)}

    def step_at(self, asked, content):
        """Return the arithmetic of a unit of the step, or a weight."""
        explanation, *_ = self._explanation(asked)
        return look_at(explanation, asked.get("place", ""))

    def compare(self, asked, content):
        """Return the differences of two models, and whether they are more than chance."""
        return compare(self.shelf.open(asked.get("a", "")), self.shelf.open(asked.get("b", "")))

    def export(self, asked, content):
        """Write a model in another form, into the same folder, and return the record of `export`."""
        path = asked.get("model", "")
        if asked.get("to") not in FORMS:
            raise Refusal(404, f"A model can be exported to one of {', '.join(FORMS)}.")
        return export(self.shelf.open(path), asked["to"]).record()

    # Training

    def train(self, asked, content):
        """Start a training."""
        wanted = _object(content)
        if wanted.get("lesson"):
            wanted["dataset"] = str(self.school.open(wanted["lesson"]).manifest)
        return self.workshop.train(wanted).describe()

    def control(self, asked, content):
        """Pause, resume or stop the training."""
        course, what = self.workshop.course, asked["what"]
        if course is None or what not in ("pause", "resume", "stop"):
            raise Refusal(404, "There is no training to pause or stop.")
        getattr(course, what)()
        return {"state": course.describe()["state"]}

    def training(self, asked, content):
        """Return the running training, or the last one."""
        return {"training": None if self.workshop.course is None else self.workshop.course.describe()}

    def fail(self, asked, content):
        """Start a failure on purpose, or stop it."""
        wanted = _object(content)
        if wanted.get("stop") and self.workshop.failure is not None:
            self.workshop.failure.stop()
            return self.workshop.failure.describe()
        return self.workshop.fail(wanted.get("name"), wanted.get("dataset")).describe()

    def failing(self, asked, content):
        """Return the running failure on purpose, or the last one."""
        return {"failure": None if self.workshop.failure is None else self.workshop.failure.describe()}

    # Teaching

    def lessons(self, asked, content):
        """Return the names of the lessons; the lesson that was changed last is first."""
        return {"lessons": self.school.names(), "folder": str(self.school.folder)}

    def begin(self, asked, content):
        """Open a lesson, or make it."""
        return self.school.begin(asked["lesson"], _object(content).get("task", "images")).describe()

    def lesson(self, asked, content):
        """Return a lesson."""
        return self.school.open(asked["lesson"]).describe()

    def teach(self, asked, content):
        """Add a sample to a lesson."""
        lesson = self.school.open(asked["lesson"])
        collecting.check(lesson.task, content)
        lesson.add(asked.get("label", ""), content, asked.get("person", ""), Path(asked.get("name", "")).suffix.lower())
        return lesson.describe()

    def cut(self, asked, content):
        """Keep a recording and return the places of its words."""
        return {"recording": self.samples.keep(content), **collecting.cuts(content)}

    def pieces(self, asked, content):
        """Add words of a stored recording: [start, end, label] of each."""
        lesson, wanted = self.school.open(asked["lesson"]), _object(content)
        sample, _ = self.samples.find(wanted.get("recording", ""), None)
        words = wanted.get("words", [])
        for piece, (_, _, label) in zip(
            collecting.pieces_of(sample.source, [word[:2] for word in words]), words, strict=True
        ):
            collecting.check("speech", piece)
            lesson.add(label, piece, wanted.get("person", ""))
        return lesson.describe()

    def change(self, asked, content):
        """Change a lesson; the last part of the address names the change."""
        lesson, wanted = self.school.open(asked["lesson"]), _object(content)
        changes = {
            "class": lambda: lesson.add_class(wanted.get("name")),
            "remove-class": lambda: lesson.remove_class(wanted.get("name")),
            "remove": lambda: lesson.remove(wanted.get("paths", [])),
            "relabel": lambda: lesson.relabel(wanted.get("path"), wanted.get("label")),
            "trim": lambda: self._trim(lesson, wanted),
            "forget": lambda: lesson.forget(wanted.get("person")),
            "undo": lesson.undo,
        }
        if asked["what"] not in changes:
            raise Refusal(404, "The lab does not know this change of a lesson.")
        changes[asked["what"]]()
        return lesson.describe()

    def _trim(self, lesson, wanted):
        path, edges = wanted.get("path"), [_number(wanted, edge, float("nan")) for edge in ("start", "end")]
        if lesson.task != "speech":
            raise Refusal(409, "Only recordings can be trimmed.")
        (piece,) = collecting.pieces_of(lesson.content(path), [edges], margin=0)
        collecting.check("speech", piece)
        lesson.rewrite(path, piece)

    def take_in(self, asked, content):
        """Unpack a lesson that comes as a zip."""
        return self.school.take_in(content).describe()


def _object(content):
    """Return the JSON object that was sent. Raises Refusal."""
    try:
        found = json.loads(content or b"{}")
        json.dumps(found, ensure_ascii=False).encode()  # half of a character is no text
        if isinstance(found, dict):
            return found
    except (ValueError, RecursionError):
        pass
    raise Refusal(400, "The request is not a JSON object.")


def _number(asked, name, default):
    """Return a number of what was asked. Raises Refusal."""
    text = asked.get(name)
    if text in (None, ""):
        return default
    try:
        number = float(text)
    except (ValueError, TypeError):
        number = float("nan")
    if number != number or abs(number) == float("inf"):
        raise Refusal(400, f"{name}: give a number.")
    return number
