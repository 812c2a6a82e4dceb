"""What tests of the lab share: a lab over the session's models, and a client that knows its token."""

import shutil
import time

import pytest

TOKEN = "abc-token"


class Client:
    """Asks a lab as its page does; each answer is (status, JSON)."""

    def __init__(self, lab, name=None):
        from starlette.testclient import TestClient

        from pipelines.lab.application import application
        from pipelines.lab.guard import Guard

        self.lab = lab
        self.http = TestClient(Guard(application(lab), TOKEN, name), base_url="http://127.0.0.1:8765")

    def get(self, path, **given):
        answer = self.http.get(f"/{TOKEN}/api/{path}", params=given)
        return answer.status_code, answer.json()

    def post(self, path, body=None, **given):
        sent = {"content": body} if isinstance(body, bytes | str) or body is None else {"json": body}
        answer = self.http.post(f"/{TOKEN}/api/{path}", params=given, **sent)
        return answer.status_code, answer.json()

    def good(self, found):
        """Return the JSON of an answer that is no refusal."""
        status, record = found
        assert status == 200, record
        return record


def wait_until(holds, seconds=60):
    """Wait until a function of nothing returns something true, and return that."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := holds():
            return found
        time.sleep(0.02)
    raise AssertionError("it did not come about in time")


@pytest.fixture
def shelf_folder(tmp_path, images_model):
    """A folder with one model of pictures, "images.safetensors"."""
    (tmp_path / "models").mkdir()
    shutil.copy(images_model, tmp_path / "models" / "images.safetensors")
    return tmp_path / "models"


@pytest.fixture
def lab(tmp_path, shelf_folder):
    """A Lab over that folder, with lessons in another one."""
    from pipelines.lab.lab import Lab

    lab = Lab(folder=shelf_folder, lessons=tmp_path / "lessons")
    yield lab
    lab.workshop.close(30)


@pytest.fixture
def client(lab):
    return Client(lab)


@pytest.fixture
def model(shelf_folder):
    """What the lab calls that model."""
    return str(shelf_folder / "images.safetensors")
