"""The programs of docs/export.md run, and give the model's answer."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipelines import load

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "export.md").read_text(encoding="utf-8")
WORD = ROOT / "data" / "bundled" / "spoken-digits" / "f1" / "0-0.flac"


def example(language):
    """Return the one program of a language on the page."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return found


@pytest.fixture
def folder(speech_model, tmp_path):
    """A folder with a model, a recording, and its samples at the model's rate."""
    (tmp_path / "models").mkdir()
    shutil.copy(speech_model, tmp_path / "models" / "speech.safetensors")
    waveform = load(speech_model).answering.extractor.read(WORD)
    soundfile.write(tmp_path / "my-word.wav", waveform, 8000, "FLOAT")
    (tmp_path / "my-word.f32").write_bytes(waveform.tobytes())
    return tmp_path


def test_the_program_in_python_says_the_word(folder):
    pytest.importorskip("onnxruntime")
    model = load(folder / "models" / "speech.safetensors")
    model.answering.provenance["threshold"] = 0.0
    model.export("onnx", folder / "models" / "speech.onnx")
    done = subprocess.run(
        [sys.executable, "-c", example("py")], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (answer,) = model.predict([folder / "my-word.wav"])
    assert done.stdout.strip() == answer.label


@pytest.mark.skipif(shutil.which("g++") is None, reason="needs g++")
def test_the_program_in_cpp_says_the_word(folder):
    model = load(folder / "models" / "speech.safetensors")
    model.answering.provenance["threshold"] = 0.0
    model.export("c", folder / "words.c")
    (folder / "main.cpp").write_text(example("cpp"))
    for words in (
        ["gcc", "-std=c99", "-O2", "-c", "words.c"],
        ["g++", "-Wall", "main.cpp", "words.o", "-lm", "-o", "main"],
    ):
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    content = (folder / "my-word.f32").read_bytes()
    done = subprocess.run([folder / "main"], input=content, capture_output=True, check=False)
    (answer,) = model.predict([folder / "my-word.wav"])
    label, probability = done.stdout.decode().split()
    assert label == answer.label
    assert np.isclose(float(probability), answer.probability, atol=2e-3)
