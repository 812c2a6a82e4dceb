"""The application: the addresses of the lab.

Below the token, `/` is the page and `/page/…` its parts. `/api/…` answers in JSON, and `/live` is a WebSocket that
sends the progress of a training.
"""

import asyncio
import contextlib
import functools
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
from pipelines.lab.archive import pack
from pipelines.lab.refusal import Refusal, answer_error

PAGE = Path(__file__).parent / "page"
REPORT_CSS = Path(__file__).parents[1] / "report" / "templates" / "report.css"  # whose colours and type the lab shares
ENGINE = Path(__file__).parents[1] / "export" / "javascript"  # which answers in the browser
KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
PAUSE = 0.1  # seconds between looks at a training that is watched


def application(lab):
    """Return the ASGI application of a Lab, protected by a Guard."""
    routes = [
        Route("/", _page),
        Route("/page/{name:path}", _part),
        *(Route(path, answering(function), methods=[method]) for method, path, function in _addresses(lab)),
        Route("/api/sample", functools.partial(_sample_file, lab)),
        Route("/api/model", functools.partial(_model_file, lab)),
        Route("/api/lessons/{lesson}/file", functools.partial(_lesson_file, lab)),
        Route("/api/lessons/{lesson}/zip", functools.partial(_lesson_zip, lab)),
        WebSocketRoute("/live", functools.partial(_live, lab)),
    ]
    return Starlette(
        routes=routes,
        exception_handlers={
            BackpropError: _tell,
            OSError: _tell_unwritten,
            404: _tell_not_found,
            405: _tell_not_found,
            Exception: _tell_unexpected,
        },
    )


def _addresses(lab):
    """Return (method, path, function of (asked, content)) of all that answers in JSON."""
    return (
        ("GET", "/api/models", lab.models),
        ("GET", "/api/offer", lab.offer),
        ("POST", "/api/keep", lab.keep),
        ("GET", "/api/look", lab.look),
        ("POST", "/api/answer", lab.answer),
        ("GET", "/api/evidence", lab.evidence),
        ("GET", "/api/tests", lab.tests),
        ("POST", "/api/correct", lab.correct),
        ("GET", "/api/step", lab.step),
        ("GET", "/api/step/at", lab.step_at),
        ("GET", "/api/compare", lab.compare),
        ("POST", "/api/export", lab.export),
        ("POST", "/api/train", lab.train),
        ("POST", "/api/train/{what}", lab.control),
        ("GET", "/api/training", lab.training),
        ("POST", "/api/fail", lab.fail),
        ("GET", "/api/failure", lab.failing),
        ("GET", "/api/lessons", lab.lessons),
        ("POST", "/api/lessons/import", lab.take_in),
        ("POST", "/api/lessons/{lesson}", lab.begin),
        ("GET", "/api/lessons/{lesson}", lab.lesson),
        ("POST", "/api/lessons/{lesson}/cut", lab.cut),
        ("POST", "/api/lessons/{lesson}/pieces", lab.pieces),
        ("POST", "/api/lessons/{lesson}/add", lab.teach),
        ("POST", "/api/lessons/{lesson}/{what}", lab.change),
    )


async def _page(request):
    return FileResponse(PAGE / "index.html", media_type="text/html")


async def _part(request):
    path = _parts().get(request.path_params["name"])
    if path is None:
        raise Refusal(404, "The lab has no page at this address.")
    return FileResponse(path, media_type=KINDS[path.suffix])


async def _sample_file(lab, request):
    asked = dict(request.query_params)
    *_, sample, _ = await run_in_threadpool(lab.find_asked, asked)
    return _file(sample)


async def _model_file(lab, request):
    path = request.query_params.get("model", "")
    await run_in_threadpool(lab.shelf.open, path)
    return FileResponse(path, media_type="application/octet-stream")


async def _lesson_file(lab, request):
    lesson = lab.school.open(request.path_params["lesson"])
    path = request.query_params.get("path", "")
    content = await run_in_threadpool(lesson.content, path)
    return _file(Sample(path, content))


async def _lesson_zip(lab, request):
    lesson = lab.school.open(request.path_params["lesson"])
    headers = {"Content-Disposition": f'attachment; filename="{lesson.name}.zip"'}
    return Response(await run_in_threadpool(pack, lesson), media_type="application/zip", headers=headers)


async def _live(lab, socket):
    """Send the progress of the training while a page listens: each message has the changes."""
    await socket.accept()
    gone = asyncio.ensure_future(_wait_until_gone(socket))
    told = {"course": None, "version": -1, "entries": 0, "failure": None}
    try:
        while not gone.done():
            message = _news(lab, told)
            if message:
                await socket.send_text(json.dumps(message, allow_nan=False))
            await asyncio.wait([gone], timeout=PAUSE)
    except WebSocketDisconnect:
        pass
    finally:
        gone.cancel()


def _news(lab, told):
    """Return what is new for a listener, and note in `told` that it knows this; None if nothing is new."""
    message, course, failure = {}, lab.workshop.course, lab.workshop.failure
    if course is not None and (told["course"] is not course or told["version"] != course.version):
        since = told["entries"] if told["course"] is course else 0
        seen = course.describe(since)
        told.update(course=course, version=seen["version"], entries=since + len(seen["entries"]))
        message["training"] = seen
    if failure is not None and told["failure"] != (failure, failure.version):
        seen = failure.describe()
        told["failure"] = (failure, seen["version"])
        message["failure"] = seen
    return message


def _parts():
    """Return the files of the page, by the names that the page uses."""
    own = {path.relative_to(PAGE).as_posix(): path for path in PAGE.rglob("*") if path.suffix in KINDS}
    engine = {f"engine/{path.relative_to(ENGINE).as_posix()}": path for path in ENGINE.rglob("*.js")}
    return {**own, **engine, REPORT_CSS.name: REPORT_CSS}


async def _wait_until_gone(socket):
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        while True:
            await socket.receive_text()


def answering(function):
    """Return an endpoint that reads a request, calls a function in a thread, and answers in JSON."""

    async def endpoint(request):
        content = await request.body() if request.method == "POST" else b""
        asked = {**request.query_params, **{name: unquote(value) for name, value in request.path_params.items()}}
        found = await run_in_threadpool(function, asked, content)
        return JSONResponse(found)

    return endpoint


def _file(sample):
    """Return a sample as a file that the browser shows or plays, and never treats as a page."""
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


async def _tell(request, error):
    return answer_error(error)


async def _tell_not_found(request, error):
    return answer_error(Refusal(error.status_code, "The lab has nothing at this address."))


async def _tell_unwritten(request, error):
    where = f"{error.filename}: " if error.filename else ""
    return answer_error(
        Refusal(507, f"{where}{error.strerror or error}; make room, or start the lab in another folder")
    )


async def _tell_unexpected(request, error):
    return answer_error(Refusal(500, f"The lab could not do this: {type(error).__name__}: {error}"))
