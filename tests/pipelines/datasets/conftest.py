"""What tests of data sets share: a downloads folder of their own, and a web server that misbehaves on demand."""

import hashlib
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pipelines.datasets.registry import Source, SourceFile


@pytest.fixture
def data_home(tmp_path, monkeypatch):
    """An empty folder that BACKPROP_DATA names; no mirror is set."""
    monkeypatch.setenv("BACKPROP_DATA", str(tmp_path / "home"))
    monkeypatch.delenv("BACKPROP_MIRROR", raising=False)
    return tmp_path / "home"


@pytest.fixture(scope="session")
def real_home(tmp_path_factory):
    """A folder that keeps the real data sets from test to test."""
    return tmp_path_factory.mktemp("real")


@pytest.fixture
def real_data(real_home, monkeypatch):
    """Lets the real data sets be loaded from the mirror; skips where none is set."""
    if not os.environ.get("BACKPROP_MIRROR"):
        pytest.skip("BACKPROP_MIRROR is not set")
    monkeypatch.setenv("BACKPROP_DATA", str(real_home))


@pytest.fixture
def server():
    """A web server on this computer: `server.routes[path] = function of the request handler`, `server.url`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            httpd.requests.append(self.path)
            route = httpd.routes.get(self.path)
            self.send_error(404) if route is None else route(self)

        def log_message(self, *arguments):
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.daemon_threads = True
    httpd.routes, httpd.requests, httpd.url = {}, [], f"http://127.0.0.1:{httpd.server_port}"
    thread = threading.Thread(target=httpd.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield httpd
    httpd.shutdown()
    httpd.server_close()


@pytest.fixture
def source_of():
    """A function that registers nothing but makes the record of a data set with one file of the given content."""

    def make(content, *addresses, name="toy/data.bin", **entries):
        file = SourceFile(name, len(content), hashlib.sha256(content).hexdigest(), addresses)
        about = {"task": "images", "reader": "idx", "description": "", "licence": "", "citation": ""}
        return Source(name="toy", **{**about, **entries}, files=(file,))

    return make
