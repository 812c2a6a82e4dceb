"""What tests of the applications share: a data folder of their own, a tiny model of each task, and ways to call."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from safetensors import safe_open

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session", autouse=True)
def _own_data_folder(tmp_path_factory):
    """Downloads and caches go to a folder of these tests; no mirror is set unless a test asks for the one there was."""
    patch = pytest.MonkeyPatch()
    patch.setenv("BACKPROP_DATA", str(tmp_path_factory.mktemp("data")))
    yield
    patch.undo()


class Answer:
    """What a command answered: exit code, what was printed, and the JSON in it."""

    def __init__(self, code, stdout, stderr):
        self.code, self.stdout, self.stderr = code, stdout, stderr
        assert "Traceback" not in stdout + stderr

    @property
    def json(self):
        return json.loads(self.stdout, parse_constant=_refuse)

    def __repr__(self):
        return f"exit code {self.code}\n{self.stdout}\n{self.stderr}"


def _refuse(constant):
    raise AssertionError(f"{constant} is no JSON")


@pytest.fixture(scope="session")
def call():
    """Call the command line in this process: `call("predict", model, file, stdin=b"")` returns an Answer."""
    from pipelines.cli import cli

    def run(*words, stdin=None):
        result = CliRunner().invoke(cli, [str(word) for word in words], input=stdin, prog_name="backprop")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Answer(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture(scope="session")
def start():
    """Start the command line as a process of its own; `before` is Python to run first, `env_extra` more environment."""

    def run(*words, before="", env_extra=None, **options):
        program = f"{before}\nfrom pipelines.cli import main\nmain()"
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **options}
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), **(env_extra or {})}
        # A shell that runs the tests in the background has SIGINT ignored, and what it starts inherits that.
        return subprocess.Popen(
            [sys.executable, "-c", program, *map(str, words)],
            env=environment,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
            **options,
        )

    return run


@pytest.fixture(scope="session")
def call_process(start):
    """Call the command line as a process of its own, and return its Answer."""

    def run(*words, **options):
        process = start(*words, **options)
        try:
            stdout, stderr = process.communicate(timeout=60)
        finally:
            process.kill()
        return Answer(process.returncode, stdout, stderr)

    return run


@pytest.fixture(scope="session")
def images_training(call, tmp_path_factory):
    """The Answer of a short training on the small digits; its JSON names the model."""
    out = tmp_path_factory.mktemp("images") / "images.safetensors"
    words = ["--dataset", "digits", "--hidden", "32", "--epochs", "12", "--out", out, "--json"]
    return call("train", "images", *words)


@pytest.fixture(scope="session")
def speech_training(call, tmp_path_factory):
    """The Answer of a short training on the bundled spoken digits; its JSON names the model."""
    out = tmp_path_factory.mktemp("speech") / "speech.safetensors"
    words = ["--dataset", "spoken-digits", "--hidden", "48", "--epochs", "15", "--out", out, "--json"]
    return call("train", "speech", *words)


@pytest.fixture(scope="session")
def images_model(images_training):
    assert images_training.code == 0, images_training
    return Path(images_training.json["model"])


@pytest.fixture(scope="session")
def speech_model(speech_training):
    assert speech_training.code == 0, speech_training
    return Path(speech_training.json["model"])


@pytest.fixture(scope="session")
def picture():
    """A function that writes a grey picture with a bright bar to a path, and returns the path."""
    from PIL import Image

    def write(path, size=(12, 12), column=4, noise=0):
        pixels = np.random.default_rng(noise).integers(0, 60, size[::-1]).astype(np.uint8)
        pixels[:, column % size[0]] = 250
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
        return path

    return write


@pytest.fixture(scope="session")
def sound():
    """A function that returns samples of a buzz that swells and fades, float64 [shape=(n_samples,)]."""

    def make(seconds=0.6, sr=8000, pitch=140.0):
        t = np.arange(int(seconds * sr)) / sr
        buzz = sum(np.sin(2 * np.pi * pitch * k * t) / k for k in range(1, 12))
        return 0.3 * buzz * np.hanning(len(t))

    return make


@pytest.fixture
def bars(tmp_path, picture):
    """A folder of class folders: pictures with a bar on the left or on the right, twelve of each."""
    for label, column in (("left", 2), ("right", 9)):
        for number in range(12):
            picture(tmp_path / "bars" / label / f"{number:02d}.png", column=column, noise=number)
    return tmp_path / "bars"


TINY = ("--hidden", "8", "--epochs", "3")


@pytest.fixture
def tiny():
    """Options for a training of a moment."""
    return TINY


@pytest.fixture(scope="session")
def weights():
    """Return a model file's weights, as bytes to compare: `weights(path)`."""

    def read(path):
        with safe_open(path, "numpy") as file:
            return file.get_tensor("params").tobytes()

    return read
