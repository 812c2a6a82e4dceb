"""The application: which address of the lab is answered by what.

Below the token, `/` is the page and `/page/…` its parts; `/api/…` answers in JSON, and `/live` is a WebSocket on which
a training tells how it goes. Nothing here computes: each address asks one of the nouns beside it.
"""

import asyncio
import contextlib
import json
from pathlib import Path
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocketDisconnect

from backprop_core.errors import BackpropError
from pipelines.features.inputs import Sample
from pipelines.lab import collecting, sight
from pipelines.lab.comparison import compare
from pipelines.lab.dissection import Dissections, dissect, pointed_at
from pipelines.lab.offer import offer
from pipelines.lab.refusal import Refusal, answered
from pipelines.lab.samples import Samples
from pipelines.lab.school import School
from pipelines.lab.shelf import Shelf
from pipelines.lab.workshop import Workshop
from pipelines.learning.ranges import SHARE, require

PAGE = Path(__file__).parent / "page"
REPORT_CSS = Path(__file__).parents[1] / "report" / "templates" / "report.css"  # whose colours and type the lab shares
KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
PAUSE = 0.1  # seconds between looks at a training that is watched
LONGEST_TEXT = 20_000  # letters


class Lab:
    """Everything that the lab has, and what answers each address.

    Parameters
    ----------
    models : sequence of path, to be on the shelf beside those in its folder
    folder : Path, of models
    lessons : Path, of lessons
    """

    def __init__(self, models=(), folder=Path("models"), lessons=Path("lessons")):
        self.shelf, self.school = Shelf(models, folder), School(lessons)
        self.samples, self.dissections = Samples(), Dissections()
        self.workshop = Workshop(self.shelf)

    def warm_up(self):
        """Open the first model and its test samples, for which the first page would wait otherwise."""
        with contextlib.suppress(BackpropError, OSError):
            paths = self.shelf.paths()
            if paths:
                self.samples.tests_of(self.shelf.open(paths[0]))

    def application(self):
        """Return the ASGI application, which a Guard stands before."""
        routes = [
            Route("/", self._page),
            Route("/page/{name:path}", self._part),
            *(Route(path, answering(function), methods=[method]) for method, path, function in self._addresses()),
            Route("/api/sample", self._sample_file),
            Route("/api/lessons/{lesson}/file", self._lesson_file),
            Route("/api/lessons/{lesson}/zip", self._lesson_zip),
            WebSocketRoute("/live", self._live),
        ]
        return Starlette(
            routes=routes,
            exception_handlers={
                BackpropError: _told,
                OSError: _unwritten,
                404: _not_found,
                405: _not_found,
                Exception: _unexpected,
            },
        )

    def _addresses(self):
        """Return (method, path, function of (asked, content)) of all that answers in JSON."""
        return (
            ("GET", "/api/models", self.models),
            ("GET", "/api/offer", self.offer),
            ("POST", "/api/keep", self.keep),
            ("GET", "/api/look", self.look),
            ("POST", "/api/answer", self.answer),
            ("GET", "/api/evidence", self.evidence),
            ("GET", "/api/tests", self.tests),
            ("POST", "/api/correct", self.correct),
            ("GET", "/api/step", self.step),
            ("GET", "/api/step/at", self.step_at),
            ("GET", "/api/compare", self.compare),
            ("POST", "/api/train", self.train),
            ("POST", "/api/train/{what}", self.control),
            ("GET", "/api/training", self.training),
            ("POST", "/api/fail", self.fail),
            ("GET", "/api/failure", self.failing),
            ("GET", "/api/lessons", self.lessons),
            ("POST", "/api/lessons/import", self.take_in),
            ("POST", "/api/lessons/{lesson}", self.begin),
            ("GET", "/api/lessons/{lesson}", self.lesson),
            ("POST", "/api/lessons/{lesson}/cut", self.cut),
            ("POST", "/api/lessons/{lesson}/pieces", self.pieces),
            ("POST", "/api/lessons/{lesson}/add", self.teach),
            ("POST", "/api/lessons/{lesson}/{what}", self.change),
        )

    # Looking at models and samples

    def models(self, asked, content):
        """Return the shelf."""
        return {"models": self.shelf.listing(), "folder": str(self.shelf.folder)}

    def offer(self, asked, content):
        """Return what may be chosen for a training."""
        return offer(self.school)

    def keep(self, asked, content):
        """Keep a sample, the contents of a file or a text, and return its name."""
        return {"sample": self._kept(asked, content)}

    def _kept(self, asked, content):
        if asked.get("kind") == "text":
            text = content.decode("utf-8", errors="replace").strip()
            if not text:
                raise Refusal(422, "Write something first.")
            if len(text) > LONGEST_TEXT:
                raise Refusal(413, f"{len(text):,} letters are too many; give {LONGEST_TEXT:,} at most.")
            return self.samples.keep(text)
        if not content:
            raise Refusal(422, "The file is empty; give another one.")
        return self.samples.keep(content)

    def _asked_for(self, asked):
        """Return (path, Bundle, name of the sample, Sample, true label or None)."""
        path, name = asked.get("model", ""), asked.get("sample", "")
        model = self.shelf.open(path)
        return path, model, name, *self.samples.find(name, model)

    def look(self, asked, content):
        """Return the answer to a sample, and what there is to see of it."""
        _, model, name, sample, truth = self._asked_for(asked)
        threshold = _number(asked, "threshold", 0.0)
        require("threshold", threshold, SHARE)
        return {"sample": name, "truth": truth, **sight.look(model, sample, threshold)}

    def answer(self, asked, content):
        """Keep a sample and answer it at once: what is called while somebody draws."""
        return self.look({**asked, "sample": self._kept(asked, content)}, b"")

    def evidence(self, asked, content):
        """Return what in a sample speaks for a label."""
        _, model, _, sample, _ = self._asked_for(asked)
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
        """Keep a sample with what it truly is, for the next training."""
        _, model, _, sample, _ = self._asked_for(asked)
        lesson = self.school.correct(model.task.name, asked.get("label", ""), sample)
        return {"lesson": lesson.name, "manifest": str(lesson.manifest), "n": len(lesson.samples)}

    # Taking a step apart

    def _explanation(self, asked):
        path, model, name, sample, truth = self._asked_for(asked)
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
        """Return a unit of the step worked out, or a weight."""
        explanation, *_ = self._explanation(asked)
        return pointed_at(explanation, asked.get("place", ""))

    def compare(self, asked, content):
        """Return what differs between two models, and whether it is more than chance."""
        return compare(self.shelf.open(asked.get("a", "")), self.shelf.open(asked.get("b", "")))

    # Training

    def train(self, asked, content):
        """Begin a training."""
        wanted = _object(content)
        if wanted.get("lesson"):
            wanted["dataset"] = str(self.school.open(wanted["lesson"]).manifest)
        return self.workshop.train(wanted).seen()

    def control(self, asked, content):
        """Pause, resume or stop the training."""
        course, what = self.workshop.course, asked["what"]
        if course is None or what not in ("pause", "resume", "stop"):
            raise Refusal(404, "There is no training to be paused or stopped.")
        getattr(course, what)()
        return {"state": course.seen()["state"]}

    def training(self, asked, content):
        """Return the training that runs, or the last one."""
        return {"training": None if self.workshop.course is None else self.workshop.course.seen()}

    def fail(self, asked, content):
        """Begin a failure on purpose, or stop it."""
        wanted = _object(content)
        if wanted.get("stop") and self.workshop.failure is not None:
            self.workshop.failure.stop()
            return self.workshop.failure.seen()
        return self.workshop.fail(wanted.get("name"), wanted.get("dataset")).seen()

    def failing(self, asked, content):
        """Return the failure on purpose that runs, or the last one."""
        return {"failure": None if self.workshop.failure is None else self.workshop.failure.seen()}

    # Teaching

    def lessons(self, asked, content):
        """Return the names of the lessons, the one that was changed last first."""
        return {"lessons": self.school.names(), "folder": str(self.school.folder)}

    def begin(self, asked, content):
        """Open a lesson, or begin it."""
        return self.school.begin(asked["lesson"], _object(content).get("task", "images")).seen()

    def lesson(self, asked, content):
        """Return a lesson."""
        return self.school.open(asked["lesson"]).seen()

    def teach(self, asked, content):
        """Add a sample to a lesson."""
        lesson = self.school.open(asked["lesson"])
        collecting.check(lesson.task, content)
        lesson.add(asked.get("label", ""), content, asked.get("person", ""), Path(asked.get("name", "")).suffix.lower())
        return lesson.seen()

    def cut(self, asked, content):
        """Keep a recording and return where its words are."""
        return {"recording": self.samples.keep(content), **collecting.cuts(content)}

    def pieces(self, asked, content):
        """Add words of a recording that is kept: [start, end, label] of each."""
        lesson, wanted = self.school.open(asked["lesson"]), _object(content)
        sample, _ = self.samples.find(wanted.get("recording", ""), None)
        words = wanted.get("words", [])
        for piece, (_, _, label) in zip(
            collecting.pieces_of(sample.source, [word[:2] for word in words]), words, strict=True
        ):
            collecting.check("speech", piece)
            lesson.add(label, piece, wanted.get("person", ""))
        return lesson.seen()

    def change(self, asked, content):
        """Change a lesson: what to do is the last part of the address."""
        lesson, wanted = self.school.open(asked["lesson"]), _object(content)
        changes = {
            "class": lambda: lesson.add_class(wanted.get("name")),
            "remove-class": lambda: lesson.remove_class(wanted.get("name")),
            "remove": lambda: lesson.remove(wanted.get("paths", [])),
            "relabel": lambda: lesson.relabel(wanted.get("path"), wanted.get("label")),
            "forget": lambda: lesson.forget(wanted.get("person")),
            "undo": lesson.undo,
        }
        if asked["what"] not in changes:
            raise Refusal(404, "A lesson cannot be changed in this way.")
        changes[asked["what"]]()
        return lesson.seen()

    def take_in(self, asked, content):
        """Unpack a lesson that comes as a zip."""
        return self.school.take_in(content).seen()

    # What is no JSON

    async def _page(self, request):
        return FileResponse(PAGE / "index.html", media_type="text/html")

    async def _part(self, request):
        path = _parts().get(request.path_params["name"])
        if path is None:
            raise Refusal(404, "The lab has no such page.")
        return FileResponse(path, media_type=KINDS[path.suffix])

    async def _sample_file(self, request):
        asked = dict(request.query_params)
        *_, sample, _ = await run_in_threadpool(self._asked_for, asked)
        return _file(sample)

    async def _lesson_file(self, request):
        lesson = self.school.open(request.path_params["lesson"])
        path = request.query_params.get("path", "")
        content = await run_in_threadpool(lesson.content, path)
        return _file(Sample(path, content))

    async def _lesson_zip(self, request):
        lesson = self.school.open(request.path_params["lesson"])
        headers = {"Content-Disposition": f'attachment; filename="{lesson.name}.zip"'}
        return Response(await run_in_threadpool(lesson.packed), media_type="application/zip", headers=headers)

    async def _live(self, socket):
        """Tell how the training goes, as long as somebody listens: each message has what is new."""
        await socket.accept()
        gone = asyncio.ensure_future(_until_gone(socket))
        told = {"course": None, "version": -1, "entries": 0, "failure": None}
        try:
            while not gone.done():
                message = self._news(told)
                if message:
                    await socket.send_text(json.dumps(message, allow_nan=False))
                await asyncio.wait([gone], timeout=PAUSE)
        except WebSocketDisconnect:
            pass
        finally:
            gone.cancel()

    def _news(self, told):
        """Return what a listener does not know yet, and note in `told` that it will; None where it knows all."""
        message, course, failure = {}, self.workshop.course, self.workshop.failure
        if course is not None and (told["course"] is not course or told["version"] != course.version):
            since = told["entries"] if told["course"] is course else 0
            seen = course.seen(since)
            told.update(course=course, version=seen["version"], entries=since + len(seen["entries"]))
            message["training"] = seen
        if failure is not None and told["failure"] != (failure, failure.version):
            seen = failure.seen()
            told["failure"] = (failure, seen["version"])
            message["failure"] = seen
        return message


