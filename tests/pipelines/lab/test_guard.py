"""Who may ask the lab: whoever knows its token, from this computer's own pages."""

import contextlib

import pytest
from starlette.websockets import WebSocketDisconnect

from pipelines.lab import guard
from tests.pipelines.lab.conftest import TOKEN, Client


def test_the_page_is_there_with_the_token_and_its_policy_forbids_all_other_code(client):
    answer = client.http.get(f"/{TOKEN}/")
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "<script>" not in answer.text
    assert " style=" not in answer.text


@pytest.mark.parametrize("path", ["/", "/api/models", "/wrong/api/models", f"/{TOKEN}x/", f"//{TOKEN}/", "/%61bc/"])
def test_without_the_token_nothing_is_answered(client, path):
    answer = client.http.get(path)
    assert answer.status_code == 403
    assert "error" in answer.json()
    assert TOKEN not in answer.text


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8765", "127.0.0.1.evil.example", "192.168.1.5:8765", ""]
)
def test_a_name_that_was_pointed_at_this_computer_is_refused(client, host):
    assert client.http.get(f"/{TOKEN}/api/models", headers={"host": host}).status_code == 403


@pytest.mark.parametrize("host", ["127.0.0.1:8765", "localhost:8765", "[::1]:8765", "LOCALHOST"])
def test_this_computers_own_names_are_let_through(client, host):
    assert client.http.get(f"/{TOKEN}/api/lessons", headers={"host": host}).status_code == 200


def test_listening_elsewhere_lets_numbers_through_and_the_name_that_was_given(lab):
    everywhere, named = Client(lab, "0.0.0.0"), Client(lab, "lab.local")
    for client, host, status in (
        (everywhere, "192.168.1.5:8765", 200),
        (everywhere, "evil.example", 403),
        (named, "lab.local:8765", 200),
        (named, "evil.example", 403),
    ):
        assert client.http.get(f"/{TOKEN}/api/lessons", headers={"host": host}).status_code == status


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:9999", "http://localhost:8765"])
def test_another_page_is_refused_even_with_the_token(client, origin):
    answer = client.http.post(f"/{TOKEN}/api/train", json={"task": "images"}, headers={"origin": origin})
    assert answer.status_code == 403
    assert client.lab.workshop.course is None


def test_the_labs_own_page_is_let_through(client):
    headers = {"origin": "http://127.0.0.1:8765", "sec-fetch-site": "same-origin"}
    assert client.http.get(f"/{TOKEN}/api/lessons", headers=headers).status_code == 200


def test_another_page_that_loads_a_part_of_the_lab_is_refused(client):
    headers = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}
    assert client.http.get(f"/{TOKEN}/page/main.js", headers=headers).status_code == 403


@pytest.mark.parametrize(
    ("path", "headers", "lets_in"),
    [
        (f"/{TOKEN}/live", {}, True),
        (f"/{TOKEN}/live", {"origin": "http://127.0.0.1"}, True),
        (f"/{TOKEN}/live", {"origin": "http://evil.example"}, False),
        (f"/{TOKEN}/live", {"host": "evil.example"}, False),
        ("/live", {}, False),
    ],
)
def test_a_socket_is_opened_for_the_labs_own_page_alone(client, path, headers, lets_in):
    expected = contextlib.nullcontext() if lets_in else pytest.raises(WebSocketDisconnect)
    with expected, client.http.websocket_connect(path, headers={"host": "127.0.0.1", **headers}):
        pass


@pytest.mark.parametrize(
    "name",
    ["../server.py", "..%2fserver.py", "%2e%2e/%2e%2e/errors.py", "/etc/passwd", "rooms", "none.js", "main.js%00"],
)
def test_no_path_leads_out_of_the_pages_folder(client, name):
    answer = client.http.get(f"/{TOKEN}/page/{name}")
    assert answer.status_code in (403, 404)
    assert "import" not in answer.text


def test_what_is_too_large_is_refused_by_its_header_and_by_its_length(client, monkeypatch):
    monkeypatch.setattr(guard, "LARGEST_UPLOAD", 1000)
    assert client.post("keep", b"x" * 1001)[0] == 413

    def chunks():
        yield from [b"x" * 400] * 5

    answer = client.http.post(f"/{TOKEN}/api/keep", content=chunks())
    assert answer.status_code == 413
    assert "smaller" in answer.json()["error"]


def test_a_length_that_is_no_number_is_a_wrong_request(client):
    answer = client.http.post(f"/{TOKEN}/api/keep", content=b"x", headers={"content-length": "many"})
    assert answer.status_code == 400


def test_every_part_of_the_page_is_served_with_its_kind(client):
    from pipelines.lab.application import KINDS, PAGE

    parts = [path.relative_to(PAGE).as_posix() for path in PAGE.rglob("*") if path.is_file()]
    assert {"main.js", "rooms/try.js", "look.css"} <= set(parts)
    for part in [*parts, "report.css", "engine/engine.js", "engine/images/strokes.js"]:
        answer = client.http.get(f"/{TOKEN}/page/{part}")
        assert answer.status_code == 200, part
        assert answer.headers["content-type"].startswith(KINDS[f".{part.rpartition('.')[2]}"])
        text = answer.text
        assert 'src="http' not in text, f"{part} may fetch nothing from elsewhere"
        assert 'from "http' not in text
