"""The server starts, says where it is, takes another port where its own is taken, and ends cleanly."""

import contextlib
import http.client
import json
import re
import signal
import socket
import threading
import urllib.request

import pytest

from pipelines.errors import UsageError
from pipelines.lab.lesson import Lesson
from pipelines.lab.server import listen


@pytest.fixture
def running(start, tmp_path):
    """Start `backprop lab` with more words, in a folder of its own; return (process, lines said so far)."""
    started = []

    def run(*words):
        process = start("lab", "--no-open", *words, cwd=tmp_path)
        started.append(process)
        said = []
        threading.Timer(50, process.kill).start()
        for line in process.stderr:
            said.append(line)
            if "Ctrl-C" in line:
                break
        return process, said

    yield run
    for process in started:
        process.kill()
        process.wait()


def test_it_says_where_it_is_answers_there_and_ends_with_ctrl_c(running):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process, said = running("--port", port)
        address = re.search(r"http://127\.0\.0\.1:(\d+)/[\w-]{24}/", "".join(said))
        assert address, said
        assert int(address[1]) > port
        assert f"port {port} is in use" in said[0]
        with urllib.request.urlopen(address[0], timeout=10) as answer:
            assert b"The lab" in answer.read()
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        assert "Traceback" not in process.stderr.read()


def test_a_server_that_is_killed_while_somebody_teaches_loses_the_sample_in_hand_at_most(running, picture, tmp_path):
    content = picture(tmp_path / "one.png").read_bytes()
    process, said = running("--port", 18_790)
    address = re.search(r"http://[\d.:]+/[\w-]{24}/", "".join(said))[0]

    def post(what, body):
        request = urllib.request.Request(f"{address}api/lessons/shapes{what}", body, method="POST")
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    post("", b'{"task": "images"}')
    post("/class", b'{"name": "left"}')
    kept = post("/add?label=left&name=a.png", content)["classes"][0]["n"]
    threading.Timer(1.0, process.kill).start()
    with contextlib.suppress(OSError, http.client.HTTPException):
        while True:
            kept = post("/add?label=left&name=a.png", content)["classes"][0]["n"]
    assert process.wait(10) == -signal.SIGKILL
    (folder,) = {path.parent for path in tmp_path.rglob("lesson.json")}
    again = Lesson(folder)
    assert len(again.samples) in (kept, kept + 1)
    assert all(again.content(sample.path) == content for sample in again.samples)


def test_a_model_that_is_broken_is_said_at_once(call, tmp_path):
    (tmp_path / "a.safetensors").write_bytes(b"nothing")
    answer = call("lab", "--no-open", tmp_path / "a.safetensors")
    assert answer.code == 5
    assert "a.safetensors" in answer.stderr
    assert call("lab", "--no-open", "--host", "no.such.host.invalid").code == 2


def test_listening_to_the_network_is_warned_of(monkeypatch):
    import uvicorn

    from pipelines.lab import server

    monkeypatch.setattr(uvicorn.Server, "run", lambda self, sockets: None)
    said = []
    server.serve(host="0.0.0.0", port=18_765, open_browser=False, say=said.append)
    assert any("https" in line for line in said)
    assert "http://127.0.0.1:" in " ".join(said)
    said.clear()
    server.serve(port=18_765, open_browser=False, say=said.append)
    assert not any("warning" in line for line in said)


def test_no_two_starts_have_one_token(monkeypatch):
    import uvicorn

    from pipelines.lab import server

    monkeypatch.setattr(uvicorn.Server, "run", lambda self, sockets: None)
    said = []
    for _ in range(2):
        server.serve(port=18_765, open_browser=False, say=said.append)
    first, second = (re.search(r"/([\w-]{24})/$", line)[1] for line in said if "the lab is" in line)
    assert first != second


def test_a_host_that_is_none_of_this_computers_is_refused():
    with pytest.raises(UsageError, match="address of this computer"):
        listen("no.such.host.invalid", 8765)
    with pytest.raises(UsageError, match="no port"):
        listen("192.0.2.1", 8765)