def _parts():
    """Return the files that the page is made of, by what the page calls them."""
    own = {path.relative_to(PAGE).as_posix(): path for path in PAGE.rglob("*") if path.suffix in KINDS}
    return {**own, REPORT_CSS.name: REPORT_CSS}


async def _until_gone(socket):
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        while True:
            await socket.receive_text()


def answering(function):
    """Return the endpoint that reads a request, calls a function in a thread, and answers in JSON."""

    async def endpoint(request):
        content = await request.body() if request.method == "POST" else b""
        asked = {**request.query_params, **{name: unquote(value) for name, value in request.path_params.items()}}
        found = await run_in_threadpool(function, asked, content)
        return JSONResponse(found)

    return endpoint


def _object(content):
    """Return the JSON object that was sent. Raises Refusal."""
    try:
        found = json.loads(content or b"{}")
        if isinstance(found, dict):
            return found
    except (ValueError, RecursionError):
        pass
    raise Refusal(400, "What was sent is no JSON object.")


def _number(asked, name, default):
    """Return a number of the address. Raises Refusal."""
    text = asked.get(name)
    if text in (None, ""):
        return default
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if number != number or abs(number) == float("inf"):
        raise Refusal(400, f"{name}: give a number.")
    return number


def _file(sample):
    """Return a sample as a file that the browser shows or plays, and never takes for a page."""
    if isinstance(sample.source, str):
        return Response(sample.source, media_type="text/plain; charset=utf-8")
    guessed = _kind_of(sample.source)
    return Response(sample.source, media_type=guessed)


def _kind_of(content):
    from pipelines.machine.contents import task_of

    marks = (
        (b"\x89PNG", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF8", "image/gif"),
        (b"fLaC", "audio/flac"),
    )
    for mark, kind in (*marks, (b"OggS", "audio/ogg"), (b"ID3", "audio/mpeg")):
        if content.startswith(mark):
            return kind
    if content[:4] == b"RIFF":
        return "audio/wav" if content[8:12] == b"WAVE" else "image/webp"
    known = {"speech": "audio/mpeg", "images": "image/bmp"}
    return known.get(task_of(content[:512]) or "", "application/octet-stream")


async def _told(request, error):
    return answered(error)


async def _not_found(request, error):
    return answered(Refusal(error.status_code, "The lab has nothing at this address."))


async def _unwritten(request, error):
    where = f"{error.filename}: " if error.filename else ""
    return answered(Refusal(507, f"{where}{error.strerror or error}; make room, or start the lab in another folder"))


async def _unexpected(request, error):
    return answered(Refusal(500, f"The lab could not do this: {type(error).__name__}: {error}"))
